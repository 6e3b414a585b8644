//! Numbers that people say aloud (`T-1001`), without gaps: counted in the transaction that uses them.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

const BEFORE_FIRST: i64 = 1000;

entity! {
    "counters" by { name: String } {
        value: i64,
    }
}

/// The next number of `prefix`: `T` gives `T-1001`, then `T-1002`. Counting is one statement, so that whoever counts
/// at the same time waits for this transaction to end.
pub async fn next(tx: &Db, prefix: &str) -> Result<String, StoreError> {
    let first = ActiveModel { name: Set(prefix.into()), value: Set(BEFORE_FIRST + 1) };
    let count = OnConflict::column(Column::Name)
        .value(Column::Value, Expr::col((Entity, Column::Value)).add(1))
        .to_owned();
    Entity::insert(first).on_conflict(count).exec_without_returning(tx).await?;
    let value = Entity::find_by_id(prefix).one(tx).await?.map_or(BEFORE_FIRST, |row| row.value);
    Ok(format!("{prefix}-{value}"))
}

/// From here on numbers of `prefix` follow `last`.
pub(in crate::records) async fn set(tx: &Db, prefix: &str, last: i64) -> Result<(), StoreError> {
    Entity::insert(ActiveModel { name: Set(prefix.into()), value: Set(last) })
        .on_conflict(OnConflict::column(Column::Name).update_column(Column::Value).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
