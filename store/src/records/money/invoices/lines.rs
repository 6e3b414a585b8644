//! The frozen lines of invoices: what of a job, or which period of a contract, stands on which paper.

use super::{Column, Entity};
use crate::{
    StoreError,
    records::{
        Db,
        columns::{self, kept::entity},
    },
};
use domain::{
    Money, Timestamp,
    clock::from_micros,
    id::{ContractId, InvoiceId, InvoiceLineId, LineId, WorkOrderId},
    money::{
        contract::billing::Period,
        invoice::{Invoice, InvoiceLine, Source},
    },
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    pub(in crate::records) mod line:
    "invoice_lines" by { id: Uuid } {
        invoice_id: Uuid,
        position: i32,
        /// Of a job's line.
        line_id: Option<Uuid>,
        work_order_id: Option<Uuid>,
        /// Of a contract's period, with its first day.
        contract_id: Option<Uuid>,
        period_from: Option<i32>,
        /// False once the draft is canceled, or the line credited and given back: then it may stand on another.
        live: bool,
        /// The frozen line as JSON.
        facts: String,
    }
}

pub(super) async fn insert(tx: &Db, invoice: &Invoice) -> Result<(), StoreError> {
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

/// Lets credited lines go: what they billed may be corrected and stand on another invoice.
pub async fn release(tx: &Db, lines: &[InvoiceLineId]) -> Result<(), StoreError> {
    for chunk in lines.chunks(500) {
        let_go(tx, line::Column::Id.is_in(chunk.iter().copied().map(Uuid::from))).await?;
    }
    Ok(())
}

pub(super) async fn let_go(tx: &Db, lines: sea_orm::sea_query::SimpleExpr) -> Result<(), StoreError> {
    let update = line::Entity::update_many().col_expr(line::Column::Live, Expr::value(false));
    update.filter(lines).exec(tx).await?;
    Ok(())
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
