//! From when and until when what came before does not matter to a device's part of a log, so that a late word rewrites
//! no more of it than it can reach. The other half of `domain::condition::state`: what is true here follows from how a
//! device's word is walked there.
//!
//! A device *speaks* from its first report until it is taken off the asset: its part is settled when it reports that it
//! runs. One that does not speak, because it only records failures or has left, is settled when another device reports
//! the asset running; but not at an instant at which it fails or work is done.

use super::marks::{self as mark, FAILURE, LEFT, MAINTENANCE, REPORT, of_asset_marks};
use crate::{StoreError, records::Db};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::EquipmentState,
    id::{AssetId, DeviceId},
};
use sea_orm::{ExprTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Query};

/// What is known of a device's part before an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It had said nothing yet.
    Silent,
    /// It speaks, and ran.
    Ran(Timestamp),
    /// It does not speak, and another device ran after all it had said.
    Answered(Timestamp),
    /// Only all that was ever said tells.
    Open,
}

/// Devices that ever said something of the state of `asset`.
pub async fn speakers(db: &Db, asset: AssetId) -> Result<Vec<DeviceId>, StoreError> {
    let mut found: Vec<DeviceId> = Vec::new();
    // One look into the index a device, however many marks each has.
    loop {
        let mut query = of_asset_marks(asset).select_only().column(mark::Column::DeviceId);
        if let Some(last) = found.last() {
            query = query.filter(mark::Column::DeviceId.gt(Uuid::from(*last)));
        }
        let next: Option<Uuid> = query.order_by_asc(mark::Column::DeviceId).into_tuple().one(db).await?;
        match next {
            Some(next) => found.push(next.into()),
            None => return Ok(found),
        }
    }
}

/// When the part of `device` was last settled strictly before `at`.
pub async fn settled_before(
    db: &Db,
    asset: AssetId,
    device: DeviceId,
    at: Timestamp,
) -> Result<Settled, StoreError> {
    let ran = last(db, ran(asset, device).filter(before(at))).await?;
    let (said, left) = words(db, asset, device, before(at)).await?;
    if speaking(said, left) {
        let since = ran.filter(|ran| left.is_none_or(|left| *ran > left));
        return Ok(since.map_or(Settled::Open, Settled::Ran));
    }
    let mut others = answers(asset, device).filter(before(at));
    if let Some(left) = left {
        others = others.filter(after(left));
    }
    if let Some(settled) = last(db, others).await?.into_iter().chain(ran).max() {
        return Ok(Settled::Answered(settled));
    }
    let own = mark::Column::DeviceId.eq(Uuid::from(device)).and(mark::Column::Kind.ne(MAINTENANCE));
    let spoke = last(db, of_asset_marks(asset).filter(own).filter(before(at))).await?;
    Ok(spoke.map_or(Settled::Silent, |_| Settled::Open))
}

/// When the part of `device`, which said nothing of its state at `at`, is next settled strictly after that.
pub async fn settled_after(
    db: &Db,
    asset: AssetId,
    device: DeviceId,
    at: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let own = runs_after(db, asset, Some(device), at).await?;
    if speaks(db, asset, device, at).await? {
        return Ok(own);
    }
    let Some(answered) = first(db, answers(asset, device).filter(after(at))).await? else { return Ok(own) };
    let until = after(at).and(mark::Column::AtUs.lte(answered.timestamp_micros()));
    let begins = last(db, of_kind(asset, device, REPORT).filter(until)).await?.is_some();
    Ok(if begins { own } else { Some(answered) })
}

/// Whether `device` speaks at `at`.
pub async fn speaks(db: &Db, asset: AssetId, device: DeviceId, at: Timestamp) -> Result<bool, StoreError> {
    let (said, left) = words(db, asset, device, mark::Column::AtUs.lte(at.timestamp_micros())).await?;
    Ok(speaking(said, left))
}

/// When `device`, or any device, next reported the equipment running strictly after `at`.
pub async fn runs_after(
    db: &Db,
    asset: AssetId,
    device: Option<DeviceId>,
    at: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let query = match device {
        Some(device) => ran(asset, device),
        None => running(asset),
    };
    first(db, query.filter(after(at))).await
}

/// Its last report is younger than its last departure; of one instant, the departure stands.
fn speaking(said: Option<Timestamp>, left: Option<Timestamp>) -> bool {
    said.is_some_and(|said| left.is_none_or(|left| said > left))
}

/// When `device` last reported, and when it was last taken off the asset.
async fn words(
    db: &Db,
    asset: AssetId,
    device: DeviceId,
    when: Expr,
) -> Result<(Option<Timestamp>, Option<Timestamp>), StoreError> {
    let said = last(db, of_kind(asset, device, REPORT).filter(when.clone())).await?;
    Ok((said, last(db, of_kind(asset, device, LEFT).filter(when)).await?))
}

fn of_kind(asset: AssetId, device: DeviceId, kind: &str) -> Select<mark::Entity> {
    let own = mark::Column::DeviceId.eq(Uuid::from(device));
    of_asset_marks(asset).filter(own).filter(mark::Column::Kind.eq(kind))
}

fn running(asset: AssetId) -> Select<mark::Entity> {
    let running = [EquipmentState::Up.as_str(), EquipmentState::Idle.as_str()];
    of_asset_marks(asset).filter(mark::Column::State.is_in(running))
}

/// Its reports that it runs, but of instants at which it left: it speaks for nothing after them.
fn ran(asset: AssetId, device: DeviceId) -> Select<mark::Entity> {
    let own = mark::Column::DeviceId.eq(Uuid::from(device));
    running(asset).filter(own).filter(no_other(
        other(mark::Column::DeviceId)
            .equals((mark::Entity, mark::Column::DeviceId))
            .and(other(mark::Column::Kind).eq(LEFT)),
    ))
}

/// Reports of other devices that run, which end what a device that does not speak has said.
fn answers(asset: AssetId, device: DeviceId) -> Select<mark::Entity> {
    let id = Uuid::from(device);
    let kind = || other(mark::Column::Kind);
    let own = other(mark::Column::DeviceId).eq(id).and(kind().is_in([FAILURE, LEFT]));
    let outranked = no_other(kind().eq(MAINTENANCE).or(own));
    running(asset).filter(mark::Column::DeviceId.ne(id)).filter(outranked)
}

/// Nothing is said at the same instant of which `what` is true.
fn no_other(what: Expr) -> Expr {
    let same = |column| other(column).equals((mark::Entity, column));
    let said = Query::select()
        .expr(Expr::val(1))
        .from_as(mark::Entity, OTHER)
        .and_where(same(mark::Column::AssetId))
        .and_where(same(mark::Column::AtUs))
        .and_where(what)
        .take();
    Expr::exists(said).not()
}

const OTHER: &str = "other";

fn other(column: mark::Column) -> Expr {
    Expr::col((OTHER, column))
}

fn before(at: Timestamp) -> Expr {
    mark::Column::AtUs.lt(at.timestamp_micros())
}

fn after(at: Timestamp) -> Expr {
    mark::Column::AtUs.gt(at.timestamp_micros())
}

async fn first(db: &Db, marks: Select<mark::Entity>) -> Result<Option<Timestamp>, StoreError> {
    Ok(marks.order_by_asc(mark::Column::AtUs).one(db).await?.map(|row| from_micros(row.at_us)))
}

async fn last(db: &Db, marks: Select<mark::Entity>) -> Result<Option<Timestamp>, StoreError> {
    Ok(marks.order_by_desc(mark::Column::AtUs).one(db).await?.map(|row| from_micros(row.at_us)))
}
