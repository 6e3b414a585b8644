chart-no-data = Nu există date în această perioadă
chart-summary = { $title }: ultima valoare { $last }, între { $low } și { $high }, de la { $from } la { $to }{ $gaps ->
    [0] {""}
    [one] , cu 1 întrerupere
    [few] , cu { $gaps } întreruperi
   *[other] , cu { $gaps } de întreruperi
 }
chart-show-table = Arată ca tabel
chart-time = Ora
chart-value = Valoare
chart-lowest = Minim
chart-mean = Medie
chart-highest = Maxim
chart-hint = Mișcați cursorul pentru valori, trageți pentru mărire, dublu clic pentru a reveni în direct.
chart-state-up = În funcțiune
chart-state-down-unplanned = Oprire neplanificată
chart-state-down-planned = Oprire planificată
chart-state-idle = În așteptare
chart-state-unknown = Necunoscut
