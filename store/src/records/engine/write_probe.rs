//! Whether the records can be written again after they could not: a row is written, flushed and removed.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    "write_probe" by { id: i32 } {
        body: Vec<u8>,
    }
}

/// More than any command writes, photos aside.
const BYTES: usize = 256 * 1024;

pub(in crate::records) async fn put(tx: &Db) -> Result<(), StoreError> {
    remove(tx).await?;
    let row = ActiveModel { id: Set(1), body: Set(vec![0; BYTES]) };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub(in crate::records) async fn remove(tx: &Db) -> Result<(), StoreError> {
    Entity::delete_many().exec(tx).await?;
    Ok(())
}
