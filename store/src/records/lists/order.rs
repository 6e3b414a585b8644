//! Orders of lists: by a column of their rows, either way, and rows that are equal in it by their id. Rows without a
//! value come last, whichever way: the stores do not agree on where they belong.
//!
//! ```ignore
//! orders! {
//!     /// What customers are sorted by.
//!     ascending { Name "name" by Name, Currency "currency" by Currency }
//! }
//! let page = order::page(db, "customers", query, page).await?;
//! ```

use crate::{
    StoreError,
    records::{Db, List, PageRequest, Paged, lists::cursor::Key},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Iterable, ModelTrait, Order, PrimaryKeyToColumn, QueryFilter,
    QueryOrder, QuerySelect, Select, Value,
    prelude::Uuid,
    sea_query::{CaseStatement, Expr, ExprTrait},
};

/// What a list can be sorted by.
pub trait Sortable: Copy + Eq + Send + Sync + 'static {
    /// Each of them; the first is the list's own.
    const ALL: &'static [Self];
    const OWN: Sorted<Self>;
    /// As addresses have it.
    fn word(self) -> &'static str;
}

/// An order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorted<B> {
    pub by: B,
    pub descending: bool,
}

impl<B: Sortable> Default for Sorted<B> {
    fn default() -> Self {
        B::OWN
    }
}

/// A list that is never sorted otherwise.
impl Sortable for () {
    const ALL: &'static [Self] = &[()];
    const OWN: Sorted<Self> = Sorted { by: (), descending: false };
    fn word(self) -> &'static str {
        ""
    }
}

/// Orders by columns of an entity.
pub(in crate::records) trait Columns: Sortable {
    type Entity: EntityTrait;
    fn column(self) -> <Self::Entity as EntityTrait>::Column;
    /// What the words of the column rank by, the least first; none if the column itself is compared.
    fn ranks(self) -> &'static [&'static str];
}

/// Makes `By`, the orders of the module's `Entity`: variant, word in addresses, column, and perhaps its words from the
/// least to the most. The first is the list's own.
macro_rules! orders {
    ($(#[$doc:meta])* $way:ident { $own:ident $own_word:literal by $own_column:ident
        $(, $name:ident $word:literal by $column:ident $(ranked $ranks:expr)?)* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum By { $own $(, $name)* }
        impl crate::records::Sortable for By {
            const ALL: &'static [Self] = &[Self::$own $(, Self::$name)*];
            const OWN: crate::records::Sorted<Self> =
                crate::records::Sorted { by: Self::$own, descending: orders!(@ $way) };
            fn word(self) -> &'static str {
                match self { Self::$own => $own_word $(, Self::$name => $word)* }
            }
        }
        impl crate::records::lists::order::Columns for By {
            type Entity = Entity;
            fn column(self) -> Column {
                match self { Self::$own => Column::$own_column $(, Self::$name => Column::$column)* }
            }
            fn ranks(self) -> &'static [&'static str] {
                match self { Self::$own => &[] $(, Self::$name => orders!(@ranks $($ranks)?))* }
            }
        }
    };
    (@ ascending) => { false };
    (@ descending) => { true };
    (@ranks) => { &[] };
    (@ranks $ranks:expr) => { $ranks };
}
pub(in crate::records) use orders;

type Row<B> = <<B as Columns>::Entity as EntityTrait>::Model;

/// A page of the rows of `query`, which neither orders nor limits; `list` is the name of its cursors, and each order
/// refuses those of the others.
pub(in crate::records) async fn page<B: Columns>(
    db: &Db,
    list: &'static str,
    query: Select<B::Entity>,
    asked: &PageRequest<Sorted<B>>,
) -> Result<Paged<Row<B>>, StoreError>
where
    Row<B>: ModelTrait<Entity = B::Entity>,
{
    let (order, places) = (asked.order, places(list, asked.order));
    let (key, id) = (Compared::of(order.by), id::<B>());
    let mut query = query;
    if let Some(place) = places.place(asked)? {
        query = query.filter(key.behind(id, place, order.descending));
    }
    if key.nullable {
        query = query.order_by(key.expr.clone().is_null(), Order::Asc);
    }
    let way = || if order.descending { Order::Desc } else { Order::Asc };
    let query = query.order_by(key.expr, way()).order_by(id, way());
    let rows = query.limit(asked.limit.saturating_add(1)).all(db).await?;
    let keyed: Vec<_> = rows.into_iter().map(|row| (place(&row, order.by, id), row)).collect();
    let page = places.page(keyed, asked.limit, |(place, _)| place.clone());
    Ok(page.map(|(_, row)| row))
}

