//! A command repeated happens once: the unique key of every command that carried one, with the answer it gave.

use crate::{StoreError, records::Db};
use domain::Timestamp;
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "command_keys")]
pub struct Model {
    /// `<identity>:<key>`: one person's keys never meet another's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hash of the command's name and input.
    pub fingerprint: String,
    pub answer: String,
    pub at_us: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

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
