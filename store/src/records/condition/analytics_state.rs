//! What analytics remembers between restarts: per key, the journal position that it has taken in and its memory as
//! JSON. A key may be ahead of the common cursor; entries up to its own position are then not taken in again.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "analytics_state" by { key: String } {
        seq: i64,
        body: String,
    }
}

/// One remembered thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    pub key: String,
    pub seq: u64,
    pub body: String,
}

pub async fn all(db: &Db) -> Result<Vec<Memory>, StoreError> {
    let rows = Entity::find().all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| Memory { key: row.key, seq: row.seq.cast_unsigned(), body: row.body })
        .collect())
}

pub async fn put(tx: &Db, memories: Vec<Memory>) -> Result<(), StoreError> {
    let rows: Vec<_> = memories
        .into_iter()
        .map(|memory| ActiveModel {
            key: Set(memory.key),
            seq: Set(memory.seq.cast_signed()),
            body: Set(memory.body),
        })
        .collect();
    for some in rows.chunks(500) {
        let again = OnConflict::column(Column::Key).update_columns([Column::Seq, Column::Body]).to_owned();
        Entity::insert_many(some.to_vec()).on_conflict(again).exec_without_returning(tx).await?;
    }
    Ok(())
}

pub async fn delete(tx: &Db, keys: &[String]) -> Result<(), StoreError> {
    for some in keys.chunks(500) {
        Entity::delete_many().filter(Column::Key.is_in(some.iter().cloned())).exec(tx).await?;
    }
    Ok(())
}
