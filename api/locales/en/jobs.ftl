jobs-title = Jobs
jobs-parked = Events that could not be dealt with
jobs-parked-lead = Each is tried again after pauses that grow. What still fails in the end waits here for you.
jobs-parked-none = Nothing waits.
jobs-event = Event
jobs-why = Why
jobs-since = Since
jobs-next-try = Next try
jobs-action = Action
jobs-tries = { $n ->
    [one] tried { $n } time since
   *[other] tried { $n } times since
}
jobs-waits-for-you = waits for you
jobs-try-again = Try again
jobs-retention = What is kept, and how long
jobs-retention-lead = Set in the configuration under retention. Older things are removed once an hour.
jobs-subject = What
jobs-kept = Kept
jobs-last-run = Last run
jobs-removed = Removed, last time / ever
jobs-never-run = Not yet
jobs-kept-for-ever = for ever
jobs-kept-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
jobs-subject-telemetry = Telemetry
jobs-subject-events = Events that were dealt with
jobs-subject-answers = Answers of repeated commands
jobs-subject-quarantine = Refused messages
jobs-subject-sessions = Known browsers
