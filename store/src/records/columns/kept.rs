//! How each type stands in a column, said once: ids, instants, amounts as text, words, and facts as JSON.

mod tables;

pub use tables::{at, placed, was_saved};
pub(in crate::records) use tables::{entity, table, usual};

use super::frozen;
use crate::StoreError;
use domain::{
    Date, Timestamp,
    clock::from_micros,
    condition::{EquipmentState, Severity, alert::ClearReason, rule::RuleSettings},
    fleet::{asset::Criticality, device::DeviceProfile, profile::Meaning},
    id::*,
    money::{
        contract::{Shares, Tier, billing::Billing},
        invoice::InvoiceState,
        payment::{Direction, PaymentMethod},
    },
    people::account::Role,
    work::{
        Priority,
        line_kind::LineKind,
        stock::{MovementReason, StockLocationKind},
        ticket::{PriorityReason, TicketSource, TicketState},
        visit::VisitState,
        work_order::{Finding, WorkOrderKind, WorkOrderState},
    },
};
use rust_decimal::Decimal;
use sea_orm::prelude::Uuid;
use std::collections::BTreeSet;

/// A type that one column holds.
pub trait Kept: Sized {
    type Column;
    fn keep(&self) -> Result<Self::Column, StoreError>;
    fn read(column: Self::Column) -> Result<Self, StoreError>;
}

/// What stands in the column of a `T`.
pub type In<T> = <T as Kept>::Column;

/// What stands in its column as it is.
macro_rules! plain {
    ($($kind:ty),+) => {$(
        impl Kept for $kind {
            type Column = Self;
            fn keep(&self) -> Result<Self, StoreError> {
                Ok(self.clone())
            }
            fn read(column: Self) -> Result<Self, StoreError> {
                Ok(column)
            }
        }
    )+};
}
plain!(String, bool, i32, i64, f64, Vec<u8>);

macro_rules! ids {
    ($($kind:ty),+ $(,)?) => {$(
        impl Kept for $kind {
            type Column = Uuid;
            fn keep(&self) -> Result<Uuid, StoreError> {
                Ok((*self).into())
            }
            fn read(column: Uuid) -> Result<Self, StoreError> {
                Ok(column.into())
            }
        }
    )+};
}
ids!(
    AccountId,
    AlertGroupId,
    AlertId,
    ApiTokenId,
    AssetId,
    ChecklistItemId,
    ConnectionId,
    ContractId,
    CreditNoteId,
    CustomerId,
    DeviceId,
    FailureId,
    InvoiceId,
    LineId,
    ModelId,
    PartId,
    PaymentId,
    ProfileId,
    QuarantineId,
    RuleId,
    SessionId,
    SiteId,
    StockLocationId,
    StockMovementId,
    TechnicianId,
    TerritoryId,
    TicketId,
    TimeEntryId,
    VisitId,
    WarrantyId,
    WorkOrderId,
);

/// Words, as they are called everywhere.
macro_rules! words {
    ($($kind:ty),+ $(,)?) => {$(
        impl Kept for $kind {
            type Column = String;
            fn keep(&self) -> Result<String, StoreError> {
                super::word(self)
            }
            fn read(column: String) -> Result<Self, StoreError> {
                super::from_word(&column)
            }
        }
    )+};
}
words!(
    ClearReason,
    Criticality,
    DeviceProfile,
    Direction,
    EquipmentState,
    LineKind,
    MovementReason,
    PaymentMethod,
    Priority,
    Role,
    Severity,
    StockLocationKind,
    TicketSource,
    Tier,
    WorkOrderKind,
);

/// Microseconds since 1970.
impl Kept for Timestamp {
    type Column = i64;
    fn keep(&self) -> Result<i64, StoreError> {
        Ok(self.timestamp_micros())
    }
    fn read(column: i64) -> Result<Self, StoreError> {
        Ok(from_micros(column))
    }
}

/// The number of the day.
impl Kept for Date {
    type Column = i32;
    fn keep(&self) -> Result<i32, StoreError> {
        Ok(self.day_number())
    }
    fn read(column: i32) -> Result<Self, StoreError> {
        Ok(Self::of_day_number(column))
    }
}

/// Digits as they are: a database rounds what it takes for a number.
impl Kept for Decimal {
    type Column = String;
    fn keep(&self) -> Result<String, StoreError> {
        Ok(self.to_string())
    }
    fn read(column: String) -> Result<Self, StoreError> {
        column.parse().map_err(|_| StoreError::Corrupt(format!("not a number: {column}")))
    }
}

impl Kept for u32 {
    type Column = i64;
    fn keep(&self) -> Result<i64, StoreError> {
        Ok((*self).into())
    }
    fn read(column: i64) -> Result<Self, StoreError> {
        column.try_into().map_err(|_| StoreError::Corrupt(format!("not a count: {column}")))
    }
}

/// As the signed number of the same bits: it counts what nobody has half of 2^64 of.
impl Kept for u64 {
    type Column = i64;
    fn keep(&self) -> Result<i64, StoreError> {
        Ok(self.cast_signed())
    }
    fn read(column: i64) -> Result<Self, StoreError> {
        Ok(column.cast_unsigned())
    }
}

impl<T: Kept> Kept for Option<T> {
    type Column = Option<T::Column>;
    fn keep(&self) -> Result<Self::Column, StoreError> {
        self.as_ref().map(T::keep).transpose()
    }
    fn read(column: Self::Column) -> Result<Self, StoreError> {
        column.map(T::read).transpose()
    }
}

/// Facts as JSON, with the version of their form.
macro_rules! facts {
    ($($kind:ty),+ $(,)?) => {$(
        impl Kept for $kind {
            type Column = String;
            fn keep(&self) -> Result<String, StoreError> {
                frozen::freeze(self)
            }
            fn read(column: String) -> Result<Self, StoreError> {
                frozen::thaw(&column)
            }
        }
    )+};
}

facts!(
    BTreeSet<LineKind>,
    Billing,
    Finding,
    InvoiceState,
    Meaning,
    PriorityReason,
    RuleSettings,
    Shares,
    TicketState,
    Vec<String>,
    Vec<Timestamp>,
    VisitState,
    WorkOrderState,
);
