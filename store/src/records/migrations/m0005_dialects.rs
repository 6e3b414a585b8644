//! Devices that speak through another one, what dialects remember of devices, and what devices declare of their metrics.

use sea_orm::DbErr;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0005_dialects"
    }
}

const STATEMENTS: [&str; 4] = [
    "ALTER TABLE devices ADD COLUMN gateway_id uuid",
    "CREATE INDEX devices_by_gateway ON devices (gateway_id) WHERE gateway_id IS NOT NULL",
    "CREATE TABLE device_memories (device_id uuid NOT NULL PRIMARY KEY, body text NOT NULL)",
    "CREATE TABLE device_metrics (device_id uuid NOT NULL, metric text NOT NULL, name text NOT NULL, \
     unit text NOT NULL, at_us bigint NOT NULL, PRIMARY KEY (device_id, metric))",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::execute(manager, &STATEMENTS).await
    }
}
