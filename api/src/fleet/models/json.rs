//! Models for programs.

use super::list::Models;
use crate::fleet::customers::{READ, WRITE};
use domain::{
    fleet::model::{MetricName, Model},
    id::ModelId,
};
use serde::Serialize;
use service::{
    command::{CommandError, Context},
    deps::Deps as Needs,
    fleet::models::commands::{self, MetricShape, ModelInput},
    scope,
};
use store::records::fleet::{model_metrics, models::By};
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation, call, listed_as, making, words},
    problem::Problem,
    request::User,
    routes::Access,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ModelView {
    id: Uuid,
    manufacturer: String,
    name: String,
    equipment_type: String,
    /// What its values are called, and their units.
    metrics: Vec<MetricShape>,
}

impl ModelView {
    fn new(model: Model, metrics: Vec<MetricName>) -> Self {
        let metric =
            |known: MetricName| MetricShape { metric: known.metric, name: known.name, unit: known.unit };
        Self {
            metrics: metrics.into_iter().map(metric).collect(),
            id: model.id.into(),
            manufacturer: model.manufacturer,
            name: model.name,
            equipment_type: model.equipment_type,
        }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    let filters = vec![words("q", "Text in manufacturer, name or kind")];
    let list = listed_as::<Models, ModelView>(all);
    vec![
        Operation::pages::<By>("/api/v1/models", read, "Models, by name.", filters, list),
        Operation::get("/api/v1/models/{id}", read, "One model.", operation::read(one)),
        Operation::create("/api/v1/models", write, "Adds a model.", making::<ModelView, _, _>(create)),
        Operation::update(
            "/api/v1/models/{id}",
            write,
            "Changes a model.",
            call::<ModelView, _, _, _>(update),
        ),
    ]
}

async fn all(deps: &Deps, _: &User, models: Vec<Model>) -> Result<Vec<ModelView>, Problem> {
    let mut metrics =
        model_metrics::of_models(deps.records.read(), models.iter().map(|model| model.id)).await?;
    let shown = |model: Model| {
        let own = metrics.remove(&model.id).unwrap_or_default();
        ModelView::new(model, own)
    };
    Ok(models.into_iter().map(shown).collect())
}

async fn one(deps: &Deps, user: &User, id: ModelId) -> Result<ModelView, Problem> {
    let model = scope::model(deps.records.read(), user.scope(), id).await?;
    Ok(view(deps, model).await?)
}

async fn create(deps: &Needs, cx: Context, input: ModelInput) -> Result<ModelView, CommandError> {
    view(deps, commands::create(deps, cx, input).await?).await
}

async fn update(
    deps: &Needs,
    cx: Context,
    id: ModelId,
    input: ModelInput,
) -> Result<ModelView, CommandError> {
    view(deps, commands::update(deps, cx, id, input).await?).await
}

async fn view(deps: &Needs, model: Model) -> Result<ModelView, CommandError> {
    let metrics = model_metrics::of_model(deps.records.read(), model.id).await?;
    Ok(ModelView::new(model, metrics))
}
