//! Error codes, warnings, failures, maintenance and texts that devices sent, once each.

use crate::{
    StoreError,
    records::{
        Db, List, PageRequest, Paged,
        columns::kept::entity,
        fleet::{device_attributes, device_claims, device_metrics},
    },
};
use domain::{
    Timestamp,
    id::{AssetId, DeviceId},
    telemetry::{DeviceEvent, DeviceEventKind},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "device_events" by { device_id: Uuid, at_us: i64, kind: String, code: String } {
        /// The asset that the device reported for at the time.
        asset_id: Option<Uuid>,
        text: String,
    }
}

const KINDS: [(DeviceEventKind, &str); 10] = [
    (DeviceEventKind::Failure, "failure"),
    (DeviceEventKind::Error, "error"),
    (DeviceEventKind::Warning, "warning"),
    (DeviceEventKind::Maintenance, "maintenance"),
    (DeviceEventKind::Text, "text"),
    (DeviceEventKind::Attribute, "attribute"),
    (DeviceEventKind::Connection, "connection"),
    (DeviceEventKind::Declaration, "declaration"),
    (DeviceEventKind::Correction, "correction"),
    (DeviceEventKind::Claim, "claim"),
];

/// Statements of every length up to it are kept prepared, so it is small.
const ROWS_PER_STATEMENT: usize = 50;

fn kind_word(kind: DeviceEventKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("text", |(_, word)| word)
}

impl TryFrom<Model> for DeviceEvent {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let kind = KINDS.iter().find(|(_, word)| *word == row.kind).map(|(kind, _)| *kind);
        Ok(Self {
            device: row.device_id.into(),
            ts_us: row.at_us,
            kind: kind.ok_or_else(|| StoreError::Corrupt(format!("device event {}", row.kind)))?,
            code: row.code,
            text: row.text,
        })
    }
}

/// Keeps events; one that is known already is not doubled. Attributes are also kept by their names.
pub async fn insert_many(
    tx: &Db,
    events: impl IntoIterator<Item = (&DeviceEvent, Option<AssetId>)>,
) -> Result<(), StoreError> {
    let events: Vec<_> = events.into_iter().collect();
    device_attributes::keep(tx, events.iter().map(|(event, _)| *event)).await?;
    device_metrics::keep(tx, events.iter().map(|(event, _)| *event)).await?;
    device_claims::keep(tx, events.iter().map(|(event, _)| *event)).await?;
    let rows: Vec<_> = events
        .into_iter()
        .map(|(event, asset)| ActiveModel {
            device_id: Set(event.device.into()),
            at_us: Set(event.ts_us),
            kind: Set(kind_word(event.kind).into()),
            code: Set(event.code.clone()),
            asset_id: Set(asset.map(Into::into)),
            text: Set(event.text.clone()),
        })
        .collect();
    let key = [Column::DeviceId, Column::AtUs, Column::Kind, Column::Code];
    for some in rows.chunks(ROWS_PER_STATEMENT) {
        let again = OnConflict::columns(key).do_nothing().to_owned();
        Entity::insert_many(some.to_vec()).on_conflict(again).exec_without_returning(tx).await?;
    }
    Ok(())
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub asset: Option<AssetId>,
    pub device: Option<DeviceId>,
    /// Any kind when empty.
    pub kinds: Vec<DeviceEventKind>,
    pub from: Option<Timestamp>,
    /// Up to and including.
    pub until: Option<Timestamp>,
}

/// By the whole key: a device says several things at one instant.
const LIST: List<((i64, Uuid), (String, String))> = List::named("device_events");

/// Newest first.
pub async fn list(db: &Db, filter: &Filter, page: &PageRequest) -> Result<Paged<DeviceEvent>, StoreError> {
    let key = [Column::AtUs, Column::DeviceId, Column::Kind, Column::Code];
    let mut query = matching(filter);
    if let Some(((at, device), (kind, code))) = LIST.place(page)? {
        let place = [Expr::val(at), Expr::val(device), Expr::val(kind), Expr::val(code)];
        let columns = key.map(|column| Expr::col(column.as_column_ref()));
        query = query.filter(Expr::tuple(columns).lt(Expr::tuple(place)));
    }
    for column in key {
        query = query.order_by_desc(column);
    }
    let rows = query.limit(page.limit + 1).all(db).await?;
    let events = rows.into_iter().map(DeviceEvent::try_from).collect::<Result<_, _>>()?;
    Ok(LIST.page(events, page.limit, |e: &DeviceEvent| {
        ((e.ts_us, e.device.into()), (kind_word(e.kind).into(), e.code.clone()))
    }))
}

/// Oldest first, at most `limit`.
pub async fn replay(db: &Db, filter: &Filter, limit: u64) -> Result<Vec<DeviceEvent>, StoreError> {
    let rows = matching(filter).order_by_asc(Column::AtUs).limit(limit).all(db).await?;
    rows.into_iter().map(DeviceEvent::try_from).collect()
}

fn matching(filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find();
    if let Some(id) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.device {
        query = query.filter(Column::DeviceId.eq(Uuid::from(id)));
    }
    if !filter.kinds.is_empty() {
        query = query.filter(Column::Kind.is_in(filter.kinds.iter().map(|kind| kind_word(*kind))));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::AtUs.gte(from.timestamp_micros()));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::AtUs.lte(until.timestamp_micros()));
    }
    query
}
