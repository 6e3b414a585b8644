jobs-title = Tareas
jobs-parked = Eventos que no se pudieron procesar
jobs-parked-lead = Cada uno se reintenta tras pausas cada vez más largas. Lo que sigue fallando al final espera aquí por usted.
jobs-parked-none = No hay nada pendiente.
jobs-event = Evento
jobs-why = Motivo
jobs-since = Desde
jobs-next-try = Próximo intento
jobs-action = Acción
jobs-tries = { $n ->
    [one] { $n } intento desde entonces
   *[other] { $n } intentos desde entonces
}
jobs-waits-for-you = espera por usted
jobs-try-again = Reintentar
jobs-retention = Qué se conserva y cuánto tiempo
jobs-retention-lead = Se define en la configuración, en retention. Lo más antiguo se elimina una vez por hora.
jobs-subject = Qué
jobs-kept = Se conserva
jobs-last-run = Última ejecución
jobs-removed = Eliminados, última vez / en total
jobs-never-run = Todavía no
jobs-kept-for-ever = para siempre
jobs-kept-days = { $n ->
    [one] { $n } día
   *[other] { $n } días
}
jobs-subject-telemetry = Telemetría
jobs-subject-events = Eventos ya procesados
jobs-subject-answers = Respuestas de órdenes repetidas
jobs-subject-quarantine = Mensajes rechazados
jobs-subject-sessions = Navegadores conocidos
