overview-assets-n = { $n ->
    [one] { $n } echipament
    [few] { $n } echipamente
    *[other] { $n } de echipamente
}
overview-sites-n = { $n ->
    [one] la { $n } locație
    [few] la { $n } locații
    *[other] la { $n } de locații
}
overview-period = ultimele 30 de zile
overview-all-kpis = Toți indicatorii
overview-sla = SLA în pericol
overview-sla-hint = din tichete deschise, în 2 h sau întârziate
overview-sla-definition = Tichete deschise al căror angajament contractual expiră în două ore sau a expirat.
overview-attention = Necesită atenție
overview-attention-none = Niciun tichet deschis.
overview-open-dispatch = Deschide planificarea
overview-no-sla = fără SLA
overview-priority-low = mică
overview-priority-medium = medie
overview-priority-high = mare
overview-priority-critical = critică
overview-fleet = Starea parcului
overview-fleet-hint = ultimele 24 h, la 30 min
overview-fleet-none = Niciun echipament încă: conectați un dispozitiv.
overview-site = Locație
overview-assets = Echipamente
overview-status = Stare
overview-uptime = Disponibilitate
overview-open = Deschise
overview-work-orders = Comenzi, 14 zile
overview-opened = deschise
overview-closed = finalizate
overview-sources = De unde vin tichetele
overview-sources-none = Niciun tichet în perioadă.
overview-source-automatic = Automat
overview-source-customer = Client
overview-source-agent = Dispecerat telefonic
overview-source-technician = Tehnician
overview-money = Bani
overview-intake = Date primite
overview-rate = Valori
overview-online = Dispozitive online
overview-samples = Valori stocate
overview-series = Serii
overview-storage = Spațiu folosit
