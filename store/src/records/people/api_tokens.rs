//! Keys for programs, kept by the hash of their secret.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::kept::table,
        lists::order::{self, orders},
    },
};
use domain::{
    Timestamp,
    id::{ApiTokenId, CustomerId, TechnicianId},
    people::account::ApiToken,
    people::account::Role,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    ApiToken in "api_tokens" {
        id: ApiTokenId,
        name: String,
        role: Role,
        customer_id: Option<CustomerId>,
        technician_id: Option<TechnicianId>,
        created_at_us as created_at: Timestamp,
        revoked_at_us as revoked_at: Option<Timestamp>,
        may_backdate: bool,
    }
    apart { #[sea_orm(unique)] secret_hash: String }
}

pub async fn insert(tx: &Db, token: &ApiToken, secret_hash: &str) -> Result<(), StoreError> {
    let row = ActiveModel { secret_hash: Set(secret_hash.into()), ..to_row(token)? };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The token of a secret, unless it was revoked.
pub async fn authenticate(db: &Db, secret_hash: &str) -> Result<Option<ApiToken>, StoreError> {
    let row = Entity::find().filter(Column::SecretHash.eq(secret_hash)).one(db).await?;
    row.filter(|row| row.revoked_at_us.is_none()).map(from_row).transpose()
}

orders! {
    /// What tokens are sorted by.
    descending { Created "created" by CreatedAtUs, Name "name" by Name, Role "role" by Role }
}

/// Newest first, if nothing else is asked for.
pub async fn list(db: &Db, page: &PageRequest<Sorted<By>>) -> Result<Paged<ApiToken>, StoreError> {
    let page = order::page(db, "api_tokens", Entity::find(), page).await?;
    Ok(page.read("token", |row| (row.id, &row.name), from_row))
}

pub async fn get(db: &Db, id: ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

/// False when there is no such token. Revoking twice keeps the first time.
pub async fn revoke(tx: &Db, id: ApiTokenId, at: Timestamp) -> Result<bool, StoreError> {
    let Some(row) = Entity::find_by_id(Uuid::from(id)).one(tx).await? else {
        return Ok(false);
    };
    if row.revoked_at_us.is_none() {
        let change = ActiveModel { revoked_at_us: Set(Some(at.timestamp_micros())), ..Default::default() };
        Entity::update_many().set(change).filter(Column::Id.eq(Uuid::from(id))).exec(tx).await?;
    }
    Ok(true)
}
