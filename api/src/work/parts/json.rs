//! Parts and stock for programs. Costs are left out for those who may not see them.

use super::{PROGRAM_KEEPERS, READERS, list::Parts, movements::Movements};
use axum::extract::State;
use domain::{
    Money,
    id::PartId,
    people::account::Actor,
    work::stock::{Part, StockLocation, StockMovement},
};
use rust_decimal::Decimal;
use serde::Serialize;
use service::{
    command::{CommandError, Context},
    deps::Deps as Needs,
    work::parts::commands::{self, Count, NewPart},
};
use store::records::work::{
    parts::{self, By},
    stock,
};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    operation::{self, Operation, id, listed_as, making, words},
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

pub fn operations() -> Vec<Operation> {
    let by_number = listed_as::<Parts, PartJson>(with_stock);
    vec![
        Operation::pages::<By>(
            "/api/v1/parts",
            READERS,
            "By number.",
            vec![words("q", "A part of the number or name")],
            by_number,
        ),
        Operation::create("/api/v1/parts", PROGRAM_KEEPERS, "", making::<PartJson, _, _>(create)),
        Operation::get("/api/v1/parts/{id}", READERS, "", operation::read(one)),
        Operation::get(
            "/api/v1/stock-locations",
            READERS,
            "Every place that holds stock, vans included.",
            operation::ask_all(locations),
        )
        .named("locations")
        .refusals(&[]),
        Operation::post(
            "/api/v1/stock-locations",
            PROGRAM_KEEPERS,
            "",
            making::<LocationJson, _, _>(commands::create_location),
        )
        .named("create_location")
        .creates(),
        Operation::list::<Movements, MovementJson>(
            "/api/v1/stock-movements",
            PROGRAM_KEEPERS,
            "The ledger, newest first.",
            vec![id("part_id")],
        )
        .named("movements"),
        Operation::post(
            "/api/v1/stock-movements",
            PROGRAM_KEEPERS,
            "A delivery (no `from`), a transfer, or a disposal (no `to`).",
            making::<MovementJson, _, _>(commands::move_stock),
        )
        .named("move_stock")
        .creates()
        .refusals(&[("409", "insufficient_stock")]),
    ]
}

async fn one(deps: &Deps, user: &User, id: PartId) -> Result<PartJson, Problem> {
    let part = parts::get(deps.records.read(), id).await?.ok_or(CommandError::NotFound)?;
    Ok(with_stock(deps, user, vec![part]).await?.pop().ok_or(CommandError::NotFound)?)
}

async fn locations(deps: &Deps, user: &User, _: ListQuery) -> Result<Items<LocationJson>, Problem> {
    let (places, unreadable) = stock::locations_and_unreadable(deps.records.read(), user.scope()).await?;
    Ok(Items::whole(places.into_iter().map(Into::into).collect(), unreadable))
}

async fn with_stock(deps: &Deps, user: &User, found: Vec<Part>) -> Result<Vec<PartJson>, Problem> {
    Ok(stocked(deps, &user.actor, found).await?)
}

async fn stocked(deps: &Needs, actor: &Actor, found: Vec<Part>) -> Result<Vec<PartJson>, CommandError> {
    let ids: Vec<PartId> = found.iter().map(|part| part.id).collect();
    let levels = stock::levels_of(deps.records.read(), actor.scope(), &ids).await?;
    let parts = found.into_iter().map(|part| {
        let here = levels.iter().filter(|level| level.part_id == part.id);
        let here = here.map(|level| LevelJson { location_id: level.location_id.0, quantity: level.quantity });
        PartJson {
            id: part.id.0,
            unit_price: part.unit_price,
            unit_cost: actor.role.sees_costs().then_some(part.unit_cost),
            reorder_point: part.reorder_point,
            stock: here.collect(),
            number: part.number,
            name: part.name,
        }
    });
    Ok(parts.collect())
}

async fn create(deps: &Needs, cx: Context, input: NewPart) -> Result<PartJson, CommandError> {
    let actor = cx.actor.clone();
    let part = commands::create(deps, cx, input).await?;
    stocked(deps, &actor, vec![part]).await?.pop().ok_or(CommandError::NotFound)
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

/// What the OpenAPI document says besides the operations.
#[derive(utoipa::OpenApi)]
#[openapi(paths(count))]
pub struct Api;
