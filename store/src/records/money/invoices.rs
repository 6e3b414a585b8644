//! Invoices with their frozen lines and their gapless numbers.

mod lines;
mod numbers;
#[cfg(test)]
mod tests;

pub use lines::{IssuedLine, LiveLine, invoiced_periods, issued_lines, live_lines, release};
pub(in crate::records) use lines::{line, live_of_line};
pub use numbers::next_number;
pub(in crate::records) use numbers::set_number;

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{
            self,
            kept::{entity, was_saved},
        },
        engine::dialect,
        lists::{
            order::{self, orders},
            scope,
        },
    },
};
use domain::{
    Currency, Date, Money, Timestamp,
    clock::from_micros,
    id::{ContractId, CustomerId, InvoiceId, WorkOrderId},
    money::invoice::{Invoice, InvoiceLine},
    people::account::Scope,
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, Select, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

entity! {
    "invoices" by { id: Uuid } {
        customer_id: Uuid,
        currency: String,
        created_at_us: i64,
        status: String,
        number: Option<String>,
        issued_at_us: Option<i64>,
        /// Dates of the organisation as day numbers.
        issued_on: Option<i32>,
        due_on: Option<i32>,
        paid_on: Option<i32>,
        total_minor: i64,
        open_minor: i64,
        /// The state with its facts, as JSON; the columns before repeat what is filtered and summed by.
        facts: String,
        /// JSON of both parties.
        parties: String,
        language: String,
        version: i64,
    }
}

/// A row of the list: an invoice without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: InvoiceId,
    pub customer_id: CustomerId,
    pub status: String,
    pub number: Option<String>,
    pub created_at: Timestamp,
    pub issued_at: Option<Timestamp>,
    pub issued_on: Option<Date>,
    pub due: Option<Date>,
    pub total: Money,
    /// Below zero: to be given back.
    pub open: Money,
}

impl Summary {
    /// Late from the day after the due day on.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.open.minor > 0 && self.due.is_some_and(|due| due < today)
    }
}

/// A conflict means that one of the lines, or a contract's period, stands on another invoice.
pub async fn insert(tx: &Db, invoice: &Invoice) -> Result<(), StoreError> {
    Entity::insert(to_row(invoice)?).exec_without_returning(tx).await?;
    lines::insert(tx, invoice).await?;
    Ok(())
}

/// Saves state and parties over the invoice's version and answers it with the next one; lines never change. A
/// conflict means that it changed meanwhile. A canceled draft lets go of its lines.
pub async fn update(tx: &Db, invoice: Invoice) -> Result<Invoice, StoreError> {
    let next = Invoice { version: invoice.version.saturating_add(1), ..invoice };
    let same = Column::Id.eq(Uuid::from(next.id)).and(Column::Version.eq(next.version - 1));
    let done = Entity::update_many().set(to_row(&next)?).filter(same).exec(tx).await?;
    was_saved(done.rows_affected, "invoices")?;
    if next.state.as_str() == "canceled" {
        lines::let_go(tx, line::Column::InvoiceId.eq(Uuid::from(next.id))).await?;
    }
    Ok(next)
}

pub async fn get(db: &Db, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
    with_lines(db, Entity::find_by_id(Uuid::from(id)).one(db).await?).await
}

/// The invoice, if `scope` covers it.
pub async fn find(db: &Db, scope: Scope, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
    with_lines(db, Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?).await
}

fn seen(scope: Scope) -> Condition {
    let own = |customer| Column::CustomerId.eq(Uuid::from(customer));
    scope::rows(scope, own, scope::no_technicians)
}

async fn with_lines(db: &Db, row: Option<Model>) -> Result<Option<Invoice>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let lines = line::Entity::find()
        .filter(line::Column::InvoiceId.eq(row.id))
        .order_by_asc(line::Column::Position)
        .all(db)
        .await?;
    let lines =
        lines.iter().map(|line| columns::from_json::<InvoiceLine>(&line.facts)).collect::<Result<_, _>>()?;
    let (issuer, recipient) = columns::from_json(&row.parties)?;
    Ok(Some(Invoice {
        id: row.id.into(),
        customer_id: row.customer_id.into(),
        currency: columns::currency(&row.currency)?,
        created_at: from_micros(row.created_at_us),
        state: columns::from_json(&row.facts)?,
        issuer,
        recipient,
        language: row.language,
        lines,
        version: row.version,
    }))
}

/// Part of the list to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    #[default]
    All,
    Drafts,
    /// Issued and not fully paid.
    Open,
    /// Open, and due before today.
    Overdue(Date),
    Paid,
    /// With money to give back.
    Refund,
    /// Issued, whatever became of it: what a customer may see.
    Papers,
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub shelf: Shelf,
    pub customer: Option<CustomerId>,
    /// The beginning of a number.
    pub number: Option<String>,
    pub work_order: Option<WorkOrderId>,
    pub contract: Option<ContractId>,
}

orders! {
    /// What invoices are sorted by.
    descending {
        Created "created" by CreatedAtUs,
        Number "number" by Number,
        Issued "issued" by IssuedOn,
        Due "due" by DueOn,
    }
}

