overview-assets-n = { $n ->
    [one] { $n } asset
    *[other] { $n } assets
}
overview-sites-n = { $n ->
    [one] on { $n } site
    *[other] on { $n } sites
}
overview-period = last 30 days
overview-all-kpis = All indicators
overview-sla = SLA at risk
overview-sla-hint = of open tickets, within 2 h or late
overview-sla-definition = Open tickets whose promised answer or restoration by contract is due within two hours or late.
overview-attention = Needs attention
overview-attention-none = No open tickets.
overview-open-dispatch = Open dispatch
overview-no-sla = no SLA
overview-priority-low = low
overview-priority-medium = medium
overview-priority-high = high
overview-priority-critical = critical
overview-fleet = Fleet health
overview-fleet-hint = last 24 h, every 30 min
overview-fleet-none = No equipment yet: connect a device.
overview-site = Site
overview-assets = Assets
overview-status = Status
overview-uptime = Uptime
overview-open = Open
overview-work-orders = Work orders, 14 days
overview-opened = opened
overview-closed = closed
overview-sources = Where tickets come from
overview-sources-none = No tickets in this period.
overview-source-automatic = Automatic
overview-source-customer = Customer
overview-source-agent = Phone desk
overview-source-technician = Technician
overview-money = Money
overview-intake = Data intake
overview-rate = Values
overview-online = Devices online
overview-samples = Values stored
overview-series = Series
overview-storage = Storage used
