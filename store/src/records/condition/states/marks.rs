//! What the log is derived from: reports, failures and maintenance. Of a run of equal reports of one device the first and
//! those of the last day are kept: enough to derive the log, also when something is told late, and bounded however often a
//! device repeats itself.

use super::word;
use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        EquipmentState, ReportedState,
        state::{Mark, MarkKind},
    },
    id::{AssetId, DeviceId},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

entity! {
    "state_marks" by {
        asset_id: Uuid,
        at_us: i64,
        kind: String,
        device_id: Uuid,
        /// Of a failure or of maintenance; empty for a report.
        code: String,
    } {
        /// Of a report.
        state: Option<String>,
        cause: Option<String>,
    }
}

pub(super) const REPORT: &str = "report";
pub(super) const FAILURE: &str = "failure";
pub(super) const MAINTENANCE: &str = "maintenance";
pub(super) const LEFT: &str = "left";

/// Confirmations of what a device has said are kept for so long, in its own time: a late report among them shows until
/// when it held. Before that only the first word counts.
const CONFIRMED_FOR: TimeDelta = TimeDelta::hours(24);

fn reported(state: &str) -> Result<ReportedState, StoreError> {
    match word(state)? {
        EquipmentState::Up => Ok(ReportedState::Up),
        EquipmentState::DownUnplanned => Ok(ReportedState::DownUnplanned),
        EquipmentState::DownPlanned => Ok(ReportedState::DownPlanned),
        EquipmentState::Idle => Ok(ReportedState::Idle),
        EquipmentState::Unknown => Err(StoreError::Corrupt("a report of an unknown state".into())),
    }
}

pub(super) fn mark_row(asset: AssetId, mark: &Mark) -> ActiveModel {
    let (kind, code, state, cause) = match &mark.what {
        MarkKind::Report { state, cause } => {
            (REPORT, String::new(), Some(EquipmentState::from(*state).as_str().to_owned()), cause.clone())
        }
        MarkKind::Failure { code } => (FAILURE, code.clone(), None, None),
        MarkKind::Maintenance { code } => (MAINTENANCE, code.clone(), None, None),
        MarkKind::Left => (LEFT, String::new(), None, None),
    };
    ActiveModel {
        asset_id: Set(asset.into()),
        at_us: Set(mark.at.timestamp_micros()),
        kind: Set(kind.into()),
        device_id: Set(mark.device_id.into()),
        code: Set(code),
        state: Set(state),
        cause: Set(cause),
    }
}

impl TryFrom<Model> for Mark {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let what = match row.kind.as_str() {
            REPORT => MarkKind::Report {
                state: reported(row.state.as_deref().unwrap_or_default())?,
                cause: row.cause,
            },
            FAILURE => MarkKind::Failure { code: row.code },
            MAINTENANCE => MarkKind::Maintenance { code: row.code },
            LEFT => MarkKind::Left,
            other => return Err(StoreError::Corrupt(format!("state mark {other}"))),
        };
        Ok(Self { at: from_micros(row.at_us), what, device_id: row.device_id.into() })
    }
}

/// Keeps `mark`. False when the log cannot change by it: it repeats what its device said on both sides of it.
pub async fn put_mark(tx: &Db, asset: AssetId, mark: &Mark) -> Result<bool, StoreError> {
    if matches!(mark.what, MarkKind::Report { .. }) {
        // Two different reports of one instant: which of them stands must not depend on which came first.
        if let Some(known) = report_at(tx, asset, mark).await? {
            if known.what >= mark.what {
                return Ok(false);
            }
            insert_mark(tx, asset, mark).await?;
            return Ok(true);
        }
        let before = neighbours(tx, asset, mark, true, 1).await?;
        let after = neighbours(tx, asset, mark, false, 1).await?;
        if before.first().is_some_and(|before| repeats(before, mark)) {
            match after.first() {
                None => {
                    insert_mark(tx, asset, mark).await?;
                    forget_confirmation(tx, asset, mark).await?;
                    return Ok(false);
                }
                Some(next) if repeats(next, mark) => {
                    insert_mark(tx, asset, mark).await?;
                    return Ok(false);
                }
                Some(_) => {}
            }
        }
    }
    insert_mark(tx, asset, mark).await?;
    Ok(true)
}

