demo-step-records = Making customers, equipment, contracts and parts
demo-step-telemetry = The devices send their last 90 days
demo-step-analysis = Working out states, failures and alerts
demo-step-service = Carrying out the service history
error-demo-busy = The demo is busy: wait until it has finished loading, then try again.
