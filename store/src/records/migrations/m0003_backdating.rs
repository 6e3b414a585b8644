//! Expands tokens by whether their commands may say that they happened earlier. None of before may.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::prelude::*;

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0003_backdating"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE api_tokens ADD COLUMN may_backdate boolean NOT NULL DEFAULT false";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }
}
