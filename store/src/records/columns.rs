//! How domain values become columns: words, JSON facts, scaled quantities, money and instants.

pub mod frozen;
pub(in crate::records) mod kept;
use super::Db;
use crate::StoreError;
use domain::{Currency, Money, Timestamp, clock::from_micros, people::party::Address};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use sea_orm::{ActiveModelTrait, EntityTrait, Iterable};
use serde::{Serialize, de::DeserializeOwned};

/// The snake_case word of a plain enum.
pub(super) fn word(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        other => Err(StoreError::Corrupt(format!("not a word: {other:?}"))),
    }
}

pub(super) fn from_word<T: DeserializeOwned>(word: &str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word.into()))
        .map_err(|e| StoreError::Corrupt(e.to_string()))
}

pub(super) use super::columns::frozen::{freeze as json, thaw as from_json};

/// Facts that a row of an earlier release does not have.
pub(super) fn from_json_if_any<T: frozen::Frozen + Default>(text: Option<&str>) -> Result<T, StoreError> {
    text.map_or_else(|| Ok(T::default()), from_json)
}

/// An address in its parts, or the text of a row of before there were parts.
pub(super) fn address(parts: Option<&str>, text: &str) -> Result<Address, StoreError> {
    parts.map_or_else(|| Ok(text.into()), from_json)
}

/// A quantity in thousandths.
pub(super) fn milli(quantity: Decimal) -> Result<i64, StoreError> {
    let scaled = quantity.checked_mul(Decimal::from(1000)).filter(|scaled| scaled.fract().is_zero());
    scaled
        .and_then(|scaled| scaled.to_i64())
        .ok_or_else(|| StoreError::Corrupt(format!("quantity {quantity}")))
}

pub(super) fn from_milli(milli: i64) -> Decimal {
    Decimal::new(milli, 3).normalize()
}

pub(super) fn money(minor: i64, currency: &str) -> Result<Money, StoreError> {
    Ok(Money::new(minor, self::currency(currency)?))
}

pub(super) fn money_if_any(minor: Option<i64>, currency: Option<&str>) -> Result<Option<Money>, StoreError> {
    minor.zip(currency).map(|(minor, currency)| money(minor, currency)).transpose()
}

/// Two amounts that have one column for their currency.
pub(super) fn one_currency(a: Money, b: Money) -> Result<(), StoreError> {
    if a.currency == b.currency {
        return Ok(());
    }
    Err(StoreError::Corrupt(format!("{} and {} of one row differ in currency", a.currency, b.currency)))
}

/// The currency of something stored, which may have been withdrawn since.
pub(super) fn currency(code: &str) -> Result<Currency, StoreError> {
    Currency::stored(code).map_err(|_| StoreError::Corrupt(format!("currency {code}")))
}

pub(super) fn us(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.timestamp_micros())
}

pub(super) fn at(us: Option<i64>) -> Option<Timestamp> {
    us.map(from_micros)
}

/// Values that one statement may bind.
const BINDINGS: usize = 30_000;

/// Many rows, as few statements as may be.
pub(super) async fn insert_many<E, A>(tx: &Db, rows: Vec<A>) -> Result<(), StoreError>
where
    E: EntityTrait,
    A: ActiveModelTrait<Entity = E> + Clone + Send,
{
    let columns = E::Column::iter().count();
    for some in rows.chunks((BINDINGS / columns.max(1)).min(500)) {
        E::insert_many(some.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}
