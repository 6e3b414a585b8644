//! People who sign in, with the hash of their password.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        lists::order::{self, orders},
    },
};
use domain::{
    clock::from_micros,
    id::AccountId,
    people::account::{Account, Role},
};
use sea_orm::{ActiveValue::Set, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: String,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    pub language: String,
    pub time_zone: String,
    pub password_hash: String,
    pub disabled_at_us: Option<i64>,
    pub created_at_us: i64,
    pub version: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A conflict means that the e-mail address is taken.
pub async fn insert(tx: &Db, account: &Account, password_hash: &str) -> Result<(), StoreError> {
    let row = ActiveModel { password_hash: Set(password_hash.into()), ..to_row(account) };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves everything but the password, if nobody changed the account meanwhile; answers it with its new version.
pub async fn update(tx: &Db, account: &Account) -> Result<Account, StoreError> {
    let saved = Account { version: account.version.saturating_add(1), ..account.clone() };
    let result = Entity::update_many()
        .set(to_row(&saved))
        .filter(Column::Id.eq(Uuid::from(account.id)))
        .filter(Column::Version.eq(account.version))
        .exec(tx)
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict("account changed meanwhile".into()));
    }
    Ok(saved)
}

pub async fn set_password(tx: &Db, id: AccountId, password_hash: &str) -> Result<(), StoreError> {
    let row = ActiveModel { password_hash: Set(password_hash.into()), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(Uuid::from(id))).exec(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: AccountId) -> Result<Option<Account>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
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

fn to_row(account: &Account) -> ActiveModel {
    ActiveModel {
        id: Set(account.id.into()),
        email: Set(account.email.clone()),
        name: Set(account.name.clone()),
        role: Set(account.role.as_str().into()),
        customer_id: Set(account.customer_id.map(Into::into)),
        technician_id: Set(account.technician_id.map(Into::into)),
        language: Set(account.language.clone()),
        time_zone: Set(account.time_zone.clone()),
        disabled_at_us: Set(account.disabled_at.map(|at| at.timestamp_micros())),
        created_at_us: Set(account.created_at.timestamp_micros()),
        version: Set(account.version),
        ..Default::default()
    }
}

pub(in crate::records) fn from_row(row: Model) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.id.into(),
        role: row.role.parse().map_err(|_| StoreError::Corrupt(format!("role of account {}", row.id)))?,
        email: row.email,
        name: row.name,
        customer_id: row.customer_id.map(Into::into),
        technician_id: row.technician_id.map(Into::into),
        language: row.language,
        time_zone: row.time_zone,
        disabled_at: row.disabled_at_us.map(from_micros),
        created_at: from_micros(row.created_at_us),
        version: row.version,
    })
}
