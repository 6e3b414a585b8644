//! What jobs used, line by line, each with who bears it and why.

use crate::{
    StoreError,
    records::{Db, columns},
};
use domain::{
    clock::from_micros,
    id::{LineId, WorkOrderId},
    money::coverage::{CoverageDecision, Payer},
    work::line::Line,
};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub work_order_id: Uuid,
    pub visit_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    pub kind: String,
    pub description: String,
    pub part_id: Option<Uuid>,
    pub stock_location_id: Option<Uuid>,
    pub serial_number: Option<String>,
    /// Thousandths.
    pub quantity_milli: i64,
    /// Exact time of labour and travel.
    pub time_us: Option<i64>,
    pub unit_price_minor: i64,
    pub unit_cost_minor: i64,
    pub currency: String,
    pub at_us: i64,
    pub payer: String,
    /// The warranty or contract that pays.
    pub payer_id: Option<Uuid>,
    /// Decimal fraction as text.
    pub covered_share: String,
    pub coverage_reason: String,
    pub invoiced: bool,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub async fn insert(tx: &Db, line: &Line) -> Result<(), StoreError> {
    Entity::insert(to_row(line)?).exec_without_returning(tx).await?;
    Ok(())
}

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

pub async fn get(db: &Db, id: LineId) -> Result<Option<Line>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
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

pub(in crate::records) fn to_row(line: &Line) -> Result<ActiveModel, StoreError> {
    if line.unit_price.currency != line.unit_cost.currency {
        return Err(StoreError::Corrupt(format!("price and cost of line {} differ in currency", line.id)));
    }
    let (payer, payer_id) = match line.coverage.payer {
        Payer::Customer => ("customer", None),
        Payer::Warranty(id) => ("warranty", Some(Uuid::from(id))),
        Payer::Contract(id) => ("contract", Some(Uuid::from(id))),
        Payer::Goodwill => ("goodwill", None),
    };
    Ok(ActiveModel {
        id: Set(line.id.into()),
        work_order_id: Set(line.work_order_id.into()),
        visit_id: Set(line.visit_id.map(Into::into)),
        technician_id: Set(line.technician_id.map(Into::into)),
        kind: Set(columns::word(&line.kind)?),
        description: Set(line.description.clone()),
        part_id: Set(line.part_id.map(Into::into)),
        stock_location_id: Set(line.stock_location_id.map(Into::into)),
        serial_number: Set(line.serial_number.clone()),
        quantity_milli: Set(columns::milli(line.quantity)?),
        time_us: Set(line.time_us),
        unit_price_minor: Set(line.unit_price.minor),
        unit_cost_minor: Set(line.unit_cost.minor),
        currency: Set(line.unit_price.currency.to_string()),
        at_us: Set(line.at.timestamp_micros()),
        payer: Set(payer.into()),
        payer_id: Set(payer_id),
        covered_share: Set(line.coverage.covered_share.to_string()),
        coverage_reason: Set(columns::word(&line.coverage.reason)?),
        invoiced: Set(line.invoiced),
    })
}

/// Also for queries of others that select whole rows.
pub(in crate::records) fn from_row(row: Model) -> Result<Line, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of line {}", row.id));
    let payer = match (row.payer.as_str(), row.payer_id) {
        ("customer", None) => Payer::Customer,
        ("warranty", Some(id)) => Payer::Warranty(id.into()),
        ("contract", Some(id)) => Payer::Contract(id.into()),
        ("goodwill", None) => Payer::Goodwill,
        _ => return Err(corrupt("payer")),
    };
    let coverage = CoverageDecision {
        payer,
        covered_share: row.covered_share.parse().map_err(|_| corrupt("covered share"))?,
        reason: columns::from_word(&row.coverage_reason)?,
    };
    Ok(Line {
        id: row.id.into(),
        work_order_id: row.work_order_id.into(),
        visit_id: row.visit_id.map(Into::into),
        technician_id: row.technician_id.map(Into::into),
        kind: columns::from_word(&row.kind)?,
        description: row.description,
        part_id: row.part_id.map(Into::into),
        stock_location_id: row.stock_location_id.map(Into::into),
        serial_number: row.serial_number,
        quantity: columns::from_milli(row.quantity_milli),
        time_us: row.time_us,
        unit_price: columns::money(row.unit_price_minor, &row.currency)?,
        unit_cost: columns::money(row.unit_cost_minor, &row.currency)?,
        at: from_micros(row.at_us),
        coverage,
        invoiced: row.invoiced,
    })
}
