//! What pages and programs ask about assets.

use crate::{Deps, command::CommandError, web::chart::Span};
use domain::{
    Timestamp,
    asset::Asset,
    condition::{
        EquipmentState,
        reliability::{self, FailureFrequency, Period, Uptime},
        state::StateInterval,
    },
    id::AssetId,
};
use store::records::{failures, states};

/// The state of equipment now, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateNow {
    pub state: EquipmentState,
    pub since: Timestamp,
}

/// `None` when nothing was ever said of it.
pub async fn state_now(deps: &Deps, asset: AssetId) -> Result<Option<StateNow>, CommandError> {
    let found = states::current(deps.records.read(), [asset]).await?;
    Ok(found.get(&asset).map(|interval| StateNow { state: interval.state, since: interval.from }))
}

/// How an asset did over a period: what the strip shows and the figures beside it.
#[derive(Clone, Debug, Default)]
pub struct Performance {
    pub spans: Vec<Span>,
    /// `None` when the asset had no time in service within the period.
    pub uptime: Option<Uptime>,
}

impl Performance {
    pub fn of(asset: &Asset, intervals: &[StateInterval], period: Period) -> Self {
        let spans = intervals
            .iter()
            .filter_map(|interval| {
                let (from, to) = interval.clip(period.from, period.to)?;
                Some(Span { from, to, state: interval.state })
            })
            .collect();
        let uptime = reliability::uptime(intervals, period, asset.in_service_from, asset.in_service_to);
        Self { spans, uptime }
    }
}

pub async fn performance(deps: &Deps, asset: &Asset, period: Period) -> Result<Performance, CommandError> {
    let intervals = states::of_asset(deps.records.read(), asset.id, period.from, period.to).await?;
    Ok(Performance::of(asset, &intervals, period))
}

/// Failures per operating time, with the bounds that so few failures leave.
pub async fn failure_frequency(
    deps: &Deps,
    asset: &Asset,
    period: Period,
    exposure_hours: f64,
) -> Result<FailureFrequency, CommandError> {
    let filter = failures::Filter {
        asset: Some(asset.id),
        from: Some(period.from),
        to: Some(period.to),
        ..Default::default()
    };
    let count = failures::count(deps.records.read(), &filter).await?;
    Ok(reliability::failure_frequency(count, exposure_hours, reliability::CONFIDENCE))
}
