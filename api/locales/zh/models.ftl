models-title = 型号
models-new = 新建型号
models-edit = 编辑型号
models-name = 型号
models-manufacturer = 制造商
models-equipment-type = 设备类型
models-equipment-type-hint = 例如冷水机、泵或压力机。规则可按类型适用。
models-search = 搜索型号
models-none = 还没有型号。
models-name-taken = 该制造商已有同名型号。
models-metrics = 测量值
models-metrics-hint = 每行一个，按设备发送的名称填写：suction_pressure = 吸气压力 [bar]。名称和单位可以省略。
models-metrics-wrong = 每行填写一个值，且不得重复，例如 suction_pressure = 吸气压力 [bar]。
