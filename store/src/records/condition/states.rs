//! The state log of assets, and what it is derived from: marks (reports, failures, maintenance) and silences.
//!
//! Intervals are derived data, kept because every page and indicator reads them. Of a run of equal reports of one
//! device the first and those of the last day are kept: enough to derive the log, also when something is told late, and
//! bounded however often a device repeats itself.

use super::state_days;
use crate::{
    StoreError,
    records::{Db, across::bulk, fleet::assets},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        EquipmentState, ReportedState,
        state::{Mark, MarkKind, Silence, StateInterval, Stretch},
    },
    id::{AssetId, CustomerId, DeviceId},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

mod settled;

pub use crate::records::condition::states::settled::{
    Settled, runs_after, settled_after, settled_before, speakers, speaks,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "state_intervals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub asset_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_us: i64,
    pub to_us: Option<i64>,
    pub state: String,
    pub cause: Option<String>,
    /// Of a stop that began with an earlier interval.
    pub resumes: bool,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

mod mark {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "state_marks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub asset_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub at_us: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub device_id: Uuid,
        /// Of a failure or of maintenance; empty for a report.
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        /// Of a report.
        pub state: Option<String>,
        pub cause: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod silence {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "silences")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub device_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub from_us: i64,
        pub to_us: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(in crate::records) fn word(state: &str) -> Result<EquipmentState, StoreError> {
    EquipmentState::ALL
        .into_iter()
        .find(|known| known.as_str() == state)
        .ok_or_else(|| StoreError::Corrupt(format!("state {state}")))
}

fn reported(state: &str) -> Result<ReportedState, StoreError> {
    match word(state)? {
        EquipmentState::Up => Ok(ReportedState::Up),
        EquipmentState::DownUnplanned => Ok(ReportedState::DownUnplanned),
        EquipmentState::DownPlanned => Ok(ReportedState::DownPlanned),
        EquipmentState::Idle => Ok(ReportedState::Idle),
        EquipmentState::Unknown => Err(StoreError::Corrupt("a report of an unknown state".into())),
    }
}

impl TryFrom<Model> for StateInterval {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            asset_id: row.asset_id.into(),
            from: from_micros(row.from_us),
            to: row.to_us.map(from_micros),
            state: word(&row.state)?,
            cause: row.cause,
            resumes: row.resumes,
        })
    }
}

