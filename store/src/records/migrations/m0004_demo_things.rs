//! What the demo made is remembered beside the records and no more in them: the mark of each row moves to a table of its
//! own, and the accounts with it.

use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::prelude::*;
use uuid::Uuid;

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0004_demo_things"
    }
}

const MARKED: [(&str, &str); 8] = [
    ("territories", "territory"),
    ("customers", "customer"),
    ("models", "model"),
    ("devices", "device"),
    ("technicians", "technician"),
    ("parts", "part"),
    ("stock_locations", "stock_location"),
    ("rules", "rule"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(
            "CREATE TABLE demo_things (kind text NOT NULL, id uuid NOT NULL, PRIMARY KEY (kind, id))",
        )
        .await?;
        for (table, kind) in MARKED {
            let moved =
                format!("INSERT INTO demo_things (kind, id) SELECT '{kind}', id FROM {table} WHERE demo");
            db.execute_unprepared(&moved).await?;
            db.execute_unprepared(&format!("ALTER TABLE {table} DROP COLUMN demo")).await?;
        }
        let kept = Statement::from_string(db.get_database_backend(), "SELECT accounts FROM demo");
        for row in db.query_all_raw(kept).await? {
            let accounts: String = row.try_get_by_index(0)?;
            for id in ids_in(&accounts) {
                let remember = Query::insert()
                    .into_table("demo_things")
                    .columns(["kind", "id"])
                    .values_panic(["account".into(), id.into()])
                    .to_owned();
                db.execute(&remember).await?;
            }
        }
        db.execute_unprepared("ALTER TABLE demo DROP COLUMN accounts").await?;
        Ok(())
    }
}

/// The ids of a list in JSON, in whatever version of its envelope.
fn ids_in(list: &str) -> impl Iterator<Item = Uuid> {
    list.split('"').filter_map(|part| part.parse().ok())
}
