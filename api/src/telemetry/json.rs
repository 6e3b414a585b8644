//! Series for programs: values in time order, aggregates by bucket, the newest values, and files.

use super::queries::{self, MAX_BUCKETS, MAX_METRICS, Place, Selection};
use crate::{
    Deps,
    problem::Problem,
    scope,
    web::{
        json::Json,
        list::{Items, ListQuery},
        request::User,
        time,
    },
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::{
    id::{AssetId, DeviceId},
    telemetry::Metric,
};
use serde::Serialize;
use std::fmt::Write;
use store::{
    records::devices,
    telemetry::{Bucket, Point},
};
use uuid::Uuid;

const DEFAULT_LIMIT: usize = 500;
const MAX_LIMIT: usize = 10_000;
/// Values of one piece of a file.
const FILE_PIECE: usize = 5_000;

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

/// Values of a device in time order; with `bucket` and `aggregates` one row a bucket, empty ones absent;
/// with `format=csv` all values as a file.
#[utoipa::path(get, path = "/api/v1/devices/{id}/telemetry", tag = "telemetry",
    params(("id" = Uuid, Path), ("metrics" = Option<String>, Query, description = "Names separated by commas; all, when left out"),
        ("from" = Option<String>, Query, description = "RFC 3339 or epoch milliseconds, included"), ("to" = Option<String>, Query, description = "excluded"),
        ("bucket" = Option<String>, Query, description = "ISO 8601 duration, such as PT1H"), ("aggregates" = Option<String>, Query, description = "min,max,avg,sum,count,last"),
        ("limit" = Option<u64>, Query), ("cursor" = Option<String>, Query), ("format" = Option<String>, Query)),
    responses((status = 200, body = Items<ValueView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn of_device(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
    query: ListQuery,
) -> Result<Response, Problem> {
    let device = scope::device(deps.records.read(), user.scope(), DeviceId(id)).await?;
    answer(&deps, &[device.id], false, &query).await
}

/// Values of all devices of an asset.
#[utoipa::path(get, path = "/api/v1/assets/{id}/telemetry", tag = "telemetry",
    params(("id" = Uuid, Path), ("metrics" = Option<String>, Query), ("from" = Option<String>, Query), ("to" = Option<String>, Query),
        ("bucket" = Option<String>, Query), ("aggregates" = Option<String>, Query), ("limit" = Option<u64>, Query), ("cursor" = Option<String>, Query), ("format" = Option<String>, Query)),
    responses((status = 200, body = Items<ValueView>), (status = 404, body = Problem), (status = 422, body = Problem)))]
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
    Ok(Json(Items { items, next_cursor: None }))
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
            items.push(LatestView { device_id: Some(device.id.into()), ..value.into() });
        }
    }
    Ok(Json(Items { items, next_cursor: None }))
}

async fn answer(
    deps: &Deps,
    ids: &[DeviceId],
    name_devices: bool,
    query: &ListQuery,
) -> Result<Response, Problem> {
    let selection = selection(deps, ids, query).await?;
    if query.wants_csv() {
        return Ok(file(deps.clone(), selection));
    }
    let after = match query.get("cursor") {
        None => None,
        Some(text) => Some(Place::parse(text).ok_or_else(|| wrong("cursor", "not a cursor of this list"))?),
    };
    let limit = query.parse("limit").unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let device_id = |place: &Place| name_devices.then_some(place.device.0);
    if let Some(bucket_us) = bucket(query, &selection)? {
        let wanted = Aggregates::read(query)?;
        let (found, more) = queries::buckets(deps, &selection, bucket_us, after.as_ref(), limit).await?;
        let next_cursor = more.then(|| found.last().map(|(place, _)| place.cursor())).flatten();
        let items =
            found.iter().map(|(place, bucket)| wanted.view(place, bucket, device_id(place))).collect();
        return Ok(Json(Items { items, next_cursor }).into_response());
    }
    let (found, more) = queries::values(deps, &selection, after.as_ref(), limit).await?;
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
    Ok(Json(Items { items, next_cursor }).into_response())
}

