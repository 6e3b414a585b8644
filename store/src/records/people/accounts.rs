//! People who sign in, with the hash of their password.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::kept::{table, usual},
        lists::order::{self, orders},
    },
};
use domain::{
    Timestamp,
    id::{AccountId, CustomerId, TechnicianId},
    people::account::{Account, Role},
};
use sea_orm::{ActiveValue::Set, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    Account in "accounts" {
        id: AccountId,
        email: String,
        name: String,
        role: Role,
        customer_id: Option<CustomerId>,
        technician_id: Option<TechnicianId>,
        language: String,
        time_zone: String,
        disabled_at_us as disabled_at: Option<Timestamp>,
        created_at_us as created_at: Timestamp,
        version: i64,
    }
    apart { password_hash: String }
}
usual! { Account by AccountId: get, update }

/// A conflict means that the e-mail address is taken.
pub async fn insert(tx: &Db, account: &Account, password_hash: &str) -> Result<(), StoreError> {
    let row = ActiveModel { password_hash: Set(password_hash.into()), ..to_row(account)? };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn set_password(tx: &Db, id: AccountId, password_hash: &str) -> Result<(), StoreError> {
    let row = ActiveModel { password_hash: Set(password_hash.into()), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(Uuid::from(id))).exec(tx).await?;
    Ok(())
}

/// The account of `email` (lower case) with the hash of its password.
pub async fn find_by_email(db: &Db, email: &str) -> Result<Option<(Account, String)>, StoreError> {
    let Some(row) = Entity::find().filter(Column::Email.eq(email)).one(db).await? else {
        return Ok(None);
    };
    let hash = row.password_hash.clone();
    Ok(Some((from_row(row)?, hash)))
}

/// Whether anybody can sign in at all: until then the first-run page is shown.
pub async fn exist(db: &Db) -> Result<bool, StoreError> {
    Ok(Entity::find().limit(1).one(db).await?.is_some())
}

/// Enabled administrators; the last one cannot be disabled.
pub async fn count_administrators(db: &Db) -> Result<u64, StoreError> {
    let administrators =
        Entity::find().filter(Column::Role.eq(Role::Admin.as_str())).filter(Column::DisabledAtUs.is_null());
    Ok(administrators.count(db).await?)
}

orders! {
    /// What accounts are sorted by.
    ascending { Email "email" by Email, Name "name" by Name, Role "role" by Role }
}

/// By e-mail address, if nothing else is asked for.
pub async fn list(db: &Db, page: &PageRequest<Sorted<By>>) -> Result<Paged<Account>, StoreError> {
    let page = order::page(db, "accounts", Entity::find(), page).await?;
    Ok(page.read("account", |row| (row.id, &row.email), from_row))
}
