//! What is kept for a while only: trimmed a step at a time, with a record of the last run of each.

use crate::{
    StoreError,
    records::{
        Db,
        columns::kept::entity,
        engine::{command_keys, outbox, parked_events},
        people::{known_browsers, sessions},
        telemetry::quarantine,
    },
};
use domain::{Timestamp, clock::from_micros};
use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*, sea_query::OnConflict,
};
use sea_orm_migration::prelude::*;

entity! {
    "retention_runs" by { subject: String } {
        at_us: i64,
        removed: i64,
        removed_ever: i64,
        error: Option<String>,
    }
}

/// The last run over one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub subject: String,
    pub at: Timestamp,
    /// By this run, and since the beginning.
    pub removed: u64,
    pub removed_ever: u64,
    pub error: Option<String>,
}

pub async fn runs(db: &Db) -> Result<Vec<Run>, StoreError> {
    let rows = Entity::find().order_by_asc(Column::Subject).all(db).await?;
    let run = |row: Model| Run {
        subject: row.subject,
        at: from_micros(row.at_us),
        removed: row.removed.cast_unsigned(),
        removed_ever: row.removed_ever.cast_unsigned(),
        error: row.error,
    };
    Ok(rows.into_iter().map(run).collect())
}

pub async fn note(
    tx: &Db,
    subject: &str,
    at: Timestamp,
    removed: u64,
    error: Option<&str>,
) -> Result<(), StoreError> {
    let removed = removed.cast_signed();
    let row = ActiveModel {
        subject: Set(subject.into()),
        at_us: Set(at.timestamp_micros()),
        removed: Set(removed),
        removed_ever: Set(removed),
        error: Set(error.map(String::from)),
    };
    let again = OnConflict::column(Column::Subject)
        .update_columns([Column::AtUs, Column::Removed, Column::Error])
        .value(Column::RemovedEver, Expr::cust("retention_runs.removed_ever + excluded.removed_ever"))
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// Events before `before` that every one of `consumers` has dealt with and that nobody put aside.
pub async fn trim_events(
    tx: &Db,
    consumers: &[&str],
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
    let mut passed = i64::MAX;
    for consumer in consumers {
        passed = std::cmp::min(passed, outbox::position(tx, consumer).await?);
    }
    let parked = parked_events::Entity::find().select_only().column(parked_events::Column::Seq).into_query();
    let old: Vec<i64> = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Seq)
        .filter(outbox::Column::Seq.lte(passed))
        .filter(outbox::Column::AtUs.lt(before.timestamp_micros()))
        .filter(outbox::Column::Seq.not_in_subquery(parked))
        .order_by_asc(outbox::Column::Seq)
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(outbox::Entity::delete_many().filter(outbox::Column::Seq.is_in(old)).exec(tx).await?.rows_affected)
}

/// Answers of commands: a key repeated after its time is a new command.
pub async fn trim_answers(tx: &Db, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    let old: Vec<String> = command_keys::Entity::find()
        .select_only()
        .column(command_keys::Column::Key)
        .filter(command_keys::Column::AtUs.lt(before.timestamp_micros()))
        .order_by_asc(command_keys::Column::AtUs)
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    let gone = command_keys::Entity::delete_many().filter(command_keys::Column::Key.is_in(old));
    Ok(gone.exec(tx).await?.rows_affected)
}

/// Refused messages; their counters stay.
pub async fn trim_quarantine(tx: &Db, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    let old: Vec<Uuid> = quarantine::Entity::find()
        .select_only()
        .column(quarantine::Column::Id)
        .filter(quarantine::Column::ReceivedAtUs.lt(before.timestamp_micros()))
        .order_by_asc(quarantine::Column::ReceivedAtUs)
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(quarantine::Entity::delete_many()
        .filter(quarantine::Column::Id.is_in(old))
        .exec(tx)
        .await?
        .rows_affected)
}

/// Sessions that have ended, and browsers not seen since `browsers_before`.
pub async fn trim_sessions(
    tx: &Db,
    made_before: Timestamp,
    seen_before: Timestamp,
    browsers_before: Timestamp,
) -> Result<u64, StoreError> {
    let sessions = sessions::sweep(tx, made_before, seen_before).await?;
    Ok(sessions + known_browsers::sweep(tx, browsers_before).await?)
}
