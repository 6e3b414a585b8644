//! The demo's machines as simulated devices: their past in one go, and what they do from then on.

use super::plan;
use crate::{
    delivery::{Counters, DeliveryError},
    fleet::{self, Address, Span, Unit},
    kind::Kind,
    machine::{Fault, FaultMode, Machine, Service},
    voice::Voice,
};
use chrono::TimeDelta;
use domain::Timestamp;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Resolution of the generated past.
const STEP: TimeDelta = TimeDelta::minutes(15);
/// Devices that send their past at once.
const AT_ONCE: usize = 6;
const SEED: u64 = 0x6d61_696e_7374_6179;

/// The machines with their past, as they were from the anchor on in every start. `tokens` are those of the devices, by
/// index into [`plan::ASSETS`].
pub fn units(anchor: Timestamp, tokens: impl IntoIterator<Item = (usize, String)>) -> Vec<Unit> {
    let (faults, services) = (plan::faults(anchor), plan::services(anchor));
    let units = tokens.into_iter().filter_map(|(index, token)| {
        let asset = &plan::ASSETS[index];
        let kind = Kind::parse(plan::MODELS[asset.model].equipment_type)?;
        let faults = faults.iter().filter(|fault| fault.asset == index).map(simulated);
        let services = services.iter().filter(|service| service.asset == index);
        let machine = Machine {
            faults: faults.collect(),
            services: services.map(|service| Service { from: service.from, to: service.to }).collect(),
            ..Machine::new(kind, SEED + index as u64)
        };
        Some(Unit { name: asset.name.into(), voice: Voice::with_token(asset.name, token), machine })
    });
    units.collect()
}

pub(super) async fn send(
    units: &[Unit],
    address: &Address,
    anchor: Timestamp,
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) -> Result<(), DeliveryError> {
    let span = Span { from: anchor - TimeDelta::days(plan::DAYS), to: anchor, step: STEP };
    fleet::publish_history(units, address, span, AT_ONCE, counters, stop).await
}

/// How many rows the past of `units` is.
pub(super) fn rows(units: &[Unit]) -> f64 {
    units.len() as f64 * (plan::DAYS * 96) as f64
}

fn simulated(fault: &plan::Fault) -> Fault {
    let mode = match fault.mode {
        plan::FaultMode::BearingWear => FaultMode::BearingWear,
        plan::FaultMode::RefrigerantLeak => FaultMode::RefrigerantLeak,
        plan::FaultMode::FilterClogging => FaultMode::FilterClogging,
        plan::FaultMode::Overheating => FaultMode::Overheating,
        plan::FaultMode::SensorDropout => FaultMode::SensorDropout,
    };
    Fault { mode, onset: fault.onset, full: fault.full, restored: fault.restored, trips: fault.trips }
}

/// A degradation to watch: its rule raises an alert after about four minutes, the machine stops after about five.
pub fn live_fault(mode: FaultMode, now: Timestamp) -> Fault {
    let onset = now + TimeDelta::seconds(15);
    let full = onset + TimeDelta::minutes(5);
    Fault { mode, onset, full, restored: full + TimeDelta::minutes(40), trips: true }
}
