//! Tables, said once: their columns, how a record becomes a row and a row a record again, and the usual ways to keep and
//! to read it.

use crate::StoreError;

/// The error of a column, with its place.
pub fn at(table: &'static str, column: &'static str) -> impl Fn(StoreError) -> StoreError {
    move |error| match error {
        StoreError::Corrupt(what) => StoreError::Corrupt(format!("{table}.{column}: {what}")),
        error => error,
    }
}

/// What `made` answers, or its error with its place.
pub fn placed<T>(
    table: &'static str,
    column: &'static str,
    made: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    made().map_err(at(table, column))
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
                $($beside: sea_orm::ActiveValue::Set(
                    $crate::records::columns::kept::placed($table, stringify!($beside), || Ok($said))?,
                ),)*
            })
        }

        pub(in crate::records) fn from_row(found_row: Model) -> Result<$of, $crate::StoreError> {
            use $crate::records::columns::kept::{Kept, at};
            $(let $row = &found_row;)?
            $($found)*
            $(let $read = $crate::records::columns::kept::placed($table, stringify!($read), || Ok($from))?;)*
            Ok($of {
                $($read,)*
                $key_field: Kept::read(found_row.$key).map_err(at($table, stringify!($key)))?,
                $($field: Kept::read(found_row.$column).map_err(at($table, stringify!($column)))?,)*
            })
        }
    };
}
pub(in crate::records) use table;

/// A table whose rows are no records of their own: its key and its columns, said once. `mod name:` before them keeps it
/// beside another.
macro_rules! entity {
    ($vis:vis mod $name:ident: $($table:tt)*) => {
        $vis mod $name {
            use sea_orm::entity::prelude::*;
            $crate::records::columns::kept::entity! { $($table)* }
        }
    };
    ($table:literal by { $($(#[$why:meta])* $key:ident: $key_kind:ty),+ $(,)? } { $($(#[$doc:meta])* $column:ident: $kind:ty),* $(,)? }) => {
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = $table)]
        pub struct Model {
            $($(#[$why])* #[sea_orm(primary_key, auto_increment = false)] pub $key: $key_kind,)+
            $($(#[$doc])* pub $column: $kind,)*
        }
        $crate::records::columns::kept::entity! { @plain }
    };
    // The database counts its rows.
    ($table:literal counted { $key:ident: $key_kind:ty } { $($(#[$doc:meta])* $column:ident: $kind:ty),* $(,)? }) => {
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = $table)]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub $key: $key_kind,
            $($(#[$doc])* pub $column: $kind,)*
        }
        $crate::records::columns::kept::entity! { @plain }
    };
    (@plain) => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}
        impl ActiveModelBehavior for ActiveModel {}
    };
}
pub(in crate::records) use entity;

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

#[cfg(test)]
mod tests {
    use crate::records::{tests::place, work::parts};
    use domain::{Currency, Money, id::PartId, work::stock::Part};
    use rust_decimal::Decimal;

    #[tokio::test]
    async fn what_cannot_be_read_is_named_with_its_table_and_column() {
        let (_place, records) = place::records().await;
        let price = Money::new(1_000, Currency::EUR);
        let part = Part {
            id: PartId::generate(),
            number: "F-7".into(),
            name: "Filter".into(),
            unit_price: price,
            unit_cost: price,
            reorder_point: Decimal::ONE,
            active: true,
            version: 1,
        };
        let tx = records.begin().await.unwrap();
        parts::insert(&tx, &part).await.unwrap();
        tx.execute_unprepared("UPDATE parts SET currency = '??'").await.unwrap();
        tx.commit().await.unwrap();
        let error = parts::get(records.read(), part.id).await.unwrap_err().to_string();
        assert!(error.contains("parts.unit_price"), "{error}");
    }
}
