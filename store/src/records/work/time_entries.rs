//! What technicians spent their time on, from the timestamps of their finished visits.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{self, kept::entity},
    },
};
use domain::{
    clock::from_micros,
    id::{TechnicianId, TimeEntryId, VisitId},
    work::visit::{Span, Visit},
};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    "time_entries" by { id: Uuid } {
        visit_id: Uuid,
        work_order_id: Uuid,
        technician_id: Uuid,
        kind: String,
        from_us: i64,
        to_us: i64,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    pub id: TimeEntryId,
    pub visit_id: VisitId,
    pub technician_id: TechnicianId,
    pub span: Span,
}

pub async fn insert(tx: &Db, visit: &Visit, span: &Span) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(TimeEntryId::generate().into()),
        visit_id: Set(visit.id.into()),
        work_order_id: Set(visit.work_order_id.into()),
        technician_id: Set(visit.technician_id.into()),
        kind: Set(span.kind.as_str().into()),
        from_us: Set(span.from.timestamp_micros()),
        to_us: Set(span.to.timestamp_micros()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// In order of time.
pub async fn of_visit(db: &Db, visit: VisitId) -> Result<Vec<TimeEntry>, StoreError> {
    let rows = Entity::find()
        .filter(Column::VisitId.eq(Uuid::from(visit)))
        .order_by_asc(Column::FromUs)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

fn from_row(row: Model) -> Result<TimeEntry, StoreError> {
    Ok(TimeEntry {
        id: row.id.into(),
        visit_id: row.visit_id.into(),
        technician_id: row.technician_id.into(),
        span: Span {
            kind: columns::from_word(&row.kind)?,
            from: from_micros(row.from_us),
            to: from_micros(row.to_us),
        },
    })
}
