chart-no-data = No hay datos en este periodo
chart-summary = { $title }: último valor { $last }, entre { $low } y { $high }, de { $from } a { $to }{ $gaps ->
    [0] {""}
    [one] , con 1 hueco
   *[other] , con { $gaps } huecos
 }
chart-show-table = Mostrar como tabla
chart-time = Hora
chart-value = Valor
chart-lowest = Mínimo
chart-mean = Media
chart-highest = Máximo
chart-hint = Mueva el cursor para leer valores, arrastre para ampliar, doble clic para seguir en directo.
chart-state-up = En marcha
chart-state-down-unplanned = Parada no planificada
chart-state-down-planned = Parada planificada
chart-state-idle = En espera
chart-state-unknown = Desconocido
