//! Every table of the first release, with its indexes and what keeps them together: one file an area. The types in the
//! files are those of [`Dialect::statements`].

mod marks;
mod search;

use crate::records::engine::dialect::{Dialect, Trigger};
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::prelude::*;

/// In the order in which they refer to each other.
const AREAS: [&str; 8] = [
    include_str!("engine.sql"),
    include_str!("people.sql"),
    include_str!("fleet.sql"),
    include_str!("telemetry.sql"),
    include_str!("condition.sql"),
    include_str!("work.sql"),
    include_str!("money.sql"),
    include_str!("insight.sql"),
];

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_tables"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let dialect = Dialect::of(db);
        let tables = AREAS.iter().flat_map(|area| dialect.statements(area));
        let triggers = marks::triggers().into_iter().chain(versions());
        let all =
            tables.chain(search::index(dialect)).chain(triggers.map(|trigger| dialect.trigger(&trigger)));
        for sql in all {
            db.execute_unprepared(&sql).await?;
        }
        built_in_rule(db).await
    }
}

/// Counts how often the sums of the sites changed on each day, whoever changes them.
fn versions() -> impl Iterator<Item = Trigger> {
    /// The day of a site's row that sums all its days.
    const ALL_DAYS: i32 = i32::MAX;
    [("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")].into_iter().map(|(event, row)| Trigger {
        name: format!("site_days_after_{}", event.to_lowercase()),
        table: "site_days",
        event: event.into(),
        when: Some(format!("{row}.day <> {ALL_DAYS}")),
        body: vec![format!(
            "INSERT INTO site_day_versions (day, version) VALUES ({row}.day, 1) \
             ON CONFLICT (day) DO UPDATE SET version = site_day_versions.version + 1"
        )],
    })
}

/// "Equipment reports a failure": on from the first start.
async fn built_in_rule(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    const ID: uuid::Uuid = uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001);
    const SETTINGS: &str = r#"{"frozen":1,"body":{"name":"Equipment reports a failure","condition":{"kind":"down_unplanned"},"scope":{"kind":"all"},"severity":"critical","opens_ticket":true,"enabled":true,"historical_limit_seconds":86400,"historical_opens_ticket":false,"clear_after_quiet_seconds":null,"component":null,"action":null,"expected_downtime_hours":null,"failure_level":null}}"#;
    let rule = Query::insert()
        .into_table("rules")
        .columns(["id", "version", "settings", "built_in", "demo", "created_at_us", "updated_at_us"])
        .values_panic([
            ID.into(),
            1_i64.into(),
            SETTINGS.into(),
            true.into(),
            false.into(),
            0_i64.into(),
            0_i64.into(),
        ])
        .take();
    db.execute(&rule).await?;
    let version = Query::insert()
        .into_table("rule_versions")
        .columns(["rule_id", "version", "settings", "at_us"])
        .values_panic([ID.into(), 1_i64.into(), SETTINGS.into(), 0_i64.into()])
        .take();
    db.execute(&version).await?;
    Ok(())
}
