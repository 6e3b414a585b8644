//! A rule replayed over what is stored, before it may open tickets. The detection is the live one.

use chrono::TimeDelta;
use domain::{
    Money, Timestamp,
    condition::{
        backtest::{Horizon, Input, Tested, WouldRaise, replay, score},
        reliability::Period,
        rule::{Condition, RuleSettings, Scope},
    },
    fleet::asset::Asset,
    id::{AssetId, DeviceId},
    people::account,
};
use futures::future::BoxFuture;
use rust_decimal::{Decimal, prelude::FromPrimitive};
use std::sync::Arc;
use store::{
    StoreError,
    backtest::Backtest,
    history,
    records::{
        PageRequest, Records,
        condition::failures,
        fleet::{assets, devices, models},
    },
    telemetry::TelemetryStore,
};

/// A backtest looks at no more assets than this; the answer says how many there were.
const MAX_ASSETS: usize = 500;
/// And at about so many facts of one device, from the beginning of the period on.
const MAX_FACTS: usize = 400_000;
/// Facts read at once.
const PAGE: usize = 50_000;

/// Tries rules on the stores.
pub struct Replay {
    pub records: Records,
    pub telemetry: Arc<dyn TelemetryStore>,
}

impl Backtest for Replay {
    fn run<'a>(
        &'a self,
        seen: account::Scope,
        rule: &'a RuleSettings,
        period: Period,
    ) -> BoxFuture<'a, Result<Tested, StoreError>> {
        Box::pin(run(self, seen, rule, period))
    }
}

async fn run(
    stores: &Replay,
    seen: account::Scope,
    rule: &RuleSettings,
    period: Period,
) -> Result<Tested, StoreError> {
    let in_scope = in_scope(stores, seen, &rule.scope).await?;
    let looked_at = &in_scope[..in_scope.len().min(MAX_ASSETS)];
    let mut alerts = Vec::new();
    for asset in looked_at {
        for device in devices::of_asset(stores.records.read(), asset.id).await? {
            let inputs = inputs(stores, rule, device.id, period).await?;
            let raised = replay(rule, asset.id, inputs);
            alerts.extend(
                raised.into_iter().filter(|alert| (period.from..period.to).contains(&alert.raised_at)),
            );
        }
        tokio::task::yield_now().await;
    }
    alerts.sort_by_key(|alert| alert.raised_at);
    let horizon = Horizon::default();
    let failed = failed(stores, looked_at, period).await?;
    let score = score(&alerts, &failed, horizon);
    let money = spared(rule, looked_at, &alerts, &failed, horizon);
    Ok(Tested { period, assets: looked_at.len(), assets_in_scope: in_scope.len(), score, alerts, money })
}

async fn in_scope(stores: &Replay, seen: account::Scope, scope: &Scope) -> Result<Vec<Asset>, StoreError> {
    let db = stores.records.read();
    if let Scope::Asset(id) = scope {
        let asset = assets::find(db, seen, *id).await?;
        return Ok(asset.into_iter().collect());
    }
    let model = if let Scope::Model(id) = scope { Some(*id) } else { None };
    let filter = assets::Filter { model, ..assets::Filter::default() };
    let (mut found, mut page) = (Vec::new(), PageRequest::first(PageRequest::MAX_LIMIT));
    loop {
        let some = assets::list(db, seen, &filter, &page).await?;
        let kinds = models::by_ids(db, some.items.iter().map(|asset| asset.model_id)).await?;
        let kind = |asset: &Asset| {
            kinds.get(&asset.model_id).map_or("", |model| model.equipment_type.as_str()).to_owned()
        };
        found.extend(
            some.items.into_iter().filter(|asset| scope.covers(asset.id, asset.model_id, &kind(asset))),
        );
        match some.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(found),
        }
    }
}

/// What the device said, in time order; a baseline needs what came before the period.
async fn inputs(
    stores: &Replay,
    rule: &RuleSettings,
    device: DeviceId,
    period: Period,
) -> Result<Vec<Input>, StoreError> {
    let lead = match &rule.condition {
        Condition::Deviation { baseline_seconds, mean_over_seconds, .. } => {
            TimeDelta::seconds(i64::from(*baseline_seconds) + i64::from(*mean_over_seconds))
        }
        _ => TimeDelta::zero(),
    };
    let mut from_us = (period.from - lead).timestamp_micros();
    let to_us = period.to.timestamp_micros();
    let (telemetry, db) = (stores.telemetry.as_ref(), stores.records.read());
    let mut inputs = Vec::new();
    loop {
        let page = history::page(telemetry, db, rule, device, (from_us, to_us), PAGE).await?;
        inputs.extend(page.facts);
        match page.next_us.filter(|_| inputs.len() < MAX_FACTS) {
            Some(next_us) => from_us = next_us,
            None => return Ok(inputs),
        }
    }
}

async fn failed(
    stores: &Replay,
    looked_at: &[Asset],
    period: Period,
) -> Result<Vec<(AssetId, Timestamp)>, StoreError> {
    let filter =
        failures::Filter { from: Some(period.from), to: Some(period.to), ..failures::Filter::default() };
    let all = failures::all(stores.records.read(), &filter).await?;
    let known: std::collections::HashSet<AssetId> = looked_at.iter().map(|asset| asset.id).collect();
    Ok(all.into_iter().filter(|f| known.contains(&f.asset_id)).map(|f| (f.asset_id, f.at)).collect())
}

/// Expected downtime of each failure that was foretold, times what an hour costs its owner. Currencies are not mixed:
/// assets in another one than the first are left out.
fn spared(
    rule: &RuleSettings,
    looked_at: &[Asset],
    alerts: &[WouldRaise],
    failed: &[(AssetId, Timestamp)],
    horizon: Horizon,
) -> Option<Money> {
    let hours = rule.expected_downtime_hours?;
    let mut total: Option<Money> = None;
    for asset in looked_at {
        let Some(cost) = asset.downtime_cost_per_hour else { continue };
        let own: Vec<_> = failed.iter().copied().filter(|(id, _)| *id == asset.id).collect();
        let raised: Vec<_> = alerts.iter().copied().filter(|alert| alert.asset_id == asset.id).collect();
        let hits = Decimal::from_u64(score(&raised, &own, horizon).hits)?;
        let money = cost.times(hours * hits).ok()?;
        total = match total {
            None => Some(money),
            Some(sum) => Some(sum.checked_add(money).unwrap_or(sum)),
        };
    }
    total
}
