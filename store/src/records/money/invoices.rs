//! Invoices with their frozen lines, and the counters of their gapless numbers.

#[cfg(test)]
mod tests;

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{self, kept::was_saved},
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
    id::{ContractId, CustomerId, InvoiceId, InvoiceLineId, LineId, WorkOrderId},
    money::{
        contract::billing::Period,
        invoice::{Invoice, InvoiceLine, InvoiceNumber, Series, Source},
    },
    people::account::Scope,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect, Select, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub customer_id: Uuid,
    pub currency: String,
    pub created_at_us: i64,
    pub status: String,
    pub number: Option<String>,
    pub issued_at_us: Option<i64>,
    /// Dates of the organisation as day numbers.
    pub issued_on: Option<i32>,
    pub due_on: Option<i32>,
    pub paid_on: Option<i32>,
    pub total_minor: i64,
    pub open_minor: i64,
    /// The state with its facts, as JSON; the columns before repeat what is filtered and summed by.
    pub facts: String,
    /// JSON of both parties.
    pub parties: String,
    pub language: String,
    pub version: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub(in crate::records) mod line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invoice_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub invoice_id: Uuid,
        pub position: i32,
        /// Of a job's line.
        pub line_id: Option<Uuid>,
        pub work_order_id: Option<Uuid>,
        /// Of a contract's period, with its first day.
        pub contract_id: Option<Uuid>,
        pub period_from: Option<i32>,
        /// False once the draft is canceled, or the line credited and given back: then it may stand on another.
        pub live: bool,
        /// The frozen line as JSON.
        pub facts: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod counter {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invoice_numbers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub series: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: i32,
        pub last: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
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
    let lines = invoice.lines.iter().zip(0..).map(|(item, position)| {
        let (contract_id, period_from) = match &item.source {
            Source::Contract { contract_id, from, .. } => {
                (Some((*contract_id).into()), Some(from.day_number()))
            }
            Source::Work { .. } => (None, None),
        };
        Ok(line::ActiveModel {
            id: Set(item.id.into()),
            invoice_id: Set(invoice.id.into()),
            position: Set(position),
            line_id: Set(item.line_id().map(Into::into)),
            work_order_id: Set(item.work_order_id().map(Into::into)),
            contract_id: Set(contract_id),
            period_from: Set(period_from),
            live: Set(true),
            facts: Set(columns::json(item)?),
        })
    });
    let lines = lines.collect::<Result<Vec<_>, StoreError>>()?;
    for chunk in lines.chunks(100) {
        line::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
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
        let_go(tx, line::Column::InvoiceId.eq(Uuid::from(next.id))).await?;
    }
    Ok(next)
}

/// Lets credited lines go: what they billed may be corrected and stand on another invoice.
pub async fn release(tx: &Db, lines: &[InvoiceLineId]) -> Result<(), StoreError> {
    for chunk in lines.chunks(500) {
        let_go(tx, line::Column::Id.is_in(chunk.iter().copied().map(Uuid::from))).await?;
    }
    Ok(())
}

async fn let_go(tx: &Db, lines: sea_orm::sea_query::SimpleExpr) -> Result<(), StoreError> {
    let update = line::Entity::update_many().col_expr(line::Column::Live, Expr::value(false));
    update.filter(lines).exec(tx).await?;
    Ok(())
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

/// A line of a job that stands on a draft or an issued invoice and was not given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveLine {
    pub id: InvoiceLineId,
    pub invoice: InvoiceId,
    pub line: LineId,
    pub work_order: WorkOrderId,
    /// On a draft.
    pub draft: bool,
}

/// What of `work_orders` stands on which invoice or draft.
pub async fn live_lines(db: &Db, work_orders: &[WorkOrderId]) -> Result<Vec<LiveLine>, StoreError> {
    let mut query = Query::select();
    query
        .columns([
            ("l", "id"),
            ("l", "invoice_id"),
            ("l", "line_id"),
            ("l", "work_order_id"),
            ("i", "status"),
        ])
        .from_as("invoice_lines", "l")
        .join_as(JoinType::InnerJoin, "invoices", "i", Expr::col(("i", "id")).equals(("l", "invoice_id")))
        .and_where(Expr::col(("l", "live")).eq(true))
        .and_where(Expr::col(("l", "work_order_id")).is_in(work_orders.iter().copied().map(Uuid::from)))
        .order_by(("i", "created_at_us"), Order::Asc)
        .order_by(("l", "position"), Order::Asc);
    let rows = db.query_all(&query).await?;
    rows.into_iter()
        .map(|row| {
            let id = |name: &str| row.try_get::<Uuid>("", name);
            Ok(LiveLine {
                id: id("id")?.into(),
                invoice: id("invoice_id")?.into(),
                line: id("line_id")?.into(),
                work_order: id("work_order_id")?.into(),
                draft: row.try_get::<String>("", "status")? == "draft",
            })
        })
        .collect()
}

