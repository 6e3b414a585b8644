//! What devices say of themselves, such as a serial number or a firmware version: the newest value of each name, as
//! the JSON that was sent, so that a text that looks like a number stays a text.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use domain::{
    Timestamp,
    clock::from_micros,
    id::DeviceId,
    telemetry::{DeviceEvent, DeviceEventKind},
};
use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};
use sea_orm_migration::prelude::*;
use serde_json::value::RawValue;

entity! {
    "device_attributes" by { device_id: Uuid, name: String } {
        /// JSON; from before it was kept as sent, a text without its quotes.
        value: String,
        at_us: i64,
    }
}

/// Statements of every length up to it are kept prepared, so it is small.
const ROWS_PER_STATEMENT: usize = 50;

#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: String,
    pub value: Box<RawValue>,
    pub at: Timestamp,
}

impl Attribute {
    /// For people: a text without its quotes, anything else as it was sent.
    pub fn shown(&self) -> String {
        serde_json::from_str(self.value.get()).unwrap_or_else(|_| self.value.get().to_owned())
    }
}

impl TryFrom<Model> for Attribute {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let corrupt = |error| StoreError::Corrupt(format!("attribute {}: {error}", row.name));
        let value = match RawValue::from_string(row.value.clone()) {
            Ok(json) => json,
            Err(_) => serde_json::value::to_raw_value(&row.value).map_err(corrupt)?,
        };
        Ok(Self { value, name: row.name, at: from_micros(row.at_us) })
    }
}

/// The attributes of a device, by name.
pub async fn list(db: &Db, device: DeviceId) -> Result<Vec<Attribute>, StoreError> {
    let query = Entity::find().filter(Column::DeviceId.eq(Uuid::from(device))).order_by_asc(Column::Name);
    query.all(db).await?.into_iter().map(Attribute::try_from).collect()
}

/// The names of all attributes of all devices, with the bytes of their values.
pub async fn sizes(db: &Db) -> Result<Vec<(DeviceId, String, usize)>, StoreError> {
    let rows: Vec<(Uuid, String, i64)> = Entity::find()
        .select_only()
        .columns([Column::DeviceId, Column::Name])
        .column_as(Expr::cust("CAST(length(value) AS bigint)"), "bytes")
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(device, name, bytes)| (device.into(), name, bytes as usize)).collect())
}

/// Keeps the attributes among `events`, each in place of an older value of its name.
pub(in crate::records) async fn keep<'e>(
    tx: &Db,
    events: impl Iterator<Item = &'e DeviceEvent>,
) -> Result<(), StoreError> {
    // One statement may not meet a row twice: of a name that occurs several times the newest counts.
    let mut newest = std::collections::BTreeMap::new();
    for event in events.filter(|event| event.kind == DeviceEventKind::Attribute) {
        let known = newest.entry((event.device, event.code.as_str())).or_insert(event);
        if event.ts_us >= known.ts_us {
            *known = event;
        }
    }
    let rows: Vec<_> = newest
        .into_values()
        .map(|event| ActiveModel {
            device_id: Set(event.device.into()),
            name: Set(event.code.clone()),
            value: Set(event.text.clone()),
            at_us: Set(event.ts_us),
        })
        .collect();
    for some in rows.chunks(ROWS_PER_STATEMENT) {
        let replace = OnConflict::columns([Column::DeviceId, Column::Name])
            .update_columns([Column::Value, Column::AtUs])
            .action_and_where(Expr::cust("excluded.at_us >= device_attributes.at_us"))
            .to_owned();
        Entity::insert_many(some.to_vec()).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{across::demo, telemetry::device_events, tests::place};

    fn attribute(device: DeviceId, at_us: i64, name: &str, json: &str) -> DeviceEvent {
        let kind = DeviceEventKind::Attribute;
        DeviceEvent { device, ts_us: at_us, kind, code: name.into(), text: json.into() }
    }

    #[tokio::test]
    async fn the_newest_value_of_each_name_is_kept_as_it_was_sent() {
        let (_place, records) = place::records().await;
        let (device, other) = (DeviceId::generate(), DeviceId::generate());
        let events = [
            attribute(device, 2, "fw", r#""1.10""#),
            attribute(device, 1, "fw", r#""1.9""#),
            attribute(device, 1, "count", "9007199254740993"),
            attribute(device, 1, "old", "A-17"),
            attribute(other, 3, "fw", "1.10"),
        ];
        let tx = records.begin().await.unwrap();
        device_events::insert_many(&tx, events.iter().map(|event| (event, None))).await.unwrap();
        let late = attribute(device, 1, "fw", r#""1.8""#);
        device_events::insert_many(&tx, [(&late, None)]).await.unwrap();
        tx.commit().await.unwrap();

        let kept = list(records.read(), device).await.unwrap();
        let json: Vec<_> = kept.iter().map(|one| (one.name.as_str(), one.value.get())).collect();
        assert_eq!(json, [("count", "9007199254740993"), ("fw", r#""1.10""#), ("old", r#""A-17""#)]);
        assert_eq!(
            kept.iter().map(Attribute::shown).collect::<Vec<_>>(),
            ["9007199254740993", "1.10", "A-17"]
        );
        let mut sizes = sizes(records.read()).await.unwrap();
        sizes.retain(|(of, ..)| *of == other);
        assert_eq!(sizes, [(other, "fw".into(), 4)]);

        let tx = records.begin().await.unwrap();
        demo::remember(&tx, "device", device.into()).await.unwrap();
        assert_eq!(demo::remove(&tx).await.unwrap(), [device]);
        tx.commit().await.unwrap();
        assert!(list(records.read(), device).await.unwrap().is_empty());
        assert_eq!(list(records.read(), other).await.unwrap().len(), 1);
    }
}
