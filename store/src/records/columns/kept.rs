//! How each type stands in a column, said once: ids, instants, amounts as text, words, and facts as JSON.

use super::frozen;
use crate::StoreError;
use domain::{
    Date, Timestamp,
    clock::from_micros,
    condition::{EquipmentState, Severity, alert::ClearReason, rule::RuleSettings},
    fleet::{asset::Criticality, device::DeviceProfile},
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
    PriorityReason,
    RuleSettings,
    Shares,
    TicketState,
    Vec<String>,
    Vec<Timestamp>,
    VisitState,
    WorkOrderState,
);

/// The error of a column, with its place.
pub fn at(table: &'static str, column: &'static str) -> impl Fn(StoreError) -> StoreError {
    move |error| match error {
        StoreError::Corrupt(what) => StoreError::Corrupt(format!("{table}.{column}: {what}")),
        error => error,
    }
}

/// The table of a record, said once: its columns, and how a record becomes a row and a row a record again.
///
/// ```ignore
/// table! {
///     Part in "parts" {
///         id: PartId,                             // the key
///         number: String,                         // column and field have one name,
///         made_at_us as made_at: Timestamp,       // or two
///     }
///     apart { secret: String }                    // no part of the record: set and read by itself
///     columns |part| {                            // what is kept beside
///         unit_price_minor: i64 = part.unit_price.minor,
///         currency: String = part.unit_price.currency.to_string(),
///     }
///     fields |row| {                              // what is read of them; `first { … }` may come before, of columns too
///         unit_price: columns::money(row.unit_price_minor, &row.currency)?,
///     }
/// }
/// ```
macro_rules! table {
    ($of:ident in $table:literal { $($kept:tt)* } $(apart { $($apart:tt)* })? $(columns |$one:ident| $(first { $($made:tt)* })? { $($beside:tt)* })? $(fields |$row:ident| $(first { $($found:tt)* })? { $($read:tt)* })?) => {
        $crate::records::columns::kept::table! {
            @list [$of $table] [] { $($kept)* }
            apart { $($($apart)*)? } columns $([$one])? { $($($($made)*)?)? } { $($($beside)*)? } fields $([$row])? { $($($($found)*)?)? } { $($($read)*)? }
        }
    };
    // What may be empty is said to be: lists sort by it.
    (@list $head:tt [$($done:tt)*] { $column:ident as $field:ident: Option<$kind:ty>, $($rest:tt)* } $($tail:tt)*) => {
        $crate::records::columns::kept::table! { @list $head [$($done)* ($column $field (Option<$kind>) nullable)] { $($rest)* } $($tail)* }
    };
    (@list $head:tt $done:tt { $column:ident: Option<$kind:ty>, $($rest:tt)* } $($tail:tt)*) => {
        $crate::records::columns::kept::table! { @list $head $done { $column as $column: Option<$kind>, $($rest)* } $($tail)* }
    };
    (@list $head:tt [$($done:tt)*] { $column:ident as $field:ident: $kind:ty, $($rest:tt)* } $($tail:tt)*) => {
        $crate::records::columns::kept::table! { @list $head [$($done)* ($column $field ($kind))] { $($rest)* } $($tail)* }
    };
    (@list $head:tt $done:tt { $column:ident: $kind:ty, $($rest:tt)* } $($tail:tt)*) => {
        $crate::records::columns::kept::table! { @list $head $done { $column as $column: $kind, $($rest)* } $($tail)* }
    };
    (@list [$of:ident $table:literal] [($key:ident $key_field:ident ($key_kind:ty)) $(($column:ident $field:ident ($kind:ty) $($nullable:ident)?))*] {}
        apart { $($(#[$why:meta])* $apart:ident: $apart_kind:ty),* $(,)? }
        columns $([$one:ident])? { $($made:tt)* } { $($(#[$doc:meta])* $beside:ident: $beside_kind:ty = $said:expr),* $(,)? }
        fields $([$row:ident])? { $($found:tt)* } { $($read:ident: $from:expr),* $(,)? }
    ) => {
        use $crate::records::columns::kept::In;

        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = $table)]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub $key: In<$key_kind>,
            $($(#[sea_orm($nullable)])? pub $column: In<$kind>,)*
            $($(#[$why])* pub $apart: $apart_kind,)*
            $($(#[$doc])* pub $beside: $beside_kind,)*
        }
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}
        impl ActiveModelBehavior for ActiveModel {}

        pub(in crate::records) fn to_row(one: &$of) -> Result<ActiveModel, $crate::StoreError> {
            use $crate::records::columns::kept::{Kept, at};
            $(let $one = one;)?
            $($made)*
            Ok(ActiveModel {
                $key: sea_orm::ActiveValue::Set(one.$key_field.keep()?),
                $($column: sea_orm::ActiveValue::Set(
                    Kept::keep(&one.$field).map_err(at($table, stringify!($column)))?,
                ),)*
                $($apart: sea_orm::ActiveValue::NotSet,)*
                $($beside: sea_orm::ActiveValue::Set($said),)*
            })
        }

        pub(in crate::records) fn from_row(found_row: Model) -> Result<$of, $crate::StoreError> {
            use $crate::records::columns::kept::{Kept, at};
            $(let $row = &found_row;)?
            $($found)*
            $(let $read = $from;)*
            Ok($of {
                $($read,)*
                $key_field: Kept::read(found_row.$key)?,
                $($field: Kept::read(found_row.$column).map_err(at($table, stringify!($column)))?,)*
            })
        }
    };
}
pub(in crate::records) use table;

/// The usual ways to keep and to read a record that [`table!`] describes.
macro_rules! usual {
    ($of:ident by $id:ident: $($way:ident),+) => {$(
        $crate::records::columns::kept::usual! { @$way $of $id }
    )+};
    (@insert $of:ident $id:ident) => {
        /// A conflict means that something unique is taken, or something named is gone.
        pub async fn insert(tx: &Db, one: &$of) -> Result<(), StoreError> {
            Entity::insert(to_row(one)?).exec_without_returning(tx).await?;
            Ok(())
        }
    };
    (@get $of:ident $id:ident) => {
        pub async fn get(db: &Db, id: $id) -> Result<Option<$of>, StoreError> {
            Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
        }
    };
    (@find $of:ident $id:ident) => {
        /// The same, if `scope` covers it.
        pub async fn find(db: &Db, scope: Scope, id: $id) -> Result<Option<$of>, StoreError> {
            Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?.map(from_row).transpose()
        }
    };
    (@save $of:ident $id:ident) => {
        /// Saves whatever stands there.
        pub async fn update(tx: &Db, one: &$of) -> Result<(), StoreError> {
            Entity::update(to_row(one)?).exec_without_returning(tx).await?;
            Ok(())
        }
    };
    (@update $of:ident $id:ident) => {
        /// Saves, if nobody changed it meanwhile; answers it with its new version.
        pub async fn update(tx: &Db, one: &$of) -> Result<$of, StoreError> {
            let saved = $of { version: one.version.saturating_add(1), ..one.clone() };
            let same = Column::Id.eq(Uuid::from(one.id)).and(Column::Version.eq(one.version));
            let done = Entity::update_many().set(to_row(&saved)?).filter(same).exec(tx).await?;
            $crate::records::columns::kept::was_saved(done.rows_affected, sea_orm::EntityName::table_name(&Entity))?;
            Ok(saved)
        }
    };
}
pub(in crate::records) use usual;

/// A row that was not found under its version was changed by somebody else.
pub fn was_saved(rows: u64, table: &str) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Conflict(format!("{table}.version"))) } else { Ok(()) }
}
