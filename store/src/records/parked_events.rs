//! Events that a reaction failed on again and again: put aside with the reason, so that the events behind them go on
//! and a person can look.

use crate::StoreError;
use domain::{Timestamp, clock::from_micros};
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::{prelude::*, schema};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parked_events")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub consumer: String,
    /// Position in the outbox.
    pub seq: i64,
    pub error: String,
    pub at_us: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    pub consumer: String,
    pub seq: i64,
    pub error: String,
    pub at: Timestamp,
}

pub async fn insert(tx: &impl ConnectionTrait, parked: &Parked) -> Result<(), StoreError> {
    let row = ActiveModel {
        consumer: Set(parked.consumer.clone()),
        seq: Set(parked.seq),
        error: Set(parked.error.clone()),
        at_us: Set(parked.at.timestamp_micros()),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Newest first.
pub async fn newest(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Parked>, StoreError> {
    let rows = Entity::find().order_by_desc(Column::Id).limit(limit).all(db).await?;
    let parked = |row: Model| Parked {
        consumer: row.consumer,
        seq: row.seq,
        error: row.error,
        at: from_micros(row.at_us),
    };
    Ok(rows.into_iter().map(parked).collect())
}

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0015_parked_events"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("parked_events")
            .col(schema::big_integer("id").primary_key().auto_increment())
            .col(schema::string("consumer"))
            .col(schema::big_integer("seq"))
            .col(schema::text("error"))
            .col(schema::big_integer("at_us"))
            .to_owned();
        manager.create_table(table).await
    }
}
