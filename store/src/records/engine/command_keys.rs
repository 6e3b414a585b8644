//! A command repeated happens once: the unique key of every command that carried one, with the answer it gave.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::Timestamp;
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    "command_keys" by {
        /// `<identity>:<key>`: one person's keys never meet another's.
        key: String,
    } {
        /// Hash of the command's name and input.
        fingerprint: String,
        answer: String,
        at_us: i64,
    }
}

/// The stored answer of `key`, with the fingerprint of the command that gave it.
pub async fn find(db: &Db, key: &str) -> Result<Option<(String, String)>, StoreError> {
    let row = Entity::find_by_id(key).one(db).await?;
    Ok(row.map(|row| (row.fingerprint, row.answer)))
}

/// Keeps the answer. A conflict means that the same command was carried out meanwhile.
pub async fn insert(
    tx: &Db,
    key: &str,
    fingerprint: &str,
    answer: String,
    at: Timestamp,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        key: Set(key.into()),
        fingerprint: Set(fingerprint.into()),
        answer: Set(answer),
        at_us: Set(at.timestamp_micros()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
