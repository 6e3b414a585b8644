//! Which process does a job that only one may do. A lease that is not renewed falls to whoever asks next.

use crate::StoreError;
use domain::Timestamp;
use sea_orm::{ActiveValue::Set, Condition, ConnectionTrait, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::{prelude::*, schema};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub holder: String,
    pub until_us: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Takes or renews the lease `name` for `holder` until `until`; false while somebody else holds it.
pub async fn acquire(
    tx: &impl ConnectionTrait,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let change = ActiveModel {
        holder: Set(holder.into()),
        until_us: Set(until.timestamp_micros()),
        ..Default::default()
    };
    let mine_or_over =
        Condition::any().add(Column::Holder.eq(holder)).add(Column::UntilUs.lte(now.timestamp_micros()));
    let renewed =
        Entity::update_many().set(change).filter(Column::Name.eq(name)).filter(mine_or_over).exec(tx).await?;
    if renewed.rows_affected == 1 {
        return Ok(true);
    }
    let row = ActiveModel {
        name: Set(name.into()),
        holder: Set(holder.into()),
        until_us: Set(until.timestamp_micros()),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
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
