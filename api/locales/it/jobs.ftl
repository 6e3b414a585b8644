jobs-title = Attività
jobs-parked = Eventi che non è stato possibile elaborare
jobs-parked-lead = Ciascuno viene ritentato dopo pause sempre più lunghe. Ciò che alla fine fallisce ancora attende qui un Suo intervento.
jobs-parked-none = Nulla in attesa.
jobs-event = Evento
jobs-why = Motivo
jobs-since = Dal
jobs-next-try = Prossimo tentativo
jobs-action = Azione
jobs-tries = { $n ->
    [one] { $n } tentativo da allora
   *[other] { $n } tentativi da allora
}
jobs-waits-for-you = attende Lei
jobs-try-again = Riprova
jobs-retention = Che cosa si conserva e per quanto
jobs-retention-lead = Si imposta nella configurazione, alla voce retention. Ciò che è più vecchio viene rimosso una volta all’ora.
jobs-subject = Che cosa
jobs-kept = Conservazione
jobs-last-run = Ultima esecuzione
jobs-removed = Rimossi, ultima volta / in tutto
jobs-never-run = Non ancora
jobs-kept-for-ever = per sempre
jobs-kept-days = { $n ->
    [one] { $n } giorno
   *[other] { $n } giorni
}
jobs-subject-telemetry = Telemetria
jobs-subject-events = Eventi già elaborati
jobs-subject-answers = Risposte dei comandi ripetuti
jobs-subject-quarantine = Messaggi rifiutati
jobs-subject-sessions = Browser conosciuti
