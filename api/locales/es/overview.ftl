overview-assets-n = { $n ->
    [one] { $n } equipo
    *[other] { $n } equipos
}
overview-sites-n = { $n ->
    [one] en { $n } sede
    *[other] en { $n } sedes
}
overview-period = últimos 30 días
overview-all-kpis = Todos los indicadores
overview-sla = SLA en riesgo
overview-sla-hint = de tickets abiertos, en 2 h o tarde
overview-sla-definition = Tickets abiertos cuyo compromiso de respuesta o restablecimiento vence en dos horas o ya venció.
overview-attention = Requiere atención
overview-attention-none = Sin tickets abiertos.
overview-open-dispatch = Abrir planificación
overview-no-sla = sin SLA
overview-priority-low = baja
overview-priority-medium = media
overview-priority-high = alta
overview-priority-critical = crítica
overview-fleet = Estado del parque
overview-fleet-hint = últimas 24 h, cada 30 min
overview-fleet-none = Aún no hay equipos: conecte un dispositivo.
overview-site = Sede
overview-assets = Equipos
overview-status = Estado
overview-uptime = Disponibilidad
overview-open = Abiertas
overview-work-orders = Órdenes, 14 días
overview-opened = abiertas
overview-closed = terminadas
overview-sources = Origen de los tickets
overview-sources-none = Sin tickets en este periodo.
overview-source-automatic = Automático
overview-source-customer = Cliente
overview-source-agent = Atención telefónica
overview-source-technician = Técnico
overview-money = Dinero
overview-intake = Entrada de datos
overview-rate = Valores
overview-online = Dispositivos en línea
overview-samples = Valores guardados
overview-series = Series
overview-storage = Almacenamiento usado
