//! What devices declare of their metrics: names and units, of which the model of their asset may know better ones.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity, fleet::devices},
};
use domain::{
    fleet::model::MetricName,
    id::{AssetId, DeviceId},
    telemetry::{Declaration, DeviceEvent, DeviceEventKind},
};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

entity! {
    "device_metrics" by { device_id: Uuid, metric: String } {
        name: String,
        unit: String,
        at_us: i64,
    }
}

impl From<Model> for MetricName {
    fn from(row: Model) -> Self {
        Self { metric: row.metric, name: row.name, unit: row.unit }
    }
}

/// What `device` declared, by metric.
pub async fn of_device(db: &Db, device: DeviceId) -> Result<Vec<MetricName>, StoreError> {
    let query = Entity::find().filter(Column::DeviceId.eq(Uuid::from(device)));
    Ok(query.order_by_asc(Column::Metric).all(db).await?.into_iter().map(Into::into).collect())
}

/// What the devices of each asset declared.
pub async fn of_assets(
    db: &Db,
    assets: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, Vec<MetricName>>, StoreError> {
    let found = devices::of_assets(db, assets).await?;
    let of: HashMap<Uuid, AssetId> =
        found.into_iter().filter_map(|device| Some((device.id.into(), device.asset_id?))).collect();
    let query = Entity::find().filter(Column::DeviceId.is_in(of.keys().copied()));
    let mut declared = HashMap::<AssetId, Vec<MetricName>>::new();
    for row in query.order_by_asc(Column::AtUs).all(db).await? {
        if let Some(asset) = of.get(&row.device_id) {
            declared.entry(*asset).or_default().push(row.into());
        }
    }
    Ok(declared)
}

/// Keeps the declarations among `events`, each in place of an older one of its metric.
pub(in crate::records) async fn keep<'e>(
    tx: &Db,
    events: impl Iterator<Item = &'e DeviceEvent>,
) -> Result<(), StoreError> {
    for event in events.filter(|event| event.kind == DeviceEventKind::Declaration) {
        let Ok(Declaration { name, unit }) = serde_json::from_str(&event.text) else { continue };
        let row = ActiveModel {
            device_id: Set(event.device.into()),
            metric: Set(event.code.clone()),
            name: Set(name),
            unit: Set(unit),
            at_us: Set(event.ts_us),
        };
        let newer = OnConflict::columns([Column::DeviceId, Column::Metric])
            .update_columns([Column::Name, Column::Unit, Column::AtUs])
            .action_and_where(Expr::cust("excluded.at_us >= device_metrics.at_us"))
            .to_owned();
        Entity::insert(row).on_conflict(newer).exec_without_returning(tx).await?;
    }
    Ok(())
}
