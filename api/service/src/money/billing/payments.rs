//! Money that comes in for an invoice, and money that goes back.

use super::commands::{circumstances, today};
use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, parse_instant},
    scope,
};
use domain::{
    Date, Money, Timestamp,
    calendar::{InvalidDate, date_of},
    event::DomainEvent,
    id::{InvoiceId, PaymentId},
    money::{
        invoice::PaymentRefused,
        payment::{Direction, Payment, PaymentMethod},
    },
    people::organisation::Organisation,
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use store::records::{
    engine::outbox,
    money::{invoices, payments},
    people::organisation,
};

/// Money that came in for an invoice, or went back.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    #[schema(value_type = uuid::Uuid)]
    pub invoice_id: InvoiceId,
    pub amount: Money,
    /// `in`, or `out` for a refund of what was paid beyond what is owed after credit notes.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub direction: Direction,
    #[schema(value_type = String)]
    pub method: PaymentMethod,
    /// The day it moved, as a date or as an instant of it; today when left out.
    #[schema(value_type = Option<String>, example = "2026-06-15")]
    pub at: Option<When>,
    #[serde(default)]
    pub reference: String,
}

/// A day of the organisation, or an instant that lies on one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged, try_from = "String")]
pub enum When {
    Day(Date),
    Instant(Timestamp),
}

impl TryFrom<String> for When {
    type Error = InvalidDate;
    fn try_from(text: String) -> Result<Self, InvalidDate> {
        let day = text.parse().map(Self::Day);
        day.or_else(|wrong| parse_instant(&text).map(Self::Instant).ok_or(wrong))
    }
}

impl When {
    fn day(self, organisation: &Organisation) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Instant(at) => date_of(at, organisation.zone()),
        }
    }
}

pub const MAX_REFERENCE: usize = 200;

pub async fn record(deps: &Deps, mut cx: Context, input: NewPayment) -> Result<Payment, CommandError> {
    let tx = match cx.begin(&deps.records, "payments.record", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(payment) => return Ok(payment),
    };
    let mut checks = Checks::default();
    let reference = checks.text("reference", &input.reference, MAX_REFERENCE);
    checks.finish()?;
    let before = scope::invoice(&tx, cx.scope(), input.invoice_id).await?;
    let today = today(&tx, cx.at).await?;
    let on = match (input.at, organisation::get(&tx).await?) {
        (Some(when), Some(organisation)) => when.day(&organisation),
        _ => today,
    };
    if on > today {
        return Err(CommandError::field("at", Reason::BillingFuture));
    }
    let from = before.state.as_str();
    let moved = match input.direction {
        Direction::In => before.pay(input.amount, on),
        Direction::Out => before.refund(input.amount, on),
    };
    let invoice = moved.map_err(|error| refused(error, input.direction))?;
    let payment = Payment {
        id: PaymentId::generate(),
        invoice_id: invoice.id,
        amount: input.amount,
        direction: input.direction,
        method: input.method,
        on,
        reference,
    };
    payments::insert(&tx, &payment).await?;
    let invoice = invoices::update(&tx, invoice).await?;
    circumstances(&cx).record(&tx, "invoice", invoice.id, Some(from), invoice.state.as_str(), None).await?;
    if invoice.state.is_paid() {
        outbox::push(&tx, &DomainEvent::InvoicePaid { invoice: invoice.id }, cx.at).await?;
    }
    cx.finish(tx, payment).await
}

fn refused(error: PaymentRefused, direction: Direction) -> CommandError {
    match (error, direction) {
        (PaymentRefused::Transition(error), _) => error.into(),
        (PaymentRefused::NotPositive, _) => CommandError::field("amount", Reason::BillingPositive),
        (PaymentRefused::MoreThanOpen, Direction::In) => {
            CommandError::field("amount", Reason::MoreThanIsOpen)
        }
        (PaymentRefused::MoreThanOpen, Direction::Out) => {
            CommandError::field("amount", Reason::MoreThanIsDueBack)
        }
        (PaymentRefused::BeforeInvoice, _) => CommandError::field("at", Reason::BeforeTheInvoice),
        (PaymentRefused::Money(error), _) => error.into(),
    }
}
