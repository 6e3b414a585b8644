//! Which devices there are, which equipment they report for, and which rules watch it.

use super::Engine;
use crate::{Deps, detection::Device};
use domain::{
    condition::rule::{Condition, Rule},
    id::{AssetId, DeviceId, ModelId},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use store::{
    StoreError,
    records::{
        condition::rules,
        fleet::{assets, devices, models},
    },
    telemetry::Committed,
};
use tokio::time::Instant;

/// Which device reports for which asset is read again this often, if anything was committed.
const REFRESH: Duration = Duration::from_secs(2);

/// What the scope of a rule looks at.
pub struct AssetKind {
    model: ModelId,
    equipment_type: String,
}

impl Engine {
    pub(super) async fn load_rules(&mut self, deps: &Deps) -> Result<bool, StoreError> {
        let db = deps.records.read();
        let stamp = rules::stamp(db).await?;
        if stamp == self.rules_stamp {
            return Ok(false);
        }
        let all = rules::all(db).await?.into_iter().filter(|rule| rule.settings.enabled);
        self.rules = all.map(|rule| (rule.id, Arc::new(rule))).collect();
        self.rules_stamp = stamp;
        Ok(true)
    }

    /// Follows edited rules at once, and reassigned devices within seconds.
    pub(super) async fn refresh(&mut self, deps: &Deps) -> Result<(), StoreError> {
        if !self.commits.has_changed().unwrap_or(false) && self.refreshed.elapsed() < REFRESH {
            return Ok(());
        }
        self.commits.borrow_and_update();
        let edited = self.load_rules(deps).await?;
        if edited || self.refreshed.elapsed() >= REFRESH {
            self.refreshed = Instant::now();
            let map = devices::asset_map(deps.records.read()).await?;
            let known: Vec<DeviceId> = self.devices.keys().copied().collect();
            self.kinds.clear();
            self.assign(deps, known, &map).await?;
        }
        Ok(())
    }

    /// Makes acquaintance with devices that speak for the first time. One without equipment is looked up again only
    /// when somebody has written something since: it may have been given to an asset.
    pub(super) async fn meet(&mut self, deps: &Deps, entry: &Committed) -> Result<(), StoreError> {
        let batch = &entry.batch;
        let speaking = batch.samples.iter().map(|s| s.device);
        let speaking = speaking
            .chain(batch.states.iter().map(|s| s.device))
            .chain(batch.events.iter().map(|e| e.device));
        let written = self.written_by_others();
        let mut strangers: HashSet<DeviceId> = HashSet::new();
        let mut last = None;
        for id in speaking {
            if last != Some(id) {
                let known = self.devices.get(&id);
                if known.is_none_or(|device| device.asset.is_none() && device.looked_up != written) {
                    strangers.insert(id);
                }
            }
            last = Some(id);
        }
        if strangers.is_empty() {
            return Ok(());
        }
        let mut map = HashMap::new();
        let strangers: Vec<DeviceId> = strangers.into_iter().collect();
        for some in strangers.chunks(500) {
            let found = devices::by_ids(deps.records.read(), some.iter().copied()).await?;
            map.extend(found.into_values().filter_map(|device| Some((device.id, device.asset_id?))));
        }
        let now = deps.clock.now();
        for id in &strangers {
            self.devices.entry(*id).or_insert_with(|| Device::new(*id, now)).looked_up = written;
        }
        self.assign(deps, strangers, &map).await
    }

    /// Changes with every commit of somebody else in this process.
    fn written_by_others(&self) -> u64 {
        self.commits.borrow().wrapping_sub(self.own_commits)
    }

    /// Gives `ids` their assets by `map`, and the rules that watch those.
    pub(super) async fn assign(
        &mut self,
        deps: &Deps,
        ids: Vec<DeviceId>,
        map: &HashMap<DeviceId, AssetId>,
    ) -> Result<(), StoreError> {
        self.learn_kinds(deps, ids.iter().filter_map(|id| map.get(id).copied())).await?;
        let mut rules: Vec<&Arc<Rule>> = self
            .rules
            .values()
            .filter(|rule| !matches!(rule.settings.condition, Condition::DownUnplanned))
            .collect();
        rules.sort_by_key(|rule| rule.id);
        let now = deps.clock.now();
        for id in ids {
            let Some(device) = self.devices.get_mut(&id) else { continue };
            let asset = map.get(&id).copied().filter(|asset| self.kinds.contains_key(asset));
            let kind = asset.and_then(|asset| Some((asset, self.kinds.get(&asset)?)));
            let watching: Vec<Arc<Rule>> = match kind {
                Some((asset, kind)) => {
                    let covers =
                        |r: &&&Arc<Rule>| r.settings.scope.covers(asset, kind.model, &kind.equipment_type);
                    rules.iter().filter(covers).map(|rule| Arc::clone(rule)).collect()
                }
                None => Vec::new(),
            };
            if let Some(left) = device.asset.filter(|old| asset != Some(*old)) {
                self.facts.left(id, left, now);
            }
            self.facts.edited(id, device.watch(asset, &watching));
            if device.waits() {
                self.waiting.insert(id);
            }
        }
        Ok(())
    }

    async fn learn_kinds(
        &mut self,
        deps: &Deps,
        of: impl Iterator<Item = AssetId>,
    ) -> Result<(), StoreError> {
        let unknown: HashSet<AssetId> = of.filter(|asset| !self.kinds.contains_key(asset)).collect();
        let unknown: Vec<AssetId> = unknown.into_iter().collect();
        for some in unknown.chunks(500) {
            let found = assets::by_ids(deps.records.read(), some.iter().copied()).await?;
            let kinds =
                models::by_ids(deps.records.read(), found.values().map(|asset| asset.model_id)).await?;
            for asset in found.into_values() {
                let equipment_type =
                    kinds.get(&asset.model_id).map(|m| m.equipment_type.clone()).unwrap_or_default();
                self.kinds.insert(asset.id, AssetKind { model: asset.model_id, equipment_type });
            }
        }
        Ok(())
    }
}
