//! Domain events, written in the transaction that made them true and read in order by each consumer at its own pace.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{frozen, kept::entity},
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    event::{DomainEvent, Recorded},
    id::EventId,
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "outbox" counted { seq: i64 } {
        id: Uuid,
        at_us: i64,
        kind: String,
        payload: String,
    }
}

entity! {
    mod cursor:
    "outbox_cursors" by { consumer: String } {
        seq: i64,
    }
}

/// Records that `event` happened at `at`, as part of the caller's transaction.
pub async fn push(tx: &Db, event: &DomainEvent, at: Timestamp) -> Result<EventId, StoreError> {
    let id = EventId::generate();
    let row = ActiveModel {
        id: Set(id.into()),
        at_us: Set(at.timestamp_micros()),
        kind: Set(event.kind().into()),
        payload: Set(frozen::freeze(event)?),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// One event as it is kept.
#[derive(Debug)]
pub struct Entry {
    pub seq: i64,
    pub id: EventId,
    pub at: Timestamp,
    /// [`DomainEvent::kind`], known even of an event that cannot be read.
    pub kind: String,
    pub event: Result<DomainEvent, StoreError>,
}

impl Entry {
    pub fn recorded(&self) -> Option<Recorded> {
        let event = self.event.as_ref().ok()?.clone();
        Some(Recorded { id: self.id, at: self.at, event })
    }
}

/// What is kept after position `after_seq`, oldest first. An event that cannot be read keeps none of the others.
pub async fn entries_after(db: &Db, after_seq: i64, limit: u64) -> Result<Vec<Entry>, StoreError> {
    let query = Entity::find().filter(Column::Seq.gt(after_seq)).order_by_asc(Column::Seq).limit(limit);
    Ok(query.all(db).await?.into_iter().map(entry).collect())
}

/// The event at position `seq`; `None` when it is kept no longer.
pub async fn entry_at(db: &Db, seq: i64) -> Result<Option<Entry>, StoreError> {
    Ok(Entity::find_by_id(seq).one(db).await?.map(entry))
}

fn entry(row: Model) -> Entry {
    let event = frozen::thaw(&row.payload);
    Entry { seq: row.seq, id: row.id.into(), at: from_micros(row.at_us), kind: row.kind, event }
}

/// Events after position `after_seq` that can be read, oldest first, each with its position.
pub async fn read_after(db: &Db, after_seq: i64, limit: u64) -> Result<Vec<(i64, Recorded)>, StoreError> {
    let entries = entries_after(db, after_seq, limit).await?;
    Ok(entries.iter().filter_map(|entry| Some((entry.seq, entry.recorded()?))).collect())
}

/// The last position that `consumer` has dealt with; 0 before the first.
pub async fn position(db: &Db, consumer: &str) -> Result<i64, StoreError> {
    Ok(cursor::Entity::find_by_id(consumer).one(db).await?.map_or(0, |row| row.seq))
}

/// Position of the newest event; 0 when there is none.
pub async fn newest(db: &Db) -> Result<i64, StoreError> {
    Ok(Entity::find().order_by_desc(Column::Seq).one(db).await?.map_or(0, |row| row.seq))
}

/// Moves `consumer` from `from` on to `to`, in the transaction of its reaction. False when it is no longer at `from`:
/// somebody else has dealt with what comes after it.
pub async fn advance(tx: &Db, consumer: &str, from: i64, to: i64) -> Result<bool, StoreError> {
    let row = cursor::ActiveModel { consumer: Set(consumer.into()), seq: Set(to) };
    let mut on = OnConflict::column(cursor::Column::Consumer);
    on.update_column(cursor::Column::Seq);
    on.action_and_where(Expr::col((cursor::Entity, cursor::Column::Seq)).eq(from));
    let moved = cursor::Entity::insert(row).on_conflict(on).exec_without_returning(tx).await?;
    Ok(moved > 0)
}

#[cfg(test)]
mod tests;
