//! Series for programs: values in time order, aggregates by bucket, the newest values, and files.

use super::file::{self, Format};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use domain::{
    id::{AssetId, DeviceId},
    telemetry::Metric,
};
use serde::Serialize;
use service::{
    command::{CommandError, Unreadable},
    scope,
    telemetry::samples::{
        counters::{self, Counters},
        queries::{self, MAX_BUCKETS, MAX_METRICS, Place, Selection},
    },
};
use store::{
    StoreError,
    records::fleet::devices,
    telemetry::{Bucket, Point},
};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    problem::Problem,
    request::User,
};

const DEFAULT_LIMIT: u64 = 500;
const MAX_LIMIT: u64 = 10_000;
pub(super) const MAX_BUCKET_DAYS: i64 = 3660;
const DAY_US: i64 = 86_400_000_000;

/// One value. `device_id` is there when an asset was asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ValueView {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Uuid>,
    metric: String,
    /// Milliseconds since 1970.
    ts: i64,
    value: f64,
}

/// Aggregates of one bucket, those that were asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BucketView {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Uuid>,
    metric: String,
    /// Beginning of the bucket, milliseconds since 1970.
    ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rise: Option<f64>,
}

/// The newest value of a metric.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LatestView {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Uuid>,
    metric: String,
    ts: i64,
    value: f64,
}

impl LatestView {
    /// With the device that it is of.
    pub fn of(device: DeviceId, value: &(Metric, Point)) -> Self {
        Self { device_id: Some(device.into()), ..value.into() }
    }
}

impl From<&(Metric, Point)> for LatestView {
    fn from((metric, point): &(Metric, Point)) -> Self {
        Self {
            device_id: None,
            metric: metric.to_string(),
            ts: point.ts_us.div_euclid(1000),
            value: point.value,
        }
    }
}

/// Values of a device in time order; with `bucket` one row a bucket with its `aggregates`, empty ones absent;
/// with `format` all of them as a file.
#[utoipa::path(get, path = "/api/v1/devices/{id}/telemetry", tag = "telemetry",
    params(("id" = Uuid, Path), ("metric" = Option<Vec<String>>, Query, explode = true, description = "The whole name of a metric; may be sent several times. All metrics, when left out"),
        ("from" = Option<String>, Query, format = DateTime, description = "RFC 3339 or epoch milliseconds, included"), ("to" = Option<String>, Query, format = DateTime, description = "Excluded"),
        ("bucket" = Option<String>, Query, format = "duration", description = "ISO 8601 duration, such as PT1H"),
        ("aggregates" = Option<String>, Query, pattern = "^(min|max|avg|sum|count|last|rise)(,(min|max|avg|sum|count|last|rise))*$", description = "Of the buckets; min,max,avg,count when left out. `rise` is by how much a counter rose, from the last value before the bucket, although it began anew"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 10000), ("cursor" = Option<String>, Query), ("format" = Option<String>, Query, pattern = "^(csv|influx|parquet)$", description = "Everything as a file, without pages: CSV, InfluxDB line protocol or Parquet")),
    responses((status = 200, body = Items<ValueView>), (status = 404, body = Problem)))]
pub async fn of_device(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
    query: ListQuery,
) -> Result<Response, Problem> {
    let device = scope::device(deps.records.read(), user.scope(), DeviceId(id)).await?;
    answer(&deps, &[device.id], false, &query).await
}

/// Values of all devices of an asset, as those of one device.
#[utoipa::path(get, path = "/api/v1/assets/{id}/telemetry", tag = "telemetry",
    params(("id" = Uuid, Path), ("metric" = Option<Vec<String>>, Query, explode = true, description = "The whole name of a metric; may be sent several times. All metrics, when left out"),
        ("from" = Option<String>, Query, format = DateTime, description = "RFC 3339 or epoch milliseconds, included"), ("to" = Option<String>, Query, format = DateTime, description = "Excluded"),
        ("bucket" = Option<String>, Query, format = "duration", description = "ISO 8601 duration, such as PT1H"),
        ("aggregates" = Option<String>, Query, pattern = "^(min|max|avg|sum|count|last|rise)(,(min|max|avg|sum|count|last|rise))*$", description = "Of the buckets; min,max,avg,count when left out. `rise` is by how much a counter rose, from the last value before the bucket, although it began anew"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 10000), ("cursor" = Option<String>, Query), ("format" = Option<String>, Query, pattern = "^(csv|influx|parquet)$", description = "Everything as a file, without pages: CSV, InfluxDB line protocol or Parquet")),
    responses((status = 200, body = Items<ValueView>), (status = 404, body = Problem)))]
