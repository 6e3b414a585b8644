//! The periods by which a contract's price is invoiced.

use crate::command::CommandError;
use domain::{
    calendar::{date_of, last_day},
    id::InvoiceId,
    money::contract::{Contract, billing::Period},
    people::organisation::Organisation,
    reason::Reason,
};
use store::records::{Db, money::invoices};

/// The periods of `contract` as it now says.
pub fn schedule(contract: &Contract, organisation: &Organisation) -> Result<Vec<Period>, CommandError> {
    let Some(billing) = contract.billing else { return Ok(vec![]) };
    let zone = organisation.zone();
    Ok(billing.schedule(date_of(contract.start, zone), last_day(contract.end, zone), contract.price)?)
}

/// What was invoiced stays true: a change of `contract` may not move or reprice its invoiced periods.
pub async fn keeps_invoiced(
    db: &Db,
    contract: &Contract,
    organisation: &Organisation,
) -> Result<(), CommandError> {
    let invoiced = invoices::invoiced_periods(db, contract.id).await?;
    let plan = schedule(contract, organisation)?;
    let same = |(done, _): &(Period, InvoiceId)| {
        plan.iter().any(|p| (p.from, p.to, p.amount) == (done.from, done.to, done.amount))
    };
    if invoiced.iter().all(same) {
        Ok(())
    } else {
        Err(CommandError::field("price", Reason::PeriodsInvoiced))
    }
}