/// Intervals that reach into `[from, to)`, in time order and unclipped.
pub async fn of_asset(
    db: &Db,
    asset: AssetId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<StateInterval>, StoreError> {
    let query = within(from, to).filter(Column::AssetId.eq(Uuid::from(asset)));
    query.order_by_asc(Column::FromUs).all(db).await?.into_iter().map(StateInterval::try_from).collect()
}

/// The same for every asset, or for those of one customer, in time order within each asset.
pub async fn of_fleet(
    db: &Db,
    customer: Option<CustomerId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<HashMap<AssetId, Vec<StateInterval>>, StoreError> {
    let mut query = within(from, to);
    if let Some(id) = customer {
        query = query.filter(Column::AssetId.in_subquery(assets::of_customer(id)));
    }
    grouped(query.order_by_asc(Column::AssetId).order_by_asc(Column::FromUs).all(db).await?)
}

/// The same for some assets.
pub async fn of_assets(
    db: &Db,
    assets: impl IntoIterator<Item = AssetId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<HashMap<AssetId, Vec<StateInterval>>, StoreError> {
    let query = within(from, to).filter(Column::AssetId.is_in(assets.into_iter().map(Uuid::from)));
    grouped(query.order_by_asc(Column::AssetId).order_by_asc(Column::FromUs).all(db).await?)
}

/// What is known of the state of `assets` now; an asset that nothing was ever reported about is absent. `horizon` is the
/// clock's: what begins after it, stored before the door refused such, is not the state of now.
pub async fn current(
    db: &Db,
    assets: impl IntoIterator<Item = AssetId>,
    horizon: Timestamp,
) -> Result<HashMap<AssetId, StateInterval>, StoreError> {
    let query = at(horizon);
    let rows = query.filter(Column::AssetId.is_in(assets.into_iter().map(Uuid::from))).all(db).await?;
    rows.into_iter().map(|row| StateInterval::try_from(row).map(|i| (i.asset_id, i))).collect()
}

/// The interval that holds at `instant`: of those that neither begin after it nor ended by it.
fn at(instant: Timestamp) -> Select<Entity> {
    let us = instant.timestamp_micros();
    Entity::find().filter(Column::FromUs.lte(us)).filter(Column::ToUs.is_null().or(Column::ToUs.gt(us)))
}

fn within(from: Timestamp, to: Timestamp) -> Select<Entity> {
    let reaches = Column::ToUs.is_null().or(Column::ToUs.gt(from.timestamp_micros()));
    Entity::find().filter(Column::FromUs.lt(to.timestamp_micros())).filter(reaches)
}

fn grouped(rows: Vec<Model>) -> Result<HashMap<AssetId, Vec<StateInterval>>, StoreError> {
    let mut fleet: HashMap<AssetId, Vec<StateInterval>> = HashMap::new();
    for row in rows {
        let interval = StateInterval::try_from(row)?;
        fleet.entry(interval.asset_id).or_default().push(interval);
    }
    Ok(fleet)
}

/// The stored log from the interval before `from` on, up to the one that begins at `to`.
pub async fn stretches(
    db: &Db,
    asset: AssetId,
    from: Timestamp,
    to: Option<Timestamp>,
) -> Result<Vec<Stretch>, StoreError> {
    let mut query = Entity::find()
        .filter(Column::AssetId.eq(Uuid::from(asset)))
        .filter(Column::ToUs.is_null().or(Column::ToUs.gte(from.timestamp_micros())));
    if let Some(to) = to {
        query = query.filter(Column::FromUs.lte(to.timestamp_micros()));
    }
    let rows = query.order_by_asc(Column::FromUs).all(db).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Stretch {
                from: from_micros(row.from_us),
                to: row.to_us.map(from_micros),
                state: word(&row.state)?,
                cause: row.cause,
                resumes: row.resumes,
            })
        })
        .collect()
}

/// Replaces `old`, as read by [`stretches`], with `new`. Rows that are in both are not touched.
pub async fn replace(tx: &Db, asset: AssetId, old: &[Stretch], new: &[Stretch]) -> Result<(), StoreError> {
    let gone: Vec<&Stretch> = old.iter().filter(|stretch| !new.contains(stretch)).collect();
    let come: Vec<&Stretch> = new.iter().filter(|stretch| !old.contains(stretch)).collect();
    for some in gone.chunks(500) {
        let query = Entity::delete_many().filter(Column::AssetId.eq(Uuid::from(asset)));
        let begun = some.iter().map(|stretch| stretch.from.timestamp_micros());
        query.filter(Column::FromUs.is_in(begun)).exec(tx).await?;
    }
    bulk::insert(tx, come.iter().map(|stretch| row(asset, stretch)).collect()).await?;
    state_days::log_changed(tx, asset, gone, come).await
}

fn row(asset: AssetId, stretch: &Stretch) -> ActiveModel {
    ActiveModel {
        asset_id: Set(asset.into()),
        from_us: Set(stretch.from.timestamp_micros()),
        to_us: Set(stretch.to.map(|to| to.timestamp_micros())),
        state: Set(stretch.state.as_str().into()),
        cause: Set(stretch.cause.clone()),
        resumes: Set(stretch.resumes),
    }
}

