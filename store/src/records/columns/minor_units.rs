//! Amounts stored before every currency had the decimals of the standard.
//!
//! Eleven currencies were kept with two decimals that have none or four: 150 meant 1.50 vatu, of which there is no half.
//! From here on a stored amount counts the currency's own minor units, so what is there is counted again, once: rounded
//! half away from zero where the decimals go, in columns and in frozen JSON alike.

use domain::{Currency, Money, insight::kpi::CATALOGUE};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::prelude::*;
use serde_json::Value;

/// Kept with two decimals until now.
const CHANGED: [&str; 11] = ["BIF", "CLF", "DJF", "GNF", "KMF", "RWF", "UGX", "UYI", "UYW", "VUV", "XPF"];
const OLD_EXPONENT: u32 = 2;

/// Table, column of the currency, columns of the amounts.
const AMOUNTS: [(&str, &str, &[&str]); 9] = [
    ("organisation", "currency", &["labour_rate_minor", "travel_rate_minor", "labour_cost_minor"]),
    ("contracts", "currency", &["price_minor", "parts_limit_minor"]),
    ("invoices", "currency", &["total_minor", "open_minor"]),
    ("payments", "currency", &["amount_minor"]),
    ("lines", "currency", &["unit_price_minor", "unit_cost_minor"]),
    ("parts", "currency", &["unit_price_minor", "unit_cost_minor"]),
    ("assets", "downtime_cost_currency", &["downtime_cost_minor"]),
    ("technicians", "cost_currency", &["cost_per_hour_minor"]),
    ("alerts", "money_currency", &["money_minor"]),
];

/// Frozen JSON in which an amount can stand.
const JSON: [(&str, &str); 5] = [
    ("invoices", "facts"),
    ("invoice_lines", "facts"),
    ("evidence", "body"),
    ("command_keys", "answer"),
    ("outbox", "payload"),
];

pub(in crate::records) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0101_minor_units"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for code in CHANGED {
            let exponent = exponent(code);
            daily_figures(db, code, exponent).await?;
            for (table, currency, columns) in AMOUNTS {
                for column in columns {
                    let set = rescaled(column, exponent);
                    let sql = format!(
                        "UPDATE {table} SET {column} = {set} WHERE {currency} = '{code}' AND {column} IS NOT NULL"
                    );
                    db.execute_unprepared(&sql).await?;
                }
            }
        }
        for (table, column) in JSON {
            frozen(db, table, column).await?;
        }
        Ok(())
    }
}

fn exponent(code: &str) -> u32 {
    Currency::stored(code).map_or(OLD_EXPONENT, Currency::exponent)
}

/// SQL for `column` in the minor units of today.
fn rescaled(column: &str, exponent: u32) -> String {
    if exponent > OLD_EXPONENT {
        format!("{column} * {}", 10_i64.pow(exponent - OLD_EXPONENT))
    } else {
        let unit = 10_i64.pow(OLD_EXPONENT - exponent);
        let half = unit / 2;
        format!("({column} + CASE WHEN {column} < 0 THEN -{half} ELSE {half} END) / {unit}")
    }
}

/// Figures in money are in the organisation's currency.
async fn daily_figures(db: &impl ConnectionTrait, code: &str, exponent: u32) -> Result<(), DbErr> {
    let set = rescaled("numerator", exponent);
    for definition in CATALOGUE.iter().filter(|definition| definition.unit.is_money()) {
        for table in ["kpi_facts", "kpi_days"] {
            let sql = format!(
                "UPDATE {table} SET numerator = {set} WHERE code = '{}' AND EXISTS (SELECT 1 FROM organisation WHERE currency = '{code}')",
                definition.code
            );
            db.execute_unprepared(&sql).await?;
        }
    }
    Ok(())
}

async fn frozen(db: &impl ConnectionTrait, table: &str, column: &str) -> Result<(), DbErr> {
    let names: Vec<String> = CHANGED.iter().map(|code| format!("{column} LIKE '%\"{code}\"%'")).collect();
    let found = format!("SELECT rowid AS row, {column} AS text FROM {table} WHERE {}", names.join(" OR "));
    let backend = db.get_database_backend();
    for row in db.query_all_raw(Statement::from_string(backend, found)).await? {
        let (id, text): (i64, String) = (row.try_get("", "row")?, row.try_get("", "text")?);
        // What cannot be read is not ours to change.
        let Ok(mut value) = serde_json::from_str::<Value>(&text) else { continue };
        recount(&mut value);
        let update = format!("UPDATE {table} SET {column} = ? WHERE rowid = ?");
        db.execute_raw(Statement::from_sql_and_values(
            backend,
            update,
            [value.to_string().into(), id.into()],
        ))
        .await?;
    }
    Ok(())
}

/// Rounds every `{"amount": …, "currency": …}` within `value` to the decimals of its currency.
fn recount(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let read = |name: &str| members.get(name).and_then(Value::as_str);
            let amount = read("amount").and_then(|amount| Decimal::from_str_exact(amount).ok());
            let code = read("currency").filter(|code| CHANGED.contains(code));
            if let (Some(amount), Some(Ok(currency))) = (amount, code.map(Currency::stored))
                && let Ok(money) = Money::round(amount, currency)
            {
                members.insert("amount".into(), money.decimal().to_string().into());
                return;
            }
            members.values_mut().for_each(recount);
        }
        Value::Array(items) => items.iter_mut().for_each(recount),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_in_frozen_json_are_counted_again() {
        let vatu = |amount: &str| json!({ "amount": amount, "currency": "VUV" });
        let mut value = json!({
            "lines": [{ "net": vatu("1.50"), "gross": vatu("-2.50"), "quantity": "1.50" }],
            "uf": { "amount": "1.50", "currency": "CLF" },
            "euro": { "amount": "1.50", "currency": "EUR" },
        });
        recount(&mut value);
        assert_eq!(value["lines"][0], json!({ "net": vatu("2"), "gross": vatu("-3"), "quantity": "1.50" }));
        assert_eq!(value["uf"]["amount"], "1.5000");
        assert_eq!(value["euro"]["amount"], "1.50");
        assert!(serde_json::from_value::<Money>(value["lines"][0]["net"].clone()).is_ok());
    }

    /// An amount as it was, counted again.
    async fn counted(minor: i64, code: &str) -> i64 {
        let db = sea_orm::Database::connect("sqlite::memory:").await.expect("database");
        let sql = format!("SELECT {} AS n FROM (SELECT {minor} AS m)", rescaled("m", exponent(code)));
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        row.expect("query").expect("row").try_get("", "n").expect("number")
    }

    #[tokio::test]
    async fn stored_amounts_keep_their_value() {
        for (minor, code, now) in
            [(15_000, "VUV", 150), (150, "UGX", 2), (-150, "UGX", -2), (149, "XPF", 1), (150, "CLF", 15_000)]
        {
            assert_eq!(counted(minor, code).await, now, "{minor} {code}");
        }
    }
}
