demo-step-records = 正在创建客户、设备、合同和备件
demo-step-telemetry = 设备正在发送最近 90 天的数据
demo-step-analysis = 正在计算状态、故障和告警
demo-step-service = 正在生成服务历史
error-demo-busy = 演示数据正在处理中：请等待加载完成后重试。