/// The whole log of an asset without one, with what it was derived from. The daily sums do not follow.
pub(in crate::records) async fn insert_all(
    tx: &Db,
    asset: AssetId,
    marks: &[Mark],
    silences: &[Silence],
    log: &[Stretch],
) -> Result<(), StoreError> {
    bulk::insert(tx, marks.iter().map(|mark| mark_row(asset, mark)).collect()).await?;
    bulk::insert(tx, silences.iter().map(|silence| silence_row(*silence)).collect()).await?;
    bulk::insert(tx, log.iter().map(|stretch| row(asset, stretch)).collect()).await
}

const REPORT: &str = "report";
const FAILURE: &str = "failure";
const MAINTENANCE: &str = "maintenance";
const LEFT: &str = "left";

fn mark_row(asset: AssetId, mark: &Mark) -> mark::ActiveModel {
    let (kind, code, state, cause) = match &mark.what {
        MarkKind::Report { state, cause } => {
            (REPORT, String::new(), Some(EquipmentState::from(*state).as_str().to_owned()), cause.clone())
        }
        MarkKind::Failure { code } => (FAILURE, code.clone(), None, None),
        MarkKind::Maintenance { code } => (MAINTENANCE, code.clone(), None, None),
        MarkKind::Left => (LEFT, String::new(), None, None),
    };
    mark::ActiveModel {
        asset_id: Set(asset.into()),
        at_us: Set(mark.at.timestamp_micros()),
        kind: Set(kind.into()),
        device_id: Set(mark.device_id.into()),
        code: Set(code),
        state: Set(state),
        cause: Set(cause),
    }
}

