//! Times in which a device said nothing, although it should have.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::{Timestamp, clock::from_micros, condition::state::Silence, id::DeviceId};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "silences" by { device_id: Uuid, from_us: i64 } {
        to_us: Option<i64>,
    }
}

fn silence_of(row: Model) -> Silence {
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
    let reaches = Column::ToUs.is_null().or(Column::ToUs.gt(from.timestamp_micros()));
    let mut query =
        Entity::find().filter(Column::DeviceId.is_in(devices.into_iter().map(Uuid::from))).filter(reaches);
    if let Some(to) = to {
        query = query.filter(Column::FromUs.lt(to.timestamp_micros()));
    }
    Ok(query.all(db).await?.into_iter().map(silence_of).collect())
}

pub(super) fn silence_row(silence: Silence) -> ActiveModel {
    ActiveModel {
        device_id: Set(silence.device_id.into()),
        from_us: Set(silence.from.timestamp_micros()),
        to_us: Set(silence.to.map(|to| to.timestamp_micros())),
    }
}

/// Keeps a silence; the same one again may have found its end.
pub async fn put_silence(tx: &Db, silence: Silence) -> Result<(), StoreError> {
    let again =
        OnConflict::columns([Column::DeviceId, Column::FromUs]).update_column(Column::ToUs).to_owned();
    Entity::insert(silence_row(silence)).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn delete_silence(tx: &Db, silence: Silence) -> Result<(), StoreError> {
    let key = (silence.device_id.into(), silence.from.timestamp_micros());
    Entity::delete_by_id(key).exec(tx).await?;
    Ok(())
}
