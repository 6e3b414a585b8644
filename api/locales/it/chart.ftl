chart-no-data = Nessun dato in questo periodo
chart-summary = { $title }: ultimo valore { $last }, tra { $low } e { $high }, dal { $from } al { $to }{ $gaps ->
    [0] {""}
    [one] , con 1 interruzione
   *[other] , con { $gaps } interruzioni
 }
chart-show-table = Mostra come tabella
chart-time = Ora
chart-value = Valore
chart-lowest = Minimo
chart-mean = Media
chart-highest = Massimo
chart-hint = Muovi il puntatore per leggere i valori, trascina per ingrandire, doppio clic per tornare in diretta.
chart-state-up = In funzione
chart-state-down-unplanned = Fermo non pianificato
chart-state-down-planned = Fermo pianificato
chart-state-idle = Inattivo
chart-state-unknown = Sconosciuto