impl TryFrom<mark::Model> for Mark {
    type Error = StoreError;
    fn try_from(row: mark::Model) -> Result<Self, StoreError> {
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

/// Confirmations of what a device has said are kept for so long, in its own time: a late report among them shows until
/// when it held. Before that only the first word counts.
const CONFIRMED_FOR: TimeDelta = TimeDelta::hours(24);

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
    use mark::Column;
    let key = [Column::AssetId, Column::AtUs, Column::Kind, Column::DeviceId, Column::Code];
    let again = OnConflict::columns(key).update_columns([Column::State, Column::Cause]).to_owned();
    mark::Entity::insert(mark_row(asset, mark)).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// What the device of `mark` reported at the same time.
async fn report_at(tx: &Db, asset: AssetId, mark: &Mark) -> Result<Option<Mark>, StoreError> {
    let key =
        (asset.into(), mark.at.timestamp_micros(), REPORT.to_owned(), mark.device_id.into(), String::new());
    mark::Entity::find_by_id(key).one(tx).await?.map(Mark::try_from).transpose()
}

async fn delete_mark(tx: &Db, asset: AssetId, mark: &Mark) -> Result<(), StoreError> {
    mark::Entity::delete_many()
        .filter(mark::Column::AssetId.eq(Uuid::from(asset)))
        .filter(mark::Column::AtUs.eq(mark.at.timestamp_micros()))
        .filter(mark::Column::Kind.eq(REPORT))
        .filter(mark::Column::DeviceId.eq(Uuid::from(mark.device_id)))
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
    let of_device = mark::Column::DeviceId.eq(Uuid::from(mark.device_id));
    let query = of_asset_marks(asset).filter(of_device.or(mark::Column::Kind.ne(REPORT)));
    let query = if before {
        query.filter(mark::Column::AtUs.lt(mark.at.timestamp_micros())).order_by_desc(mark::Column::AtUs)
    } else {
        query.filter(mark::Column::AtUs.gt(mark.at.timestamp_micros())).order_by_asc(mark::Column::AtUs)
    };
    // Of one instant, what a report would have to answer stands nearest.
    let query = query.order_by_asc(mark::Column::Kind.eq(REPORT));
    query.limit(limit).all(db).await?.into_iter().map(Mark::try_from).collect()
}

fn of_asset_marks(asset: AssetId) -> Select<mark::Entity> {
    mark::Entity::find().filter(mark::Column::AssetId.eq(Uuid::from(asset)))
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
        query = query.filter(mark::Column::DeviceId.eq(Uuid::from(id)));
    }
    if let Some(from) = from {
        query = query.filter(mark::Column::AtUs.gte(from.timestamp_micros()));
    }
    if let Some(to) = to {
        query = query.filter(mark::Column::AtUs.lte(to.timestamp_micros()));
    }
    query.order_by_asc(mark::Column::AtUs).all(db).await?.into_iter().map(Mark::try_from).collect()
}

/// Whether the log of `asset` has begun by `at`. From its beginning on it has no gap and no end.
pub async fn begun(db: &Db, asset: AssetId, at: Timestamp) -> Result<bool, StoreError> {
    let query = Entity::find().filter(Column::AssetId.eq(Uuid::from(asset)));
    let query = query.filter(Column::FromUs.lte(at.timestamp_micros())).limit(1);
    Ok(query.one(db).await?.is_some())
}

/// Work done on `asset` from `from` to `to`, both included.
pub async fn works(db: &Db, asset: AssetId, from: Timestamp, to: Timestamp) -> Result<Vec<Mark>, StoreError> {
    let within = mark::Column::AtUs.between(from.timestamp_micros(), to.timestamp_micros());
    let query = of_asset_marks(asset).filter(mark::Column::Kind.eq(MAINTENANCE)).filter(within);
    query.all(db).await?.into_iter().map(Mark::try_from).collect()
}

fn silence_of(row: silence::Model) -> Silence {
    Silence {
        device_id: row.device_id.into(),
        from: from_micros(row.from_us),
        to: row.to_us.map(from_micros),
    }
}

/// Silences of `devices` that reach into `[from, to)`.
pub async fn silences(
    db: &Db,
    devices: impl IntoIterator<Item = DeviceId>,
    from: Timestamp,
    to: Option<Timestamp>,
) -> Result<Vec<Silence>, StoreError> {
    let reaches = silence::Column::ToUs.is_null().or(silence::Column::ToUs.gt(from.timestamp_micros()));
    let mut query = silence::Entity::find()
        .filter(silence::Column::DeviceId.is_in(devices.into_iter().map(Uuid::from)))
        .filter(reaches);
    if let Some(to) = to {
        query = query.filter(silence::Column::FromUs.lt(to.timestamp_micros()));
    }
    Ok(query.all(db).await?.into_iter().map(silence_of).collect())
}

fn silence_row(silence: Silence) -> silence::ActiveModel {
    silence::ActiveModel {
        device_id: Set(silence.device_id.into()),
        from_us: Set(silence.from.timestamp_micros()),
        to_us: Set(silence.to.map(|to| to.timestamp_micros())),
    }
}

/// Keeps a silence; the same one again may have found its end.
pub async fn put_silence(tx: &Db, silence: Silence) -> Result<(), StoreError> {
    let again = OnConflict::columns([silence::Column::DeviceId, silence::Column::FromUs])
        .update_column(silence::Column::ToUs)
        .to_owned();
    silence::Entity::insert(silence_row(silence)).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn delete_silence(tx: &Db, silence: Silence) -> Result<(), StoreError> {
    let key = (silence.device_id.into(), silence.from.timestamp_micros());
    silence::Entity::delete_by_id(key).exec(tx).await?;
    Ok(())
}

/// Forgets the logs of the demo's assets and devices.
pub async fn delete_demo(tx: &Db, devices: &[DeviceId]) -> Result<(), StoreError> {
    state_days::forget_demo(tx, state_days::Part::Log).await?;
    Entity::delete_many().filter(Column::AssetId.in_subquery(assets::demo_assets())).exec(tx).await?;
    mark::Entity::delete_many()
        .filter(mark::Column::AssetId.in_subquery(assets::demo_assets()))
        .exec(tx)
        .await?;
    for some in devices.chunks(500) {
        let ids = some.iter().copied().map(Uuid::from);
        silence::Entity::delete_many().filter(silence::Column::DeviceId.is_in(ids)).exec(tx).await?;
    }
    Ok(())
}
