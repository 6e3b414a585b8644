customers-title = Clientes
customers-new = Nuevo cliente
customers-edit = Editar cliente
customers-name = Nombre
customers-email = Correo electrónico
customers-phone = Teléfono
customers-tax-id = NIF/CIF
customers-billing-address = Dirección de facturación
customers-currency = Moneda
customers-currency-hint = Tres letras, por ejemplo EUR. Vacío: la moneda de la organización.
customers-currency-unknown = Escriba un código de moneda de tres mayúsculas, por ejemplo EUR.
customers-email-wrong = Escriba un correo electrónico, por ejemplo ana@example.com.
customers-search = Buscar clientes
customers-none = No se encontraron clientes.
customers-facts = Contacto y facturación
customers-assets = { $n ->
    [one] { $n } equipo
   *[other] { $n } equipos
 }
customers-demo = Demo
