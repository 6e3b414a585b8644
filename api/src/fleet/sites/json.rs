//! Sites for programs.

use super::list::Sites;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{fleet::site::Site, id::SiteId};
use serde::Serialize;
use service::{
    fleet::sites::commands::{self, SiteInput},
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
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteView {
    id: Uuid,
    customer_id: Uuid,
    territory_id: Option<Uuid>,
    name: String,
    address: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    time_zone: String,
    access_notes: Option<String>,
}

impl From<Site> for SiteView {
    fn from(site: Site) -> Self {
        Self {
            id: site.id.into(),
            customer_id: site.customer_id.into(),
            territory_id: site.territory_id.map(Into::into),
            name: site.name,
            address: site.address,
            latitude: site.latitude,
            longitude: site.longitude,
            time_zone: site.time_zone,
            access_notes: site.access_notes,
        }
    }
}

/// Sites, by name.
#[utoipa::path(get, path = "/api/v1/sites", tag = "sites",
    params(("customer_id" = Option<Uuid>, Query), ("q" = Option<String>, Query, description = "Text in name or address"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<SiteView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<SiteView>>, Problem> {
    listing::json::<Sites, _>(&deps, &user, &query).await
}

/// One site.
#[utoipa::path(get, path = "/api/v1/sites/{id}", tag = "sites", params(("id" = Uuid, Path)),
    responses((status = 200, body = SiteView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    user: User,
    Path(id): Path<Uuid>,
) -> Result<Json<SiteView>, Problem> {
    Ok(Json(scope::site(deps.records.read(), user.scope(), SiteId(id)).await?.into()))
}

/// Adds a site.
#[utoipa::path(post, path = "/api/v1/sites", tag = "sites", request_body = SiteInput,
    responses((status = 201, body = SiteView), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<SiteInput>,
) -> Result<(StatusCode, Json<SiteView>), Problem> {
    Ok((StatusCode::CREATED, Json(commands::create(&deps, cx, input).await?.into())))
}

/// Changes a site.
#[utoipa::path(put, path = "/api/v1/sites/{id}", tag = "sites", params(("id" = Uuid, Path)), request_body = SiteInput,
    responses((status = 200, body = SiteView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    Json(input): Json<SiteInput>,
) -> Result<Json<SiteView>, Problem> {
    Ok(Json(commands::update(&deps, cx, SiteId(id), input).await?.into()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, update))]
pub struct Api;
