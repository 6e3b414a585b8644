//! What the warehouse does: new parts and places, deliveries, transfers, counts.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
    scope,
    work::work_orders::lines::move_error,
};
use domain::{
    Money,
    id::{CustomerId, PartId, StockLocationId, StockMovementId},
    people::account::Actor,
    reason::Reason,
    work::stock::{MovementReason, Part, StockLocation, StockLocationKind, StockMovement, check_quantity},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{
        Tx,
        fleet::customers,
        people::organisation,
        work::{parts, stock},
    },
};

/// Longest note on a movement.
pub const MAX_NOTE: usize = 300;

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPart {
    /// Catalogue number, unique.
    pub number: String,
    pub name: String,
    pub unit_price: Money,
    pub unit_cost: Money,
    /// Order again when the stock falls to this.
    #[serde(default)]
    #[schema(value_type = String, example = "2")]
    pub reorder_point: Decimal,
}

pub async fn create(deps: &Deps, mut cx: Context, input: NewPart) -> Result<Part, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "parts.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(part) => return Ok(part),
    };
    let mut checks = Checks::default();
    let number = checks.required("number", &input.number, MAX_NAME);
    let name = checks.required("name", &input.name, MAX_NAME);
    checks.price("unit_price", Some(input.unit_price));
    checks.price("unit_cost", Some(input.unit_cost));
    if !input.reorder_point.is_zero() && check_quantity(input.reorder_point).is_err() {
        checks.add("reorder_point", Reason::InvalidQuantity);
    }
    checks.finish()?;
    if input.unit_price.currency != input.unit_cost.currency {
        return Err(CommandError::field("unit_cost", Reason::PartsOneCurrency));
    }
    // No line in another currency could ever be invoiced.
    if organisation::get(&tx).await?.is_some_and(|ours| ours.currency != input.unit_price.currency) {
        return Err(CommandError::field("unit_price", Reason::WorkOrdersOurCurrency));
    }
    if parts::find_by_number(&tx, &number).await?.is_some() {
        return Err(CommandError::field("number", Reason::PartsNumberTaken));
    }
    let part = Part {
        id: PartId::generate(),
        number,
        name,
        unit_price: input.unit_price,
        unit_cost: input.unit_cost,
        reorder_point: input.reorder_point,
        active: true,
        version: 0,
    };
    parts::insert(&tx, &part).await?;
    cx.finish(tx, part).await
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLocation {
    /// `central`, `local`, `van` or `customer`.
    #[schema(value_type = String)]
    pub kind: StockLocationKind,
    pub name: String,
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub customer_id: Option<CustomerId>,
    #[serde(default)]
    pub may_go_negative: bool,
}

pub async fn create_location(
    deps: &Deps,
    mut cx: Context,
    input: NewLocation,
) -> Result<StockLocation, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "stock_locations.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(place) => return Ok(place),
    };
    let mut checks = Checks::default();
    let name = checks.required("name", &input.name, MAX_NAME);
    checks.finish()?;
    let of_customer = input.kind == StockLocationKind::Customer;
    let known = match input.customer_id {
        Some(customer) => customers::get(&tx, customer).await?.is_some(),
        None => false,
    };
    if of_customer != known {
        return Err(CommandError::field("customer_id", Reason::UnknownChoice));
    }
    let place = StockLocation {
        id: StockLocationId::generate(),
        kind: input.kind,
        name,
        customer_id: input.customer_id,
        may_go_negative: input.may_go_negative,
    };
    stock::insert_location(&tx, &place).await?;
    cx.finish(tx, place).await
}

/// A delivery (no `from`), a transfer, or a disposal (no `to`).
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMovement {
    #[schema(value_type = uuid::Uuid)]
    pub part_id: PartId,
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub from: Option<StockLocationId>,
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub to: Option<StockLocationId>,
    #[schema(value_type = String, example = "4")]
    pub quantity: Decimal,
    #[serde(default)]
    pub note: String,
}

