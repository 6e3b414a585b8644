//! What open tickets are promised: by when somebody must answer, or the equipment must work again. The promises are
//! those of the indicators ([`kpi_facts`]), where one that nobody has kept yet counts on the moment its time runs out.

use super::{Column, Entity, from_row, seen};
use crate::{
    StoreError,
    records::{Db, columns, insight::kpi_facts, lists::readable},
};
use domain::{
    Timestamp,
    insight::kpi::PROMISES,
    people::account::Scope,
    work::{Priority, ticket::Ticket},
};
use sea_orm::{QueryOrder, QuerySelect, Select, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

/// An open ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised {
    pub ticket: Ticket,
    /// When the first of its promises that are not kept yet runs out; it may have.
    pub due: Option<Timestamp>,
}

/// The open tickets that somebody sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Those whose promise runs out first; where none is nearer, the higher priority and then the dearer standstill.
    pub first: Vec<Promised>,
    pub count: u64,
    /// Of these, those with a promise that runs out before the moment asked for.
    pub at_risk: u64,
}

pub async fn open(db: &Db, scope: Scope, limit: u64, at_risk_before: Timestamp) -> Result<Open, StoreError> {
    let mut ranked = of_open(scope)
        .select_only()
        .column(Column::Id)
        .column_as(due(), "due")
        .group_by(Column::Id)
        .order_by(due().is_null(), Order::Asc)
        .order_by(due(), Order::Asc)
        .order_by(rank(), Order::Desc)
        .order_by_with_nulls(standstill_cost(), Order::Desc, NullOrdering::Last)
        .order_by(Column::Id, Order::Asc)
        .limit(limit);
    // Of all of them, also where few are shown.
    let at_risk: Expr = Expr::case(due().lt(at_risk_before.timestamp_micros()), 1).into();
    let at_risk = at_risk.count();
    let counted = QuerySelect::query(&mut ranked);
    counted.expr_window_as(Expr::val(1).count(), WindowStatement::new(), "open");
    counted.expr_window_as(at_risk, WindowStatement::new(), "at_risk");
    let ranked: Vec<(Uuid, Option<i64>, i64, Option<i64>)> = ranked.into_tuple().all(db).await?;
    let (count, at_risk) = ranked.first().map_or((0, None), |(_, _, open, at_risk)| (*open, *at_risk));
    Ok(Open {
        first: promised(db, ranked.into_iter().map(|(id, due, ..)| (id, due)).collect()).await?,
        count: count.unsigned_abs(),
        at_risk: at_risk.unwrap_or_default().unsigned_abs(),
    })
}

/// The tickets, in the same order.
async fn promised(db: &Db, ranked: Vec<(Uuid, Option<i64>)>) -> Result<Vec<Promised>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ranked.iter().map(|(id, _)| *id))).all(db).await?;
    let (tickets, _set_aside) = readable::each("ticket", rows, |row| (row.id, &row.number), from_row);
    let mut tickets: HashMap<Uuid, Ticket> = tickets.into_iter().map(|t| (t.id.into(), t)).collect();
    let found = ranked
        .into_iter()
        .filter_map(|(id, due)| tickets.remove(&id).map(|ticket| Promised { ticket, due: columns::at(due) }));
    Ok(found.collect())
}

const PROMISE: &str = "promise";

fn promise(column: &'static str) -> Expr {
    Expr::col((PROMISE, column))
}

/// Open tickets, each beside its promises that are not kept yet.
fn of_open(scope: Scope) -> Select<Entity> {
    let not_kept = [Column::FirstResponseAtUs, Column::RestoredAtUs];
    let mut waits = Condition::any();
    for (code, kept_at) in PROMISES.into_iter().zip(not_kept) {
        let kept_at = Expr::col((Entity, kept_at));
        waits = waits.add(Condition::all().add(promise("code").eq(code)).add(kept_at.is_null()));
    }
    let own = promise("subject_id").equals((Entity, Column::Id));
    let mut query = Entity::find().filter(seen(scope)).filter(Column::IsOpen.eq(true));
    let joined = QuerySelect::query(&mut query);
    joined.join_as(JoinType::LeftJoin, kpi_facts::Entity, PROMISE, Condition::all().add(own).add(waits));
    query
}

fn due() -> Expr {
    promise("at_us").min()
}

fn rank() -> Expr {
    let mut rank = CaseStatement::new();
    for (index, priority) in (0_i64..).zip(Priority::ALL.into_iter().rev()) {
        let this = Expr::col((Entity, Column::Priority)).eq(priority.as_str());
        rank = rank.case(this, index);
    }
    rank.finally(-1_i64).into()
}

fn standstill_cost() -> Expr {
    let mut cost = Query::select();
    cost.column(("assets", "downtime_cost_minor")).from("assets");
    cost.and_where(Expr::col(("assets", "id")).equals((Entity, Column::AssetId)));
    SimpleExpr::SubQuery(None, Box::new(cost.into()))
}

#[cfg(test)]
#[path = "promised_tests.rs"]
mod tests;
