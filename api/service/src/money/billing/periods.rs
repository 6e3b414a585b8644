//! The price of contracts, invoiced by its periods: whatever is due and on no invoice becomes a draft. A unique key of
//! the invoice lines makes a period stand on one invoice only, however often and by whomever this is run.

use super::commands::{draft, keep_draft, organisation, tax_of};
use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    money::contracts::schedule::schedule,
    scope,
};
use domain::{
    Date,
    calendar::date_of,
    id::{ContractId, InvoiceId},
    money::{
        contract::{Contract, billing::Period},
        invoice::{Invoice, InvoiceLine},
    },
    people::organisation::Organisation,
    reason::{Reason, Refusal},
};
use futures::future::BoxFuture;
use store::{
    StoreError,
    records::{
        Db,
        money::{contracts, invoices},
        people::organisation as organisations,
    },
};

/// A period of a contract and where it stands.
#[derive(Clone, Debug)]
pub struct Planned {
    pub period: Period,
    pub standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Invoiced(InvoiceId),
    Due,
    Later,
    /// Begins before the first day that is invoiced here, or costs nothing.
    Elsewhere,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invoiced(_) => "invoiced",
            Self::Due => "due",
            Self::Later => "later",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// Every period of `contract` by now: what was invoiced as it was, the rest as the contract now says.
pub async fn plan(
    db: &Db,
    contract: &Contract,
    organisation: &Organisation,
    today: Date,
) -> Result<Vec<Planned>, CommandError> {
    let Some(billing) = contract.billing else { return Ok(vec![]) };
    let invoiced = invoices::invoiced_periods(db, contract.id).await?;
    let plan = schedule(contract, organisation)?.into_iter().map(|period| {
        let on = invoiced.iter().find(|(done, _)| done.from == period.from).map(|(_, invoice)| *invoice);
        let free = period.amount.is_zero() || billing.from.is_some_and(|from| period.from < from);
        let standing = match on {
            Some(invoice) => Standing::Invoiced(invoice),
            None if billing.is_due(&period, today) => Standing::Due,
            None if free => Standing::Elsewhere,
            None => Standing::Later,
        };
        Planned { period, standing }
    });
    Ok(plan.collect())
}

/// Makes a draft of every period of the contract that is due and on no invoice.
pub async fn create_draft(deps: &Deps, mut cx: Context, id: ContractId) -> Result<Invoice, CommandError> {
    let tx = match cx.begin(&deps.records, "contracts.invoice", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(invoice) => return Ok(invoice),
    };
    let contract = scope::contract(&tx, cx.scope(), id).await?;
    let organisation = organisation(&tx).await?;
    if contract.price.currency != organisation.currency {
        return Err(CommandError::field("price", Reason::WorkOrdersOurCurrency));
    }
    let plan = plan(&tx, &contract, &organisation, date_of(cx.at, organisation.zone())).await?;
    let due = plan.iter().filter(|planned| planned.standing == Standing::Due);
    let tax = tax_of(&tx, &organisation, contract.customer_id).await?;
    let line = |planned: &Planned| {
        InvoiceLine::of_period(contract.id, contract.number.clone(), &planned.period, &tax)
    };
    let lines: Vec<InvoiceLine> = due.map(line).collect();
    if lines.is_empty() {
        return Err(CommandError::Refused(Refusal::NoPeriodDue));
    }
    let invoice = draft(&tx, &organisation, contract.customer_id, cx.at, lines).await?;
    keep_draft(&tx, &cx, &invoice).await?;
    cx.finish(tx, invoice).await
}

/// Makes the drafts of all contracts with a due period. One that cannot be made leaves the others alone.
pub fn run(deps: &Deps) -> BoxFuture<'_, Result<(), CommandError>> {
    Box::pin(async move {
        let db = deps.records.read();
        let Some(organisation) = organisations::get(db).await? else { return Ok(()) };
        let today = date_of(deps.now(), organisation.zone());
        for contract in contracts::invoiced(db).await? {
            let plan = plan(db, &contract, &organisation, today).await?;
            if !plan.iter().any(|planned| planned.standing == Standing::Due) {
                continue;
            }
            match create_draft(deps, Context::system(deps.now()), contract.id).await {
                // Somebody else was faster.
                Ok(_)
                | Err(
                    CommandError::Refused(Refusal::NoPeriodDue)
                    | CommandError::Store(StoreError::Conflict(_)),
                ) => {}
                Err(CommandError::Store(error)) => return Err(error.into()),
                Err(error) => tracing::warn!(contract = contract.number, %error, "cannot invoice a contract"),
            }
        }
        Ok(())
    })
}
