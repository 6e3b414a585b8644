//! One metric of many assets: put together by bucket, over all of them or by what they are.

use super::counters::{self, Counters};
use crate::{command::CommandError, condition::reliability::queries::every, deps::Deps};
use domain::{
    fleet::{asset::Asset, device::Device},
    id::{AssetId, DeviceId},
    people::account::Scope,
    telemetry::Metric,
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, HashMap};
use store::{
    StoreError,
    records::fleet::{assets, devices},
    telemetry::{Bucket, SeriesRange},
};
use strum::{EnumCount, IntoStaticStr, VariantArray};
use uuid::Uuid;

/// Series that are read at once: more only wait for each other.
const AT_ONCE: usize = 4;

/// What the assets are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum By {
    Asset,
    Model,
    Site,
    Customer,
}

impl By {
    fn of(self, asset: &Asset) -> Uuid {
        match self {
            Self::Asset => asset.id.into(),
            Self::Model => asset.model_id.into(),
            Self::Site => asset.site_id.into(),
            Self::Customer => asset.customer_id.into(),
        }
    }
}

/// What is asked for, half open.
#[derive(Clone, Debug)]
pub struct Question {
    pub metric: Metric,
    pub from_us: i64,
    pub to_us: i64,
    pub bucket_us: i64,
    /// All together when absent.
    pub by: Option<By>,
    /// By how much counters rose, which costs more.
    pub rises: bool,
}

/// One bucket of one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Together {
    pub bucket: Bucket,
    pub rise: f64,
    /// Series that have values in it.
    pub series: u32,
}

pub type Groups = BTreeMap<(Option<Uuid>, i64), Together>;

/// The devices of the assets that `scope` covers and `filter` wants, with their assets.
pub async fn speaking(
    deps: &Deps,
    scope: Scope,
    filter: &assets::Filter,
) -> Result<Vec<(Device, Asset)>, StoreError> {
    let db = deps.records.read();
    let fleet: HashMap<AssetId, Asset> =
        every(db, scope, filter).await?.into_iter().map(|asset| (asset.id, asset)).collect();
    let ids: Vec<AssetId> = fleet.keys().copied().collect();
    let mut found = Vec::new();
    for some in ids.chunks(500) {
        for device in devices::of_assets(db, some.iter().copied()).await? {
            if let Some(asset) = device.asset_id.and_then(|id| fleet.get(&id)) {
                found.push((device, asset.clone()));
            }
        }
    }
    found.sort_by_key(|(device, _)| device.id);
    Ok(found)
}

/// The buckets of each group, in the order of groups and times; empty ones are absent.
pub async fn together(
    deps: &Deps,
    fleet: &[(Device, Asset)],
    question: &Question,
) -> Result<Groups, CommandError> {
    let own: Vec<Device> = fleet.iter().map(|(device, _)| device.clone()).collect();
    let counters = match question.rises {
        true => Counters::of(deps.records.read(), &own).await?,
        false => Counters::default(),
    };
    let has = |(device, _): &&(Device, Asset)| deps.telemetry.census(device.id, &question.metric).known;
    let series = fleet
        .iter()
        .filter(has)
        .map(|(device, asset)| one(deps, &counters, question, device.id, question.by.map(|by| by.of(asset))));
    let mut groups = Groups::new();
    let mut read = stream::iter(series.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
    while let Some((group, buckets, rises)) = read.try_next().await? {
        for (bucket, rise) in buckets.into_iter().zip(rises) {
            let one = Together { bucket, rise, series: 1 };
            groups.entry((group, bucket.start_us)).and_modify(|all| all.add(one)).or_insert(one);
        }
    }
    Ok(groups)
}

type Read = (Option<Uuid>, Vec<Bucket>, Vec<f64>);

async fn one(
    deps: &Deps,
    counters: &Counters,
    question: &Question,
    device: DeviceId,
    group: Option<Uuid>,
) -> Result<Read, StoreError> {
    let Question { metric, from_us, to_us, bucket_us, rises, .. } = question;
    let range = SeriesRange { device, metric: metric.clone(), from_us: *from_us, to_us: *to_us };
    let buckets = deps.telemetry.downsample(range.clone(), *bucket_us).await?;
    let rises = match rises {
        true => {
            let counting = counters.get(device, metric).unwrap_or_default();
            counters::rises(deps.telemetry.as_ref(), counting, &range, &buckets, *bucket_us).await?
        }
        false => vec![0.0; buckets.len()],
    };
    Ok((group, buckets, rises))
}

impl Together {
    fn add(&mut self, other: Self) {
        let (one, more) = (&mut self.bucket, other.bucket);
        one.min = one.min.min(more.min);
        one.max = one.max.max(more.max);
        one.sum += more.sum;
        one.count += more.count;
        self.rise += other.rise;
        self.series += other.series;
    }
}
