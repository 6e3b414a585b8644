//! What jobs used, line by line, each with who bears it and why.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{
            self,
            kept::{table, usual},
        },
    },
};
use domain::{
    Timestamp,
    id::{LineId, PartId, StockLocationId, TechnicianId, VisitId, WorkOrderId},
    money::coverage::{CoverageDecision, Payer},
    work::line::Line,
    work::line_kind::LineKind,
};
use sea_orm::{QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    Line in "lines" {
        id: LineId,
        work_order_id: WorkOrderId,
        visit_id: Option<VisitId>,
        technician_id: Option<TechnicianId>,
        kind: LineKind,
        description: String,
        part_id: Option<PartId>,
        stock_location_id: Option<StockLocationId>,
        serial_number: Option<String>,
        time_us: Option<i64>,
        at_us as at: Timestamp,
        invoiced: bool,
    }
    columns |line| first {
        columns::one_currency(line.unit_price, line.unit_cost)?;
        let (payer, payer_id) = match line.coverage.payer {
            Payer::Customer => ("customer", None),
            Payer::Warranty(id) => ("warranty", Some(Uuid::from(id))),
            Payer::Contract(id) => ("contract", Some(Uuid::from(id))),
            Payer::Goodwill => ("goodwill", None),
        };
    } {
        /// Thousandths.
        quantity_milli: i64 = columns::milli(line.quantity)?,
        unit_price_minor: i64 = line.unit_price.minor,
        unit_cost_minor: i64 = line.unit_cost.minor,
        currency: String = line.unit_price.currency.to_string(),
        payer: String = payer.into(),
        /// The warranty or contract that pays.
        payer_id: Option<Uuid> = payer_id,
        /// Decimal fraction as text.
        covered_share: String = line.coverage.covered_share.to_string(),
        coverage_reason: String = columns::word(&line.coverage.reason)?,
    }
    fields |row| first {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of line {}", row.id));
        let payer = match (row.payer.as_str(), row.payer_id) {
            ("customer", None) => Payer::Customer,
            ("warranty", Some(id)) => Payer::Warranty(id.into()),
            ("contract", Some(id)) => Payer::Contract(id.into()),
            ("goodwill", None) => Payer::Goodwill,
            _ => return Err(corrupt("payer")),
        };
    } {
        quantity: columns::from_milli(row.quantity_milli),
        unit_price: columns::money(row.unit_price_minor, &row.currency)?,
        unit_cost: columns::money(row.unit_cost_minor, &row.currency)?,
        coverage: CoverageDecision {
            payer,
            covered_share: row.covered_share.parse().map_err(|_| corrupt("covered share"))?,
            reason: columns::from_word(&row.coverage_reason)?,
        },
    }
}
usual! { Line by LineId: insert, get }

/// Saves a line that is not on an invoice yet; a conflict means that it is, or is gone.
pub async fn update(tx: &Db, line: &Line) -> Result<(), StoreError> {
    let result = Entity::update_many()
        .set(to_row(line)?)
        .filter(Column::Id.eq(Uuid::from(line.id)))
        .filter(Column::Invoiced.eq(false))
        .exec(tx)
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict("line is invoiced or gone".into()));
    }
    Ok(())
}

/// Takes a line off that is not on an invoice yet; a conflict means that it is, or is gone.
pub async fn delete(tx: &Db, id: LineId) -> Result<(), StoreError> {
    let result = Entity::delete_many()
        .filter(Column::Id.eq(Uuid::from(id)))
        .filter(Column::Invoiced.eq(false))
        .exec(tx)
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict("line is invoiced or gone".into()));
    }
    Ok(())
}

/// Ids of the lines of the work orders that `ids` selects, for filters of tables that name a line.
pub(in crate::records) fn of_work_orders_in(ids: SelectStatement) -> SelectStatement {
    let mut query = Query::select();
    query.column(Column::Id).from(Entity).and_where(Column::WorkOrderId.in_subquery(ids));
    query
}

/// In the order they were recorded.
pub async fn of_work_order(db: &Db, work_order: WorkOrderId) -> Result<Vec<Line>, StoreError> {
    let rows = Entity::find()
        .filter(Column::WorkOrderId.eq(Uuid::from(work_order)))
        .order_by_asc(Column::AtUs)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Every line of `work_orders`, each work order's in the order they were recorded.
pub async fn of_work_orders(db: &Db, work_orders: &[WorkOrderId]) -> Result<Vec<Line>, StoreError> {
    let rows = Entity::find()
        .filter(Column::WorkOrderId.is_in(work_orders.iter().copied().map(Uuid::from)))
        .order_by_asc(Column::WorkOrderId)
        .order_by_asc(Column::AtUs)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Puts `lines` on an invoice, or takes them back from one. A conflict means that not all of them were as expected.
pub async fn set_invoiced(tx: &Db, lines: &[LineId], invoiced: bool) -> Result<(), StoreError> {
    let mut changed = 0;
    for chunk in lines.chunks(500) {
        let result = Entity::update_many()
            .col_expr(Column::Invoiced, Expr::value(invoiced))
            .filter(Column::Id.is_in(chunk.iter().copied().map(Uuid::from)))
            .filter(Column::Invoiced.eq(!invoiced))
            .exec(tx)
            .await?;
        changed += result.rows_affected;
    }
    if changed == lines.len() as u64 { Ok(()) } else { Err(StoreError::Conflict("lines.invoiced".into())) }
}
