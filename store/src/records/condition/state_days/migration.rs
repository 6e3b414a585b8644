use super::{ALL_DAYS, LEVELS, columns, rebuild};
use sea_orm::ConnectionTrait;
use sea_orm_migration::prelude::*;

pub(in crate::records) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0085_state_days"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let sums: Vec<String> = columns().iter().map(|name| format!("{name} INTEGER NOT NULL")).collect();
        let sums = sums.join(", ");
        for sql in [
            // One row a day. `start_us` is the instant at which the day starts; `<state>_n` is how many machines
            // entered the state less how many left it, `<state>_us` the sum of when, from the start of the day.
            format!("CREATE TABLE fleet_days (day INTEGER PRIMARY KEY, start_us INTEGER NOT NULL, {sums})"),
            // The same of each site, and one row that sums all its days.
            format!(
                "CREATE TABLE site_days (day INTEGER NOT NULL, site_id BLOB NOT NULL, start_us INTEGER NOT NULL, \
                 {sums}, PRIMARY KEY (day, site_id)) WITHOUT ROWID"
            ),
            // What lies ahead of now is looked for with every figure.
            "CREATE INDEX state_intervals_open ON state_intervals (from_us) WHERE to_us IS NULL".into(),
            "CREATE INDEX assets_service_from ON assets (in_service_from_us)".into(),
            "CREATE INDEX assets_service_to ON assets (in_service_to_us) WHERE in_service_to_us IS NOT NULL"
                .into(),
            "CREATE INDEX failures_restored ON failures (restored_at_us) WHERE restored_at_us IS NOT NULL"
                .into(),
        ] {
            db.execute_unprepared(&sql).await?;
        }
        debug_assert_eq!(columns().len(), 2 * LEVELS.len() + super::COUNTS.len());
        rebuild(db).await.map_err(|error| DbErr::Custom(error.to_string()))
    }
}

/// Counts how often the sums of the sites changed on each day, whoever changes them.
pub(in crate::records) struct Versions;
impl MigrationName for Versions {
    fn name(&self) -> &str {
        "0095_site_day_versions"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Versions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(
            "CREATE TABLE site_day_versions (day INTEGER PRIMARY KEY, version INTEGER NOT NULL)",
        )
        .await?;
        for (what, row) in [("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")] {
            db.execute_unprepared(&format!(
                "CREATE TRIGGER site_days_after_{} AFTER {what} ON site_days WHEN {row}.day <> {ALL_DAYS} BEGIN \
                 INSERT INTO site_day_versions (day, version) VALUES ({row}.day, 1) \
                 ON CONFLICT (day) DO UPDATE SET version = version + 1; END",
                what.to_lowercase()
            ))
            .await?;
        }
        Ok(())
    }
}
