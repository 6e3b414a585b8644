//! A device as a customer would connect it: `rumqttc`, token as user name, QoS 1, counting acknowledgements.

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS,
};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};

pub const TELEMETRY: &str = "v1/devices/me/telemetry";

pub struct Device {
    client: AsyncClient,
    events: EventLoop,
}

impl Device {
    /// Connects, or answers why the product refused.
    pub async fn connect(
        address: SocketAddr,
        token: &str,
        client_id: &str,
    ) -> Result<Self, ConnectReturnCode> {
        let mut options = MqttOptions::new(client_id, address.ip().to_string(), address.port());
        options
            .set_credentials(token, "")
            .set_keep_alive(Duration::from_secs(30))
            .set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut events) = AsyncClient::new(options, 100);
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => return Ok(Self { client, events }),
                Ok(_) => {}
                Err(ConnectionError::ConnectionRefused(code)) => return Err(code),
                Err(error) => panic!("cannot reach the product: {error}"),
            }
        }
    }

    /// Publishes telemetry and returns once it is acknowledged; false when the connection closed instead.
    pub async fn publish(&mut self, payload: &Value) -> bool {
        self.publish_raw(TELEMETRY, payload.to_string().into_bytes()).await
    }

    /// Publishes anything anywhere and returns once it is acknowledged; false when the connection closed instead.
    pub async fn publish_raw(&mut self, topic: &str, payload: Vec<u8>) -> bool {
        self.client.publish(topic, QoS::AtLeastOnce, false, payload).await.expect("queued");
        let mut sent = None;
        loop {
            match self.events.poll().await {
                Ok(Event::Outgoing(Outgoing::Publish(id))) => sent = Some(id),
                Ok(Event::Incoming(Packet::PubAck(ack))) if Some(ack.pkid) == sent => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    pub async fn disconnect(mut self) {
        self.client.disconnect().await.expect("queued");
        while self.events.poll().await.is_ok() {}
    }
}
