//! Facts frozen into a column as JSON, with the version of their form: what an older release froze is read for ever.
//!
//! Written as `{"frozen":<version>,"body":…}`. Text without that envelope is version 0, the form of the releases before
//! there was one. A version is raised when a change of the type is more than a field with a default;
//! [`Frozen::lift`] then turns each older form into the next.

use crate::StoreError;
use domain::{
    Timestamp,
    condition::{evidence::Evidence, rule::RuleSettings},
    event::DomainEvent,
    fleet::customer::Buyer,
    fleet::profile::Meaning,
    id::AccountId,
    money::{
        contract::{Shares, billing::Billing},
        invoice::{InvoiceLine, InvoiceState, Party, credit::CreditNote},
        tax::{LineTax, TaxCategory},
    },
    people::{organisation::Seller, party::Address},
    work::{
        line::LineKind,
        ticket::{PriorityReason, TicketState},
        visit::VisitState,
        work_order::{Finding, WorkOrderState},
    },
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeSet;

/// A type that is kept as JSON.
pub trait Frozen: Serialize + DeserializeOwned {
    /// What it is, for errors.
    const WHAT: &'static str;
    /// The form written today.
    const VERSION: u32 = 1;

    /// Turns a body of version `from` into one of the next. Between 0 and 1 only the envelope was added.
    fn lift(from: u32, body: Value) -> Value {
        let _ = from;
        body
    }
}

#[derive(Serialize)]
struct Written<'a, T> {
    frozen: u32,
    body: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    frozen: u32,
    #[serde(borrow)]
    body: &'a RawValue,
}

pub fn freeze<T: Frozen>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(&Written { frozen: T::VERSION, body: value }).map_err(unreadable::<T>)
}

/// Reads every form there ever was.
pub fn thaw<T: Frozen>(text: &str) -> Result<T, StoreError> {
    let (version, body) = match serde_json::from_str::<Read<'_>>(text) {
        Ok(read) => (read.frozen, read.body.get()),
        Err(_) => (0, text),
    };
    if version == T::VERSION {
        return serde_json::from_str(body).map_err(unreadable::<T>);
    }
    if version > T::VERSION {
        let newer = format!("{}: written by a newer release, in form {version}", T::WHAT);
        return Err(StoreError::Corrupt(newer));
    }
    let mut value: Value = serde_json::from_str(body).map_err(unreadable::<T>)?;
    for from in version..T::VERSION {
        value = T::lift(from, value);
    }
    serde_json::from_value(value).map_err(unreadable::<T>)
}

/// The answer of a command, whatever it is.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answer<T>(pub T);

impl<T: Serialize + DeserializeOwned> Frozen for Answer<T> {
    const WHAT: &'static str = "answer of a command";
}

fn unreadable<T: Frozen>(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("{}: {error}", T::WHAT))
}

/// Before version 2 there was one category of tax, and what a quantity counts went without saying.
impl Frozen for InvoiceLine {
    const WHAT: &'static str = "line of an invoice";
    const VERSION: u32 = 2;

    fn lift(from: u32, mut body: Value) -> Value {
        if from == 1 {
            let rate = body["tax_rate"].as_str().and_then(|rate| rate.parse().ok());
            let tax = LineTax::new(TaxCategory::Standard, rate.unwrap_or(Decimal::ONE));
            body["tax_category"] = Value::from(tax.category.as_str());
            let unit = match body["kind"].as_str() {
                Some("labour" | "travel") => "hour",
                Some("part") => "piece",
                _ => "one",
            };
            body["unit"] = Value::from(unit);
        }
        body
    }
}

/// The types of `domain` that columns hold.
macro_rules! frozen {
    ($($kind:ty: $what:literal),+ $(,)?) => {
        $(impl Frozen for $kind { const WHAT: &'static str = $what; })+
    };
}

frozen! {
    DomainEvent: "event",
    Evidence: "evidence",
    Meaning: "meaning of a profile",
    RuleSettings: "settings of a rule",
    InvoiceState: "state of an invoice",
    CreditNote: "credit note",
    Billing: "billing of a contract",
    (Party, Party): "parties of an invoice",
    Shares: "shares of a contract",
    BTreeSet<LineKind>: "cover of a warranty",
    PriorityReason: "reason of a priority",
    TicketState: "state of a ticket",
    Vec<Timestamp>: "times",
    VisitState: "state of a visit",
    Finding: "finding",
    WorkOrderState: "state of a work order",
    Vec<String>: "words",
    Vec<AccountId>: "accounts",
    Address: "address",
    Buyer: "buyer",
    Seller: "seller",
}

#[cfg(test)]
mod tests;
