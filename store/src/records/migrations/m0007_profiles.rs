//! Profiles of devices that people make, and corrections of values on their way.

use sea_orm::DbErr;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0007_profiles"
    }
}

const STATEMENTS: [&str; 4] = [
    "CREATE TABLE profiles (id uuid NOT NULL PRIMARY KEY, name text NOT NULL UNIQUE, speaks text NOT NULL, \
     meaning text NOT NULL)",
    "ALTER TABLE devices ADD COLUMN profile_id uuid",
    "CREATE TABLE planned_corrections (id uuid NOT NULL PRIMARY KEY, body text NOT NULL)",
    "CREATE INDEX devices_by_profile ON devices (profile_id) WHERE profile_id IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::execute(manager, &STATEMENTS).await
    }
}
