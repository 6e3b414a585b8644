//! Making and changing models.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
    scope,
};
use domain::{
    fleet::model::{MetricName, Model},
    id::ModelId,
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{
    StoreError,
    records::fleet::{model_metrics, models},
};

/// The name and the unit of a value, such as `Suction pressure` and `bar` of `suction_pressure`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MetricJson)]
pub struct MetricShape {
    pub metric: String,
    pub name: String,
    pub unit: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelInput {
    pub manufacturer: String,
    pub name: String,
    /// Kind of equipment, such as `chiller`.
    pub equipment_type: String,
    /// What its values are called, and their units; left as they are when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<MetricShape>>)]
    pub metrics: Option<Vec<MetricName>>,
}

impl ModelInput {
    pub fn read(&self, id: ModelId) -> Result<Model, CommandError> {
        let mut checks = Checks::default();
        let model = Model {
            id,
            manufacturer: checks.required("manufacturer", &self.manufacturer, MAX_NAME),
            name: checks.required("name", &self.name, MAX_NAME),
            equipment_type: checks.required("equipment_type", &self.equipment_type, MAX_NAME),
        };
        checks.finish()?;
        Ok(model)
    }
}

pub async fn create(deps: &Deps, mut cx: Context, input: ModelInput) -> Result<Model, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "models.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(model) => return Ok(model),
    };
    let model = input.read(ModelId::generate())?;
    let metrics = input.metrics.map(checked_metrics).transpose()?;
    models::insert(&tx, &model).await.map_err(name_taken)?;
    model_metrics::replace(&tx, model.id, &metrics.unwrap_or_default()).await?;
    cx.finish(tx, model).await
}

pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: ModelId,
    input: ModelInput,
) -> Result<Model, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "models.update", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(model) => return Ok(model),
    };
    models::get(&tx, id).await?.ok_or(CommandError::NotFound)?;
    let model = input.read(id)?;
    let metrics = input.metrics.map(checked_metrics).transpose()?;
    models::update(&tx, &model).await.map_err(name_taken)?;
    if let Some(metrics) = metrics {
        model_metrics::replace(&tx, id, &metrics).await?;
    }
    cx.finish(tx, model).await
}

fn name_taken(error: StoreError) -> CommandError {
    match error {
        StoreError::Conflict(_) => CommandError::field("name", Reason::ModelsNameTaken),
        error => error.into(),
    }
}

/// More values than this has no type of equipment that a person describes.
const MAX_METRICS: usize = 200;
pub const MAX_UNIT: usize = 16;

/// The names as they may be kept.
pub fn checked_metrics(names: Vec<MetricName>) -> Result<Vec<MetricName>, CommandError> {
    let mut checks = Checks::default();
    let mut seen = BTreeSet::new();
    checks.at_most("metrics", names.len(), MAX_METRICS);
    for (index, name) in names.iter().enumerate() {
        let bracketed = |text: &str| text.contains(['[', ']', '=', '\n', '\r']);
        if name.metric.is_empty() || !seen.insert(&name.metric) || bracketed(&name.metric) {
            checks.add("metrics", Reason::InvalidMetrics);
        }
        for (part, text, max) in [
            ("metric", &name.metric, MAX_NAME),
            ("name", &name.name, MAX_NAME),
            ("unit", &name.unit, MAX_UNIT),
        ] {
            checks.text(format!("metrics[{index}].{part}"), text, max);
        }
        if bracketed(&name.name) || bracketed(&name.unit) {
            checks.add("metrics", Reason::InvalidMetrics);
        }
    }
    checks.finish()?;
    Ok(names)
}