/// Takes back what `device` reported within `[from, to)`, and answers the assets that it was of. Where it says the same after
/// that, it is as if it had begun with it there: of a run of equal reports not every one is kept.
pub async fn retract(
    tx: &Db,
    device: DeviceId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<AssetId>, StoreError> {
    let of_device = || {
        let query = Entity::find().filter(Column::DeviceId.eq(Uuid::from(device)));
        query.filter(Column::Kind.eq(REPORT))
    };
    let within = (from.timestamp_micros(), to.timestamp_micros());
    let gone = of_device().filter(Column::AtUs.gte(within.0)).filter(Column::AtUs.lt(within.1));
    let mut newest: HashMap<AssetId, Mark> = HashMap::new();
    for row in gone.order_by_asc(Column::AtUs).all(tx).await? {
        let asset = row.asset_id.into();
        newest.insert(asset, row.try_into()?);
    }
    for (asset, last) in &newest {
        let mine = Condition::all()
            .add(Column::AssetId.eq(Uuid::from(*asset)))
            .add(Column::DeviceId.eq(Uuid::from(device)))
            .add(Column::Kind.eq(REPORT));
        let gone = Entity::delete_many().filter(mine.clone()).filter(Column::AtUs.gte(within.0));
        gone.filter(Column::AtUs.lt(within.1)).exec(tx).await?;
        let next = Entity::find().filter(mine).filter(Column::AtUs.gte(within.1));
        let next = next.order_by_asc(Column::AtUs).one(tx).await?.map(Mark::try_from).transpose()?;
        if next.is_some_and(|next| next.at > to && repeats(&next, last)) {
            insert_mark(tx, *asset, &Mark { at: to, ..last.clone() }).await?;
        }
    }
    Ok(newest.into_keys().collect())
}

/// The same device said the same.
fn repeats(one: &Mark, other: &Mark) -> bool {
    one.what == other.what && one.device_id == other.device_id
}

/// Forgets the newest confirmation from more than [`CONFIRMED_FOR`] before `mark`, where nothing else was said around it.
async fn forget_confirmation(tx: &Db, asset: AssetId, mark: &Mark) -> Result<(), StoreError> {
    let old = Mark { at: mark.at - CONFIRMED_FOR, ..mark.clone() };
    let mut around = neighbours(tx, asset, &old, true, 2).await?;
    around.extend(neighbours(tx, asset, &old, false, 1).await?);
    if let [confirmation, _, _] = around.as_slice()
        && around.iter().all(|other| repeats(other, mark))
    {
        delete_mark(tx, asset, confirmation).await?;
    }
    Ok(())
}

async fn insert_mark(tx: &Db, asset: AssetId, mark: &Mark) -> Result<(), StoreError> {
    use Column;
    let key = [Column::AssetId, Column::AtUs, Column::Kind, Column::DeviceId, Column::Code];
    let again = OnConflict::columns(key).update_columns([Column::State, Column::Cause]).to_owned();
    Entity::insert(mark_row(asset, mark)).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// What the device of `mark` reported at the same time.
async fn report_at(tx: &Db, asset: AssetId, mark: &Mark) -> Result<Option<Mark>, StoreError> {
    let key =
        (asset.into(), mark.at.timestamp_micros(), REPORT.to_owned(), mark.device_id.into(), String::new());
    Entity::find_by_id(key).one(tx).await?.map(Mark::try_from).transpose()
}

async fn delete_mark(tx: &Db, asset: AssetId, mark: &Mark) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::AssetId.eq(Uuid::from(asset)))
        .filter(Column::AtUs.eq(mark.at.timestamp_micros()))
        .filter(Column::Kind.eq(REPORT))
        .filter(Column::DeviceId.eq(Uuid::from(mark.device_id)))
        .exec(tx)
        .await?;
    Ok(())
}

/// The nearest marks strictly before or after `mark`, nearest first: those of its device, and what anybody said of
/// failures and work, which a report after them answers.
async fn neighbours(
    db: &Db,
    asset: AssetId,
    mark: &Mark,
    before: bool,
    limit: u64,
) -> Result<Vec<Mark>, StoreError> {
    let of_device = Column::DeviceId.eq(Uuid::from(mark.device_id));
    let query = of_asset_marks(asset).filter(of_device.or(Column::Kind.ne(REPORT)));
    let query = if before {
        query.filter(Column::AtUs.lt(mark.at.timestamp_micros())).order_by_desc(Column::AtUs)
    } else {
        query.filter(Column::AtUs.gt(mark.at.timestamp_micros())).order_by_asc(Column::AtUs)
    };
    // Of one instant, what a report would have to answer stands nearest.
    let query = query.order_by_asc(Column::Kind.eq(REPORT));
    query.limit(limit).all(db).await?.into_iter().map(Mark::try_from).collect()
}

pub(super) fn of_asset_marks(asset: AssetId) -> Select<Entity> {
    Entity::find().filter(Column::AssetId.eq(Uuid::from(asset)))
}

/// The marks of `asset`, or only those of one device, from `from` to `to`, both included, oldest first.
pub async fn marks(
    db: &Db,
    asset: AssetId,
    device: Option<DeviceId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Vec<Mark>, StoreError> {
    let mut query = of_asset_marks(asset);
    if let Some(id) = device {
        query = query.filter(Column::DeviceId.eq(Uuid::from(id)));
    }
    if let Some(from) = from {
        query = query.filter(Column::AtUs.gte(from.timestamp_micros()));
    }
    if let Some(to) = to {
        query = query.filter(Column::AtUs.lte(to.timestamp_micros()));
    }
    query.order_by_asc(Column::AtUs).all(db).await?.into_iter().map(Mark::try_from).collect()
}

/// Work done on `asset` from `from` to `to`, both included.
pub async fn works(db: &Db, asset: AssetId, from: Timestamp, to: Timestamp) -> Result<Vec<Mark>, StoreError> {
    let within = Column::AtUs.between(from.timestamp_micros(), to.timestamp_micros());
    let query = of_asset_marks(asset).filter(Column::Kind.eq(MAINTENANCE)).filter(within);
    query.all(db).await?.into_iter().map(Mark::try_from).collect()
}
