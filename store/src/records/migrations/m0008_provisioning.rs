//! Devices that register themselves, and devices that are claimed.

use sea_orm::DbErr;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0008_provisioning"
    }
}

const STATEMENTS: [&str; 4] = [
    "CREATE TABLE provisionings (profile_id uuid NOT NULL PRIMARY KEY, strategy text NOT NULL, \
     key text NOT NULL UNIQUE, secret_hash text NOT NULL, max_devices bigint NOT NULL)",
    "CREATE TABLE provisioned_devices (name text NOT NULL PRIMARY KEY, device_id uuid NOT NULL UNIQUE, \
     profile_id uuid NOT NULL, at_us bigint NOT NULL)",
    "CREATE INDEX provisioned_devices_by_profile ON provisioned_devices (profile_id)",
    "CREATE TABLE device_claims (device_id uuid NOT NULL PRIMARY KEY, secret_hash text NOT NULL, \
     until_us bigint NOT NULL, at_us bigint NOT NULL, wrong bigint NOT NULL)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::execute(manager, &STATEMENTS).await
    }
}
