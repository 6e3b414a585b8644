//! Events that a reaction failed on: put aside with the reason, so that the events behind them go on. Each is tried
//! again after pauses that grow; what fails in the end waits for a person.

use crate::{
    StoreError,
    records::{Db, List, PageRequest, Paged, columns::kept::entity},
};
use domain::{Timestamp, clock::from_micros};
use sea_orm::{ActiveValue::Set, Condition, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    "parked_events" counted { id: i64 } {
        consumer: String,
        /// Position in the outbox.
        seq: i64,
        error: String,
        at_us: i64,
        /// Of the event; empty for those parked before kinds were kept.
        kind: String,
        tries: i32,
        /// Null when it waits for a person.
        next_try_at_us: Option<i64>,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    pub id: i64,
    pub consumer: String,
    pub seq: i64,
    pub kind: String,
    pub error: String,
    /// When it was first put aside.
    pub at: Timestamp,
    /// How often it was tried since.
    pub tries: u32,
    /// `None`: it waits for a person.
    pub next_try_at: Option<Timestamp>,
}

/// What is put aside, and why.
#[derive(Clone, Debug)]
pub struct Parking<'a> {
    pub consumer: &'a str,
    pub seq: i64,
    pub kind: &'a str,
    pub error: &'a str,
    pub next_try_at: Option<Timestamp>,
}

pub async fn insert(tx: &Db, parking: &Parking<'_>, at: Timestamp) -> Result<(), StoreError> {
    let row = ActiveModel {
        consumer: Set(parking.consumer.into()),
        seq: Set(parking.seq),
        kind: Set(parking.kind.into()),
        error: Set(parking.error.into()),
        at_us: Set(at.timestamp_micros()),
        tries: Set(0),
        next_try_at_us: Set(parking.next_try_at.map(|at| at.timestamp_micros())),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: i64) -> Result<Option<Parked>, StoreError> {
    Ok(Entity::find_by_id(id).one(db).await?.map(from_row))
}

const LIST: List<i64> = List::named("parked_events");

/// Newest first.
pub async fn list(db: &Db, page: &PageRequest) -> Result<Paged<Parked>, StoreError> {
    let mut query = Entity::find().order_by_desc(Column::Id).limit(page.limit + 1);
    if let Some(before) = LIST.place(page)? {
        query = query.filter(Column::Id.lt(before));
    }
    let rows = query.all(db).await?;
    Ok(LIST.page(rows, page.limit, |row| row.id).map(from_row))
}

/// How many wait for a person.
pub async fn waiting(db: &Db) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::NextTryAtUs.is_null()).count(db).await?)
}

/// The oldest event of `consumer` whose time has come. One that is due later than `horizon` was put off by a clock
/// that was wrong, and is due as well.
pub async fn due(
    db: &Db,
    consumer: &str,
    now: Timestamp,
    horizon: Timestamp,
) -> Result<Option<Parked>, StoreError> {
    let time_has_come = Condition::any()
        .add(Column::NextTryAtUs.lte(now.timestamp_micros()))
        .add(Column::NextTryAtUs.gt(horizon.timestamp_micros()));
    let row = Entity::find()
        .filter(Column::Consumer.eq(consumer))
        .filter(time_has_come)
        .order_by_asc(Column::Seq)
        .one(db)
        .await?;
    Ok(row.map(from_row))
}

/// It failed once more.
pub async fn put_off(
    tx: &Db,
    id: i64,
    error: &str,
    next_try_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        error: Set(error.into()),
        next_try_at_us: Set(next_try_at.map(|at| at.timestamp_micros())),
        ..Default::default()
    };
    let counted = Entity::update_many().set(row).col_expr(Column::Tries, Expr::col(Column::Tries).add(1));
    counted.filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// A person wants it tried again now; false when it is no longer here.
pub async fn try_again(tx: &Db, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let row = ActiveModel { next_try_at_us: Set(Some(now.timestamp_micros())), ..Default::default() };
    let asked = Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(asked.rows_affected > 0)
}

/// It took effect, in the transaction of its effect; false when somebody else has dealt with it.
pub async fn delete(tx: &Db, id: i64) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id).exec(tx).await?.rows_affected > 0)
}

fn from_row(row: Model) -> Parked {
    Parked {
        id: row.id,
        consumer: row.consumer,
        seq: row.seq,
        kind: row.kind,
        error: row.error,
        at: from_micros(row.at_us),
        tries: row.tries.cast_unsigned(),
        next_try_at: row.next_try_at_us.map(from_micros),
    }
}
