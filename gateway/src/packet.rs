//! What a client and this front say to each other, in words of our own: the connection knows these and no version of
//! the protocol. Each version is a module that reads and writes them.

use crate::v3;
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use domain::telemetry::{OutboundMessage, Properties};
use std::num::NonZeroU16;

/// The version that a client speaks, as its CONNECT says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// MQTT 3.1.1, and 3.1 read like it.
    V3,
}

impl Protocol {
    /// Reads every first packet; a CONNECT of a version that has no module is [`Malformed::Version`].
    pub const FIRST: Self = Self::V3;

    /// The first packet of `bytes` and its length; `None` when more bytes are needed.
    pub fn decode(self, bytes: &[u8], limit: u32) -> Result<Option<(Received<'_>, usize)>, Malformed> {
        match self {
            Self::V3 => v3::decode(bytes, limit),
        }
    }

    /// The topic of a publish that is not complete, if its bytes have come that far.
    pub fn topic_of_beginning(self, bytes: &[u8]) -> Option<&str> {
        match self {
            Self::V3 => v3::topic_of_beginning(bytes),
        }
    }

    pub fn encode(self, sent: Sent, out: &mut BytesMut) {
        match self {
            Self::V3 => v3::encode(sent, out),
        }
    }

    /// The answer to one of the packets of a publish: apart, because nearly everything sent is one.
    pub fn encode_answer(self, answer: Answer, packet_id: NonZeroU16, out: &mut BytesMut) {
        match self {
            Self::V3 => v3::encode_answer(answer, packet_id, out),
        }
    }
}

/// A packet of a client. A publish lies where it was read, because almost everything that arrives is one.
#[derive(Debug, PartialEq)]
pub enum Received<'a> {
    Publish(Publish<'a>),
    Other(Packet),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub delivery: Delivery,
    pub retain: bool,
    pub properties: Option<Box<Properties>>,
}

/// What the publisher waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Quality of service 0: nothing.
    Unanswered,
    /// 1: PUBACK.
    Acknowledged(NonZeroU16),
    /// 2: PUBREC, and after PUBREL a PUBCOMP.
    Completed(NonZeroU16),
}

#[derive(Debug, PartialEq)]
pub enum Packet {
    Connect(Box<Connect>),
    Subscribe {
        packet_id: NonZeroU16,
        filters: Vec<(ByteString, Qos)>,
    },
    Unsubscribe {
        packet_id: NonZeroU16,
        filters: Vec<ByteString>,
    },
    /// The client has a message that was sent to it.
    PublishAck(NonZeroU16),
    PublishRelease(NonZeroU16),
    Ping,
    Disconnect,
    /// What only a server sends, or what belongs to nothing that was sent.
    Unexpected,
}

#[derive(Debug, PartialEq)]
pub struct Connect {
    pub protocol: Protocol,
    pub client_id: ByteString,
    pub user: Option<ByteString>,
    /// Empty when it is no text.
    pub password: ByteString,
    /// What is kept of an earlier connection is forgotten first.
    pub clean: bool,
    /// 0: none.
    pub keep_alive_s: u16,
    pub will: Option<Will>,
}

#[derive(Debug, PartialEq)]
pub struct Will {
    pub topic: ByteString,
    pub payload: Bytes,
    pub retain: bool,
}

#[expect(clippy::enum_variant_names, reason = "the words of MQTT")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Qos {
    AtMostOnce,
    AtLeastOnce,
    ExactlyOnce,
}

/// A packet for a client.
#[derive(Debug)]
pub enum Sent {
    Connected {
        session_present: bool,
    },
    Refused(Refusal),
    /// With a packet identifier when it is to be acknowledged.
    Publish {
        message: OutboundMessage,
        packet_id: Option<NonZeroU16>,
    },
    /// What was granted of each filter; `None` is a refusal.
    Subscribed {
        packet_id: NonZeroU16,
        granted: Vec<Option<Qos>>,
    },
    Unsubscribed {
        packet_id: NonZeroU16,
    },
    Pong,
}

/// Why a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Version,
    ClientId,
    Unavailable,
    NoToken,
    WrongToken,
}

impl Refusal {
    /// The word under which it is counted.
    pub fn code(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::ClientId => "client_id",
            Self::Unavailable => "unavailable",
            Self::NoToken => "no_token",
            Self::WrongToken => "not_authorized",
        }
    }
}

/// PUBACK, PUBREC and PUBCOMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Ack,
    Received,
    Complete,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("packet of {bytes} bytes is larger than {limit}")]
    TooLarge { bytes: u32, limit: u32 },
    #[error("unsupported protocol version")]
    Version,
    #[error("client identifier refused")]
    ClientId,
    #[error("{0}")]
    Other(String),
}
