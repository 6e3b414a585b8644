corrections-title = Correzioni
corrections-intro = Valori tolti o cambiati da qualcuno, e ciò che è stato ricalcolato per questo o per dati arrivati tardi.
corrections-none = Ancora nessuna correzione.
corrections-new = Correggi valori
corrections-do = Correggi
corrections-metric = Valore
corrections-from = Dal
corrections-to = Fino al
corrections-action = Che cosa si fa
corrections-action-delete = Elimina i valori
corrections-action-adjust = Regola i valori
corrections-multiply = Moltiplica per
corrections-adjust-hint = Solo per regolare: ogni valore viene moltiplicato, poi vi si somma.
corrections-add = Somma
corrections-note = Perché
corrections-at = Quando
corrections-what = Che cosa
corrections-period = Valori di
corrections-deleted =
    { $n ->
        [one] { $n } valore eliminato
       *[other] { $n } valori eliminati
    }
corrections-changed =
    { $n ->
        [one] { $n } valore cambiato
       *[other] { $n } valori cambiati
    }
corrections-recomputed =
    { $n ->
        [one] { $n } conclusione ricalcolata
       *[other] { $n } conclusioni ricalcolate
    }
devices-not-for-this-action = Questo non va con ciò che si vuole fare.
error-nothing_to_correct = In quel periodo non ci sono valori che cambierebbero.
