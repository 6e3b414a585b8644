//! The one set of migrations, in order; one that has landed is never edited, only followed.
//!
//! [`m0001_tables`] makes the tables as they were when the first release was cut. What comes after it stands beside it
//! as `m0002_…`, and changes a table that is in use in two releases: the first *expands* (a column that may be empty, a
//! table, an index), writes both forms and fills the new one; the next *contracts* (drops the old form) when no process
//! of the release before can be running any more. A migration runs on both engines: what they spell differently comes
//! from [`super::engine::dialect`].

mod before;
mod m0001_tables;
mod m0002_invoice_parties;
mod m0003_backdating;
mod m0004_demo_things;
mod m0005_dialects;
mod m0006_device_clocks;
mod m0007_profiles;
mod m0008_provisioning;

use crate::OpenError;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryOrder};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager, seaql_migrations};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_tables::Migration),
            Box::new(m0002_invoice_parties::Migration),
            Box::new(m0003_backdating::Migration),
            Box::new(m0004_demo_things::Migration),
            Box::new(m0005_dialects::Migration),
            Box::new(m0006_device_clocks::Migration),
            Box::new(m0007_profiles::Migration),
            Box::new(m0008_provisioning::Migration),
        ]
    }
}

/// One statement after the other, each the same on both engines.
async fn execute(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Brings the tables up to date within `tx`, which nobody else overtakes.
pub(super) async fn run(tx: &DatabaseTransaction) -> Result<(), OpenError> {
    before::adopt(tx).await?;
    let known: Vec<String> = Migrator::migrations().iter().map(|one| one.name().into()).collect();
    if let Some(newer) = applied(tx).await?.into_iter().find(|name| !known.contains(name)) {
        return Err(OpenError::Unsuited(format!(
            "the records were written by a newer version of Mainstay (migration {newer}): start that version, or \
             restore a backup made before it was installed"
        )));
    }
    Ok(Migrator::up(tx, None).await?)
}

/// Names of the migrations that were run, in order.
async fn applied(tx: &DatabaseTransaction) -> Result<Vec<String>, OpenError> {
    if !SchemaManager::new(tx).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let query = seaql_migrations::Entity::find().order_by_asc(seaql_migrations::Column::Version);
    Ok(query.all(tx).await?.into_iter().map(|row| row.version).collect())
}

#[cfg(test)]
mod tests;
