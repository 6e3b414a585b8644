//! Expands customers and the organisation by what an invoice needs to name its parties as EN 16931 describes them. Empty
//! in rows of before: an address is then the text that stands beside it. The text is written on until a later migration
//! drops it.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::prelude::*;

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0002_invoice_parties"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            ("customers", "address_parts"),
            ("customers", "buyer"),
            ("organisation", "address_parts"),
            ("organisation", "seller"),
        ];
        for (table, column) in columns {
            let sql = format!("ALTER TABLE {table} ADD COLUMN {column} text");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}
