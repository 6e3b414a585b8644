//! A rule replayed over what is stored, before it may open tickets.

use crate::{command::CommandError, deps::Deps};
use chrono::TimeDelta;
use domain::{
    Money, Timestamp,
    condition::{
        backtest::{Horizon, Input, Score, WouldRaise, replay, score},
        reliability::Period,
        rule::{Condition, RuleSettings, Scope},
    },
    fleet::asset::Asset,
    id::{AssetId, DeviceId},
    people::account,
    reason::{Reason, Refusal},
};
use rust_decimal::{Decimal, prelude::FromPrimitive};
use serde::Serialize;
use store::{
    StoreError, history,
    records::{
        PageRequest,
        condition::failures,
        fleet::{assets, devices, models},
    },
};

/// A backtest looks at no more assets than this; the answer says how many there were.
const MAX_ASSETS: usize = 500;
/// And at about so many facts of one device, from the beginning of the period on.
const MAX_FACTS: usize = 400_000;
/// Facts read at once.
const PAGE: usize = 50_000;

/// What a rule would have done, against what really failed.
#[derive(Clone, Debug, Serialize)]
pub struct Backtest {
    pub period: Period,
    /// Assets that were looked at, and those in the rule's scope that the reader sees.
    pub assets: usize,
    pub assets_in_scope: usize,
    pub score: Score,
    /// What it would have raised, oldest first.
    pub alerts: Vec<WouldRaise>,
    /// Downtime that the hits could have spared, at the assets' own cost an hour.
    pub money: Option<Money>,
}

pub async fn run(
    deps: &Deps,
    seen: account::Scope,
    rule: &RuleSettings,
    period: Period,
) -> Result<Backtest, CommandError> {
    if matches!(rule.condition, Condition::DownUnplanned) {
        return Err(CommandError::Refused(Refusal::RuleNoBacktest));
    }
    let in_scope = in_scope(deps, seen, &rule.scope).await?;
    let looked_at = &in_scope[..in_scope.len().min(MAX_ASSETS)];
    let mut alerts = Vec::new();
    for asset in looked_at {
        for device in devices::of_asset(deps.records.read(), asset.id).await? {
            let inputs = inputs(deps, rule, device.id, period).await?;
            let raised = replay(rule, asset.id, inputs);
            alerts.extend(
                raised.into_iter().filter(|alert| (period.from..period.to).contains(&alert.raised_at)),
            );
        }
        tokio::task::yield_now().await;
    }
    alerts.sort_by_key(|alert| alert.raised_at);
    let horizon = Horizon::default();
    let failed = failed(deps, looked_at, period).await?;
    let score = score(&alerts, &failed, horizon);
    let money = spared(rule, looked_at, &alerts, &failed, horizon);
    Ok(Backtest { period, assets: looked_at.len(), assets_in_scope: in_scope.len(), score, alerts, money })
}

async fn in_scope(deps: &Deps, seen: account::Scope, scope: &Scope) -> Result<Vec<Asset>, CommandError> {
    let db = deps.records.read();
    if let Scope::Asset(id) = scope {
        let asset = assets::find(db, seen, *id).await?;
        return Ok(vec![
            asset.ok_or_else(|| CommandError::field("settings.scope.value", Reason::UnknownChoice))?,
        ]);
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
    deps: &Deps,
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
    let (telemetry, db) = (deps.telemetry.as_ref(), deps.records.read());
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
    deps: &Deps,
    looked_at: &[Asset],
    period: Period,
) -> Result<Vec<(AssetId, Timestamp)>, StoreError> {
    let filter =
        failures::Filter { from: Some(period.from), to: Some(period.to), ..failures::Filter::default() };
    let all = failures::all(deps.records.read(), &filter).await?;
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
