//! Credit notes: take back what an invoice billed, in whole or in part, paid or not, and open the work behind it for
//! correction.

use super::commands::{circumstances, organisation};
use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::Checks,
    scope,
    work::work_orders::commands as work_order_commands,
};
use domain::{
    Money,
    calendar::date_of,
    event::DomainEvent,
    id::{InvoiceId, InvoiceLineId, LineId, WorkOrderId},
    money::invoice::{
        Invoice, Series, Source,
        credit::{CreditNote, CreditRefused, Extent, Heading, Wanted},
    },
    reason::{Reason, Refusal},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::records::{
    Tx,
    engine::{outbox, transitions::Circumstances},
    money::{credit_notes, invoices},
    work::{lines, work_orders},
};

/// What is taken back. An empty body takes back all that is left.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewCredit {
    /// Printed on the credit note.
    pub reason: String,
    /// The lines to credit; every line, with all that is left of it, when absent.
    pub lines: Option<Vec<CreditedLine>>,
    /// Gives the work of lines that are credited in full back, to be corrected, approved and invoiced again. True when
    /// absent and all is taken back, else false: then the credit is final.
    pub reopen: Option<bool>,
}

/// A line, or a part of it by quantity or by amount before tax; all that is left of it with neither.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditedLine {
    #[schema(value_type = uuid::Uuid)]
    pub invoice_line_id: InvoiceLineId,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub quantity: Option<Decimal>,
    #[serde(default)]
    pub amount: Option<Money>,
}

impl NewCredit {
    fn wanted(&self) -> Result<Wanted, CommandError> {
        let Some(lines) = &self.lines else { return Ok(Wanted::Everything) };
        let extents = lines.iter().map(|line| {
            let extent = match (line.quantity, line.amount) {
                (None, None) => Extent::Whole,
                (Some(quantity), None) => Extent::Quantity(quantity),
                (None, Some(amount)) => Extent::Amount(amount),
                (Some(_), Some(_)) => {
                    return Err(CommandError::field("lines", Reason::QuantityOrAmount));
                }
            };
            Ok((line.invoice_line_id, extent))
        });
        Ok(Wanted::Lines(extents.collect::<Result<_, CommandError>>()?))
    }
    fn reopens(&self) -> bool {
        self.reopen.unwrap_or(self.lines.is_none())
    }
}

const MAX_REASON: usize = 500;

/// The invoice with its account as it now is, and every credit note on it.
pub async fn credit(
    deps: &Deps,
    mut cx: Context,
    id: InvoiceId,
    input: NewCredit,
) -> Result<(Invoice, Vec<CreditNote>), CommandError> {
    let tx = match cx.begin(&deps.records, "invoices.credit", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(credited) => return Ok(credited),
    };
    let mut checks = Checks::default();
    let reason = checks.text("reason", &input.reason, MAX_REASON);
    checks.finish()?;
    let invoice = scope::invoice(&tx, cx.scope(), id).await?;
    let from = invoice.state.as_str();
    let mut notes = credit_notes::of_invoice(&tx, id).await?;
    let on = date_of(cx.at, organisation(&tx).await?.zone());
    let number = invoices::next_number(&tx, Series::CreditNote, on.year()).await?;
    let heading = Heading { number, at: cx.at, on, reason };
    let (invoice, note) = invoice.credit(&notes, &input.wanted()?, heading).map_err(refused)?;
    credit_notes::insert(&tx, &note).await?;
    let invoice = invoices::update(&tx, invoice).await?;
    let how = circumstances(&cx);
    let text = format!("{} {}", note.number, note.total);
    how.record(&tx, "invoice", id, Some(from), invoice.state.as_str(), Some(&text)).await?;
    if input.reopens() {
        give_back(&tx, &how, &invoice, &note).await?;
    }
    outbox::push(&tx, &DomainEvent::InvoiceCredited { invoice: id }, cx.at).await?;
    notes.push(note);
    cx.finish(tx, (invoice, notes)).await
}

fn refused(error: CreditRefused) -> CommandError {
    match error {
        CreditRefused::Transition(error) => error.into(),
        CreditRefused::NothingLeft => CommandError::Refused(Refusal::NothingLeftToCredit),
        CreditRefused::NoSuchLine => CommandError::field("lines", Reason::UnknownLine),
        CreditRefused::NotPositive => CommandError::field("lines", Reason::BillingPositive),
        CreditRefused::MoreThanBilled => CommandError::field("lines", Reason::MoreThanIsLeft),
        CreditRefused::Money(error) => error.into(),
    }
}

/// Lets go of the lines of which nothing is left, and opens their jobs for correction.
async fn give_back(
    tx: &Tx,
    how: &Circumstances,
    invoice: &Invoice,
    note: &CreditNote,
) -> Result<(), CommandError> {
    let whole: Vec<InvoiceLineId> =
        note.lines.iter().filter(|line| line.whole).map(|line| line.invoice_line_id).collect();
    let (mut given_back, mut jobs) = (Vec::<LineId>::new(), BTreeSet::<WorkOrderId>::new());
    for line in invoice.lines.iter().filter(|line| whole.contains(&line.id)) {
        if let Source::Work { line_id, work_order_id, .. } = line.source {
            given_back.push(line_id);
            jobs.insert(work_order_id);
        }
    }
    if whole.is_empty() {
        return Err(CommandError::field("reopen", Reason::NothingToReopen));
    }
    invoices::release(tx, &whole).await?;
    lines::set_invoiced(tx, &given_back, false).await?;
    for id in jobs {
        let before = work_orders::get(tx, id).await?.ok_or(CommandError::NotFound)?;
        let after = before.clone().reopen_for_correction();
        work_order_commands::save(tx, how, &before, &after, Some(&note.number.to_string())).await?;
    }
    Ok(())
}
