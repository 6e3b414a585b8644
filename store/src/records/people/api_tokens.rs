//! Keys for programs, kept by the hash of their secret.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        lists::order::{self, orders},
    },
};
use domain::{Timestamp, clock::from_micros, id::ApiTokenId, people::account::ApiToken};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub secret_hash: String,
    pub name: String,
    pub role: String,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    pub created_at_us: i64,
    pub revoked_at_us: Option<i64>,
    pub may_backdate: bool,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub async fn insert(tx: &Db, token: &ApiToken, secret_hash: &str) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(token.id.into()),
        secret_hash: Set(secret_hash.into()),
        name: Set(token.name.clone()),
        role: Set(token.role.as_str().into()),
        customer_id: Set(token.customer_id.map(Into::into)),
        technician_id: Set(token.technician_id.map(Into::into)),
        created_at_us: Set(token.created_at.timestamp_micros()),
        revoked_at_us: Set(token.revoked_at.map(|at| at.timestamp_micros())),
        may_backdate: Set(token.may_backdate),
    };
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

fn from_row(row: Model) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.id.into(),
        role: row.role.parse().map_err(|_| StoreError::Corrupt(format!("role of token {}", row.id)))?,
        name: row.name,
        customer_id: row.customer_id.map(Into::into),
        technician_id: row.technician_id.map(Into::into),
        may_backdate: row.may_backdate,
        created_at: from_micros(row.created_at_us),
        revoked_at: row.revoked_at_us.map(from_micros),
    })
}
