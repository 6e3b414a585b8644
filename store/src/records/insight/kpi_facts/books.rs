//! Figures that are counted in the books as they stood at an instant: stock, customers and contracts.

use crate::{
    StoreError,
    records::{Db, engine::dialect::statement},
};
use domain::Timestamp;
use sea_orm::{ConnectionTrait, Value};

/// The value of everything that lay on the shelves and in the vans just before `at`, at the cost of today, in minor
/// units of `currency`: what lies there now less what has been moved since.
pub async fn stock_value(db: &Db, currency: &str, at: Timestamp) -> Result<i64, StoreError> {
    let lies = "SELECT CAST(coalesce(sum(l.quantity_milli * p.unit_cost_minor), 0) AS bigint) FROM stock_levels l \
                JOIN parts p ON p.id = l.part_id WHERE p.currency = ?";
    let moved = "SELECT CAST(coalesce(sum(CASE WHEN m.from_location_id IS NULL THEN 1 ELSE -1 END \
                 * m.quantity_milli * p.unit_cost_minor), 0) AS bigint) FROM stock_movements m \
                 JOIN parts p ON p.id = m.part_id WHERE p.currency = ? AND m.at_us >= ? \
                 AND (m.from_location_id IS NULL) <> (m.to_location_id IS NULL)";
    let lies = number(db, lies, vec![currency.into()]).await?;
    let moved = number(db, moved, vec![currency.into(), at.timestamp_micros().into()]).await?;
    Ok((lies - moved) / 1000)
}

/// Customers and their contracts just before an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    pub customers: i64,
    /// Customers with a contract in force.
    pub with_contract: i64,
    /// Contracts in force.
    pub contracts: i64,
}

/// Whoever has a contract is a customer, whenever the record was made.
pub async fn attached(db: &Db, at: Timestamp) -> Result<Attached, StoreError> {
    let us: Value = at.timestamp_micros().into();
    let customers = "SELECT count(*) FROM customers c WHERE c.created_at_us < ? OR EXISTS (\
                     SELECT 1 FROM contracts k WHERE k.customer_id = c.id AND k.start_us < ?)";
    let in_force = "FROM contracts WHERE start_us < ? AND end_us >= ?";
    let with_contract = format!("SELECT count(DISTINCT customer_id) {in_force}");
    let contracts = format!("SELECT count(*) {in_force}");
    let both = || vec![us.clone(), us.clone()];
    Ok(Attached {
        customers: number(db, customers, both()).await?,
        with_contract: number(db, &with_contract, both()).await?,
        contracts: number(db, &contracts, both()).await?,
    })
}

async fn number(db: &Db, sql: &str, bound: Vec<Value>) -> Result<i64, StoreError> {
    let row = db.query_one_raw(statement(db, sql, bound)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}
