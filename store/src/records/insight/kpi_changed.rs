//! Whose facts of the indicators are out of date: work orders, tickets and invoices of which something changed.
//!
//! Triggers mark them in the transaction of every change (`migrations/m0001_tables/marks.rs`), whoever makes it, so no command can forget to.
//! One loop makes the facts of the marked anew and takes the marks off in the same transaction. A rebuild marks
//! everything; what changes meanwhile goes before it.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::{Timestamp, clock::from_micros, insight::kpi::REPEAT_WINDOW};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    "kpi_changed" counted { seq: i64 } {
        kind: String,
        subject_id: Uuid,
        /// Marked by a rebuild, and not changed since.
        rebuild: bool,
        /// Why its facts could not be made; it is tried again after the next change.
        error: Option<String>,
    }
}

entity! {
    mod rebuild:
    "kpi_rebuild" by { id: i32 } {
        subjects: i64,
        /// None where an upgrade has begun it.
        begun_at_us: Option<i64>,
        ended_at_us: Option<i64>,
    }
}

const ONLY: i32 = 1;

/// What has facts, with its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    WorkOrder,
    Ticket,
    Invoice,
}
impl Kind {
    pub const ALL: [Self; 3] = [Self::WorkOrder, Self::Ticket, Self::Invoice];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkOrder => "work_order",
            Self::Ticket => "ticket",
            Self::Invoice => "invoice",
        }
    }
    pub(in crate::records) fn table(self) -> &'static str {
        match self {
            Self::WorkOrder => "work_orders",
            Self::Ticket => "tickets",
            Self::Invoice => "invoices",
        }
    }
}

/// One whose facts are out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub seq: i64,
    pub kind: Kind,
    pub subject: Uuid,
}

/// The next to be made anew: what changed before what is only rebuilt, each in its order.
pub async fn next(db: &Db, limit: u64) -> Result<Vec<Mark>, StoreError> {
    let query = Entity::find().filter(Column::Error.is_null());
    let rows = query.order_by_asc(Column::Rebuild).order_by_asc(Column::Seq).limit(limit).all(db).await?;
    rows.into_iter()
        .map(|row| {
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == row.kind);
            let kind = kind.ok_or_else(|| StoreError::Corrupt(format!("kind {} of a mark", row.kind)))?;
            Ok(Mark { seq: row.seq, kind, subject: row.subject_id })
        })
        .collect()
}

/// Whether anything changed whose facts have not followed, a rebuild aside.
pub async fn any(db: &Db) -> Result<bool, StoreError> {
    let query = Entity::find().filter(Column::Error.is_null()).filter(Column::Rebuild.eq(false));
    Ok(query.limit(1).one(db).await?.is_some())
}

/// Their facts are as they should be.
pub async fn done(tx: &Db, marks: &[Mark]) -> Result<(), StoreError> {
    let seqs = marks.iter().map(|mark| mark.seq);
    Entity::delete_many().filter(Column::Seq.is_in(seqs)).exec(tx).await?;
    Ok(())
}

/// Its facts cannot be made; the others go on.
pub async fn fail(tx: &Db, mark: Mark, error: &str) -> Result<(), StoreError> {
    let row = ActiveModel { seq: Set(mark.seq), error: Set(Some(error.into())), ..Default::default() };
    Entity::update(row).exec(tx).await?;
    Ok(())
}

/// Jobs of the asset that were completed at most so long before a report that it may be of the same fault.
pub(in crate::records) fn repeated_by(report: &str) -> String {
    let window = REPEAT_WINDOW.num_microseconds().unwrap_or(i64::MAX);
    format!(
        "SELECT w.id AS id FROM {report} JOIN work_orders w ON w.asset_id = t.asset_id \
         AND w.completed_at_us BETWEEN t.reported_at_us - {window} AND t.reported_at_us"
    )
}

/// Takes every mark off but those of jobs after which their asset was reported again.
pub(in crate::records) async fn only_repeated(tx: &Db) -> Result<(), StoreError> {
    Entity::delete_many().exec(tx).await?;
    tx.execute_unprepared(&format!(
        "INSERT INTO kpi_changed (kind, subject_id) SELECT DISTINCT 'work_order', id FROM ({}) AS found",
        repeated_by("tickets t")
    ))
    .await?;
    Ok(())
}

/// How far the last rebuild is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Subjects that it had to look at.
    pub subjects: u64,
    /// Of these, still to be looked at.
    pub left: u64,
    pub begun_at: Option<Timestamp>,
    /// None while it goes on.
    pub ended_at: Option<Timestamp>,
}

/// `None`: there never was one.
pub async fn progress(db: &Db) -> Result<Option<Progress>, StoreError> {
    let Some(row) = rebuild::Entity::find_by_id(ONLY).one(db).await? else { return Ok(None) };
    let waiting = Entity::find().filter(Column::Rebuild.eq(true)).filter(Column::Error.is_null());
    Ok(Some(Progress {
        subjects: row.subjects.unsigned_abs(),
        left: if row.ended_at_us.is_some() { 0 } else { waiting.count(db).await? },
        begun_at: row.begun_at_us.map(from_micros),
        ended_at: row.ended_at_us.map(from_micros),
    }))
}

/// Those whose facts could not be made, with the reason: how many, and the first.
pub async fn failed(db: &Db) -> Result<(u64, Option<String>), StoreError> {
    let query = Entity::find().filter(Column::Error.is_not_null());
    let first = query.clone().order_by_asc(Column::Seq).one(db).await?;
    Ok((query.count(db).await?, first.and_then(|row| row.error)))
}

/// Marks everything there is, and whatever still has facts though it is gone.
pub async fn rebuild(tx: &Db, at: Option<Timestamp>) -> Result<(), StoreError> {
    let mut all: Vec<String> =
        Kind::ALL.map(|kind| format!("SELECT '{}', id, TRUE FROM {}", kind.as_str(), kind.table())).into();
    all.push("SELECT DISTINCT subject, subject_id, TRUE FROM kpi_facts".into());
    for select in all {
        tx.execute_unprepared(&format!(
            "INSERT INTO kpi_changed (kind, subject_id, rebuild) {select} WHERE TRUE \
             ON CONFLICT (kind, subject_id) DO UPDATE SET error = NULL"
        ))
        .await?;
    }
    let subjects = Entity::find().filter(Column::Rebuild.eq(true)).count(tx).await?;
    let row = rebuild::ActiveModel {
        id: Set(ONLY),
        subjects: Set(subjects.cast_signed()),
        begun_at_us: Set(at.map(|at| at.timestamp_micros())),
        ended_at_us: Set(None),
    };
    rebuild::Entity::delete_by_id(ONLY).exec(tx).await?;
    rebuild::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Notes that the rebuild is through.
pub async fn end_rebuild(tx: &Db, at: Timestamp) -> Result<(), StoreError> {
    let ended = rebuild::ActiveModel {
        id: Set(ONLY),
        ended_at_us: Set(Some(at.timestamp_micros())),
        ..Default::default()
    };
    rebuild::Entity::update(ended).exec(tx).await?;
    Ok(())
}
