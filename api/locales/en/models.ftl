models-title = Models
models-new = New model
models-edit = Edit model
models-name = Model
models-manufacturer = Manufacturer
models-equipment-type = Kind of equipment
models-equipment-type-hint = Such as chiller, pump or press. Rules can apply to a kind.
models-search = Search models
models-none = No models yet.
models-name-taken = This manufacturer has a model of this name already.
models-metrics = Measured values
models-metrics-hint = One a line, as machines send it: suction_pressure = Suction pressure [bar]. Name and unit may be left out.
models-metrics-wrong = Write one value a line, each once, like suction_pressure = Suction pressure [bar].
