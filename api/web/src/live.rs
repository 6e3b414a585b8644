//! What pages hear while they are open: topics, and the hub that hands each open page what it asked for. Nobody is waited
//! for: a subscriber whose queue is full is let go, and its browser comes back by itself and fetches the page's present
//! state.

mod hub;

pub use hub::{Hub, Message, Subscription};

use domain::id::{AssetId, DeviceId};
use std::{fmt, str::FromStr};

/// What a page can listen to. Written as `alerts` or `asset:<id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    Device(DeviceId),
    Asset(AssetId),
    Alerts,
    Tickets,
    WorkOrders,
    Invoices,
    Overview,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => write!(f, "device:{id}"),
            Self::Asset(id) => write!(f, "asset:{id}"),
            Self::Alerts => f.write_str("alerts"),
            Self::Tickets => f.write_str("tickets"),
            Self::WorkOrders => f.write_str("work_orders"),
            Self::Invoices => f.write_str("invoices"),
            Self::Overview => f.write_str("overview"),
        }
    }
}
impl FromStr for Topic {
    type Err = UnknownTopic;
    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        if let Some((kind, id)) = text.split_once(':') {
            return match kind {
                "device" => id.parse().map(Self::Device).map_err(|_| UnknownTopic),
                "asset" => id.parse().map(Self::Asset).map_err(|_| UnknownTopic),
                _ => Err(UnknownTopic),
            };
        }
        [Self::Alerts, Self::Tickets, Self::WorkOrders, Self::Invoices, Self::Overview]
            .into_iter()
            .find(|topic| topic.to_string() == text)
            .ok_or(UnknownTopic)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a topic")]
pub struct UnknownTopic;

#[cfg(test)]
mod tests;
