time-seconds-ago = acum { $n } s
time-minutes-ago = acum { $n } min
time-hours-ago = acum { $n } h
time-days-ago = acum { $n } z
