//! Databases of before the first release, whose tables were made in 62 steps. With the last of them done they have the
//! tables of [`super::m0001_tables`]; there is no way on from any earlier one.

use super::{applied, m0001_tables};
use crate::OpenError;
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait};
use sea_orm_migration::{MigrationName, seaql_migrations};

const FIRST: &str = "0001_command_keys";
const LAST: &str = "0095_site_day_versions";
const STEPS: usize = 62;

/// Writes down that the first migration was run, in place of the steps that came to the same.
pub(super) async fn adopt(tx: &DatabaseTransaction) -> Result<(), OpenError> {
    let steps = applied(tx).await?;
    let has = |name: &str| steps.iter().any(|step| step == name);
    if !has(FIRST) {
        return Ok(());
    }
    if steps.len() != STEPS || !has(LAST) {
        return Err(OpenError::Unsuited(format!(
            "the records were made before the first release and never brought up to its tables ({} of {STEPS} steps \
             done, the last being {LAST}): begin with an empty data folder, or open this one once with the last \
             version that still has these steps",
            steps.len()
        )));
    }
    seaql_migrations::Entity::delete_many().exec(tx).await?;
    let row = seaql_migrations::ActiveModel {
        version: Set(m0001_tables::Migration.name().into()),
        // No clock is at hand, and nobody asks.
        applied_at: Set(0),
    };
    seaql_migrations::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
