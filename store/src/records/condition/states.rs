//! The state log of assets, and what it is derived from: marks (reports, failures, maintenance) and silences.
//!
//! Intervals are derived data, kept because every page and indicator reads them.

use super::tallies;
use crate::{
    StoreError,
    records::{
        Db,
        columns::{self, kept::entity},
        lists::scope,
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        EquipmentState,
        state::{Mark, Silence, StateInterval, Stretch},
    },
    id::{AssetId, CustomerId},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

mod marks;
mod settled;
mod silences;

pub use crate::records::condition::states::marks::{marks, put_mark, retract, works};
pub use crate::records::condition::states::settled::{
    Settled, runs_after, settled_after, settled_before, speakers, speaks,
};
pub use crate::records::condition::states::silences::{delete_silence, put_silence, silences};

entity! {
    "state_intervals" by { asset_id: Uuid, from_us: i64 } {
        to_us: Option<i64>,
        state: String,
        cause: Option<String>,
        /// Of a stop that began with an earlier interval.
        resumes: bool,
    }
}

pub(in crate::records) fn word(state: &str) -> Result<EquipmentState, StoreError> {
    EquipmentState::ALL
        .into_iter()
        .find(|known| known.as_str() == state)
        .ok_or_else(|| StoreError::Corrupt(format!("state {state}")))
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
        query = query.filter(Column::AssetId.in_subquery(scope::assets_of(id)));
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
    columns::insert_many(tx, come.iter().map(|stretch| row(asset, stretch)).collect()).await?;
    tallies::log_changed(tx, asset, gone, come).await
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
    columns::insert_many(tx, marks.iter().map(|mark| marks::mark_row(asset, mark)).collect()).await?;
    columns::insert_many(tx, silences.iter().map(|silence| silences::silence_row(*silence)).collect())
        .await?;
    columns::insert_many(tx, log.iter().map(|stretch| row(asset, stretch)).collect()).await
}

/// Whether the log of `asset` has begun by `at`. From its beginning on it has no gap and no end.
pub async fn begun(db: &Db, asset: AssetId, at: Timestamp) -> Result<bool, StoreError> {
    let query = Entity::find().filter(Column::AssetId.eq(Uuid::from(asset)));
    let query = query.filter(Column::FromUs.lte(at.timestamp_micros())).limit(1);
    Ok(query.one(db).await?.is_some())
}
