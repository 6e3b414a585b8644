time-seconds-ago = { $n } s fa
time-minutes-ago = { $n } min fa
time-hours-ago = { $n } h fa
time-days-ago = { $n } g fa
