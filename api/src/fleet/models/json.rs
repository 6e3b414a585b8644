//! Models for programs.

use super::list::Models;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    fleet::model::{MetricName, Model},
    id::ModelId,
};
use serde::Serialize;
use service::{
    fleet::models::commands::{self, MetricShape, ModelInput},
    scope,
};
use store::records::fleet::model_metrics;
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ModelView {
    id: Uuid,
    manufacturer: String,
    name: String,
    equipment_type: String,
    /// What its values are called, and their units.
    metrics: Vec<MetricShape>,
    demo: bool,
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
            demo: model.demo,
        }
    }
}

async fn view(deps: &Deps, model: Model) -> Result<ModelView, Problem> {
    let metrics = model_metrics::of_model(deps.records.read(), model.id).await?;
    Ok(ModelView::new(model, metrics))
}

/// Models, by name.
#[utoipa::path(get, path = "/api/v1/models", tag = "models",
    params(("q" = Option<String>, Query, description = "Text in manufacturer, name or kind"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<ModelView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<ModelView>>, Problem> {
    let page = listing::find::<Models>(&deps, &user, &query).await?;
    let mut metrics =
        model_metrics::of_models(deps.records.read(), page.items.iter().map(|model| model.id)).await?;
    let shown = |model: Model| {
        let own = metrics.remove(&model.id).unwrap_or_default();
        ModelView::new(model, own)
    };
    Ok(Json(page.map(shown).into()))
}

/// One model.
#[utoipa::path(get, path = "/api/v1/models/{id}", tag = "models", params(("id" = Uuid, Path)),
    responses((status = 200, body = ModelView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    user: User,
    Path(id): Path<Uuid>,
) -> Result<Json<ModelView>, Problem> {
    let model = scope::model(deps.records.read(), user.scope(), ModelId(id)).await?;
    Ok(Json(view(&deps, model).await?))
}

/// Adds a model.
#[utoipa::path(post, path = "/api/v1/models", tag = "models", request_body = ModelInput,
    responses((status = 201, body = ModelView), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<ModelInput>,
) -> Result<(StatusCode, Json<ModelView>), Problem> {
    let model = commands::create(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(view(&deps, model).await?)))
}

/// Changes a model.
#[utoipa::path(put, path = "/api/v1/models/{id}", tag = "models", params(("id" = Uuid, Path)), request_body = ModelInput,
    responses((status = 200, body = ModelView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    Json(input): Json<ModelInput>,
) -> Result<Json<ModelView>, Problem> {
    let model = commands::update(&deps, cx, ModelId(id), input).await?;
    Ok(Json(view(&deps, model).await?))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, update))]
pub struct Api;
