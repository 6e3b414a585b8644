//! The three facts about a device, which never imply one another: whether it is connected, when it last sent data,
//! and how its equipment is.

use crate::{command::CommandError, deps::Deps, fleet::assets::queries::StateNow};
use domain::{
    Timestamp,
    clock::from_micros,
    fleet::device::{Device, DeviceClock},
    id::DeviceId,
    telemetry::{Metric, connection::Connection},
};
use store::{
    StoreError,
    records::{self, fleet::device_clocks, telemetry::connections},
    telemetry::Point,
};

#[derive(Clone, Debug)]
pub struct Facts {
    /// `None` when the device never connected.
    pub connection: Option<Connection>,
    /// The newest value of each metric.
    pub latest: Vec<(Metric, Point)>,
    /// `None` without equipment, or when nothing is known of its state.
    pub equipment: Option<StateNow>,
    pub clock: DeviceClock,
}

impl Facts {
    /// When the newest value was measured.
    pub fn last_data_at(&self) -> Option<Timestamp> {
        self.latest.iter().map(|(_, point)| point.ts_us).max().map(from_micros)
    }
}

pub async fn facts(deps: &Deps, device: &Device) -> Result<Facts, CommandError> {
    let db = deps.records.read();
    let equipment = match device.asset_id {
        Some(asset) => crate::fleet::assets::queries::state_now(deps, asset).await?,
        None => None,
    };
    Ok(Facts {
        connection: connections::get(db, device.id).await?,
        latest: deps.latest(device.id).await?,
        equipment,
        clock: device_clocks::get(db, device.id).await?.unwrap_or_default(),
    })
}

/// Those of `devices` that are connected.
pub async fn connected(db: &records::Db, devices: &[Device]) -> Result<Vec<DeviceId>, StoreError> {
    let ids: Vec<_> = devices.iter().map(|device| device.id).collect();
    let found = connections::of_devices(db, &ids).await?;
    Ok(found.into_iter().filter(Connection::is_open).map(|connection| connection.device).collect())
}