pub async fn move_stock(
    deps: &Deps,
    mut cx: Context,
    input: NewMovement,
) -> Result<StockMovement, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "stock.move", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(movement) => return Ok(movement),
    };
    known(&tx, input.part_id, [("from", input.from), ("to", input.to)]).await?;
    let reason = match (input.from, input.to) {
        (None, Some(_)) => MovementReason::Receipt,
        (Some(_), Some(_)) => MovementReason::Transfer,
        _ => MovementReason::Adjust,
    };
    let movement = StockMovement {
        id: StockMovementId::generate(),
        part_id: input.part_id,
        from: input.from,
        to: input.to,
        quantity: check_quantity(input.quantity)
            .map_err(|_| CommandError::field("quantity", Reason::InvalidQuantity))?,
        reason,
        line_id: None,
        note: noted(&input.note)?,
        at: cx.at,
    };
    stock::insert(&tx, &movement).await.map_err(move_error)?;
    cx.finish(tx, movement).await
}

/// What a count found at a place.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    #[schema(value_type = uuid::Uuid)]
    pub part_id: PartId,
    #[schema(value_type = uuid::Uuid)]
    pub location_id: StockLocationId,
    #[schema(value_type = String, example = "7")]
    pub counted: Decimal,
    #[serde(default)]
    pub note: String,
}

/// Brings the ledger to what was counted, by a movement of the difference; none when they agree.
pub async fn count(
    deps: &Deps,
    mut cx: Context,
    input: Count,
) -> Result<Option<StockMovement>, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "stock.count", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(movement) => return Ok(movement),
    };
    known(&tx, input.part_id, [("location_id", Some(input.location_id)), ("to", None)]).await?;
    let counted = input.counted.normalize();
    if !counted.is_zero() && check_quantity(counted).is_err() {
        return Err(CommandError::field("counted", Reason::InvalidQuantity));
    }
    let difference = counted - stock::level(&tx, input.location_id, input.part_id).await?;
    if difference.is_zero() {
        return cx.finish(tx, None).await;
    }
    let place = Some(input.location_id);
    let (from, to) = if difference > Decimal::ZERO { (None, place) } else { (place, None) };
    let movement = StockMovement {
        id: StockMovementId::generate(),
        part_id: input.part_id,
        from,
        to,
        quantity: difference.abs(),
        reason: MovementReason::Adjust,
        line_id: None,
        note: noted(&input.note)?,
        at: cx.at,
    };
    stock::insert(&tx, &movement).await.map_err(move_error)?;
    cx.finish(tx, Some(movement)).await
}

async fn known(
    tx: &Tx,
    part: PartId,
    places: [(&'static str, Option<StockLocationId>); 2],
) -> Result<(), CommandError> {
    if parts::get(tx, part).await?.is_none() {
        return Err(CommandError::field("part_id", Reason::PartsNoSuchPart));
    }
    for (field, place) in places {
        let Some(place) = place else { continue };
        if stock::location(tx, place).await?.is_none() {
            return Err(CommandError::field(field, Reason::UnknownChoice));
        }
    }
    Ok(())
}

fn noted(note: &str) -> Result<String, CommandError> {
    let mut checks = Checks::default();
    let note = checks.text("note", note, MAX_NOTE);
    checks.finish()?;
    Ok(note)
}

/// What is left in central and local places together, for the reorder flag.
pub async fn needs_order(
    db: &store::records::Db,
    part: &Part,
    places: &[StockLocation],
) -> Result<bool, StoreError> {
    let ours = |id: StockLocationId| {
        let shelf = |kind| matches!(kind, StockLocationKind::Central | StockLocationKind::Local);
        places.iter().any(|place| place.id == id && shelf(place.kind))
    };
    let levels = stock::levels_of(db, Actor::system().scope(), &[part.id]).await?;
    let left: Decimal =
        levels.into_iter().filter(|level| ours(level.location_id)).map(|level| level.quantity).sum();
    Ok(left <= part.reorder_point && !part.reorder_point.is_zero())
}
