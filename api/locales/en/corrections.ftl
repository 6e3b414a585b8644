corrections-title = Corrections
corrections-intro = Values that people took away or changed, and what was worked out anew because of that or of data that came late.
corrections-none = Nothing was corrected yet.
corrections-new = Correct values
corrections-do = Correct
corrections-metric = Value
corrections-from = From
corrections-to = Until
corrections-action = What is done
corrections-action-delete = Delete the values
corrections-action-adjust = Adjust the values
corrections-multiply = Multiply by
corrections-adjust-hint = Only to adjust: each value is multiplied, then added to.
corrections-add = Add
corrections-note = Why
corrections-at = When
corrections-what = What
corrections-period = Values of
corrections-deleted =
    { $n ->
        [one] { $n } value deleted
       *[other] { $n } values deleted
    }
corrections-changed =
    { $n ->
        [one] { $n } value changed
       *[other] { $n } values changed
    }
corrections-recomputed =
    { $n ->
        [one] { $n } conclusion recomputed
       *[other] { $n } conclusions recomputed
    }
devices-not-for-this-action = This does not go with what is to be done.
error-nothing_to_correct = There are no values in that time that this would change.
