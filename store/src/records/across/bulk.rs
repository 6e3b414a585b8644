//! Many rows at once, for a data folder that nobody serves from yet. Sums that repositories keep with their rows are
//! not kept here: [`sum_up`] makes them when all rows are there.

use crate::{
    StoreError,
    records::{
        Tx, columns,
        condition::{failures, state_days, states},
        engine::counters,
        insight::{
            kpi_changed,
            kpi_facts::{self, Subject},
        },
        money::invoices,
        work::{lines, tickets, visits, work_orders},
    },
};
use domain::{
    calendar::Zone,
    condition::{
        failure::Failure,
        state::{Mark, Silence, Stretch},
    },
    id::AssetId,
    insight::kpi::Contribution,
    money::invoice::{Invoice, Series},
    work::{line::Line, ticket::Ticket, visit::Visit, work_order::WorkOrder},
};

/// The whole log of an asset, with what it was derived from.
pub async fn log(
    tx: &Tx,
    asset: AssetId,
    marks: &[Mark],
    silences: &[Silence],
    intervals: &[Stretch],
) -> Result<(), StoreError> {
    states::insert_all(tx, asset, marks, silences, intervals).await
}

pub async fn failures(tx: &Tx, found: &[Failure]) -> Result<(), StoreError> {
    columns::insert_many(tx, found.iter().map(failures::to_row).collect::<Result<_, _>>()?).await
}

pub async fn tickets(tx: &Tx, made: &[Ticket]) -> Result<(), StoreError> {
    columns::insert_many(tx, made.iter().map(tickets::to_row).collect::<Result<_, _>>()?).await
}

pub async fn work_orders(tx: &Tx, made: &[WorkOrder]) -> Result<(), StoreError> {
    columns::insert_many(tx, made.iter().map(work_orders::to_row).collect::<Result<_, _>>()?).await
}

pub async fn visits(tx: &Tx, made: &[Visit]) -> Result<(), StoreError> {
    columns::insert_many(tx, made.iter().map(visits::to_row).collect::<Result<_, _>>()?).await
}

pub async fn lines(tx: &Tx, made: &[Line]) -> Result<(), StoreError> {
    columns::insert_many(tx, made.iter().map(lines::to_row).collect::<Result<_, _>>()?).await
}

pub async fn invoices(tx: &Tx, made: &[Invoice]) -> Result<(), StoreError> {
    for invoice in made {
        invoices::insert(tx, invoice).await?;
    }
    Ok(())
}

/// Facts of new subjects, with days of `zone`.
pub async fn facts(tx: &Tx, of: &[(Subject, Vec<Contribution>)], zone: Zone) -> Result<(), StoreError> {
    let rows = of.iter().flat_map(|(subject, facts)| kpi_facts::rows_of(subject, facts, zone));
    columns::insert_many(tx, rows.map(kpi_facts::active).collect()).await
}

/// The last number given of `prefix`.
pub async fn counter(tx: &Tx, prefix: &str, last: i64) -> Result<(), StoreError> {
    counters::set(tx, prefix, last).await
}

pub async fn invoice_counter(tx: &Tx, series: Series, year: i32, last: u32) -> Result<(), StoreError> {
    invoices::set_number(tx, series, year, last).await
}

/// Makes every sum anew from its rows. The facts of what was written came with it; of jobs that were reported on again
/// they are made once more, when somebody serves from the folder.
pub async fn sum_up(tx: &Tx) -> Result<(), StoreError> {
    kpi_changed::only_repeated(tx).await?;
    kpi_facts::sum_days(tx).await?;
    state_days::rebuild(tx).await
}
