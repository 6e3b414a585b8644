corrections-title = Correcciones
corrections-intro = Valores que alguien retiró o cambió, y lo que se recalculó por ello o por datos llegados tarde.
corrections-none = Todavía no se ha corregido nada.
corrections-new = Corregir valores
corrections-do = Corregir
corrections-metric = Valor
corrections-from = Desde
corrections-to = Hasta
corrections-action = Qué se hace
corrections-action-delete = Eliminar los valores
corrections-action-adjust = Ajustar los valores
corrections-multiply = Multiplicar por
corrections-adjust-hint = Solo para ajustar: cada valor se multiplica y después se le suma.
corrections-add = Sumar
corrections-note = Por qué
corrections-at = Cuándo
corrections-what = Qué
corrections-period = Valores de
corrections-deleted =
    { $n ->
        [one] { $n } valor eliminado
       *[other] { $n } valores eliminados
    }
corrections-changed =
    { $n ->
        [one] { $n } valor cambiado
       *[other] { $n } valores cambiados
    }
corrections-recomputed =
    { $n ->
        [one] { $n } conclusión recalculada
       *[other] { $n } conclusiones recalculadas
    }
devices-not-for-this-action = Esto no corresponde a lo que se va a hacer.
error-nothing_to_correct = En ese tiempo no hay valores que esto cambiaría.
