time-seconds-ago = hace { $n } s
time-minutes-ago = hace { $n } min
time-hours-ago = hace { $n } h
time-days-ago = hace { $n } d
