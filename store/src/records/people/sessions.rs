//! Who is signed in on which browser. Kept by the hash of the cookie's secret, so that a copy of the database signs
//! nobody in.

use crate::{
    StoreError,
    records::{Db, columns::kept::table},
};
use domain::{
    Timestamp,
    id::{AccountId, SessionId},
    people::account::Account,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;

use super::accounts;

table! {
    Session in "sessions" {
        id: SessionId,
        account_id: AccountId,
        created_at_us as created_at: Timestamp,
        seen_at_us as seen_at: Timestamp,
    }
    apart { #[sea_orm(unique)] secret_hash: String }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub account_id: AccountId,
    pub created_at: Timestamp,
    /// Last use, to within a few minutes.
    pub seen_at: Timestamp,
}

pub async fn insert(tx: &Db, session: &Session, secret_hash: &str) -> Result<(), StoreError> {
    let row = ActiveModel { secret_hash: Set(secret_hash.into()), ..to_row(session)? };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The session of a cookie's secret, with its account.
pub async fn find_by_secret(db: &Db, secret_hash: &str) -> Result<Option<(Session, Account)>, StoreError> {
    let Some(row) = Entity::find().filter(Column::SecretHash.eq(secret_hash)).one(db).await? else {
        return Ok(None);
    };
    let Some(account) = accounts::get(db, row.account_id.into()).await? else {
        return Ok(None);
    };
    Ok(Some((from_row(row)?, account)))
}

/// Notes that the session was used.
pub async fn touch(tx: &Db, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
    let row = ActiveModel { seen_at_us: Set(at.timestamp_micros()), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(Uuid::from(id))).exec(tx).await?;
    Ok(())
}

/// Ends the session of a cookie's secret.
pub async fn end(tx: &Db, secret_hash: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::SecretHash.eq(secret_hash)).exec(tx).await?;
    Ok(())
}

/// Signs the account out everywhere.
pub async fn end_all_of(tx: &Db, account: AccountId) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::AccountId.eq(Uuid::from(account))).exec(tx).await?;
    Ok(())
}

/// Forgets sessions that nobody can use any more.
pub async fn sweep(tx: &Db, made_before: Timestamp, seen_before: Timestamp) -> Result<u64, StoreError> {
    use sea_orm::Condition;
    let stale = Condition::any()
        .add(Column::CreatedAtUs.lt(made_before.timestamp_micros()))
        .add(Column::SeenAtUs.lt(seen_before.timestamp_micros()));
    Ok(Entity::delete_many().filter(stale).exec(tx).await?.rows_affected)
}
