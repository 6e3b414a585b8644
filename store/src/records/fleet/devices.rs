//! What speaks MQTT, and how it proves who it is. A token is kept only as its SHA-256: tokens are random, so a slow
//! hash would protect nothing and cost every connection.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::kept::{entity, table},
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            readable, scope,
            search::{self, Kind},
        },
    },
};
use domain::{
    Timestamp,
    fleet::device::{Device, DeviceProfile},
    id::{AssetId, DeviceId, ProfileId},
    people::account::Scope,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::OnConflict,
};
use sea_orm_migration::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

table! {
    Device in "devices" {
        id: DeviceId,
        asset_id: Option<AssetId>,
        name: String,
        profile: DeviceProfile,
        profile_id: Option<ProfileId>,
        gateway_id: Option<DeviceId>,
        created_at_us as created_at: Timestamp,
        revoked_at_us as revoked_at: Option<Timestamp>,
    }
    apart { token_hash: String }
    columns |device| {
        /// What a search looks in.
        search: String = search::text(&[Some(&device.name)]),
    }
}

// Which devices lost or changed their credentials, in order: gateways follow it to end their connections.
entity! {
    mod change:
    "credential_changes" counted { seq: i64 } {
        device_id: Uuid,
    }
}

/// What is kept of a token.
pub fn token_hash(token: &str) -> String {
    format!("{:x}", Sha256::digest(token))
}

/// `token_hash` is what [`token_hash`] makes of the token.
pub async fn insert(tx: &Db, device: &Device, token_hash: String) -> Result<(), StoreError> {
    let row = ActiveModel { token_hash: Set(token_hash), ..to_row(device)? };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Puts devices on record that speak through another one; those that are there already stay as they are.
pub async fn enrol(tx: &Db, children: &[Device]) -> Result<(), StoreError> {
    for child in children {
        // Nobody knows a token of this hash.
        let token_hash = token_hash(&Uuid::new_v4().to_string());
        let row = ActiveModel { token_hash: Set(token_hash), ..to_row(child)? };
        let known = OnConflict::column(Column::Id).do_nothing().to_owned();
        Entity::insert(row).on_conflict(known).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The devices that speak through another one, each with it.
pub async fn children(db: &Db) -> Result<Vec<(DeviceId, DeviceId)>, StoreError> {
    let query = Entity::find().select_only().column(Column::Id).column(Column::GatewayId);
    let rows: Vec<(Uuid, Uuid)> = query.filter(Column::GatewayId.is_not_null()).into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(child, gateway)| (child.into(), gateway.into())).collect())
}

/// Saves what people edit: name, asset and profile. Credentials change through [`rotate`] and [`revoke`].
pub async fn update(tx: &Db, device: &Device) -> Result<(), StoreError> {
    let row =
        ActiveModel { created_at_us: NotSet, revoked_at_us: NotSet, gateway_id: NotSet, ..to_row(device)? };
    Entity::update(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The device whose token this is; `None` for an unknown or revoked one.
pub async fn authenticate(db: &Db, token: &str) -> Result<Option<Device>, StoreError> {
    let query =
        Entity::find().filter(Column::TokenHash.eq(token_hash(token))).filter(Column::RevokedAtUs.is_null());
    query.one(db).await?.map(from_row).transpose()
}

/// Whether `token_hash` is that of the token with which the device signs in now.
pub async fn has_token(db: &Db, id: DeviceId, token_hash: &str) -> Result<bool, StoreError> {
    let query = Entity::find_by_id(Uuid::from(id)).filter(Column::TokenHash.eq(token_hash));
    Ok(query.filter(Column::RevokedAtUs.is_null()).count(db).await? > 0)
}

/// From now on the device signs in with another token, even if it was revoked before.
pub async fn rotate(tx: &Db, id: DeviceId, token_hash: String) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(id.into()),
        token_hash: Set(token_hash),
        revoked_at_us: Set(None),
        ..Default::default()
    };
    Entity::update(row).exec_without_returning(tx).await?;
    credentials_changed(tx, [id.into()]).await
}

/// The device can no longer sign in.
pub async fn revoke(tx: &Db, id: DeviceId, at: Timestamp) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(id.into()),
        revoked_at_us: Set(Some(at.timestamp_micros())),
        ..Default::default()
    };
    Entity::update(row).exec_without_returning(tx).await?;
    credentials_changed(tx, [id.into()]).await
}

pub(in crate::records) async fn credentials_changed(
    tx: &Db,
    devices: impl IntoIterator<Item = Uuid>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = devices
        .into_iter()
        .map(|id| change::ActiveModel { device_id: Set(id), ..Default::default() })
        .collect();
    for some in rows.chunks(1_000) {
        change::Entity::insert_many(some.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The position of the newest change of credentials; 0 before the first.
pub async fn credentials_position(db: &Db) -> Result<i64, StoreError> {
    let newest = change::Entity::find().order_by_desc(change::Column::Seq).one(db).await?;
    Ok(newest.map_or(0, |row| row.seq))
}

/// Devices whose tokens from before position `after_seq` may no longer be good, each with its position.
pub async fn credentials_changed_after(
    db: &Db,
    after_seq: i64,
    limit: u64,
) -> Result<Vec<(i64, DeviceId)>, StoreError> {
    let query = change::Entity::find().filter(change::Column::Seq.gt(after_seq));
    let rows = query.order_by_asc(change::Column::Seq).limit(limit).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.seq, row.device_id.into())).collect())
}

