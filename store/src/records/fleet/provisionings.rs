//! How devices register themselves: the keys of profiles, and the devices that came by them.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity, fleet::devices},
};
use domain::{
    Timestamp,
    clock::from_micros,
    fleet::provisioning::Provisioning,
    id::{DeviceId, ProfileId},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "provisionings" by { profile_id: Uuid } {
        strategy: String,
        key: String,
        secret_hash: String,
        max_devices: i64,
    }
}

// The devices that registered themselves, by the names that they gave: each name is one device, however often and from
// wherever it asks.
entity! {
    mod newcomer:
    "provisioned_devices" by { name: String } {
        device_id: Uuid,
        profile_id: Uuid,
        at_us: i64,
    }
}

impl TryFrom<Model> for Provisioning {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt(format!("provisioning of {}: {what}", row.profile_id));
        Ok(Self {
            profile: row.profile_id.into(),
            strategy: row.strategy.parse().map_err(|_| corrupt("strategy"))?,
            key: row.key,
            max_devices: row.max_devices.try_into().map_err(|_| corrupt("max_devices"))?,
        })
    }
}

/// In place of what was said of the profile before: an older key no longer holds. `secret_hash` is made as that of a token.
pub async fn save(tx: &Db, provisioning: &Provisioning, secret_hash: String) -> Result<(), StoreError> {
    let row = ActiveModel {
        profile_id: Set(provisioning.profile.into()),
        strategy: Set(provisioning.strategy.as_str().into()),
        key: Set(provisioning.key.clone()),
        secret_hash: Set(secret_hash),
        max_devices: Set(provisioning.max_devices.into()),
    };
    let said = OnConflict::column(Column::ProfileId)
        .update_columns([Column::Strategy, Column::Key, Column::SecretHash, Column::MaxDevices])
        .to_owned();
    Entity::insert(row).on_conflict(said).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn of_profile(db: &Db, profile: ProfileId) -> Result<Option<Provisioning>, StoreError> {
    Entity::find_by_id(Uuid::from(profile)).one(db).await?.map(TryInto::try_into).transpose()
}

pub async fn by_key(db: &Db, key: &str, secret: &str) -> Result<Option<Provisioning>, StoreError> {
    let query = Entity::find().filter(Column::Key.eq(key));
    let query = query.filter(Column::SecretHash.eq(devices::token_hash(secret)));
    query.one(db).await?.map(TryInto::try_into).transpose()
}

pub async fn delete(tx: &Db, profile: ProfileId) -> Result<(), StoreError> {
    Entity::delete_by_id(Uuid::from(profile)).exec(tx).await?;
    Ok(())
}

/// The device that registered itself under `name`.
pub async fn newcomer(db: &Db, name: &str) -> Result<Option<DeviceId>, StoreError> {
    Ok(newcomer::Entity::find_by_id(name).one(db).await?.map(|row| row.device_id.into()))
}

/// A conflict means that another device of this name was quicker.
pub async fn enter(
    tx: &Db,
    name: &str,
    device: DeviceId,
    profile: ProfileId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let row = newcomer::ActiveModel {
        name: Set(name.into()),
        device_id: Set(device.into()),
        profile_id: Set(profile.into()),
        at_us: Set(at.timestamp_micros()),
    };
    newcomer::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// How many devices came by the key of `profile`.
pub async fn count(db: &Db, profile: ProfileId) -> Result<u64, StoreError> {
    let query = newcomer::Entity::find().filter(newcomer::Column::ProfileId.eq(Uuid::from(profile)));
    Ok(query.count(db).await?)
}

/// When `device` registered itself, if it did.
pub async fn entered_at(db: &Db, device: DeviceId) -> Result<Option<Timestamp>, StoreError> {
    let query = newcomer::Entity::find().filter(newcomer::Column::DeviceId.eq(Uuid::from(device)));
    Ok(query.one(db).await?.map(|row| from_micros(row.at_us)))
}