/// The newest first, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Summary>, StoreError> {
    let page = order::page(db, "invoices", matching(scope, filter), page).await?;
    Ok(page.read("invoice", |row| (row.id, row.number.as_deref().unwrap_or("")), summary))
}

/// The numbers of those of `ids` that have one.
pub async fn numbers(
    db: &Db,
    ids: impl IntoIterator<Item = InvoiceId>,
) -> Result<HashMap<InvoiceId, String>, StoreError> {
    let query = Entity::find().select_only().column(Column::Id).column(Column::Number);
    let wanted = query.filter(Column::Id.is_in(ids.into_iter().map(Uuid::from)));
    let rows: Vec<(Uuid, Option<String>)> = wanted.into_tuple().all(db).await?;
    Ok(rows.into_iter().filter_map(|(id, number)| Some((id.into(), number?))).collect())
}

/// How many, and what is open of them in `currency`.
pub async fn sum(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    currency: Currency,
) -> Result<(u64, Money), StoreError> {
    let row: Option<(i64, Option<i64>)> = matching(scope, filter)
        .filter(Column::Currency.eq(currency.as_str()))
        .select_only()
        .column_as(Column::Id.count(), "n")
        .column_as(dialect::sum(Column::OpenMinor), "open")
        .into_tuple()
        .one(db)
        .await?;
    let (n, open) = row.unwrap_or_default();
    Ok((n.unsigned_abs(), Money::new(open.unwrap_or_default(), currency)))
}

fn matching(scope: Scope, filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find().filter(seen(scope));
    let open = ["issued", "partly_paid"];
    query = match filter.shelf {
        Shelf::All => query,
        Shelf::Drafts => query.filter(Column::Status.eq("draft")),
        Shelf::Open => query.filter(Column::Status.is_in(open)),
        Shelf::Overdue(today) => {
            query.filter(Column::Status.is_in(open)).filter(Column::DueOn.lt(today.day_number()))
        }
        Shelf::Refund => query.filter(Column::OpenMinor.lt(0)),
        Shelf::Paid => query.filter(Column::Status.eq("paid")),
        Shelf::Papers => query.filter(Column::Number.is_not_null()),
    };
    if let Some(id) = filter.customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from(id)));
    }
    if let Some(number) = &filter.number {
        // A range, not `LIKE`, which would look at every number.
        let first = number.trim().to_uppercase();
        let behind = format!("{first}{}", char::MAX);
        query = query.filter(Column::Number.gte(first)).filter(Column::Number.lt(behind));
    }
    if let Some(id) = filter.work_order {
        let mut on = Query::select();
        on.column(line::Column::InvoiceId)
            .from(line::Entity)
            .and_where(line::Column::WorkOrderId.eq(Uuid::from(id)));
        query = query.filter(Column::Id.in_subquery(on));
    }
    if let Some(id) = filter.contract {
        let mut on = Query::select();
        on.column(line::Column::InvoiceId)
            .from(line::Entity)
            .and_where(line::Column::ContractId.eq(Uuid::from(id)));
        query = query.filter(Column::Id.in_subquery(on));
    }
    query
}

/// Ids of one customer's papers, for filters of tables that name an invoice.
pub(in crate::records) fn of_customer(id: CustomerId) -> sea_orm::sea_query::SelectStatement {
    let mut query = Query::select();
    query.column(Column::Id).from(Entity).and_where(Column::CustomerId.eq(Uuid::from(id)));
    query
}

fn to_row(invoice: &Invoice) -> Result<ActiveModel, StoreError> {
    let money = |e: domain::MoneyError| StoreError::Corrupt(format!("invoice {}: {e}", invoice.id));
    let issued = invoice.state.issued();
    Ok(ActiveModel {
        id: Set(invoice.id.into()),
        customer_id: Set(invoice.customer_id.into()),
        currency: Set(invoice.currency.to_string()),
        created_at_us: Set(invoice.created_at.timestamp_micros()),
        status: Set(invoice.state.as_str().into()),
        number: Set(issued.map(|issued| issued.number.to_string())),
        issued_at_us: Set(issued.map(|issued| issued.at.timestamp_micros())),
        issued_on: Set(issued.map(|issued| issued.on.day_number())),
        due_on: Set(issued.map(|issued| issued.due.day_number())),
        paid_on: Set(invoice.state.paid_on().map(Date::day_number)),
        total_minor: Set(invoice.totals().map_err(money)?.total.minor),
        open_minor: Set(invoice.open().minor),
        facts: Set(columns::json(&invoice.state)?),
        parties: Set(columns::json(&(invoice.issuer.clone(), invoice.recipient.clone()))?),
        language: Set(invoice.language.clone()),
        version: Set(invoice.version),
    })
}

fn summary(row: Model) -> Result<Summary, StoreError> {
    let currency = columns::currency(&row.currency)?;
    Ok(Summary {
        id: row.id.into(),
        customer_id: row.customer_id.into(),
        status: row.status,
        number: row.number,
        created_at: from_micros(row.created_at_us),
        issued_at: row.issued_at_us.map(from_micros),
        issued_on: row.issued_on.map(Date::of_day_number),
        due: row.due_on.map(Date::of_day_number),
        total: Money::new(row.total_minor, currency),
        open: Money::new(row.open_minor, currency),
    })
}