async fn selection(deps: &Deps, ids: &[DeviceId], query: &ListQuery) -> Result<Selection, Problem> {
    let instant = |name: &'static str, default: i64| match query.get(name) {
        None => Ok(default),
        Some(text) => time::parse(text)
            .map(|at| at.timestamp_micros())
            .ok_or_else(|| wrong(name, "send RFC 3339, such as 2026-01-31T12:00:00Z, or epoch milliseconds")),
    };
    let from_us = instant("from", 0)?;
    // Values may lie up to a day in the future of our clock.
    let to_us = instant("to", deps.now().timestamp_micros() + 86_400_000_000)?;
    if from_us > to_us {
        return Err(wrong("from", "must not be after `to`"));
    }
    let mut series = Vec::new();
    for id in ids {
        match query.get("metrics") {
            None => series.extend(deps.telemetry.metrics(*id).await?.into_iter().map(|metric| (*id, metric))),
            Some(names) => {
                let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                series.extend(names.map(|name| (*id, Metric::from(name))));
            }
        }
    }
    series.sort();
    series.dedup();
    if series.len() > MAX_METRICS {
        return Err(wrong("metrics", "at most 64 series at once: name the ones you need"));
    }
    Ok(Selection { series, from_us, to_us })
}

fn bucket(query: &ListQuery, selection: &Selection) -> Result<Option<i64>, Problem> {
    let Some(text) = query.get("bucket") else { return Ok(None) };
    let bucket_us = time::parse_duration(text)
        .ok_or_else(|| wrong("bucket", "send an ISO 8601 duration, such as PT1H or P1D"))?;
    // Without a beginning the data decide, not the period.
    if query.get("from").is_some() && (selection.to_us - selection.from_us) / bucket_us > MAX_BUCKETS {
        return Err(wrong("bucket", "too small for this period: ask for larger buckets or a shorter period"));
    }
    Ok(Some(bucket_us))
}

#[derive(Clone, Copy)]
struct Aggregates {
    min: bool,
    max: bool,
    avg: bool,
    sum: bool,
    count: bool,
    last: bool,
}

impl Aggregates {
    fn read(query: &ListQuery) -> Result<Self, Problem> {
        let mut wanted = Self { min: false, max: false, avg: false, sum: false, count: false, last: false };
        for name in query.get("aggregates").unwrap_or("min,max,avg,count").split(',') {
            match name.trim() {
                "min" => wanted.min = true,
                "max" => wanted.max = true,
                "avg" => wanted.avg = true,
                "sum" => wanted.sum = true,
                "count" => wanted.count = true,
                "last" => wanted.last = true,
                _ => return Err(wrong("aggregates", "choose among min, max, avg, sum, count and last")),
            }
        }
        Ok(wanted)
    }
    fn view(self, place: &Place, bucket: &Bucket, device_id: Option<Uuid>) -> BucketView {
        BucketView {
            device_id,
            metric: place.metric.to_string(),
            ts: place.ts_us.div_euclid(1000),
            min: self.min.then_some(bucket.min),
            max: self.max.then_some(bucket.max),
            avg: self.avg.then(|| bucket.avg()),
            sum: self.sum.then_some(bucket.sum),
            count: self.count.then_some(bucket.count),
            last: self.last.then_some(bucket.last),
        }
    }
}

fn wrong(field: &'static str, what: &str) -> Problem {
    let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "invalid query");
    problem.fields.insert(field.into(), what.into());
    problem
}

/// Every value of the selection, sent piece by piece: the file may be larger than memory.
fn file(deps: Deps, selection: Selection) -> Response {
    let pieces = async_stream::try_stream! {
        yield Bytes::from_static(b"time,device_id,metric,value\r\n");
        let mut after: Option<Place> = None;
        loop {
            let (found, more) = queries::values(&deps, &selection, after.as_ref(), FILE_PIECE)
                .await
                .map_err(std::io::Error::other)?;
            let mut text = String::with_capacity(found.len() * 80);
            for (place, point) in &found {
                let at = time::rfc3339(domain::clock::from_micros(place.ts_us));
                let metric = place.metric.replace('"', "\"\"");
                let _ = write!(text, "{at},{},\"{metric}\",{}\r\n", place.device, point.value);
            }
            yield Bytes::from(text);
            after = found.into_iter().next_back().map(|(place, _)| place);
            if !more {
                break;
            }
        }
    };
    let pieces: std::pin::Pin<Box<dyn futures::Stream<Item = Result<Bytes, std::io::Error>> + Send>> =
        Box::pin(pieces);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"telemetry.csv\""),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(of_device, of_asset, latest_of_device, latest_of_asset))]
pub struct Api;
