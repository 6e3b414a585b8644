chart-no-data = 此时段没有数据
chart-summary = { $title }：最新值 { $last }，介于 { $low } 与 { $high } 之间，从 { $from } 到 { $to }{ $gaps ->
    [0] {""}
   *[other] ，其中有 { $gaps } 处中断
 }
chart-show-table = 以表格显示
chart-time = 时间
chart-value = 数值
chart-lowest = 最小值
chart-mean = 平均值
chart-highest = 最大值
chart-hint = 移动光标读取数值，拖动可放大，双击恢复实时跟踪。
chart-state-up = 运行
chart-state-down-unplanned = 计划外停机
chart-state-down-planned = 计划停机
chart-state-idle = 待机
chart-state-unknown = 未知