fn places<B: Sortable>(list: &'static str, order: Sorted<B>) -> List<(Sealed, Uuid)> {
    if order == B::OWN {
        return List::named(list);
    }
    let way = if order.descending { "down" } else { "up" };
    List::called(format!("{list} by {} {way}", order.by.word()))
}

fn id<B: Columns>() -> <B::Entity as EntityTrait>::Column {
    let mut keys = <B::Entity as EntityTrait>::PrimaryKey::iter();
    keys.next().expect("invariant: every entity has a primary key").into_column()
}

/// What rows are compared by.
struct Compared {
    expr: Expr,
    nullable: bool,
}

impl Compared {
    fn of<B: Columns>(by: B) -> Self {
        let column = by.column();
        if by.ranks().is_empty() {
            return Self { expr: Expr::col(column.as_column_ref()), nullable: column.def().is_null() };
        }
        let ranked = (0_i64..).zip(by.ranks());
        let ranks = ranked.fold(CaseStatement::new(), |case, (rank, word)| case.case(column.eq(*word), rank));
        Self { expr: ranks.finally(UNRANKED).into(), nullable: false }
    }
    fn behind<C: ColumnTrait>(&self, id: C, (value, last): (Sealed, Uuid), descending: bool) -> Condition {
        let id = Expr::col(id.as_column_ref());
        let ahead = |one: Expr, other: Expr| if descending { one.lt(other) } else { one.gt(other) };
        let value = match value {
            Sealed::Id => return Condition::all().add(ahead(id, Expr::val(last))),
            Sealed::Nothing => {
                return Condition::all().add(self.expr.clone().is_null()).add(ahead(id, Expr::val(last)));
            }
            Sealed::Whole(number) => Expr::val(number),
            Sealed::Text(text) => Expr::val(text),
        };
        let next = ahead(Expr::tuple([self.expr.clone(), id]), Expr::tuple([value, Expr::val(last)]));
        if self.nullable {
            Condition::any().add(next).add(self.expr.clone().is_null())
        } else {
            Condition::all().add(next)
        }
    }
}

/// Behind every word that is ranked.
const UNRANKED: i64 = i64::MAX;

/// Where `row` stands.
fn place<B: Columns>(row: &Row<B>, by: B, id: <B::Entity as EntityTrait>::Column) -> (Sealed, Uuid)
where
    Row<B>: ModelTrait<Entity = B::Entity>,
{
    let key = match row.get(by.column()) {
        Value::String(Some(word)) if !by.ranks().is_empty() => {
            let rank = (0_i64..).zip(by.ranks()).find(|(_, ranked)| **ranked == word);
            Sealed::Whole(rank.map_or(UNRANKED, |(rank, _)| rank))
        }
        Value::String(Some(text)) => Sealed::Text(text),
        Value::BigInt(Some(number)) => Sealed::Whole(number),
        Value::Int(Some(number)) => Sealed::Whole(number.into()),
        Value::Uuid(Some(_)) => Sealed::Id,
        _ => Sealed::Nothing,
    };
    let id = if let Value::Uuid(Some(id)) = row.get(id) { id } else { Uuid::nil() };
    (key, id)
}

/// The value that a row is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sealed {
    Nothing,
    /// The id alone.
    Id,
    Whole(i64),
    Text(String),
}

impl Key for Sealed {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => out.push(0),
            Self::Id => out.push(3),
            Self::Whole(number) => {
                out.push(1);
                number.write(out);
            }
            Self::Text(text) => {
                out.push(2);
                text.write(out);
            }
        }
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        *bytes = rest;
        match kind {
            0 => Some(Self::Nothing),
            3 => Some(Self::Id),
            1 => i64::read(bytes).map(Self::Whole),
            2 => String::read(bytes).map(Self::Text),
            _ => None,
        }
    }
}
