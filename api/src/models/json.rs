//! Models for programs.

use super::commands::{self, ModelInput};
use crate::{
    Deps,
    command::{CommandError, Context},
    problem::Problem,
    web::{
        json::Json,
        list::{Items, ListQuery},
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{asset::Model, id::ModelId};
use serde::Serialize;
use store::records::models;
use uuid::Uuid;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ModelView {
    id: Uuid,
    manufacturer: String,
    name: String,
    equipment_type: String,
    demo: bool,
}

impl From<Model> for ModelView {
    fn from(model: Model) -> Self {
        Self {
            id: model.id.into(),
            manufacturer: model.manufacturer,
            name: model.name,
            equipment_type: model.equipment_type,
            demo: model.demo,
        }
    }
}

/// Models, by name.
#[utoipa::path(get, path = "/api/v1/models", tag = "models",
    params(("q" = Option<String>, Query, description = "Text in manufacturer, name or kind"), ("limit" = Option<u64>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<ModelView>)))]
pub async fn list(State(deps): State<Deps>, query: ListQuery) -> Result<Json<Items<ModelView>>, Problem> {
    let filter = models::Filter { text: query.get("q").map(Into::into) };
    let page = models::list(deps.records.read(), &filter, &query.page()).await?;
    Ok(Json(page.map(ModelView::from).into()))
}

/// One model.
#[utoipa::path(get, path = "/api/v1/models/{id}", tag = "models", params(("id" = Uuid, Path)),
    responses((status = 200, body = ModelView), (status = 404, body = Problem)))]
pub async fn get(State(deps): State<Deps>, Path(id): Path<Uuid>) -> Result<Json<ModelView>, Problem> {
    let model = models::get(deps.records.read(), ModelId(id)).await?.ok_or(CommandError::NotFound)?;
    Ok(Json(model.into()))
}

/// Adds a model.
#[utoipa::path(post, path = "/api/v1/models", tag = "models", request_body = ModelInput,
    responses((status = 201, body = ModelView), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    cx: Context,
    Json(input): Json<ModelInput>,
) -> Result<(StatusCode, Json<ModelView>), Problem> {
    Ok((StatusCode::CREATED, Json(commands::create(&deps, cx, input).await?.into())))
}

/// Changes a model.
#[utoipa::path(put, path = "/api/v1/models/{id}", tag = "models", params(("id" = Uuid, Path)), request_body = ModelInput,
    responses((status = 200, body = ModelView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    cx: Context,
    Json(input): Json<ModelInput>,
) -> Result<Json<ModelView>, Problem> {
    Ok(Json(commands::update(&deps, cx, ModelId(id), input).await?.into()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, update))]
pub struct Api;
