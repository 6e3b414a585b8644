models-title = Modelos
models-new = Nuevo modelo
models-edit = Editar modelo
models-name = Modelo
models-manufacturer = Fabricante
models-equipment-type = Tipo de equipo
models-equipment-type-hint = Por ejemplo enfriadora, bomba o prensa. Las reglas pueden aplicarse a un tipo.
models-search = Buscar modelos
models-none = Todavía no hay modelos.
models-name-taken = Este fabricante ya tiene un modelo con este nombre.
models-metrics = Valores medidos
models-metrics-hint = Uno por línea, como lo envía la máquina: suction_pressure = Presión de aspiración [bar]. El nombre y la unidad pueden omitirse.
models-metrics-wrong = Escriba un valor por línea, cada uno una vez, como suction_pressure = Presión de aspiración [bar].
