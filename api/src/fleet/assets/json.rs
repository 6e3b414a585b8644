//! Assets for programs.

use super::pages::list::Assets;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{Money, fleet::asset::Asset, id::AssetId, people::account::Role};
use serde::Serialize;
use service::{
    fleet::assets::commands::{self, AssetInput},
    scope,
};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssetView {
    id: Uuid,
    customer_id: Uuid,
    site_id: Uuid,
    model_id: Uuid,
    name: String,
    serial_number: String,
    functional_location: Option<String>,
    criticality: &'static str,
    in_service_from: String,
    in_service_to: Option<String>,
    /// Null for roles that see no costs.
    downtime_cost_per_hour: Option<Money>,
    version: i64,
}

impl AssetView {
    fn new(asset: Asset, role: Role) -> Self {
        Self {
            id: asset.id.into(),
            customer_id: asset.customer_id.into(),
            site_id: asset.site_id.into(),
            model_id: asset.model_id.into(),
            name: asset.name,
            serial_number: asset.serial_number,
            functional_location: asset.functional_location,
            criticality: asset.criticality.as_str(),
            in_service_from: rfc3339(asset.in_service_from),
            in_service_to: asset.in_service_to.map(rfc3339),
            downtime_cost_per_hour: asset.downtime_cost_per_hour.filter(|_| role.sees_costs()),
            version: asset.version,
        }
    }
}

/// Assets that the caller may see, by name.
#[utoipa::path(get, path = "/api/v1/assets", tag = "assets",
    params(("customer_id" = Option<Uuid>, Query), ("site_id" = Option<Uuid>, Query), ("model_id" = Option<Uuid>, Query),
        ("q" = Option<String>, Query, description = "Text in name, serial number or place"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<AssetView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<AssetView>>, Problem> {
    let page = listing::find::<Assets>(&deps, &user, &query).await?;
    Ok(Json(page.map(|asset| AssetView::new(asset, user.actor.role)).into()))
}

/// One asset.
#[utoipa::path(get, path = "/api/v1/assets/{id}", tag = "assets", params(("id" = Uuid, Path)),
    responses((status = 200, body = AssetView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<AssetView>, Problem> {
    let asset = scope::asset(deps.records.read(), user.scope(), AssetId(id)).await?;
    Ok(Json(AssetView::new(asset, user.actor.role)))
}

/// Adds an asset.
#[utoipa::path(post, path = "/api/v1/assets", tag = "assets", request_body = AssetInput,
    responses((status = 201, body = AssetView), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<AssetInput>,
) -> Result<(StatusCode, Json<AssetView>), Problem> {
    let role = cx.actor.role;
    let asset = commands::create(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(AssetView::new(asset, role))))
}

/// Changes an asset; 409 when somebody changed it meanwhile.
#[utoipa::path(put, path = "/api/v1/assets/{id}", tag = "assets", params(("id" = Uuid, Path)), request_body = AssetInput,
    responses((status = 200, body = AssetView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    Json(input): Json<AssetInput>,
) -> Result<Json<AssetView>, Problem> {
    let role = cx.actor.role;
    let asset = commands::update(&deps, cx, AssetId(id), input).await?;
    Ok(Json(AssetView::new(asset, role)))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, update))]
pub struct Api;