/// The device, if `scope` covers it.
pub async fn find(db: &Db, scope: Scope, id: DeviceId) -> Result<Option<Device>, StoreError> {
    let seen = scope::by_asset(scope, Column::AssetId);
    Entity::find_by_id(Uuid::from(id)).filter(seen).one(db).await?.map(from_row).transpose()
}

/// Ids of the devices of the assets that `ids` selects, for filters of tables that name a device.
pub(in crate::records) fn of_assets_in(ids: SelectStatement) -> SelectStatement {
    let mut query = Query::select();
    query.column(Column::Id).from(Entity).and_where(Column::AssetId.in_subquery(ids));
    query
}

/// Ids of the devices of this name that report for no equipment and have credentials.
pub(in crate::records) fn free_of_name(name: &str) -> SelectStatement {
    let mut query = Query::select();
    query.column(Column::Id).from(Entity).and_where(Column::Name.eq(name));
    query.and_where(Column::AssetId.is_null()).and_where(Column::RevokedAtUs.is_null());
    query
}

/// The devices of this name, of all customers.
pub async fn of_name(db: &Db, name: &str) -> Result<Vec<Device>, StoreError> {
    let rows = Entity::find().filter(Column::Name.eq(name)).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

pub async fn get(db: &Db, id: DeviceId) -> Result<Option<Device>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = DeviceId>,
) -> Result<HashMap<DeviceId, Device>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    let (found, _) = readable::each("device", rows, |row| (row.id, &row.name), from_row);
    Ok(found.into_iter().map(|device| (device.id, device)).collect())
}

/// The devices that report for an asset, by name.
pub async fn of_asset(db: &Db, asset: AssetId) -> Result<Vec<Device>, StoreError> {
    of_assets(db, [asset]).await
}

/// The devices that report for any of `assets`, by name.
pub async fn of_assets(
    db: &Db,
    assets: impl IntoIterator<Item = AssetId>,
) -> Result<Vec<Device>, StoreError> {
    let query = Entity::find().filter(Column::AssetId.is_in(assets.into_iter().map(Uuid::from)));
    let rows = query.order_by_asc(Column::Name).order_by_asc(Column::Id).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

/// Which asset each device reports for; devices without one are absent. Small enough to be kept in memory by a
/// consumer that reads it again when it meets a device it does not know.
pub async fn asset_map(db: &Db) -> Result<HashMap<DeviceId, AssetId>, StoreError> {
    let query = Entity::find().select_only().column(Column::Id).column(Column::AssetId);
    let speaking = query.filter(Column::AssetId.is_not_null()).filter(Column::RevokedAtUs.is_null());
    let rows: Vec<(Uuid, Uuid)> = speaking.into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(device, asset)| (device.into(), asset.into())).collect())
}

/// The devices whose messages are not read as by default.
pub async fn profiles(db: &Db) -> Result<HashMap<DeviceId, DeviceProfile>, StoreError> {
    let query = Entity::find().select_only().column(Column::Id).column(Column::Profile);
    // As a literal, so that the partial index serves it.
    let others = query.filter(Expr::cust("profile <> 'thingsboard'"));
    let rows: Vec<(Uuid, String)> = others.into_tuple().all(db).await?;
    let profile = |(id, word): (Uuid, String)| {
        let profile =
            word.parse().map_err(|_| StoreError::Corrupt(format!("device {id}: profile {word}")))?;
        Ok((id.into(), profile))
    };
    // A device of an unknown profile is read as by default; the others as they are set.
    Ok(readable::each("device", rows, |(id, word)| (*id, word), profile).0.into_iter().collect())
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub asset: Option<AssetId>,
    pub text: Option<String>,
}

orders! {
    /// What devices are sorted by.
    ascending { Name "name" by Name, Created "created" by CreatedAtUs }
}

/// By name, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Device>, StoreError> {
    let mut query = Entity::find().filter(scope::by_asset(scope, Column::AssetId));
    if let Some(id) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(id)));
    }
    if let Some(text) = &filter.text {
        query = query.filter(search::found(Dialect::of(db), Kind::Device, Column::Id, Column::Search, text));
    }
    let page = order::page(db, "devices", query, page).await?;
    Ok(page.read("device", |row| (row.id, &row.name), from_row))
}

/// Devices whose credentials are not revoked.
pub async fn count(db: &Db) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::RevokedAtUs.is_null()).count(db).await?)
}
