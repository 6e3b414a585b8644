//! Values of many assets for programs: one metric put together by bucket, and the newest values, also as monitoring
//! systems scrape them.

use super::json::{LatestView, MAX_BUCKET_DAYS};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::telemetry::Metric;
use serde::Serialize;
use service::{
    command::Unreadable,
    telemetry::samples::{
        fleet::{self, By, Question, Together},
        queries::MAX_BUCKETS,
    },
};
use std::fmt::Write;
use store::records::fleet::assets;
use strum::VariantArray;
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    problem::Problem,
    request::User,
};

/// One bucket of one group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TogetherView {
    /// Id of the asset, model, site or customer; null when all are put together.
    group: Option<Uuid>,
    /// Beginning of the bucket, milliseconds since 1970.
    ts: i64,
    min: f64,
    max: f64,
    avg: f64,
    sum: f64,
    count: u64,
    /// Devices that have values in it.
    devices: u32,
    /// By how much counters rose, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    rise: Option<f64>,
}

fn filter(query: &ListQuery) -> Result<assets::Filter, Problem> {
    Ok(assets::Filter {
        customer: query.id("customer_id")?,
        site: query.id("site_id")?,
        model: query.id("model_id")?,
        text: query.get("q").map(Into::into),
        ..assets::Filter::default()
    })
}

/// One metric of the assets that the caller may see, put together by bucket: over all of them, or by asset, model, site or
/// customer. Empty buckets are absent.
#[utoipa::path(get, path = "/api/v1/telemetry/aggregate", tag = "telemetry",
    params(("metric" = String, Query, description = "The whole name of a metric"),
        ("from" = String, Query, format = DateTime, description = "RFC 3339 or epoch milliseconds, included"), ("to" = Option<String>, Query, format = DateTime, description = "Excluded; now, when left out"),
        ("bucket" = String, Query, format = "duration", description = "ISO 8601 duration, such as PT1H"),
        ("by" = Option<String>, Query, pattern = "^(asset|model|site|customer)$", description = "All together, when left out"),
        ("rise" = Option<bool>, Query, description = "Also by how much counters rose"),
        ("customer_id" = Option<Uuid>, Query), ("site_id" = Option<Uuid>, Query), ("model_id" = Option<Uuid>, Query), ("q" = Option<String>, Query, description = "Text in name, serial number or place")),
    responses((status = 200, body = Items<TogetherView>), (status = 400, body = Problem)))]
pub async fn aggregate(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<TogetherView>>, Problem> {
    let (from, to) = (query.instant("from")?, query.instant("to")?.unwrap_or(deps.now()));
    if from.is_some_and(|from| from > to) {
        return Err(Unreadable::period("from", "not after `to`").into());
    }
    let bucket_us = query.duration("bucket", MAX_BUCKET_DAYS)?;
    let by = query.one_of("by", By::VARIANTS, Into::into)?;
    let rises = query.flag("rise")?.unwrap_or(false);
    let filter = filter(&query)?;
    let missing = |name, what| Unreadable::value(name, what);
    let metric = query.get("metric").ok_or_else(|| missing("metric", "the name of a metric"))?;
    let from = from.ok_or_else(|| missing("from", "when it begins"))?;
    let bucket_us = bucket_us.ok_or_else(|| missing("bucket", "how long a bucket is, such as PT1H"))?;
    let (from_us, to_us) = (from.timestamp_micros(), to.timestamp_micros());
    let fleet = fleet::speaking(&deps, user.scope(), &filter).await?;
    let groups = if by.is_some() { i64::try_from(fleet.len()).unwrap_or(i64::MAX) } else { 1 };
    if ((to_us - from_us) / bucket_us).saturating_mul(groups) > MAX_BUCKETS {
        return Err(Unreadable::value("bucket", "a larger bucket, a shorter period, or fewer assets").into());
    }
    let metric = Metric::from(metric);
    let question = Question { metric, from_us, to_us, bucket_us, by, rises };
    let view = |((group, start_us), all): ((Option<Uuid>, i64), Together)| TogetherView {
        group,
        ts: start_us.div_euclid(1000),
        min: all.bucket.min,
        max: all.bucket.max,
        avg: all.bucket.avg(),
        sum: all.bucket.sum,
        count: all.bucket.count,
        devices: all.series,
        rise: rises.then_some(all.rise),
    };
    let found = fleet::together(&deps, &fleet, &question).await?;
    Ok(Json(Items::whole(found.into_iter().map(view).collect(), Vec::new())))
}

/// The newest value of each metric of every device of the assets that the caller may see; with `format=prometheus` as text
/// that a monitoring system scrapes.
#[utoipa::path(get, path = "/api/v1/telemetry/latest", tag = "telemetry",
    params(("customer_id" = Option<Uuid>, Query), ("site_id" = Option<Uuid>, Query), ("model_id" = Option<Uuid>, Query), ("q" = Option<String>, Query, description = "Text in name, serial number or place"),
        ("format" = Option<String>, Query, pattern = "^prometheus$")),
    responses((status = 200, body = Items<LatestView>), (status = 400, body = Problem)))]
