//! One connection to a broker, of either version of the protocol. Nothing is acknowledged by itself.

use super::BrokerAddress;
use rumqttc::{TlsConfiguration, Transport, v5};
use std::{path::Path, time::Duration};

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The broker keeps a session without us for so long (MQTT 5; with 3.1.1 it decides by itself).
const SESSION: Duration = Duration::from_secs(7 * 24 * 3600);
/// Messages on their way to us that we have not acknowledged.
const WINDOW: u16 = 1000;
const MAX_PACKET: u32 = 1 << 20;
/// More acknowledgements than can be owed.
const REQUESTS: usize = 70_000;

/// What a broker delivers.
pub struct Delivery {
    pub topic: String,
    pub payload: Vec<u8>,
    /// It was kept for whoever subscribes: nobody says it now.
    pub kept: bool,
    pub receipt: Receipt,
}

/// What is to be acknowledged, once it is durable.
pub enum Receipt {
    None,
    V3(Box<rumqttc::Publish>),
    V5(Box<v5::mqttbytes::v5::Publish>),
}

pub enum Event {
    Connected,
    Delivered(Delivery),
    /// A filter that is not granted, by its place among those asked for.
    Refused(usize),
    Other,
}

pub enum Incoming {
    V3(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

#[derive(Clone)]
pub enum Outgoing {
    V3(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// What others are told when we are gone, and until when we are there.
pub struct Presence {
    pub topic: String,
    pub gone: Vec<u8>,
}

pub fn open(
    address: &BrokerAddress,
    client_id: &str,
    presence: Option<&Presence>,
) -> Result<(Incoming, Outgoing), String> {
    let transport = transport(address)?;
    let login = login(address)?;
    if address.version == 3 {
        let mut options = rumqttc::MqttOptions::new(client_id, &address.host, address.port);
        options.set_keep_alive(KEEP_ALIVE).set_clean_session(false).set_manual_acks(true);
        options.set_transport(transport).set_max_packet_size(MAX_PACKET as usize, MAX_PACKET as usize);
        if let Some((user, password)) = login {
            options.set_credentials(user, password);
        }
        if let Some(Presence { topic, gone }) = presence {
            options.set_last_will(rumqttc::LastWill::new(
                topic,
                gone.clone(),
                rumqttc::QoS::AtLeastOnce,
                true,
            ));
        }
        let (client, events) = rumqttc::AsyncClient::new(options, REQUESTS);
        return Ok((Incoming::V3(Box::new(events)), Outgoing::V3(client)));
    }
    let mut options = v5::MqttOptions::new(client_id, &address.host, address.port);
    options.set_keep_alive(KEEP_ALIVE).set_clean_start(false).set_manual_acks(true).set_transport(transport);
    options.set_session_expiry_interval(Some(SESSION.as_secs() as u32)).set_receive_maximum(Some(WINDOW));
    options.set_max_packet_size(Some(MAX_PACKET));
    if let Some((user, password)) = login {
        options.set_credentials(user, password);
    }
    let qos = v5::mqttbytes::QoS::AtLeastOnce;
    if let Some(Presence { topic, gone }) = presence {
        let will = v5::mqttbytes::v5::LastWill::new(topic.as_str(), gone.clone(), qos, true, None);
        options.set_last_will(will);
    }
    let (client, events) = v5::AsyncClient::new(options, REQUESTS);
    Ok((Incoming::V5(Box::new(events)), Outgoing::V5(client)))
}

fn transport(address: &BrokerAddress) -> Result<Transport, String> {
    if !address.tls {
        return Ok(Transport::Tcp);
    }
    let trusted = match &address.ca_file {
        Some(file) => TlsConfiguration::Simple { ca: read(file)?, alpn: None, client_auth: None },
        None => TlsConfiguration::default(),
    };
    Ok(Transport::tls_with_config(trusted))
}

fn login(address: &BrokerAddress) -> Result<Option<(String, String)>, String> {
    let Some(user) = &address.user else { return Ok(None) };
    let password = match &address.password_file {
        Some(file) => {
            let text =
                String::from_utf8(read(file)?).map_err(|_| format!("{} is no text", file.display()))?;
            text.lines().next().unwrap_or_default().trim_end().to_owned()
        }
        None => String::new(),
    };
    Ok(Some((user.clone(), password)))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

impl Incoming {
    pub async fn next(&mut self) -> Result<Event, String> {
        match self {
            Self::V3(events) => {
                use rumqttc::{Event as E, Packet, SubscribeReasonCode};
                Ok(match events.poll().await.map_err(|error| error.to_string())? {
                    E::Incoming(Packet::ConnAck(_)) => Event::Connected,
                    E::Incoming(Packet::Publish(publish)) => delivered_v3(publish),
                    E::Incoming(Packet::SubAck(granted)) => refused(
                        granted.return_codes.iter().position(|code| *code == SubscribeReasonCode::Failure),
                    ),
                    _ => Event::Other,
                })
            }
            Self::V5(events) => {
                use v5::{
                    Event as E,
                    mqttbytes::v5::{Packet, SubscribeReasonCode},
                };
                Ok(match events.poll().await.map_err(|error| error.to_string())? {
                    E::Incoming(Packet::ConnAck(_)) => Event::Connected,
                    E::Incoming(Packet::Publish(publish)) => delivered_v5(publish),
                    E::Incoming(Packet::SubAck(granted)) => refused(
                        granted
                            .return_codes
                            .iter()
                            .position(|code| !matches!(code, SubscribeReasonCode::Success(_))),
                    ),
                    _ => Event::Other,
                })
            }
        }
    }
}

fn refused(place: Option<usize>) -> Event {
    place.map_or(Event::Other, Event::Refused)
}

fn delivered_v3(publish: rumqttc::Publish) -> Event {
    let (topic, payload, kept) = (publish.topic.clone(), publish.payload.to_vec(), publish.retain);
    let receipt = match publish.qos {
        rumqttc::QoS::AtMostOnce => Receipt::None,
        _ => Receipt::V3(Box::new(publish)),
    };
    Event::Delivered(Delivery { topic, payload, kept, receipt })
}

fn delivered_v5(publish: v5::mqttbytes::v5::Publish) -> Event {
    let (payload, kept) = (publish.payload.to_vec(), publish.retain);
    // A topic that is no text is nobody's; it is acknowledged like any other.
    let topic = String::from_utf8(publish.topic.to_vec()).unwrap_or_default();
    let receipt = match publish.qos {
        v5::mqttbytes::QoS::AtMostOnce => Receipt::None,
        _ => Receipt::V5(Box::new(publish)),
    };
    Event::Delivered(Delivery { topic, payload, kept, receipt })
}

impl Outgoing {
    pub fn subscribe(&self, filters: &[String]) -> Result<(), String> {
        match self {
            Self::V3(client) => {
                let one = |filter: &String| {
                    rumqttc::SubscribeFilter::new(filter.clone(), rumqttc::QoS::AtLeastOnce)
                };
                client.try_subscribe_many(filters.iter().map(one)).map_err(|error| error.to_string())
            }
            Self::V5(client) => {
                use v5::mqttbytes::{QoS, v5::Filter};
                let one = |filter: &String| Filter::new(filter.clone(), QoS::AtLeastOnce);
                client.try_subscribe_many(filters.iter().map(one)).map_err(|error| error.to_string())
            }
        }
    }

    pub fn publish(&self, topic: &str, payload: Vec<u8>, retain: bool) -> Result<(), String> {
        match self {
            Self::V3(client) => client
                .try_publish(topic, rumqttc::QoS::AtLeastOnce, retain, payload)
                .map_err(|error| error.to_string()),
            Self::V5(client) => client
                .try_publish(topic, v5::mqttbytes::QoS::AtLeastOnce, retain, payload)
                .map_err(|error| error.to_string()),
        }
    }

    pub fn acknowledge(&self, receipt: &Receipt) -> Result<(), String> {
        match (self, receipt) {
            (Self::V3(client), Receipt::V3(publish)) => {
                client.try_ack(publish).map_err(|error| error.to_string())
            }
            (Self::V5(client), Receipt::V5(publish)) => {
                client.try_ack(publish).map_err(|error| error.to_string())
            }
            _ => Ok(()),
        }
    }
}
