//! The demo as a client of the product: it makes customers with their machines through the JSON API, sends the machines'
//! past over MQTT, and then what people did about it, at the times at which they would have done it. It knows no room of
//! the house, so it fills a product anywhere.

mod door;
mod history;
mod memory;
pub mod plan;
mod records;
#[cfg(feature = "tools")]
pub mod remote;
mod rules;
mod telemetry;

pub use door::{Caller, Door};
pub use memory::{Made, Memory};
pub use telemetry::{live_fault, units};

use crate::{delivery::Counters, fleet::Address};
use anyhow::{Context, Result};
use domain::Timestamp;
use futures::future::BoxFuture;
use history::History;
use records::{Maker, Things, zone_of_house};
use serde_json::json;
use std::sync::{Arc, atomic::Ordering};
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;

/// A product to fill.
pub struct Target<'a> {
    pub door: Arc<Door>,
    /// Of an administrator who may backdate.
    pub token: String,
    pub mqtt: Address,
    pub memory: &'a dyn Memory,
    /// Answers when the product has judged everything that was sent.
    pub judged: &'a (dyn Fn() -> BoxFuture<'a, Result<()>> + Sync),
    /// Hears how far it is, in percent, and what is being made.
    pub tell: &'a (dyn Fn(u8, Step) + Sync),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Records,
    Telemetry,
    Analysis,
    Service,
}

/// Makes all of it. What is there of the same demo, under the same anchor, is not made again.
pub async fn load(
    target: &Target<'_>,
    anchor: Timestamp,
    password: &str,
    stop: &CancellationToken,
) -> Result<()> {
    (target.tell)(0, Step::Records);
    let (administrator, things) = make_records(target, anchor, password).await?;
    send_past(target, &things, anchor, stop).await?;
    (target.tell)(46, Step::Analysis);
    (target.judged)().await?;
    tokio::select! {
        done = tell_history(target, &administrator, &things, anchor) => done.context("cannot make the service history"),
        () = stop.cancelled() => anyhow::bail!("stopped"),
    }
}

/// What there is before anything happens; and whoever made it.
async fn make_records(target: &Target<'_>, anchor: Timestamp, password: &str) -> Result<(Caller, Things)> {
    let administrator = Caller::new(&target.door, &target.token);
    let maker = Maker {
        caller: &administrator,
        memory: target.memory,
        anchor,
        zone: zone_of_house(&administrator).await?,
    };
    let things = maker.make(password).await.context("cannot make the records")?;
    Ok((administrator, things))
}

async fn send_past(
    target: &Target<'_>,
    things: &Things,
    anchor: Timestamp,
    stop: &CancellationToken,
) -> Result<()> {
    let units = units(anchor, things.devices.iter().cloned().enumerate());
    let (counters, rows) = (Arc::new(Counters::default()), telemetry::rows(&units));
    let sent = telemetry::send(&units, &target.mqtt, anchor, &counters, stop);
    let tell = async {
        loop {
            let done = counters.rows.load(Ordering::Relaxed) as f64 / rows;
            (target.tell)(5 + (done.min(1.0) * 40.0) as u8, Step::Telemetry);
            sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        sent = sent => Ok(sent?),
        () = tell => Ok(()),
    }
}

/// What people did. Their tokens end with it.
async fn tell_history(
    target: &Target<'_>,
    administrator: &Caller,
    things: &Things,
    anchor: Timestamp,
) -> Result<()> {
    let zone = zone_of_house(administrator).await?;
    let maker = Maker { caller: administrator, memory: target.memory, anchor, zone };
    let hands = maker.hands(things).await?;
    let mut callers = hands.iter().map(|(_, secret)| Caller::new(&target.door, secret));
    let desk = callers.next().context("nobody plans")?;
    let history = History { things, anchor, zone, desk, phones: callers.collect() };
    history.run(&|part| (target.tell)(60 + (part * 39.0) as u8, Step::Service)).await?;
    for (id, _) in &hands {
        let path = format!("tokens/{id}/revoke");
        administrator.post_now(&path, &records::key(anchor, "revoke", id), &json!({})).await?;
    }
    Ok(())
}

/// Everything but what the machines measured, for tests of what stands on it.
pub async fn load_without_telemetry(target: &Target<'_>, anchor: Timestamp, password: &str) -> Result<()> {
    let (administrator, things) = make_records(target, anchor, password).await?;
    tell_history(target, &administrator, &things, anchor).await
}
