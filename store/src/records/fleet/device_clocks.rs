//! How far the clocks of devices are off, and whether their times are corrected by it.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::{Timestamp, clock::from_micros, fleet::device::DeviceClock, id::DeviceId};
use sea_orm::{ActiveValue::Set, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "device_clocks" by { device_id: Uuid } {
        /// Unknown while it was only said that it is to be corrected.
        behind_us: Option<i64>,
        at_us: Option<i64>,
        is_corrected: bool,
    }
}

impl From<Model> for DeviceClock {
    fn from(row: Model) -> Self {
        Self { behind_us: row.behind_us, at: row.at_us.map(from_micros), is_corrected: row.is_corrected }
    }
}

pub async fn all(db: &Db) -> Result<Vec<(DeviceId, DeviceClock)>, StoreError> {
    let rows = Entity::find().all(db).await?;
    Ok(rows.into_iter().map(|row| (row.device_id.into(), row.into())).collect())
}

pub async fn get(db: &Db, device: DeviceId) -> Result<Option<DeviceClock>, StoreError> {
    Ok(Entity::find_by_id(Uuid::from(device)).one(db).await?.map(Into::into))
}

/// Devices whose times are corrected.
pub async fn corrected(db: &Db) -> Result<Vec<DeviceId>, StoreError> {
    let query = Entity::find().select_only().column(Column::DeviceId).filter(Column::IsCorrected.eq(true));
    let ids: Vec<Uuid> = query.into_tuple().all(db).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// How far behind each clock is, as known at a time.
pub async fn note(tx: &Db, clocks: &[(DeviceId, i64, Timestamp)]) -> Result<(), StoreError> {
    for (device, behind_us, at) in clocks {
        let row = ActiveModel {
            device_id: Set((*device).into()),
            behind_us: Set(Some(*behind_us)),
            at_us: Set(Some(at.timestamp_micros())),
            is_corrected: Set(false),
        };
        let newer =
            OnConflict::column(Column::DeviceId).update_columns([Column::BehindUs, Column::AtUs]).to_owned();
        Entity::insert(row).on_conflict(newer).exec_without_returning(tx).await?;
    }
    Ok(())
}

pub async fn set_corrected(tx: &Db, device: DeviceId, is_corrected: bool) -> Result<(), StoreError> {
    let row = ActiveModel {
        device_id: Set(device.into()),
        behind_us: Set(None),
        at_us: Set(None),
        is_corrected: Set(is_corrected),
    };
    let said = OnConflict::column(Column::DeviceId).update_column(Column::IsCorrected).to_owned();
    Entity::insert(row).on_conflict(said).exec_without_returning(tx).await?;
    Ok(())
}
