//! Evidence of alerts, frozen: inserted with the alert, never updated.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{frozen, kept::entity},
        lists::readable,
    },
};
use domain::{condition::evidence::Evidence, id::AlertId};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

entity! {
    "evidence" by { alert_id: Uuid } {
        body: String,
    }
}

impl TryFrom<Model> for Evidence {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        frozen::thaw(&row.body)
    }
}

pub async fn insert(tx: &Db, evidence: &Evidence) -> Result<(), StoreError> {
    let body = frozen::freeze(evidence)?;
    let row = ActiveModel { alert_id: Set(evidence.alert_id.into()), body: Set(body) };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, alert: AlertId) -> Result<Option<Evidence>, StoreError> {
    Entity::find_by_id(Uuid::from(alert)).one(db).await?.map(Evidence::try_from).transpose()
}

pub async fn by_ids(
    db: &Db,
    alerts: impl IntoIterator<Item = AlertId>,
) -> Result<HashMap<AlertId, Evidence>, StoreError> {
    let rows =
        Entity::find().filter(Column::AlertId.is_in(alerts.into_iter().map(Uuid::from))).all(db).await?;
    let (found, _) = readable::each("evidence", rows, |row| (row.alert_id, ""), Evidence::try_from);
    Ok(found.into_iter().map(|evidence| (evidence.alert_id, evidence)).collect())
}
