chart-no-data = No data in this period
chart-summary = { $title }: latest { $last }, between { $low } and { $high }, from { $from } to { $to }{ $gaps ->
    [0] {""}
    [one] , with 1 gap
   *[other] , with { $gaps } gaps
 }
chart-show-table = Show as a table
chart-time = Time
chart-value = Value
chart-lowest = Lowest
chart-mean = Mean
chart-highest = Highest
chart-hint = Move to read values, drag to zoom, double-click to follow live again.
chart-state-up = Up
chart-state-down-unplanned = Unplanned stop
chart-state-down-planned = Planned stop
chart-state-idle = Idle
chart-state-unknown = Unknown
