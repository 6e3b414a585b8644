//! Row scope as conditions of a query. Every repository that keeps rows of customers says once, in its `seen`, how its
//! rows are bound to a customer and to a technician's work; lists, counts and `find` all go through it.

use crate::records::fleet::{assets, devices};
use domain::{
    id::{CustomerId, TechnicianId},
    people::account::Scope,
};
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, SimpleExpr},
};

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
        |customer| column.in_subquery(assets::of_customer(customer)),
        |technician| column.in_subquery(assets::of_technician(technician)),
    )
}

/// Rows whose `column` names a device. One without equipment is seen by those who see everything.
pub(in crate::records) fn by_device(scope: Scope, column: impl ColumnTrait) -> Condition {
    rows(
        scope,
        |customer| column.in_subquery(devices::of_assets_in(assets::of_customer(customer))),
        |technician| column.in_subquery(devices::of_assets_in(assets::of_technician(technician))),
    )
}

/// What is between the house and its customer alone, such as a contract, is no technician's.
pub(in crate::records) fn no_technicians(_: TechnicianId) -> SimpleExpr {
    Expr::val(false)
}
