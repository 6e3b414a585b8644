//! Stock: the ledger of movements, and the level of each part at each place, which is its sum. Both are written in
//! one transaction, so a level never disagrees with its ledger and never falls below nothing where that is refused.

use super::{lines, work_orders};
use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted, Unreadable,
        columns::{
            self,
            kept::{entity, table},
        },
        lists::{
            order::{self, orders},
            readable, scope,
        },
    },
};
use domain::{
    Timestamp,
    id::{LineId, PartId, StockLocationId, StockMovementId},
    people::account::Scope,
    work::stock::{MovementReason, StockError, StockLocation, StockLocationKind, StockMovement},
};
use rust_decimal::Decimal;
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::{HashMap, HashSet};
use thiserror::Error;

entity! {
    mod location:
    "stock_locations" by { id: Uuid } {
        kind: String,
        name: String,
        customer_id: Option<Uuid>,
        may_go_negative: bool,
    }
}

entity! {
    mod level:
    "stock_levels" by { stock_location_id: Uuid, part_id: Uuid } {
        quantity_milli: i64,
    }
}

table! {
    StockMovement in "stock_movements" {
        id: StockMovementId,
        part_id: PartId,
        from_location_id as from: Option<StockLocationId>,
        to_location_id as to: Option<StockLocationId>,
        reason: MovementReason,
        line_id: Option<LineId>,
        note: String,
        at_us as at: Timestamp,
    }
    columns |movement| {
        /// Thousandths.
        quantity_milli: i64 = columns::milli(movement.quantity)?,
    }
    fields |row| {
        quantity: columns::from_milli(row.quantity_milli),
    }
}

/// Why a movement was not made.
#[derive(Debug, Error)]
pub enum MoveError {
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How much of a part lies somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    pub location_id: StockLocationId,
    pub part_id: PartId,
    pub quantity: Decimal,
}

/// Moves parts: appends to the ledger and changes the levels. A line moves its parts once in each direction: a
/// second movement of the same line and reason is a conflict.
pub async fn insert(tx: &Db, movement: &StockMovement) -> Result<(), MoveError> {
    movement.check()?;
    if let Some(from) = movement.from {
        let place = location(tx, from).await?.ok_or_else(|| StoreError::Conflict("no such place".into()))?;
        if place.may_go_negative {
            add(tx, from, movement.part_id, -movement.quantity).await?;
        } else {
            take(tx, from, movement.part_id, movement.quantity).await?;
        }
    }
    if let Some(to) = movement.to {
        add(tx, to, movement.part_id, movement.quantity).await?;
    }
    Entity::insert(to_row(movement)?).exec_without_returning(tx).await.map_err(StoreError::from)?;
    Ok(())
}

orders! {
    /// What movements are sorted by.
    descending { At "at" by AtUs, Quantity "quantity" by QuantityMilli, Reason "reason" by Reason }
}

/// Newest first, if nothing else is asked for; of one part, or of all. Whoever does not see everything sees what their jobs used.
pub async fn list(
    db: &Db,
    scope: Scope,
    part: Option<PartId>,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<StockMovement>, StoreError> {
    let seen = scope::rows(
        scope,
        |customer| Column::LineId.in_subquery(lines::of_work_orders_in(scope::work_orders_of(customer))),
        |technician| {
            Column::LineId.in_subquery(lines::of_work_orders_in(scope::work_orders_visited_by(technician)))
        },
    );
    let mut query = Entity::find().filter(seen);
    if let Some(part) = part {
        query = query.filter(Column::PartId.eq(Uuid::from(part)));
    }
    let page = order::page(db, "stock", query, page).await?;
    Ok(page.read("movement of stock", |row| (row.id, &row.note), from_row))
}

/// Zero where nothing ever lay.
pub async fn level(db: &Db, location: StockLocationId, part: PartId) -> Result<Decimal, StoreError> {
    let key = (Uuid::from(location), Uuid::from(part));
    let row = level::Entity::find_by_id(key).one(db).await?;
    Ok(row.map_or(Decimal::ZERO, |row| columns::from_milli(row.quantity_milli)))
}

/// The levels of `parts` at every place, without those of zero.
pub async fn levels_of(db: &Db, scope: Scope, parts: &[PartId]) -> Result<Vec<Level>, StoreError> {
    let mut places = Query::select();
    places.column(location::Column::Id).from(location::Entity).cond_where(seen(scope));
    let parts = parts.iter().map(|part| Uuid::from(*part));
    let rows = level::Entity::find()
        .filter(level::Column::PartId.is_in(parts))
        .filter(level::Column::StockLocationId.in_subquery(places))
        .filter(level::Column::QuantityMilli.ne(0))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(level_from_row).collect())
}

/// What lies at one place.
pub async fn levels_at(db: &Db, location: StockLocationId) -> Result<Vec<Level>, StoreError> {
    let rows = level::Entity::find()
        .filter(level::Column::StockLocationId.eq(Uuid::from(location)))
        .filter(level::Column::QuantityMilli.ne(0))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(level_from_row).collect())
}

