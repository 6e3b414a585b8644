//! Which process does a job that only one may do. A lease counts its renewals and names no time: whoever wants it
//! watches it with a clock of its own, and takes it over when it has not been renewed for too long. A clock that was
//! wrong once cannot hold a lease.

use crate::StoreError;
use sea_orm::{ActiveValue::Set, ConnectionTrait, entity::prelude::*};
use sea_orm_migration::{prelude::*, schema};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub holder: String,
    pub renewals: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A lease as it was seen: it differs after every renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub holder: String,
    pub renewals: i64,
}

/// Takes or renews the lease `name` for `holder`, in a transaction of its own: `None`. While somebody else holds it,
/// answers how; it is taken over when that is still what `given_up` saw.
pub async fn acquire(
    tx: &impl ConnectionTrait,
    name: &str,
    holder: &str,
    given_up: Option<&Held>,
) -> Result<Option<Held>, StoreError> {
    let mut renewals = 0;
    if let Some(row) = Entity::find_by_id(name).one(tx).await? {
        let held = Held { holder: row.holder, renewals: row.renewals };
        if held.holder != holder && Some(&held) != given_up {
            return Ok(Some(held));
        }
        renewals = held.renewals + 1;
        Entity::delete_by_id(name).exec(tx).await?;
    }
    let row = ActiveModel { name: Set(name.into()), holder: Set(holder.into()), renewals: Set(renewals) };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(None)
}

/// Gives the lease up, so that the next process need not wait for its end.
pub async fn release(tx: &impl ConnectionTrait, name: &str, holder: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Name.eq(name)).filter(Column::Holder.eq(holder)).exec(tx).await?;
    Ok(())
}

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0014_leases"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("leases")
            .col(schema::string("name").primary_key())
            .col(schema::string("holder"))
            .col(schema::big_integer("until_us"))
            .to_owned();
        manager.create_table(table).await
    }
}

/// Whoever held a lease by the clock has ended: its data folder belongs to this process now.
pub(super) struct CountRenewals;
impl MigrationName for CountRenewals {
    fn name(&self) -> &str {
        "0102_leases_count_renewals"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for CountRenewals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("leases").to_owned()).await?;
        let table = Table::create()
            .table("leases")
            .col(schema::string("name").primary_key())
            .col(schema::string("holder"))
            .col(schema::big_integer("renewals"))
            .to_owned();
        manager.create_table(table).await
    }
}