pub async fn latest(State(deps): State<Deps>, user: User, query: ListQuery) -> Result<Response, Problem> {
    let scraped = query.word("format", &["prometheus"])?.is_some();
    let fleet = fleet::speaking(&deps, user.scope(), &filter(&query)?).await?;
    let mut items = Vec::new();
    let mut text = String::from("# TYPE mainstay_telemetry gauge\n");
    for (device, asset) in &fleet {
        for value in deps.latest(device.id).await? {
            if scraped {
                let labels = [("asset", asset.name.as_str()), ("device", &device.name), ("metric", &value.0)];
                let labels = labels.map(|(name, label)| format!("{name}=\"{}\"", escaped(label)));
                let ms = value.1.ts_us.div_euclid(1000);
                let id = device.id;
                let _ = writeln!(
                    text,
                    "mainstay_telemetry{{device_id=\"{id}\",{}}} {} {ms}",
                    labels.join(","),
                    value.1.value
                );
            } else {
                items.push(LatestView::of(device.id, &value));
            }
        }
    }
    if scraped {
        let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
        return Ok((kind, text).into_response());
    }
    Ok(Json(Items::whole(items, Vec::new())).into_response())
}

/// As the text format has it within quotes.
fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(aggregate, latest))]
pub struct Api;

#[cfg(test)]
mod tests {
    use crate::{
        fleet::assets::fixture::{measure, of_customer},
        testing::TestApp,
    };
    use domain::{id::CustomerId, people::account::Role};
    use serde_json::{Value, json};

    async fn two_fleets(app: &TestApp) -> [crate::fleet::assets::fixture::Fleet; 2] {
        let own = of_customer(app, app.customer, "own").await;
        let strange = of_customer(app, CustomerId::generate(), "strange").await;
        measure(app, own.device.id, "energy", &[10.0, 20.0, 30.0]).await;
        measure(app, strange.device.id, "energy", &[1.0, 5.0, 2.0]).await;
        [own, strange]
    }

    fn numbers(answer: &Value, name: &str) -> Vec<f64> {
        let items = answer["items"].as_array().expect("a list");
        items.iter().map(|item| item[name].as_f64().expect("a number")).collect()
    }

    #[tokio::test]
    async fn a_metric_is_put_together_over_the_assets_that_one_sees() {
        let app = TestApp::new().await;
        let [own, strange] = two_fleets(&app).await;
        let (admin, customer) = (app.bearer(Role::Admin), app.as_role(Role::Customer));
        let from = web::time::rfc3339(app.now() - chrono::TimeDelta::days(30));
        let path = format!("/api/v1/telemetry/aggregate?metric=energy&from={from}&bucket=P3000D&rise=true");
        let all = admin.get(&path).await.json();
        let one = |name| numbers(&all, name);
        assert_eq!((one("sum"), one("count"), one("devices")), (vec![68.0], vec![6.0], vec![2.0]));
        assert_eq!((one("min"), one("max"), one("avg")), (vec![1.0], vec![30.0], vec![68.0 / 6.0]));
        assert_eq!(one("rise"), [20.0 + 4.0 + 2.0], "the one behind began anew");
        let by = admin.get(&format!("{path}&by=customer")).await.json();
        let groups: Vec<_> =
            by["items"].as_array().unwrap().iter().map(|item| item["group"].clone()).collect();
        assert!(groups.contains(&json!(own.customer.id.to_string())), "{by}");
        assert!(groups.contains(&json!(strange.customer.id.to_string())), "{by}");
        let seen = customer.get(&path).await.json();
        assert_eq!(numbers(&seen, "sum"), [60.0], "no stranger's values: {seen}");
        for wrong in ["metric=", "from=x", "bucket=PT1S", "by=zone"] {
            let name = wrong.split('=').next().unwrap();
            let parts: Vec<_> = path.split('&').map(|part| part.rsplit('?').next().unwrap()).collect();
            let kept =
                parts.iter().filter(|part| !part.starts_with(name)).copied().collect::<Vec<_>>().join("&");
            let asked = format!("/api/v1/telemetry/aggregate?{kept}&{wrong}");
            assert_eq!(admin.get(&asked).await.status, 400, "{asked}");
        }
    }

    #[tokio::test]
    async fn the_newest_values_are_scraped() {
        let app = TestApp::new().await;
        let [own, strange] = two_fleets(&app).await;
        let (admin, customer) = (app.bearer(Role::Admin), app.as_role(Role::Customer));
        let listed = admin.get("/api/v1/telemetry/latest").await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
        let text = admin.get("/api/v1/telemetry/latest?format=prometheus").await.text();
        let line = text.lines().find(|line| line.contains(&own.device.id.to_string())).expect("a line");
        assert!(
            line.starts_with("mainstay_telemetry{device_id=") && line.contains("metric=\"energy\"} 30 "),
            "{line}"
        );
        let seen = customer.get("/api/v1/telemetry/latest?format=prometheus").await.text();
        assert!(!seen.contains(&strange.device.id.to_string()) && seen.contains(&own.device.id.to_string()));
    }

    #[tokio::test]
    async fn files_come_as_lines_and_as_parquet() {
        let app = TestApp::new().await;
        let [own, _] = two_fleets(&app).await;
        let admin = app.bearer(Role::Admin);
        let path = format!("/api/v1/devices/{}/telemetry?format=", own.device.id);
        let lines = admin.get(&format!("{path}influx")).await;
        let first = lines.text().lines().next().expect("a line").to_owned();
        assert!(
            first.starts_with(&format!("telemetry,device={},metric=energy value=10 ", own.device.id)),
            "{first}"
        );
        assert!(first.ends_with("000000000"), "nanoseconds: {first}");
        let buckets = admin.get(&format!("{path}influx&bucket=P30D&aggregates=max,count")).await.text();
        assert!(buckets.contains(" max=30,count=3 "), "{buckets}");
        let parquet = admin.get(&format!("{path}parquet")).await;
        assert_eq!(parquet.header("content-type"), "application/vnd.apache.parquet");
        assert_eq!(admin.get(&format!("{path}xml")).await.status, 400);
        assert_eq!(admin.get(&format!("{path}parquet&limit=5")).await.status, 400);
    }
}
