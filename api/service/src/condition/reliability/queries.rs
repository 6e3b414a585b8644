//! Figures over the state log and the failures, for asset pages, the overview and indicators.

use domain::{
    Timestamp,
    condition::{
        failure::Failure,
        reliability::{
            CONFIDENCE, FailureFrequency, Period, Recorded, Restoration, Uptime, failure_frequency,
            restoration, uptime,
        },
    },
    fleet::asset::Asset,
    id::{AssetId, CustomerId, ModelId},
    people::account::Scope,
};
use std::collections::{HashMap, HashSet};
use store::{
    StoreError,
    records::{
        Db,
        condition::{failures, states},
        fleet::assets,
    },
};

/// How one asset, or several together, did over a period.
#[derive(Clone, Debug)]
pub struct Reliability {
    pub period: Period,
    /// Assets with time in service within the period.
    pub assets: u64,
    /// `None` when there was no time in service.
    pub uptime: Option<Uptime>,
    pub frequency: FailureFrequency,
    pub restoration: Restoration,
    /// Failures within the period of equipment in service, oldest first.
    pub failures: Vec<Failure>,
    /// Recorded within the period while the equipment was not in service: in no figure.
    pub failures_out_of_service: Vec<Failure>,
}

/// `None` when the asset was not in service within the period.
pub async fn asset_uptime(db: &Db, asset: &Asset, period: Period) -> Result<Option<Uptime>, StoreError> {
    let log = states::of_asset(db, asset.id, period.from, period.to).await?;
    Ok(uptime(&log, period, asset.in_service_from, asset.in_service_to))
}

pub async fn asset(db: &Db, asset: &Asset, period: Period) -> Result<Reliability, StoreError> {
    let uptime = asset_uptime(db, asset, period).await?;
    let filter =
        failures::Filter { asset: Some(asset.id), to: Some(period.to), ..failures::Filter::default() };
    let found = recorded(failures::all(db, &filter).await?, std::slice::from_ref(asset));
    Ok(combine(period, u64::from(uptime.is_some()), uptime, found))
}

/// All assets of a model together: exposure and failures add up.
pub async fn model(db: &Db, scope: Scope, model: ModelId, period: Period) -> Result<Reliability, StoreError> {
    let filter = assets::Filter { model: Some(model), ..assets::Filter::default() };
    let fleet = every(db, scope, &filter).await?;
    let logs = states::of_assets(db, fleet.iter().map(|asset| asset.id), period.from, period.to).await?;
    let found = failures::Filter { model: Some(model), to: Some(period.to), ..failures::Filter::default() };
    let mut found = failures::all(db, &found).await?;
    let seen: HashSet<AssetId> = fleet.iter().map(|asset| asset.id).collect();
    found.retain(|failure| seen.contains(&failure.asset_id));
    let found = recorded(found, &fleet);
    let (assets, uptime) = sum(&fleet, &logs, period);
    Ok(combine(period, assets, uptime, found))
}

/// Every asset, or those of one customer, together.
pub async fn fleet(
    db: &Db,
    scope: Scope,
    customer: Option<CustomerId>,
    period: Period,
) -> Result<Reliability, StoreError> {
    let fleet = every(db, scope, &assets::Filter { customer, ..assets::Filter::default() }).await?;
    let logs = states::of_fleet(db, customer, period.from, period.to).await?;
    let found = failures::Filter { customer, to: Some(period.to), ..failures::Filter::default() };
    let found = recorded(failures::all(db, &found).await?, &fleet);
    let (assets, uptime) = sum(&fleet, &logs, period);
    Ok(combine(period, assets, uptime, found))
}

/// The period of `days` that ends at `now`.
pub fn last_days(now: Timestamp, days: i64) -> Period {
    Period { from: now - chrono::TimeDelta::days(days), to: now }
}

pub async fn every(db: &Db, scope: Scope, filter: &assets::Filter) -> Result<Vec<Asset>, StoreError> {
    let mut all = Vec::new();
    let mut page = store::records::PageRequest::first(store::records::PageRequest::MAX_LIMIT);
    loop {
        let found = assets::list(db, scope, filter, &page).await?;
        all.extend(found.items);
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(all),
        }
    }
}

fn sum(
    fleet: &[Asset],
    logs: &HashMap<AssetId, Vec<domain::condition::state::StateInterval>>,
    period: Period,
) -> (u64, Option<Uptime>) {
    let each = fleet.iter().filter_map(|asset| {
        let log = logs.get(&asset.id).map_or(&[][..], Vec::as_slice);
        uptime(log, period, asset.in_service_from, asset.in_service_to)
    });
    each.fold((0, None), |(count, total), one| {
        (count + 1, Some(total.map_or(one, |sum: Uptime| sum.plus(one))))
    })
}

/// Tells failures of equipment in service from the others.
pub fn recorded(failures: Vec<Failure>, fleet: &[Asset]) -> Recorded {
    let service: HashMap<AssetId, _> = fleet.iter().map(|asset| (asset.id, asset.service())).collect();
    Recorded::of(failures, |asset| service.get(&asset).copied())
}

/// `found` holds every failure up to the end of the period: older ones may have been restored within it.
fn combine(period: Period, assets: u64, uptime: Option<Uptime>, found: Recorded) -> Reliability {
    let restoration = restoration(&found.in_service, period);
    let within = |failures: Vec<Failure>| -> Vec<Failure> {
        failures.into_iter().filter(|failure| failure.at >= period.from).collect()
    };
    let (failures, failures_out_of_service) = (within(found.in_service), within(found.out_of_service));
    let exposure_hours = uptime.map_or(0.0, |uptime| uptime.up_hours());
    let frequency = failure_frequency(failures.len() as u64, exposure_hours, CONFIDENCE);
    Reliability { period, assets, uptime, frequency, restoration, failures, failures_out_of_service }
}
