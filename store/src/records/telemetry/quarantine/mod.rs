//! What was refused, and how often. Rows are bounded per device (the newest [`ROWS_PER_DEVICE`]); the counters are
//! exact. [`Writer`] collects refusals and writes them in batches.

mod writer;
pub use crate::records::telemetry::quarantine::writer::Writer;

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::kept::{entity, table},
        lists::{
            order::{self, orders},
            scope,
        },
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    id::{DeviceId, QuarantineId},
    people::account::Scope,
    telemetry::quarantine::Quarantined,
};
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};
use sea_orm_migration::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

table! {
    Quarantined in "quarantine" {
        id: QuarantineId,
        topic: String,
        reason: String,
        detail: String,
        payload: Vec<u8>,
        payload_bytes: u64,
        received_at_us as received_at: Timestamp,
        count: u64,
        source: Option<String>,
    }
    columns |row| {
        /// The nil id stands for an unknown sender, so that one index serves both.
        device_id: Uuid = column(row.device),
    }
    fields |row| {
        device: sender(row.device_id),
    }
}

// Exact numbers, of no record of their own.
entity! {
    mod counter:
    "quarantine_counts" by { device_id: Uuid, reason: String } {
        count: i64,
        last_at_us: i64,
    }
}

/// Older rows of a device are dropped; their number stays in the counters.
pub const ROWS_PER_DEVICE: u64 = 1_000;
/// Statements of every length up to it are kept prepared, so it is small.
const ROWS_PER_STATEMENT: usize = 50;

/// Refusals of one sender for one reason, since the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub device: Option<DeviceId>,
    pub reason: String,
    pub count: u64,
    pub last_at: Timestamp,
}

/// Which rows to list; an empty filter lists all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub device: Option<DeviceId>,
    pub reason: Option<String>,
}

pub async fn get(db: &Db, id: QuarantineId) -> Result<Option<Quarantined>, StoreError> {
    Entity::find_by_id(id).one(db).await?.map(from_row).transpose()
}

/// The row, if `scope` covers its sender. What an unknown sender sent is for those who see everything.
pub async fn find(db: &Db, scope: Scope, id: QuarantineId) -> Result<Option<Quarantined>, StoreError> {
    let seen = scope::by_device(scope, Column::DeviceId);
    Entity::find_by_id(id).filter(seen).one(db).await?.map(from_row).transpose()
}

orders! {
    /// What refused messages are sorted by.
    descending { Newest "newest" by Id, Reason "reason" by Reason, Topic "topic" by Topic, Count "count" by Count }
}

/// Newest first, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Quarantined>, StoreError> {
    let mut query = Entity::find().filter(scope::by_device(scope, Column::DeviceId));
    if let Some(device) = filter.device {
        query = query.filter(Column::DeviceId.eq(Uuid::from(device)));
    }
    if let Some(reason) = &filter.reason {
        query = query.filter(Column::Reason.eq(reason.as_str()));
    }
    let page = order::page(db, "quarantine", query, page).await?;
    Ok(page.read("quarantined", |row| (row.id, &row.topic), from_row))
}

/// The oldest `limit` rows of `device` from before `before` and after `after`, for `reason` or for any.
pub async fn of_device(
    db: &Db,
    device: DeviceId,
    reason: Option<&str>,
    (after, before): (Option<QuarantineId>, QuarantineId),
    limit: u64,
) -> Result<Vec<Quarantined>, StoreError> {
    let mut query = Entity::find().filter(Column::DeviceId.eq(Uuid::from(device)));
    query = query.filter(Column::Id.lt(Uuid::from(before)));
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(Uuid::from(after)));
    }
    if let Some(reason) = reason {
        query = query.filter(Column::Reason.eq(reason));
    }
    query.order_by_asc(Column::Id).limit(limit).all(db).await?.into_iter().map(from_row).collect()
}

