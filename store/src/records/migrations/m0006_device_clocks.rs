//! How far the clocks of devices are off.

use sea_orm::DbErr;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0006_device_clocks"
    }
}

const STATEMENTS: [&str; 2] = [
    "CREATE TABLE device_clocks (device_id uuid NOT NULL PRIMARY KEY, behind_us bigint, at_us bigint, \
     is_corrected boolean NOT NULL)",
    "CREATE INDEX device_clocks_corrected ON device_clocks (device_id) WHERE is_corrected",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::execute(manager, &STATEMENTS).await
    }
}
