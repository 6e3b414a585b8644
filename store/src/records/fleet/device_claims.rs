//! Devices that opened themselves for whoever knows their secret, each until a time.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity, fleet::devices},
};
use domain::{
    Timestamp,
    id::DeviceId,
    telemetry::{Claim, DeviceEvent, DeviceEventKind},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;
use sha2::{Digest, Sha256};

entity! {
    "device_claims" by { device_id: Uuid } {
        secret_hash: String,
        until_us: i64,
        /// When the device said so.
        at_us: i64,
        /// How often somebody came with another secret.
        wrong: i64,
    }
}

/// After so many wrong secrets the device has to open itself again.
const MAX_WRONG: i64 = 10;

/// What is kept of a secret: it may be short, so it is bound to its device.
pub fn secret_hash(device: DeviceId, secret: &str) -> String {
    format!("{:x}", Sha256::new().chain_update(device.to_string()).chain_update(secret).finalize())
}

/// Keeps the claims among `events`, each in place of an older one of its device.
pub(in crate::records) async fn keep<'e>(
    tx: &Db,
    events: impl Iterator<Item = &'e DeviceEvent>,
) -> Result<(), StoreError> {
    for event in events.filter(|event| event.kind == DeviceEventKind::Claim) {
        let Ok(Claim { secret, until_us }) = serde_json::from_str(&event.text) else { continue };
        let row = ActiveModel {
            device_id: Set(event.device.into()),
            secret_hash: Set(secret),
            until_us: Set(until_us),
            at_us: Set(event.ts_us),
            wrong: Set(0),
        };
        let newer = OnConflict::column(Column::DeviceId)
            .update_columns([Column::SecretHash, Column::UntilUs, Column::AtUs, Column::Wrong])
            .action_and_where(Expr::cust("excluded.at_us > device_claims.at_us"))
            .to_owned();
        Entity::insert(row).on_conflict(newer).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The devices called `name` that stand open at `now` and are nobody's yet.
pub async fn open(db: &Db, name: &str, now: Timestamp) -> Result<Vec<DeviceId>, StoreError> {
    let named = devices::free_of_name(name);
    let query = Entity::find()
        .filter(Column::DeviceId.in_subquery(named))
        .filter(Column::UntilUs.gt(now.timestamp_micros()))
        .filter(Column::Wrong.lt(MAX_WRONG));
    Ok(query.all(db).await?.into_iter().map(|row| row.device_id.into()).collect())
}

/// Whether `secret` opens `device`.
pub async fn opens(db: &Db, device: DeviceId, secret: &str) -> Result<bool, StoreError> {
    let query =
        Entity::find_by_id(Uuid::from(device)).filter(Column::SecretHash.eq(secret_hash(device, secret)));
    Ok(query.count(db).await? > 0)
}

/// Somebody came to `devices` with a secret that is none of theirs.
pub async fn wrong(tx: &Db, devices: &[DeviceId]) -> Result<(), StoreError> {
    let ids = devices.iter().map(|id| Uuid::from(*id));
    let query = Entity::update_many().col_expr(Column::Wrong, Expr::col(Column::Wrong).add(1));
    query.filter(Column::DeviceId.is_in(ids)).exec(tx).await?;
    Ok(())
}

/// Shut again. The time of what it said stays, so that an older word of the device does not open it.
pub async fn shut(tx: &Db, device: DeviceId) -> Result<(), StoreError> {
    let query = Entity::update_many().col_expr(Column::UntilUs, Expr::value(0));
    query.filter(Column::DeviceId.eq(Uuid::from(device))).exec(tx).await?;
    Ok(())
}
