//! Browsers on which an account has signed in before, by the hash of a cookie. What strangers get wrong elsewhere does
//! not keep such a browser out.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::{Timestamp, id::AccountId};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "known_browsers" by { secret_hash: String, account_id: Uuid } {
        seen_at_us: i64,
    }
}

/// Whether `account` has signed in on the browser with this cookie.
pub async fn knows(db: &Db, secret_hash: &str, account: AccountId) -> Result<bool, StoreError> {
    Ok(Entity::find_by_id((secret_hash.to_owned(), Uuid::from(account))).one(db).await?.is_some())
}

/// Notes a sign-in. One browser may serve several accounts.
pub async fn remember(
    tx: &Db,
    secret_hash: &str,
    account: AccountId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        secret_hash: Set(secret_hash.into()),
        account_id: Set(account.into()),
        seen_at_us: Set(at.timestamp_micros()),
    };
    let again = OnConflict::columns([Column::SecretHash, Column::AccountId])
        .update_column(Column::SeenAtUs)
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// After a change of the password every browser is a stranger again.
pub async fn forget_all_of(tx: &Db, account: AccountId) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::AccountId.eq(Uuid::from(account))).exec(tx).await?;
    Ok(())
}

/// Forgets browsers that were last used before `before`.
pub async fn sweep(tx: &Db, before: Timestamp) -> Result<u64, StoreError> {
    let old = Entity::delete_many().filter(Column::SeenAtUs.lt(before.timestamp_micros()));
    Ok(old.exec(tx).await?.rows_affected)
}
