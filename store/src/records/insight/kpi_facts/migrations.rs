use sea_orm::ConnectionTrait;
use sea_orm_migration::{prelude::*, schema};

pub(in crate::records) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0074_kpi_facts"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let facts = Table::create()
            .table("kpi_facts")
            .col(schema::uuid("subject_id"))
            .col(schema::string("code"))
            .col(schema::string("subject"))
            .col(schema::string("label"))
            .col(schema::big_integer("at_us"))
            .col(schema::integer("day"))
            .col(schema::big_integer("numerator"))
            .col(schema::big_integer("denominator"))
            .col(schema::uuid_null("asset_id"))
            .col(schema::uuid_null("model_id"))
            .col(schema::uuid_null("technician_id"))
            .col(schema::uuid_null("territory_id"))
            .primary_key(Index::create().col("subject_id").col("code"))
            .to_owned();
        manager.create_table(facts).await?;
        let days = Table::create()
            .table("kpi_days")
            .col(schema::integer("day"))
            .col(schema::string("code"))
            .col(schema::big_integer("numerator"))
            .col(schema::big_integer("denominator"))
            .col(schema::big_integer("cases"))
            .primary_key(Index::create().col("day").col("code"))
            .to_owned();
        manager.create_table(days).await?;
        let indexes: [(&str, &[&str]); 1] = [("kpi_facts_rows", &["code", "day", "at_us", "subject_id"])];
        crate::records::migrations::create_indexes(manager, "kpi_facts", &indexes).await?;
        crate::records::migrations::create_indexes(
            manager,
            "kpi_days",
            &[("kpi_days_code", &["code", "day"])],
        )
        .await
    }
}

/// Facts that stand for a while, kept in the order in which lists and breakdowns read them.
///
/// The facts that are there stay as they are until they are made anew, which [`super::super::kpi_changed`] begins.
pub(in crate::records) struct Standing;
impl MigrationName for Standing {
    fn name(&self) -> &str {
        "0093_kpi_standing"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Standing {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let kept = "code, at_us, subject_id, subject, label, day, numerator, denominator, asset_id, model_id, \
                    technician_id, territory_id";
        for sql in [
            "CREATE TABLE kpi_facts_now (code TEXT NOT NULL, at_us INTEGER NOT NULL, subject_id BLOB NOT NULL, \
             subject TEXT NOT NULL, label TEXT NOT NULL, day INTEGER NOT NULL, until_day INTEGER, \
             numerator INTEGER NOT NULL, denominator INTEGER NOT NULL, asset_id BLOB, model_id BLOB, \
             technician_id BLOB, territory_id BLOB, PRIMARY KEY (code, at_us, subject_id)) WITHOUT ROWID",
            &format!("INSERT INTO kpi_facts_now ({kept}) SELECT {kept} FROM kpi_facts"),
            "DROP TABLE kpi_facts",
            "ALTER TABLE kpi_facts_now RENAME TO kpi_facts",
            "CREATE INDEX kpi_facts_of_subject ON kpi_facts (subject_id)",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
