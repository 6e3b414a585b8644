overview-assets-n = { $n ->
    [one] { $n } impianto
    *[other] { $n } impianti
}
overview-sites-n = { $n ->
    [one] in { $n } sede
    *[other] in { $n } sedi
}
overview-period = ultimi 30 giorni
overview-all-kpis = Tutti gli indicatori
overview-sla = SLA a rischio
overview-sla-hint = dei ticket aperti, entro 2 h o in ritardo
overview-sla-definition = Ticket aperti il cui impegno contrattuale scade entro due ore o è scaduto.
overview-attention = Richiede attenzione
overview-attention-none = Nessun ticket aperto.
overview-open-dispatch = Apri pianificazione
overview-no-sla = senza SLA
overview-priority-low = bassa
overview-priority-medium = media
overview-priority-high = alta
overview-priority-critical = critica
overview-fleet = Stato del parco
overview-fleet-hint = ultime 24 h, ogni 30 min
overview-fleet-none = Nessun impianto: collega un dispositivo.
overview-site = Sede
overview-assets = Impianti
overview-status = Stato
overview-uptime = Disponibilità
overview-open = Aperti
overview-work-orders = Ordini, 14 giorni
overview-opened = aperti
overview-closed = completati
overview-sources = Origine dei ticket
overview-sources-none = Nessun ticket nel periodo.
overview-source-automatic = Automatico
overview-source-customer = Cliente
overview-source-agent = Centralino
overview-source-technician = Tecnico
overview-money = Denaro
overview-intake = Dati in arrivo
overview-rate = Valori
overview-online = Dispositivi online
overview-samples = Valori salvati
overview-series = Serie
overview-storage = Spazio usato
