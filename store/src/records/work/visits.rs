//! Visits: who goes where and when.

use crate::{
    StoreError,
    records::{
        Db, Unreadable,
        columns::{
            self,
            kept::{table, usual},
        },
        lists::{readable, scope},
    },
};
use domain::{
    Timestamp,
    id::{AssetId, TechnicianId, VisitId, WorkOrderId},
    people::account::Scope,
    work::visit::{LONGEST, Visit, VisitState},
};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Visit in "visits" {
        id: VisitId,
        work_order_id: WorkOrderId,
        technician_id: TechnicianId,
        planned_start_us as planned_start: Timestamp,
        planned_end_us as planned_end: Timestamp,
        entered_late: bool,
        facts as state: VisitState,
        version: i64,
    }
    columns |visit| first {
        let finished_at = match &visit.state {
            VisitState::Done { at, .. } => Some(*at),
            _ => None,
        };
    } {
        status: String = visit.state.as_str().into(),
        is_at_work: bool = visit.state.is_at_work(),
        travel_started_at_us: Option<i64> = columns::us(visit.state.travel_started_at()),
        arrived_at_us: Option<i64> = columns::us(visit.state.trip().map(|trip| trip.arrived_at)),
        finished_at_us: Option<i64> = columns::us(finished_at),
        outcome: Option<String> = visit.state.outcome().map(|outcome| outcome.as_str().into()),
    }
}
usual! { Visit by VisitId: insert, get, update }

/// The visit, if `scope` covers it: a technician sees their own, not those of colleagues at the same job.
pub async fn find(db: &Db, scope: Scope, id: VisitId) -> Result<Option<Visit>, StoreError> {
    let seen = scope::rows(
        scope,
        |customer| Column::WorkOrderId.in_subquery(scope::work_orders_of(customer)),
        |technician| Column::TechnicianId.eq(Uuid::from(technician)),
    );
    Entity::find_by_id(Uuid::from(id)).filter(seen).one(db).await?.map(from_row).transpose()
}

/// In the order they are planned.
pub async fn of_work_order(db: &Db, work_order: WorkOrderId) -> Result<Vec<Visit>, StoreError> {
    let rows = Entity::find()
        .filter(Column::WorkOrderId.eq(Uuid::from(work_order)))
        .order_by_asc(Column::PlannedStartUs)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Every visit that is over, oldest first.
pub async fn done(db: &Db) -> Result<Vec<Visit>, StoreError> {
    let query = Entity::find().filter(Column::Status.eq("done")).order_by_asc(Column::PlannedStartUs);
    let rows = query.order_by_asc(Column::Id).all(db).await?;
    Ok(readable::each("visit", rows, |row| (row.id, ""), from_row).0)
}

/// What a technician has to do: planned within the period, and whatever is under way or was planned before and is
/// not over. Without declined and canceled ones, in the order they are planned; and what of it cannot be read.
pub async fn agenda(
    db: &Db,
    technician: TechnicianId,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<Visit>, Vec<Unreadable>), StoreError> {
    let (from, to) = (from.timestamp_micros(), to.timestamp_micros());
    let pending = Column::Status.is_in(["dispatched", "accepted"]).and(Column::PlannedStartUs.lt(to));
    let planned = Column::PlannedStartUs.gte(from).and(Column::PlannedStartUs.lt(to));
    let rows = Entity::find()
        .filter(Column::TechnicianId.eq(Uuid::from(technician)))
        .filter(Column::Status.is_not_in(["proposed", "declined", "canceled"]))
        .filter(planned.or(Column::IsAtWork.eq(true)).or(pending))
        .order_by_asc(Column::PlannedStartUs)
        .order_by_asc(Column::Id)
        .limit(200)
        .all(db)
        .await?;
    Ok(readable::each("visit", rows, |row| (row.id, ""), from_row))
}

/// The visits to `work_orders` that are booked or under way, in the order they are planned, and those among them that
/// cannot be read.
pub async fn pending_of(
    db: &Db,
    work_orders: impl IntoIterator<Item = WorkOrderId>,
) -> Result<(Vec<Visit>, Vec<Unreadable>), StoreError> {
    let rows = Entity::find()
        .filter(Column::WorkOrderId.is_in(work_orders.into_iter().map(Uuid::from)))
        .filter(Column::Status.is_not_in(["proposed", "declined", "canceled", "done"]))
        .order_by_asc(Column::PlannedStartUs)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    let (mut visits, unreadable) = readable::each("visit", rows, |row| (row.id, ""), from_row);
    visits.retain(|visit| visit.state.is_booked() || visit.state.is_at_work());
    Ok((visits, unreadable))
}

/// Everybody's visits that are planned within the period, without declined and canceled ones; and what of it cannot be
/// read.
pub async fn planned_between(
    db: &Db,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<Visit>, Vec<Unreadable>), StoreError> {
    let rows = Entity::find()
        .filter(Column::PlannedStartUs.gte(from.timestamp_micros()))
        .filter(Column::PlannedStartUs.lt(to.timestamp_micros()))
        .filter(Column::Status.is_not_in(["declined", "canceled"]))
        .order_by_asc(Column::PlannedStartUs)
        .order_by_asc(Column::Id)
        .limit(2000)
        .all(db)
        .await?;
    Ok(readable::each("visit", rows, |row| (row.id, ""), from_row))
}

/// Visits of a technician, other than `except`, that fill any of the time from `start` to `end`.
pub async fn overlapping(
    db: &Db,
    technician: TechnicianId,
    (start, end): (Timestamp, Timestamp),
    except: Option<VisitId>,
) -> Result<Vec<Visit>, StoreError> {
    let mut query = Entity::find()
        .filter(Column::TechnicianId.eq(Uuid::from(technician)))
        // A visit lasts a day at most, so the index finds those that may still run.
        .filter(Column::PlannedStartUs.gt((start - LONGEST).timestamp_micros()))
        .filter(Column::PlannedStartUs.lt(end.timestamp_micros()))
        .filter(Column::PlannedEndUs.gt(start.timestamp_micros()))
        .filter(Column::Status.is_not_in(["declined", "canceled"]));
    if let Some(id) = except {
        query = query.filter(Column::Id.ne(Uuid::from(id)));
    }
    let rows = query.order_by_asc(Column::PlannedStartUs).order_by_asc(Column::Id).limit(20).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

/// How often each technician has finished a visit at each of `assets`.
pub async fn counts_at_assets(
    db: &Db,
    assets: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<(AssetId, TechnicianId), usize>, StoreError> {
    use super::work_orders;
    let mut query = Query::select();
    query
        .expr(Expr::col((work_orders::Entity, work_orders::Column::AssetId)))
        .expr(Expr::col((Entity, Column::TechnicianId)))
        .expr(Expr::col((Entity, Column::Id)).count())
        .from(work_orders::Entity)
        .inner_join(
            Entity,
            Expr::col((Entity, Column::WorkOrderId)).equals((work_orders::Entity, work_orders::Column::Id)),
        )
        .and_where(work_orders::Column::AssetId.is_in(assets.into_iter().map(Uuid::from)))
        .and_where(Expr::col((Entity, Column::Status)).eq("done"))
        .group_by_col((work_orders::Entity, work_orders::Column::AssetId))
        .group_by_col((Entity, Column::TechnicianId));
    let mut counts = HashMap::new();
    for row in db.query_all(&query).await? {
        let (asset, technician): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let n: i64 = row.try_get_by_index(2)?;
        counts.insert((asset.into(), technician.into()), usize::try_from(n).unwrap_or(0));
    }
    Ok(counts)
}
