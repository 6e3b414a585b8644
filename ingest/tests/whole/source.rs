//! Devices on somebody's broker: one in this process. What real ones do is tried with the whole product.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

use crate::submissions::House;
use domain::fleet::device::DeviceProfile;
use ingest::source::{BrokerAddress, Source};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use store::{
    records::fleet::devices,
    telemetry::{SeriesRange, TelemetryStore},
};
use tokio_util::sync::CancellationToken;

fn broker() -> SocketAddr {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let connections = ConnectionSettings {
        connection_timeout_ms: 5000,
        max_payload_size: 1 << 20,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings {
        name: "v4".into(),
        listen: free,
        tls: None,
        next_connection_delay_ms: 1,
        connections,
    };
    let config = Config {
        router: RouterConfig {
            max_connections: 100,
            max_outgoing_packet_count: 200,
            max_segment_size: 1 << 20,
            max_segment_count: 10,
            ..RouterConfig::default()
        },
        v4: Some(HashMap::from([("1".into(), server)])),
        ..Config::default()
    };
    // It cannot be stopped: it ends with the tests.
    std::thread::spawn(move || drop(Broker::new(config).start()));
    free
}

/// Publishes and returns once all of it is acknowledged.
async fn publish(broker: SocketAddr, messages: &[(&str, &str, bool)]) {
    let options = MqttOptions::new("plug", broker.ip().to_string(), broker.port());
    let (client, mut events) = AsyncClient::new(options, 10);
    for (topic, payload, retain) in messages {
        client.publish(*topic, QoS::AtLeastOnce, *retain, *payload).await.unwrap();
    }
    let mut open = messages.len();
    while open > 0 {
        match events.poll().await {
            Ok(Event::Incoming(Packet::PubAck(_))) => open -= 1,
            Ok(_) => {}
            // It is not listening yet.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broker_kept_is_not_said_now() {
    let (house, broker) = (House::new().await, broker());
    let power = |watts: u32| format!(r#"{{"ENERGY": {{"Power": {watts}}}}}"#);
    publish(broker, &[("tele/hall/LWT", "Online", true), ("tele/hall/SENSOR", &power(1), true)]).await;

    let address: BrokerAddress = format!("mqtt://{broker}?version=3").parse().unwrap();
    let source = Arc::new(Source::new(Arc::clone(&house.ingest), address, "here"));
    let stop = CancellationToken::new();
    let mut reading = tokio::task::JoinSet::new();
    reading.spawn({
        let (source, stop) = (Arc::clone(&source), stop.clone());
        async move { source.run(stop).await }
    });
    // What was kept comes first, with the subscription.
    let limit = Duration::from_secs(30);
    let child = tokio::time::timeout(limit, async {
        loop {
            publish(broker, &[("tele/hall/SENSOR", &power(20), false)]).await;
            let all = devices::children(house.records.read()).await.unwrap();
            if let [(child, _)] = all.as_slice()
                && !house.telemetry.metrics(*child).await.unwrap().is_empty()
            {
                return *child;
            }
        }
    });
    let child = child.await.unwrap();
    stop.cancel();
    reading.join_next().await.unwrap().unwrap();

    let device = devices::get(house.records.read(), child).await.unwrap().unwrap();
    assert_eq!((device.name.as_str(), device.profile), ("hall", DeviceProfile::Tasmota));
    let gateway = devices::get(house.records.read(), device.gateway_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(gateway.name, format!("{broker} Tasmota"));
    let metric = house.telemetry.metrics(child).await.unwrap().remove(0);
    let range = SeriesRange { device: child, metric, from_us: i64::MIN, to_us: i64::MAX };
    let rows = house.telemetry.range(range, 1000).await.unwrap();
    assert!(rows.iter().all(|row| row.value == 20.0), "{rows:?}");
}
