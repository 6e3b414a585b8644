//! What the dialects remember of devices between messages, as they write it themselves.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::id::DeviceId;
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "device_memories" by { device_id: Uuid } {
        body: String,
    }
}

pub async fn all(db: &Db) -> Result<Vec<(DeviceId, String)>, StoreError> {
    let rows = Entity::find().all(db).await?;
    Ok(rows.into_iter().map(|row| (row.device_id.into(), row.body)).collect())
}

/// Each in place of what was remembered of its device before.
pub async fn put(tx: &Db, memories: &[(DeviceId, String)]) -> Result<(), StoreError> {
    for (device, body) in memories {
        let row = ActiveModel { device_id: Set((*device).into()), body: Set(body.clone()) };
        let replace = OnConflict::column(Column::DeviceId).update_column(Column::Body).to_owned();
        Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}
