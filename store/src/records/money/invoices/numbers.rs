//! The counters of gapless numbers.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::money::invoice::{InvoiceNumber, Series};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    mod counter:
    "invoice_numbers" by { series: String, year: i32 } {
        last: i64,
    }
}

/// Takes the next number of `series` in `year`. The counter and the paper that carries the number are saved by one
/// transaction, so no number is ever missing or used twice. Counting is one statement, so that whoever counts at the
/// same time waits for this transaction to end.
pub async fn next_number(tx: &Db, series: Series, year: i32) -> Result<InvoiceNumber, StoreError> {
    let first = counter::ActiveModel { series: Set(series.prefix().into()), year: Set(year), last: Set(1) };
    let count = OnConflict::columns([counter::Column::Series, counter::Column::Year])
        .value(counter::Column::Last, Expr::col((counter::Entity, counter::Column::Last)).add(1))
        .to_owned();
    counter::Entity::insert(first).on_conflict(count).exec_without_returning(tx).await?;
    let counted = counter::Entity::find_by_id((series.prefix().to_owned(), year)).one(tx).await?;
    let last = counted.map_or(1, |row| row.last);
    let number = last.try_into().map_err(|_| StoreError::Corrupt(format!("invoice number {last}")))?;
    Ok(InvoiceNumber { series, year, number })
}

/// From here on numbers of `series` in `year`, of which there were none, follow `last`.
pub(in crate::records) async fn set_number(
    tx: &Db,
    series: Series,
    year: i32,
    last: u32,
) -> Result<(), StoreError> {
    let row = counter::ActiveModel {
        series: Set(series.prefix().into()),
        year: Set(year),
        last: Set(i64::from(last)),
    };
    counter::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
