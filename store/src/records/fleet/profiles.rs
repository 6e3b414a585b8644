//! Profiles of devices that people made.

use super::devices;
use crate::{
    StoreError,
    records::{
        Db, Unreadable,
        columns::kept::{table, usual},
        lists::readable,
    },
};
use domain::{
    fleet::{
        device::{Device, DeviceProfile},
        profile::{Meaning, Profile},
    },
    id::{DeviceId, ProfileId},
};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::{collections::HashMap, sync::Arc};

table! {
    Profile in "profiles" {
        id: ProfileId,
        name: String,
        speaks: DeviceProfile,
        meaning: Meaning,
    }
}
usual! { Profile by ProfileId: insert, save, get }

/// All of them, by name: there are few. And those that cannot be read.
pub async fn all(db: &Db) -> Result<(Vec<Profile>, Vec<Unreadable>), StoreError> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    Ok(readable::each("profile", rows, |row| (row.id, &row.name), from_row))
}

/// The profile of each device that has one of them.
pub async fn of_devices(db: &Db) -> Result<HashMap<DeviceId, ProfileId>, StoreError> {
    let query = devices::Entity::find().select_only();
    let query = query.column(devices::Column::Id).column(devices::Column::ProfileId);
    let rows: Vec<(Uuid, Uuid)> =
        query.filter(devices::Column::ProfileId.is_not_null()).into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(device, profile)| (device.into(), profile.into())).collect())
}

/// How many devices have each of them.
pub async fn counts(db: &Db) -> Result<HashMap<ProfileId, u64>, StoreError> {
    let query = devices::Entity::find().select_only().column(devices::Column::ProfileId);
    let query = query.column_as(devices::Column::Id.count(), "devices").group_by(devices::Column::ProfileId);
    let rows: Vec<(Uuid, i64)> =
        query.filter(devices::Column::ProfileId.is_not_null()).into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(id, count)| (id.into(), count.unsigned_abs())).collect())
}

/// The devices of this profile are read as it says from now on.
pub async fn speak(tx: &Db, profile: &Profile) -> Result<(), StoreError> {
    let mut query = Query::update();
    query
        .table(devices::Entity)
        .value(devices::Column::Profile, profile.speaks.as_str())
        .and_where(devices::Column::ProfileId.eq(Uuid::from(profile.id)));
    tx.execute(&query).await?;
    Ok(())
}

pub async fn delete(tx: &Db, id: ProfileId) -> Result<(), StoreError> {
    Entity::delete_by_id(Uuid::from(id)).exec(tx).await?;
    Ok(())
}

/// What people say of each of `devices`; of one behind a gateway of which nothing is said, what is said of the gateway.
pub async fn of(
    db: &Db,
    devices: impl IntoIterator<Item = &Device>,
) -> Result<HashMap<DeviceId, Arc<Profile>>, StoreError> {
    let devices: Vec<&Device> = devices.into_iter().collect();
    let silent = devices.iter().filter(|device| device.profile_id.is_none());
    let gateways = devices::by_ids(db, silent.filter_map(|device| device.gateway_id)).await?;
    let of = |device: &Device| {
        let gateway = || gateways.get(&device.gateway_id?)?.profile_id;
        Some((device.id, device.profile_id.or_else(gateway)?))
    };
    let wanted: Vec<(DeviceId, ProfileId)> = devices.into_iter().filter_map(of).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = wanted.iter().map(|(_, profile)| Uuid::from(*profile));
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    let (found, _) = readable::each("profile", rows, |row| (row.id, &row.name), from_row);
    let found: HashMap<ProfileId, Arc<Profile>> =
        found.into_iter().map(|profile| (profile.id, Arc::new(profile))).collect();
    Ok(wanted.into_iter().filter_map(|(device, id)| Some((device, Arc::clone(found.get(&id)?)))).collect())
}