/// Those of `ids` that are there.
pub async fn delete_all(tx: &Db, ids: impl IntoIterator<Item = QuarantineId>) -> Result<(), StoreError> {
    let ids = ids.into_iter().map(Uuid::from);
    Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx).await?;
    Ok(())
}

/// False when it was not there.
pub async fn delete(tx: &Db, id: QuarantineId) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id).exec(tx).await?.rows_affected > 0)
}

/// Exact counters: of one device, or of all senders.
pub async fn counts(db: &Db, scope: Scope, device: Option<DeviceId>) -> Result<Vec<Count>, StoreError> {
    let seen = scope::by_device(scope, counter::Column::DeviceId);
    let mut query = counter::Entity::find().filter(seen).order_by_desc(counter::Column::LastAtUs);
    if let Some(device) = device {
        query = query.filter(counter::Column::DeviceId.eq(Uuid::from(device)));
    }
    let rows = query.all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| Count {
            device: sender(row.device_id),
            reason: row.reason,
            count: row.count.cast_unsigned(),
            last_at: from_micros(row.last_at_us),
        })
        .collect())
}

/// Drops rows and counters of `devices`.
pub async fn forget(tx: &Db, devices: &[DeviceId]) -> Result<(), StoreError> {
    for some in devices.chunks(ROWS_PER_STATEMENT) {
        let ids: Vec<Uuid> = some.iter().map(|id| Uuid::from(*id)).collect();
        Entity::delete_many().filter(Column::DeviceId.is_in(ids.clone())).exec(tx).await?;
        counter::Entity::delete_many().filter(counter::Column::DeviceId.is_in(ids)).exec(tx).await?;
    }
    Ok(())
}

