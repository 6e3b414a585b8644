//! What a rule says, in the reader's words.

use crate::{condition::alerts::sentence::quantity, fleet::models::pages::model_name};
use chrono::TimeDelta;
use domain::{
    condition::rule::{Condition, DeviationLimit, Direction, Rule, Scope, Side},
    fleet::{asset::Asset, model::Model},
    id::{AssetId, ModelId},
};
use maud::{Markup, html};
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Db,
        condition::rules::Precision,
        fleet::{assets, models},
    },
};
use web::{deps::Deps, request::View};

pub fn enabled_pill(view: &View, rule: &Rule) -> Markup {
    html! { @if rule.settings.enabled { span.pill.ok { (view.lang.t("rules-enabled")) } } @else { span.pill { (view.lang.t("rules-disabled")) } } }
}

pub fn precision_text(view: &View, precision: Precision) -> String {
    match precision.share() {
        Some(share) => format!(
            "{} ({}/{})",
            view.lang.percent(share, 0),
            precision.right,
            precision.right + precision.false_alarm
        ),
        None => "–".into(),
    }
}

pub fn severity_key(word: &str) -> String {
    format!("alerts-severity-{word}")
}

pub fn kind_key(kind: &str) -> String {
    format!("rules-kind-{}", kind.replace('_', "-"))
}

/// The condition in a sentence.
pub fn describe(view: &View, rule: &Rule) -> String {
    let lang = view.lang;
    let span = |seconds: u32| lang.duration(TimeDelta::seconds(seconds.into()));
    match &rule.settings.condition {
        Condition::Threshold { metric, side, raise, for_seconds, .. } => {
            let key = if *side == Side::Above { "rules-says-above" } else { "rules-says-below" };
            let args = [
                ("metric", lang.metric(metric).into()),
                ("level", quantity(lang, *raise).into()),
                ("duration", span(*for_seconds).into()),
            ];
            lang.with(key, &args)
        }
        Condition::Deviation { metric, side, by, mean_over_seconds, .. } => {
            let limit = match by {
                DeviationLimit::Sigma(limit) => format!("{} σ", quantity(lang, *limit)),
                DeviationLimit::Percent(limit) => lang.percent(limit / 100.0, 1),
            };
            let key = match side {
                Direction::Above => "rules-says-rises",
                Direction::Below => "rules-says-falls",
                Direction::Either => "rules-says-moves",
            };
            let args = [
                ("metric", lang.metric(metric).into()),
                ("level", limit.into()),
                ("duration", span(*mean_over_seconds).into()),
            ];
            lang.with(key, &args)
        }
        Condition::NoData { metric, after_seconds } => match metric {
            Some(metric) => lang.with(
                "rules-says-no-metric",
                &[("metric", lang.metric(metric).into()), ("duration", span(*after_seconds).into())],
            ),
            None => lang.with("rules-says-no-data", &[("duration", span(*after_seconds).into())]),
        },
        Condition::EventCode { codes, count, within_seconds, .. } => {
            let codes = if codes.is_empty() { lang.t("rules-any-code") } else { codes.join(", ") };
            let args = [
                ("codes", codes.into()),
                ("n", i64::from(*count).into()),
                ("duration", span(*within_seconds).into()),
            ];
            lang.with(if *count > 1 { "rules-says-events" } else { "rules-says-event" }, &args)
        }
        Condition::DownUnplanned => lang.t("rules-kind-down-unplanned"),
    }
}

/// The names of what rules are about.
pub struct ScopeNames {
    models: HashMap<ModelId, Model>,
    assets: HashMap<AssetId, Asset>,
}

impl ScopeNames {
    pub async fn load<'a>(
        db: &Db,
        scopes: impl Iterator<Item = &'a Scope> + Clone,
    ) -> Result<Self, StoreError> {
        let of_models = scopes.clone().filter_map(|scope| match scope {
            Scope::Model(id) => Some(*id),
            Scope::All | Scope::Asset(_) | Scope::EquipmentType(_) => None,
        });
        let of_assets = scopes.filter_map(|scope| match scope {
            Scope::Asset(id) => Some(*id),
            Scope::All | Scope::Model(_) | Scope::EquipmentType(_) => None,
        });
        Ok(Self {
            models: models::by_ids(db, of_models).await?,
            assets: assets::by_ids(db, of_assets).await?,
        })
    }

    pub fn text(&self, view: &View, scope: &Scope) -> String {
        match scope {
            Scope::All => view.lang.t("rules-scope-all"),
            Scope::Model(id) => {
                self.models.get(id).map(|model| model_name(view.lang, model)).unwrap_or_default()
            }
            Scope::Asset(id) => self.assets.get(id).map(|asset| asset.name.clone()).unwrap_or_default(),
            Scope::EquipmentType(kind) => view.lang.equipment_type(kind),
        }
    }
}

pub async fn scope_text(deps: &Deps, view: &View, scope: &Scope) -> Result<String, StoreError> {
    Ok(ScopeNames::load(deps.records.read(), std::iter::once(scope)).await?.text(view, scope))
}