/// The parts that are at each of `locations`.
pub async fn held_at(
    db: &Db,
    locations: impl IntoIterator<Item = StockLocationId>,
) -> Result<HashMap<StockLocationId, HashSet<PartId>>, StoreError> {
    let rows = level::Entity::find()
        .filter(level::Column::StockLocationId.is_in(locations.into_iter().map(Uuid::from)))
        .filter(level::Column::QuantityMilli.gt(0))
        .all(db)
        .await?;
    let mut held = HashMap::<StockLocationId, HashSet<PartId>>::new();
    for row in rows {
        held.entry(row.stock_location_id.into()).or_default().insert(row.part_id.into());
    }
    Ok(held)
}

pub async fn insert_location(tx: &Db, place: &StockLocation) -> Result<(), StoreError> {
    let row = location::ActiveModel {
        id: Set(place.id.into()),
        kind: Set(place.kind.as_str().into()),
        name: Set(place.name.clone()),
        customer_id: Set(place.customer_id.map(Into::into)),
        may_go_negative: Set(place.may_go_negative),
    };
    location::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn location(db: &Db, id: StockLocationId) -> Result<Option<StockLocation>, StoreError> {
    location::Entity::find_by_id(Uuid::from(id)).one(db).await?.map(location_from_row).transpose()
}

/// The place, if `scope` covers it.
pub async fn find_location(
    db: &Db,
    scope: Scope,
    id: StockLocationId,
) -> Result<Option<StockLocation>, StoreError> {
    let row = location::Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?;
    row.map(location_from_row).transpose()
}

/// The house's own places, and those at customers that the scope covers.
fn seen(scope: Scope) -> Condition {
    let house = location::Column::CustomerId.is_null();
    let at = |customer| house.clone().or(location::Column::CustomerId.eq(Uuid::from(customer)));
    scope::rows(scope, at, |technician| {
        let theirs = scope::named_by_work_of(technician, work_orders::Column::CustomerId);
        house.clone().or(location::Column::CustomerId.in_subquery(theirs))
    })
}

/// Every place, central ones first.
pub async fn locations(db: &Db, scope: Scope) -> Result<Vec<StockLocation>, StoreError> {
    Ok(locations_and_unreadable(db, scope).await?.0)
}

/// The same, and those of them that cannot be read.
pub async fn locations_and_unreadable(
    db: &Db,
    scope: Scope,
) -> Result<(Vec<StockLocation>, Vec<Unreadable>), StoreError> {
    let rows =
        location::Entity::find().filter(seen(scope)).order_by_asc(location::Column::Name).all(db).await?;
    let (mut places, unreadable) =
        readable::each("place", rows, |row| (row.id, &row.name), location_from_row);
    let order = |kind| StockLocationKind::ALL.iter().position(|known| *known == kind);
    places.sort_by_key(|place| order(place.kind));
    Ok((places, unreadable))
}

/// Takes what is there, and nothing when there is less: one statement asks and takes.
async fn take(tx: &Db, location: StockLocationId, part: PartId, quantity: Decimal) -> Result<(), MoveError> {
    let milli = columns::milli(quantity)?;
    let taken = level::Entity::update_many()
        .col_expr(level::Column::QuantityMilli, Expr::col(level::Column::QuantityMilli).sub(milli))
        .filter(level::Column::StockLocationId.eq(Uuid::from(location)))
        .filter(level::Column::PartId.eq(Uuid::from(part)))
        .filter(level::Column::QuantityMilli.gte(milli))
        .exec(tx)
        .await
        .map_err(StoreError::from)?;
    if taken.rows_affected == 0 { Err(StockError::Insufficient.into()) } else { Ok(()) }
}

/// Raises the level, or lowers it to whatever that gives.
async fn add(tx: &Db, location: StockLocationId, part: PartId, quantity: Decimal) -> Result<(), StoreError> {
    let milli = columns::milli(quantity)?;
    let row = level::ActiveModel {
        stock_location_id: Set(location.into()),
        part_id: Set(part.into()),
        quantity_milli: Set(milli),
    };
    let held = Expr::col((level::Entity, level::Column::QuantityMilli));
    let again = OnConflict::columns([level::Column::StockLocationId, level::Column::PartId])
        .value(level::Column::QuantityMilli, held.add(milli))
        .to_owned();
    level::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

fn level_from_row(row: level::Model) -> Level {
    Level {
        location_id: row.stock_location_id.into(),
        part_id: row.part_id.into(),
        quantity: columns::from_milli(row.quantity_milli),
    }
}

fn location_from_row(row: location::Model) -> Result<StockLocation, StoreError> {
    Ok(StockLocation {
        id: row.id.into(),
        kind: columns::from_word(&row.kind)?,
        name: row.name,
        customer_id: row.customer_id.map(Into::into),
        may_go_negative: row.may_go_negative,
    })
}