/// A line of a job on an issued invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuedLine {
    pub id: InvoiceLineId,
    pub invoice: InvoiceId,
    pub line: LineId,
    /// Before tax.
    pub net: Money,
    pub issued_at: Timestamp,
    /// False once it was given back to be invoiced again.
    pub live: bool,
}

/// Everything of a job that ever stood on an issued invoice, the oldest first.
pub async fn issued_lines(db: &Db, work_order: WorkOrderId) -> Result<Vec<IssuedLine>, StoreError> {
    let rows = line::Entity::find()
        .filter(line::Column::WorkOrderId.eq(Uuid::from(work_order)))
        .order_by_asc(line::Column::Id)
        .all(db)
        .await?;
    let papers = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::IssuedAtUs)
        .filter(Column::Id.is_in(rows.iter().map(|row| row.invoice_id)))
        .filter(Column::IssuedAtUs.is_not_null());
    let papers: Vec<(Uuid, i64)> =
        if rows.is_empty() { Vec::new() } else { papers.into_tuple().all(db).await? };
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let Some((_, issued)) = papers.iter().find(|(paper, _)| *paper == row.invoice_id) else { continue };
        let item = columns::from_json::<InvoiceLine>(&row.facts)?;
        let Some(line) = row.line_id else { continue };
        found.push(IssuedLine {
            id: row.id.into(),
            invoice: row.invoice_id.into(),
            line: line.into(),
            net: item.net,
            issued_at: from_micros(*issued),
            live: row.live,
        });
    }
    found.sort_by_key(|line| line.issued_at);
    Ok(found)
}

/// The first days of `contract`'s periods that stand on a draft or an invoice, with that invoice.
pub async fn invoiced_periods(db: &Db, contract: ContractId) -> Result<Vec<(Period, InvoiceId)>, StoreError> {
    let rows = line::Entity::find()
        .filter(line::Column::ContractId.eq(Uuid::from(contract)))
        .filter(line::Column::Live.eq(true))
        .order_by_asc(line::Column::PeriodFrom)
        .all(db)
        .await?;
    let mut periods = Vec::with_capacity(rows.len());
    for row in rows {
        let item = columns::from_json::<InvoiceLine>(&row.facts)?;
        if let Source::Contract { from, to, .. } = item.source {
            periods.push((Period { from, to, due: from, amount: item.net }, row.invoice_id.into()));
        }
    }
    Ok(periods)
}

/// Takes the next number of `series` in `year`. The counter and the paper that carries the number are saved by one
/// transaction, so no number is ever missing or used twice. Counting is one statement, so that whoever counts at the
/// same time waits for this transaction to end.
pub async fn next_number(tx: &Db, series: Series, year: i32) -> Result<InvoiceNumber, StoreError> {
    let first = counter::ActiveModel { series: Set(series.prefix().into()), year: Set(year), last: Set(1) };
    let count = OnConflict::columns([counter::Column::Series, counter::Column::Year])
        .value(counter::Column::Last, Expr::col((counter::Entity, counter::Column::Last)).add(1))
        .to_owned();
    counter::Entity::insert(first).on_conflict(count).exec_without_returning(tx).await?;
    let counted = counter::Entity::find_by_id((series.prefix().to_owned(), year)).one(tx).await?;
    let last = counted.map_or(1, |row| row.last);
    let number = last.try_into().map_err(|_| StoreError::Corrupt(format!("invoice number {last}")))?;
    Ok(InvoiceNumber { series, year, number })
}

/// From here on numbers of `series` in `year`, of which there were none, follow `last`.
pub(in crate::records) async fn set_number(
    tx: &Db,
    series: Series,
    year: i32,
    last: u32,
) -> Result<(), StoreError> {
    let row = counter::ActiveModel {
        series: Set(series.prefix().into()),
        year: Set(year),
        last: Set(i64::from(last)),
    };
    counter::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Live invoice lines of the job's line in the enclosing query's row.
pub(in crate::records) fn live_of_line() -> sea_orm::sea_query::SelectStatement {
    let mut query = Query::select();
    query
        .expr(Expr::val(1))
        .from("invoice_lines")
        .and_where(Expr::col(("invoice_lines", "line_id")).equals(("lines", "id")))
        .and_where(Expr::col(("invoice_lines", "live")).eq(true));
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
