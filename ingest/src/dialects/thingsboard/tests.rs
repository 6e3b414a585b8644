use super::*;

#[test]
fn a_device_speaks_only_as_itself() {
    let (publish, may_subscribe) = (TOPICS.publish, TOPICS.may_subscribe);
    assert_eq!(publish(TELEMETRY), Some(Intent::Tell));
    assert_eq!(publish("v1/devices/me/attributes/request/7"), Some(Intent::Ask));
    for foreign in ["v1/devices/other/telemetry", "v1/devices/me", "/v1/devices/me/telemetry", "x", "$SYS/x"]
    {
        assert_eq!(publish(foreign), None, "{foreign}");
    }
    assert!(may_subscribe("v1/devices/me/rpc/request/+"));
    assert!(!may_subscribe("#") && !may_subscribe("v1/devices/+/attributes"));
}
