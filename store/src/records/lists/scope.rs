//! Row scope as conditions of a query. Every repository that keeps rows of customers says once, in its `seen`, how its
//! rows are bound to a customer and to a technician's work; lists, counts and `find` all go through it.

use crate::records::{
    fleet::{assets, devices},
    work::{visits, work_orders},
};
use domain::{
    id::{CustomerId, ModelId, TechnicianId},
    people::account::Scope,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait,
    sea_query::{Expr, Query, SelectStatement, SimpleExpr},
};
use uuid::Uuid;

/// The rows that `scope` covers, given how a row is bound to a customer and to a technician.
pub(in crate::records) fn rows(
    scope: Scope,
    of_customer: impl FnOnce(CustomerId) -> SimpleExpr,
    of_technician: impl FnOnce(TechnicianId) -> SimpleExpr,
) -> Condition {
    let mut seen = Condition::all();
    if let Some(customer) = scope.customer() {
        seen = seen.add(of_customer(customer));
    }
    if let Some(technician) = scope.technician() {
        seen = seen.add(of_technician(technician));
    }
    seen
}

/// Rows whose `column` names an asset.
pub(in crate::records) fn by_asset(scope: Scope, column: impl ColumnTrait) -> Condition {
    rows(
        scope,
        |customer| column.in_subquery(assets_of(customer)),
        |technician| column.in_subquery(assets_worked_on_by(technician)),
    )
}

/// Rows whose `column` names a device. One without equipment is seen by those who see everything.
pub(in crate::records) fn by_device(scope: Scope, column: impl ColumnTrait) -> Condition {
    rows(
        scope,
        |customer| column.in_subquery(devices::of_assets_in(assets_of(customer))),
        |technician| column.in_subquery(devices::of_assets_in(assets_worked_on_by(technician))),
    )
}

/// What is between the house and its customer alone, such as a contract, is no technician's.
pub(in crate::records) fn no_technicians(_: TechnicianId) -> SimpleExpr {
    Expr::val(false)
}

/// Ids of a customer's assets.
pub(in crate::records) fn assets_of(id: CustomerId) -> SelectStatement {
    named(assets::Entity, assets::Column::Id, assets::Column::CustomerId.eq(Uuid::from(id)))
}

/// Ids of a model's assets.
pub(in crate::records) fn assets_of_model(id: ModelId) -> SelectStatement {
    named(assets::Entity, assets::Column::Id, assets::Column::ModelId.eq(Uuid::from(id)))
}

/// Ids of the assets of a technician's work orders.
pub(in crate::records) fn assets_worked_on_by(id: TechnicianId) -> SelectStatement {
    named_by_work_of(id, work_orders::Column::AssetId)
}

/// Ids of a customer's work orders.
pub(in crate::records) fn work_orders_of(id: CustomerId) -> SelectStatement {
    named(work_orders::Entity, work_orders::Column::Id, work_orders::Column::CustomerId.eq(Uuid::from(id)))
}

/// Ids of the work orders that a technician has visits of.
pub(in crate::records) fn work_orders_visited_by(id: TechnicianId) -> SelectStatement {
    named(visits::Entity, visits::Column::WorkOrderId, visits::Column::TechnicianId.eq(Uuid::from(id)))
}

/// What the work orders of a technician's visits name in `column`: their assets, sites or customers.
pub(in crate::records) fn named_by_work_of(id: TechnicianId, column: work_orders::Column) -> SelectStatement {
    let visited = work_orders::Column::Id.in_subquery(work_orders_visited_by(id));
    named(work_orders::Entity, column, visited)
}

fn named(table: impl EntityTrait, column: impl ColumnTrait, of: SimpleExpr) -> SelectStatement {
    Query::select().column(column).from(table).and_where(of).to_owned()
}