pub async fn of_asset(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
    query: ListQuery,
) -> Result<Response, Problem> {
    let asset = scope::asset(deps.records.read(), user.scope(), AssetId(id)).await?;
    let ids: Vec<_> = devices::of_asset(deps.records.read(), asset.id).await?.iter().map(|d| d.id).collect();
    answer(&deps, &ids, true, &query).await
}

/// The newest value of each metric of a device.
#[utoipa::path(get, path = "/api/v1/devices/{id}/telemetry/latest", tag = "telemetry", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<LatestView>), (status = 404, body = Problem)))]
pub async fn latest_of_device(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<Items<LatestView>>, Problem> {
    let device = scope::device(deps.records.read(), user.scope(), DeviceId(id)).await?;
    let items = deps.latest(device.id).await?.iter().map(LatestView::from).collect();
    Ok(Json(Items { items, next_cursor: None, unreadable: Vec::new() }))
}

/// The newest value of each metric of each device of an asset.
#[utoipa::path(get, path = "/api/v1/assets/{id}/telemetry/latest", tag = "telemetry", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<LatestView>), (status = 404, body = Problem)))]
pub async fn latest_of_asset(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<Items<LatestView>>, Problem> {
    let asset = scope::asset(deps.records.read(), user.scope(), AssetId(id)).await?;
    let mut items = Vec::new();
    for device in devices::of_asset(deps.records.read(), asset.id).await? {
        for value in &deps.latest(device.id).await? {
            items.push(LatestView::of(device.id, value));
        }
    }
    Ok(Json(Items { items, next_cursor: None, unreadable: Vec::new() }))
}

/// What a query asks for.
struct Asked {
    selection: Selection,
    buckets: Option<(i64, Aggregates)>,
    after: Option<Place>,
    limit: usize,
    /// As a file.
    format: Option<Format>,
}

impl Asked {
    async fn read(deps: &Deps, ids: &[DeviceId], query: &ListQuery) -> Result<Self, Problem> {
        let (from, to) = (query.instant("from")?, query.instant("to")?);
        // Values may lie up to a day in the future of our clock.
        let to_us = to.map_or(deps.now().timestamp_micros() + DAY_US, |at| at.timestamp_micros());
        let from_us = from.map_or(0.min(to_us), |at| at.timestamp_micros());
        if from_us > to_us {
            return Err(Unreadable::period("from", "not after `to`").into());
        }
        let aggregates = Aggregates::read(query)?;
        let bucket_us = query.duration("bucket", MAX_BUCKET_DAYS)?;
        // Without a beginning the data decide, not the period.
        if let (Some(bucket_us), Some(_)) = (bucket_us, from)
            && (to_us - from_us) / bucket_us > MAX_BUCKETS
        {
            let send = "a larger bucket, or a shorter period";
            return Err(Unreadable::value("bucket", send).into());
        }
        let (limit, format) = (query.limit(DEFAULT_LIMIT, MAX_LIMIT)?, Format::read(query)?);
        if format.is_some() {
            query.without(&["limit", "cursor"], "a file has everything: leave it out")?;
        }
        Ok(Self {
            after: query.cursor()?.map(Place::opened).transpose()?,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            format,
            buckets: bucket_us.map(|bucket_us| (bucket_us, aggregates)),
            selection: Selection { series: series(deps, ids, query).await?, from_us, to_us },
        })
    }
}

async fn series(
    deps: &Deps,
    ids: &[DeviceId],
    query: &ListQuery,
) -> Result<Vec<(DeviceId, Metric)>, Problem> {
    let named = query.all("metric");
    let mut series = Vec::new();
    for id in ids {
        let metrics = match &named[..] {
            [] => deps.telemetry.metrics(*id).await?,
            named => named.iter().map(|name| Metric::from(*name)).collect(),
        };
        series.extend(metrics.into_iter().map(|metric| (*id, metric)));
    }
    series.sort();
    series.dedup();
    if series.len() > MAX_METRICS {
        let send = format!("at most {MAX_METRICS} series at once: name the ones you need");
        return Err(Unreadable::value("metric", &send).into());
    }
    Ok(series)
}

async fn answer(
    deps: &Deps,
    ids: &[DeviceId],
    name_devices: bool,
    query: &ListQuery,
) -> Result<Response, Problem> {
    let asked = Asked::read(deps, ids, query).await?;
    if let Some(format) = asked.format {
        return Ok(file::answer(deps.clone(), asked.selection, asked.buckets, format));
    }
    let (after, limit) = (asked.after.as_ref(), asked.limit);
    let device_id = |place: &Place| name_devices.then_some(place.device.0);
    if let Some((bucket_us, wanted)) = asked.buckets {
        let (found, more) = queries::buckets(deps, &asked.selection, bucket_us, after, limit).await?;
        let next_cursor = more.then(|| found.last().map(|(place, _)| place.cursor())).flatten();
        let rises = wanted.rises(deps, &asked.selection, bucket_us, &found).await?;
        let view = |((place, bucket), rise): (&(Place, Bucket), f64)| {
            wanted.view(place, (bucket, rise), device_id(place))
        };
        let items = found.iter().zip(rises).map(view).collect();
        return Ok(Json(Items { items, next_cursor, unreadable: Vec::new() }).into_response());
    }
    let (found, more) = queries::values(deps, &asked.selection, after, limit).await?;
    let next_cursor = more.then(|| found.last().map(|(place, _)| place.cursor())).flatten();
    let items = found
        .iter()
        .map(|(place, point)| ValueView {
            device_id: device_id(place),
            metric: place.metric.to_string(),
            ts: place.ts_us.div_euclid(1000),
            value: point.value,
        })
        .collect();
    Ok(Json(Items { items, next_cursor, unreadable: Vec::new() }).into_response())
}

/// Which aggregates were asked for.
#[derive(Clone, Copy)]
pub(super) struct Aggregates([bool; 7]);

const AGGREGATES: [&str; 7] = ["min", "max", "avg", "sum", "count", "last", "rise"];

impl Aggregates {
    fn read(query: &ListQuery) -> Result<Self, CommandError> {
        let mut wanted = [false; 7];
        for name in query.list("aggregates")?.unwrap_or_else(|| vec!["min", "max", "avg", "count"]) {
            let Some(place) = AGGREGATES.iter().position(|known| *known == name) else {
                let send = format!("some of {}, separated by commas", AGGREGATES.join(", "));
                return Err(Unreadable::value("aggregates", &send));
            };
            wanted[place] = true;
        }
        Ok(Self(wanted))
    }
    /// Those that were asked for, in one order.
    pub fn of(self, bucket: &Bucket, rise: f64) -> impl Iterator<Item = (&'static str, f64)> {
        let count = bucket.count as f64;
        let values = [bucket.min, bucket.max, bucket.avg(), bucket.sum, count, bucket.last, rise];
        AGGREGATES.into_iter().zip(values).zip(self.0).filter_map(|(named, wanted)| wanted.then_some(named))
    }
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        AGGREGATES.into_iter().zip(self.0).filter_map(|(name, wanted)| wanted.then_some(name))
    }
    /// By how much each of `found` rose; looked up only when it was asked for.
    pub async fn rises(
        self,
        deps: &Deps,
        selection: &Selection,
        bucket_us: i64,
        found: &[(Place, Bucket)],
    ) -> Result<Vec<f64>, StoreError> {
        if !self.0[6] {
            return Ok(vec![0.0; found.len()]);
        }
        let db = deps.records.read();
        let own = devices::by_ids(db, selection.series.iter().map(|(device, _)| *device)).await?;
        let own: Vec<_> = own.into_values().collect();
        let counters = Counters::of(db, &own).await?;
        counters::of_page(deps, &counters, selection, bucket_us, found).await
    }
    fn view(self, place: &Place, (bucket, rise): (&Bucket, f64), device_id: Option<Uuid>) -> BucketView {
        BucketView {
            device_id,
            metric: place.metric.to_string(),
            ts: place.ts_us.div_euclid(1000),
            min: self.0[0].then_some(bucket.min),
            max: self.0[1].then_some(bucket.max),
            avg: self.0[2].then(|| bucket.avg()),
            sum: self.0[3].then_some(bucket.sum),
            count: self.0[4].then_some(bucket.count),
            last: self.0[5].then_some(bucket.last),
            rise: self.0[6].then_some(rise),
        }
    }
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(of_device, of_asset, latest_of_device, latest_of_asset))]
pub struct Api;
