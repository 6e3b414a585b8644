//! Corrections of values that were promised and are not surely in the journal yet.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{frozen, kept::entity},
    },
};
use domain::telemetry::{DeviceEvent, StateReport};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;
use serde::{Deserialize, Serialize};

entity! {
    "planned_corrections" by { id: Uuid } {
        body: String,
    }
}

/// What becomes of the values of one metric. It may be done twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Says of which device, by whom and why.
    pub event: DeviceEvent,
    pub metric: String,
    /// The times, each with its value from now on; without one there is none any more.
    pub rows: Vec<(i64, Option<f64>)>,
    pub states: Vec<StateReport>,
}

impl frozen::Frozen for Plan {
    const WHAT: &'static str = "planned correction";
}

pub async fn insert(tx: &Db, plan: &Plan) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    let row = ActiveModel { id: Set(id), body: Set(frozen::freeze(plan)?) };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(id)
}

/// In the order in which they were made; one that cannot be read stays.
pub async fn all(db: &Db) -> Result<Vec<(Uuid, Plan)>, StoreError> {
    let mut plans = Vec::new();
    for row in Entity::find().order_by_asc(Column::Id).all(db).await? {
        match frozen::thaw(&row.body) {
            Ok(plan) => plans.push((row.id, plan)),
            Err(error) => tracing::error!(id = %row.id, %error, "a planned correction cannot be read"),
        }
    }
    Ok(plans)
}

pub async fn delete(tx: &Db, id: Uuid) -> Result<(), StoreError> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}
