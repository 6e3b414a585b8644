//! Parts and stock for programs. Costs are left out for those who may not see them.

use super::list::Parts;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    Money,
    id::PartId,
    work::stock::{Part, StockLocation, StockMovement},
};
use rust_decimal::Decimal;
use serde::Serialize;
use service::{
    command::CommandError,
    work::parts::commands::{self, Count, NewLocation, NewMovement, NewPart},
};
use store::records::work::{parts, stock};
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

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PartJson {
    pub id: Uuid,
    pub number: String,
    pub name: String,
    pub unit_price: Money,
    /// Absent for those who may not see costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<Money>,
    #[schema(value_type = String)]
    pub reorder_point: Decimal,
    /// What lies where; places with nothing are left out.
    pub stock: Vec<LevelJson>,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LevelJson {
    pub location_id: Uuid,
    #[schema(value_type = String)]
    pub quantity: Decimal,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LocationJson {
    pub id: Uuid,
    pub kind: String,
    pub name: String,
    pub customer_id: Option<Uuid>,
    pub may_go_negative: bool,
}

impl From<StockLocation> for LocationJson {
    fn from(place: StockLocation) -> Self {
        Self {
            id: place.id.0,
            kind: place.kind.as_str().into(),
            customer_id: place.customer_id.map(|id| id.0),
            may_go_negative: place.may_go_negative,
            name: place.name,
        }
    }
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MovementJson {
    pub id: Uuid,
    pub part_id: Uuid,
    pub from: Option<Uuid>,
    pub to: Option<Uuid>,
    #[schema(value_type = String)]
    pub quantity: Decimal,
    /// `receipt`, `transfer`, `use`, `return` or `adjust`.
    pub reason: String,
    pub line_id: Option<Uuid>,
    pub note: String,
    pub at: String,
}

impl From<StockMovement> for MovementJson {
    fn from(movement: StockMovement) -> Self {
        Self {
            id: movement.id.0,
            part_id: movement.part_id.0,
            from: movement.from.map(|id| id.0),
            to: movement.to.map(|id| id.0),
            quantity: movement.quantity,
            reason: movement.reason.as_str().into(),
            line_id: movement.line_id.map(|id| id.0),
            note: movement.note,
            at: rfc3339(movement.at),
        }
    }
}

async fn with_stock(deps: &Deps, user: &User, found: Vec<Part>) -> Result<Vec<PartJson>, Problem> {
    let ids: Vec<PartId> = found.iter().map(|part| part.id).collect();
    let levels = stock::levels_of(deps.records.read(), user.scope(), &ids).await?;
    let parts = found.into_iter().map(|part| {
        let here = levels.iter().filter(|level| level.part_id == part.id);
        let here = here.map(|level| LevelJson { location_id: level.location_id.0, quantity: level.quantity });
        PartJson {
            id: part.id.0,
            unit_price: part.unit_price,
            unit_cost: user.actor.role.sees_costs().then_some(part.unit_cost),
            reorder_point: part.reorder_point,
            stock: here.collect(),
            number: part.number,
            name: part.name,
        }
    });
    Ok(parts.collect())
}

/// By number.
#[utoipa::path(get, path = "/api/v1/parts", tag = "parts",
    params(("q" = Option<String>, Query, description = "A part of the number or name"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<PartJson>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<PartJson>>, Problem> {
    let page = listing::find::<Parts>(&deps, &user, &query).await?;
    let items = with_stock(&deps, &user, page.items).await?;
    let unreadable = page.unreadable.into_iter().map(Into::into).collect();
    Ok(Json(Items { items, next_cursor: page.next_cursor, unreadable }))
}

#[utoipa::path(post, path = "/api/v1/parts", tag = "parts", request_body = NewPart,
    responses((status = 201, body = PartJson), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    user: User,
    Caller(cx): Caller,
    Json(input): Json<NewPart>,
) -> Result<(StatusCode, Json<PartJson>), Problem> {
    let part = commands::create(&deps, cx, input).await?;
    let part = with_stock(&deps, &user, vec![part]).await?.pop().ok_or(CommandError::NotFound)?;
    Ok((StatusCode::CREATED, Json(part)))
}

#[utoipa::path(get, path = "/api/v1/parts/{id}", tag = "parts", params(("id" = Uuid, Path)),
    responses((status = 200, body = PartJson), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    user: User,
    Path(id): Path<PartId>,
) -> Result<Json<PartJson>, Problem> {
    let part = parts::get(deps.records.read(), id).await?.ok_or(CommandError::NotFound)?;
    Ok(Json(with_stock(&deps, &user, vec![part]).await?.pop().ok_or(CommandError::NotFound)?))
}

/// Every place that holds stock, vans included.
#[utoipa::path(get, path = "/api/v1/stock-locations", tag = "parts", responses((status = 200, body = Items<LocationJson>)))]
pub async fn locations(State(deps): State<Deps>, user: User) -> Result<Json<Items<LocationJson>>, Problem> {
    let (places, unreadable) = stock::locations_and_unreadable(deps.records.read(), user.scope()).await?;
    Ok(Json(Items::whole(places.into_iter().map(Into::into).collect(), unreadable)))
}

#[utoipa::path(post, path = "/api/v1/stock-locations", tag = "parts", request_body = NewLocation,
    responses((status = 201, body = LocationJson)))]
pub async fn create_location(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewLocation>,
) -> Result<(StatusCode, Json<LocationJson>), Problem> {
    Ok((StatusCode::CREATED, Json(commands::create_location(&deps, cx, input).await?.into())))
}

/// The ledger, newest first.
#[utoipa::path(get, path = "/api/v1/stock-movements", tag = "parts",
    params(("part_id" = Option<Uuid>, Query), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<MovementJson>)))]
pub async fn movements(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<MovementJson>>, Problem> {
    let page = stock::list(deps.records.read(), user.scope(), query.id("part_id")?, &query.page()?).await?;
    Ok(Json(page.map(MovementJson::from).into()))
}

/// A delivery (no `from`), a transfer, or a disposal (no `to`).
#[utoipa::path(post, path = "/api/v1/stock-movements", tag = "parts", request_body = NewMovement,
    responses((status = 201, body = MovementJson), (status = 409, description = "insufficient_stock", body = Problem)))]
pub async fn move_stock(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewMovement>,
) -> Result<(StatusCode, Json<MovementJson>), Problem> {
    Ok((StatusCode::CREATED, Json(commands::move_stock(&deps, cx, input).await?.into())))
}

/// A count: the difference becomes a movement; null when there is none.
#[utoipa::path(post, path = "/api/v1/stock-counts", tag = "parts", request_body = Count,
    responses((status = 200, body = Option<MovementJson>)))]
pub async fn count(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<Count>,
) -> Result<Json<Option<MovementJson>>, Problem> {
    Ok(Json(commands::count(&deps, cx, input).await?.map(Into::into)))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, create, get, locations, create_location, movements, move_stock, count))]
pub struct Api;
