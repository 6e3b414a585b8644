demo-step-records = Creando clientes, equipos, contratos y recambios
demo-step-telemetry = Los dispositivos envían sus últimos 90 días
demo-step-analysis = Calculando estados, averías y alertas
demo-step-service = Realizando el historial de servicio
error-demo-busy = La demostración está ocupada: espere a que termine de cargarse y vuelva a intentarlo.
