//! What the measured values of a type of equipment are called, and their units.

use super::assets;
use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::{
    fleet::model::MetricName,
    id::{AssetId, ModelId},
};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

entity! {
    "model_metrics" by { model_id: Uuid, metric: String } {
        name: String,
        unit: String,
    }
}

impl From<Model> for MetricName {
    fn from(row: Model) -> Self {
        Self { metric: row.metric, name: row.name, unit: row.unit }
    }
}

/// The names of `model`, by metric.
pub async fn of_model(db: &Db, model: ModelId) -> Result<Vec<MetricName>, StoreError> {
    let query = Entity::find().filter(Column::ModelId.eq(Uuid::from(model)));
    Ok(query.order_by_asc(Column::Metric).all(db).await?.into_iter().map(Into::into).collect())
}

pub async fn of_models(
    db: &Db,
    ids: impl IntoIterator<Item = ModelId>,
) -> Result<HashMap<ModelId, Vec<MetricName>>, StoreError> {
    let query = Entity::find().filter(Column::ModelId.is_in(ids.into_iter().map(Uuid::from)));
    let mut found = HashMap::<ModelId, Vec<MetricName>>::new();
    for row in query.order_by_asc(Column::Metric).all(db).await? {
        found.entry(row.model_id.into()).or_default().push(row.into());
    }
    Ok(found)
}

/// The names of each asset's model.
pub async fn of_assets(
    db: &Db,
    ids: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, Vec<MetricName>>, StoreError> {
    let found = assets::by_ids(db, ids).await?;
    let names = of_models(db, found.values().map(|asset| asset.model_id)).await?;
    let of = |model| names.get(&model).cloned().unwrap_or_default();
    Ok(found.iter().map(|(id, asset)| (*id, of(asset.model_id))).collect())
}

/// Sets the names of `model` anew.
pub async fn replace(tx: &Db, model: ModelId, names: &[MetricName]) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::ModelId.eq(Uuid::from(model))).exec(tx).await?;
    let row = |name: &MetricName| ActiveModel {
        model_id: Set(model.into()),
        metric: Set(name.metric.clone()),
        name: Set(name.name.clone()),
        unit: Set(name.unit.clone()),
    };
    if !names.is_empty() {
        Entity::insert_many(names.iter().map(row)).exec_without_returning(tx).await?;
    }
    Ok(())
}
