jobs-title = Sarcini
jobs-parked = Evenimente care nu au putut fi prelucrate
jobs-parked-lead = Fiecare este reîncercat după pauze tot mai lungi. Ce eșuează și la final vă așteaptă aici.
jobs-parked-none = Nu așteaptă nimic.
jobs-event = Eveniment
jobs-why = Motiv
jobs-since = Din
jobs-next-try = Următoarea încercare
jobs-action = Acțiune
jobs-tries = { $n ->
    [one] { $n } încercare de atunci
    [few] { $n } încercări de atunci
   *[other] { $n } de încercări de atunci
}
jobs-waits-for-you = vă așteaptă
jobs-try-again = Încearcă din nou
jobs-retention = Ce se păstrează și cât timp
jobs-retention-lead = Se stabilește în configurație, la retention. Ce este mai vechi se șterge o dată pe oră.
jobs-subject = Ce
jobs-kept = Se păstrează
jobs-last-run = Ultima rulare
jobs-removed = Șterse, ultima dată / în total
jobs-never-run = Încă nu
jobs-kept-for-ever = pentru totdeauna
jobs-kept-days = { $n ->
    [one] { $n } zi
    [few] { $n } zile
   *[other] { $n } de zile
}
jobs-subject-telemetry = Telemetrie
jobs-subject-events = Evenimente deja prelucrate
jobs-subject-answers = Răspunsuri la comenzi repetate
jobs-subject-quarantine = Mesaje respinse
jobs-subject-sessions = Browsere cunoscute
