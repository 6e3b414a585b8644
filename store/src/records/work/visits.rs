//! Visits: who goes where and when.

use crate::{
    StoreError,
    records::{
        Db, Unreadable, columns,
        lists::{readable, scope},
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    id::{AssetId, TechnicianId, VisitId, WorkOrderId},
    people::account::Scope,
    work::visit::{LONGEST, Visit, VisitState},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub work_order_id: Uuid,
    pub technician_id: Uuid,
    pub planned_start_us: i64,
    pub planned_end_us: i64,
    pub status: String,
    pub is_at_work: bool,
    pub travel_started_at_us: Option<i64>,
    pub arrived_at_us: Option<i64>,
    pub finished_at_us: Option<i64>,
    pub outcome: Option<String>,
    pub entered_late: bool,
    /// The state with its facts, as JSON; the columns before repeat what is filtered by.
    pub facts: String,
    pub version: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub async fn insert(tx: &Db, visit: &Visit) -> Result<(), StoreError> {
    Entity::insert(to_row(visit)?).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves, if nobody changed it meanwhile; answers it with its new version.
pub async fn update(tx: &Db, visit: &Visit) -> Result<Visit, StoreError> {
    let saved = Visit { version: visit.version.saturating_add(1), ..visit.clone() };
    let result = Entity::update_many()
        .set(to_row(&saved)?)
        .filter(Column::Id.eq(Uuid::from(visit.id)))
        .filter(Column::Version.eq(visit.version))
        .exec(tx)
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict("visit changed meanwhile".into()));
    }
    Ok(saved)
}

pub async fn get(db: &Db, id: VisitId) -> Result<Option<Visit>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

/// The visit, if `scope` covers it: a technician sees their own, not those of colleagues at the same job.
pub async fn find(db: &Db, scope: Scope, id: VisitId) -> Result<Option<Visit>, StoreError> {
    let seen = scope::rows(
        scope,
        |customer| Column::WorkOrderId.in_subquery(super::work_orders::of_customer(customer)),
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

/// Ids of the work orders that a technician has visits of.
pub(in crate::records) fn work_orders_of(technician: TechnicianId) -> SelectStatement {
    Query::select()
        .column(Column::WorkOrderId)
        .from(Entity)
        .and_where(Column::TechnicianId.eq(Uuid::from(technician)))
        .to_owned()
}

pub(in crate::records) fn to_row(visit: &Visit) -> Result<ActiveModel, StoreError> {
    let finished_at = match &visit.state {
        VisitState::Done { at, .. } => Some(*at),
        _ => None,
    };
    Ok(ActiveModel {
        id: Set(visit.id.into()),
        work_order_id: Set(visit.work_order_id.into()),
        technician_id: Set(visit.technician_id.into()),
        planned_start_us: Set(visit.planned_start.timestamp_micros()),
        planned_end_us: Set(visit.planned_end.timestamp_micros()),
        status: Set(visit.state.as_str().into()),
        is_at_work: Set(visit.state.is_at_work()),
        travel_started_at_us: Set(columns::us(visit.state.travel_started_at())),
        arrived_at_us: Set(columns::us(visit.state.trip().map(|trip| trip.arrived_at))),
        finished_at_us: Set(columns::us(finished_at)),
        outcome: Set(visit.state.outcome().map(|outcome| outcome.as_str().into())),
        entered_late: Set(visit.entered_late),
        facts: Set(columns::json(&visit.state)?),
        version: Set(visit.version),
    })
}

fn from_row(row: Model) -> Result<Visit, StoreError> {
    Ok(Visit {
        id: row.id.into(),
        work_order_id: row.work_order_id.into(),
        technician_id: row.technician_id.into(),
        planned_start: from_micros(row.planned_start_us),
        planned_end: from_micros(row.planned_end_us),
        entered_late: row.entered_late,
        state: columns::from_json(&row.facts)?,
        version: row.version,
    })
}