/// Adds rows, counts them, and drops what exceeds [`ROWS_PER_DEVICE`].
pub async fn insert(tx: &Db, rows: &[Quarantined]) -> Result<(), StoreError> {
    let mut counts: BTreeMap<(Uuid, &str), (i64, i64)> = BTreeMap::new();
    for row in rows {
        let (count, last_at_us) = counts.entry((column(row.device), &row.reason)).or_default();
        *count = count.saturating_add(row.count.cast_signed());
        *last_at_us = std::cmp::max(*last_at_us, row.received_at.timestamp_micros());
    }
    let mut fresh = Vec::new();
    for row in rows {
        if !count_on_its_row(tx, row).await? {
            fresh.push(row);
        }
    }
    for some in fresh.chunks(ROWS_PER_STATEMENT) {
        let rows: Vec<_> = some.iter().map(|row| to_row(row)).collect::<Result<_, _>>()?;
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    let senders: BTreeSet<Uuid> = counts.keys().map(|(device_id, _)| *device_id).collect();
    add_counts(tx, counts).await?;
    for device_id in senders {
        prune(tx, device_id).await?;
    }
    Ok(())
}

async fn add_counts(tx: &Db, counts: BTreeMap<(Uuid, &str), (i64, i64)>) -> Result<(), StoreError> {
    let rows: Vec<_> = counts
        .into_iter()
        .map(|((device_id, reason), (count, last_at_us))| counter::ActiveModel {
            device_id: Set(device_id),
            reason: Set(reason.into()),
            count: Set(count),
            last_at_us: Set(last_at_us),
        })
        .collect();
    for some in rows.chunks(ROWS_PER_STATEMENT) {
        let add = OnConflict::columns([counter::Column::DeviceId, counter::Column::Reason])
            .value(counter::Column::Count, Expr::cust("quarantine_counts.count + excluded.count"))
            .update_column(counter::Column::LastAtUs)
            .to_owned();
        counter::Entity::insert_many(some.to_vec()).on_conflict(add).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Ids sort by creation, so the oldest row to keep bounds those to drop.
async fn prune(tx: &Db, device_id: Uuid) -> Result<(), StoreError> {
    let oldest_dropped: Option<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DeviceId.eq(device_id))
        .order_by_desc(Column::Id)
        .offset(ROWS_PER_DEVICE)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    if let Some(id) = oldest_dropped {
        Entity::delete_many()
            .filter(Column::DeviceId.eq(device_id))
            .filter(Column::Id.lte(id))
            .exec(tx)
            .await?;
    }
    Ok(())
}

fn column(device: Option<DeviceId>) -> Uuid {
    device.map_or(Uuid::nil(), Uuid::from)
}

fn sender(device_id: Uuid) -> Option<DeviceId> {
    (!device_id.is_nil()).then(|| device_id.into())
}

/// Counts a refusal on the row of its source and reason; false when there is none yet.
async fn count_on_its_row(tx: &Db, row: &Quarantined) -> Result<bool, StoreError> {
    let Some(source) = &row.source else { return Ok(false) };
    let same = Column::Source
        .eq(source.as_str())
        .and(Column::Reason.eq(row.reason.as_str()))
        .and(Column::DeviceId.eq(column(row.device)));
    let counted = Entity::update_many()
        .col_expr(Column::Count, Expr::col(Column::Count).add(row.count.cast_signed()))
        .col_expr(Column::ReceivedAtUs, Expr::value(row.received_at.timestamp_micros()))
        .col_expr(Column::Detail, Expr::value(row.detail.as_str()))
        .filter(same);
    Ok(counted.exec(tx).await?.rows_affected > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::tests::place;
    use domain::telemetry::Rejection;

    fn all_rows() -> Scope {
        domain::people::account::Actor::system().scope()
    }

    fn refused(device: DeviceId, rejection: &Rejection) -> Quarantined {
        Quarantined::new(Some(device), "v1/devices/me/telemetry", b"{oops", rejection, from_micros(5))
    }

    #[tokio::test]
    async fn rows_are_bounded_and_counters_are_exact() {
        let (_place, records) = place::records().await;
        let (flooding, quiet) = (DeviceId::generate(), DeviceId::generate());
        let malformed = Rejection::MalformedJson("at 1".into());
        for _ in 0..3 {
            let rows: Vec<_> = (0..500).map(|_| refused(flooding, &malformed)).collect();
            let tx = records.begin().await.unwrap();
            insert(&tx, &rows).await.unwrap();
            tx.commit().await.unwrap();
        }
        let tx = records.begin().await.unwrap();
        let one = refused(quiet, &Rejection::NotFinite { metric: "x".into() });
        insert(&tx, std::slice::from_ref(&one)).await.unwrap();
        tx.commit().await.unwrap();

        let db = records.read();
        let found = Entity::find().filter(Column::DeviceId.eq(Uuid::from(flooding))).count(db).await.unwrap();
        assert_eq!(found, ROWS_PER_DEVICE);
        let counts = counts(db, all_rows(), Some(flooding)).await.unwrap();
        assert_eq!((counts[0].count, counts.len()), (1_500, 1));

        assert_eq!(get(db, one.id).await.unwrap(), Some(one.clone()));
        let page = list(db, all_rows(), &Filter { device: None, reason: None }, &PageRequest::first(10))
            .await
            .unwrap();
        assert_eq!((page.items.len(), &page.items[0]), (10, &one));
        let next = PageRequest { cursor: page.next_cursor, ..PageRequest::first(10) };
        let second = list(db, all_rows(), &Filter::default(), &next).await.unwrap();
        assert!(second.items.iter().all(|row| row.id < page.items[9].id));
        let only = Filter { device: Some(quiet), reason: Some("not_finite".into()) };
        assert_eq!(list(db, all_rows(), &only, &PageRequest::first(10)).await.unwrap().items.len(), 1);

        let tx = records.begin().await.unwrap();
        assert!(delete(&tx, one.id).await.unwrap());
        assert!(!delete(&tx, one.id).await.unwrap());
        forget(&tx, &[flooding]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(Entity::find().count(db).await.unwrap(), 0);
    }
}
