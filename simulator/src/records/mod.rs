//! A large fleet of records in a data folder: customers, sites, assets with their state logs and failures, and the
//! tickets, work orders, visits, lines and invoices that followed. It is written through the store, not through the
//! product's doors, because a million jobs through commands would take hours; the rows are those the product itself
//! would have left. State logs are derived from reports by `domain`, facts of indicators are computed by `domain`, and
//! the sums are made by the store. What it leaves out: alerts and the timelines of single things.
//!
//! The same settings give the same rows, but for the ids of devices' tokens, which nobody knows.

mod condition;
mod fleet;
mod service;

use anyhow::{Result, bail};
use chrono::TimeDelta;
use domain::{Timestamp, people::account::Actor};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use store::records::{Records, across::bulk, fleet::assets};
use uuid::Uuid;

/// What to make. The numbers are whole fleets' and are met to within one an asset.
#[derive(Clone, Debug)]
pub struct Settings {
    pub data_dir: PathBuf,
    pub seed: u64,
    pub assets: usize,
    /// State intervals.
    pub intervals: usize,
    pub failures: usize,
    pub work_orders: usize,
    /// Of these, still open: the newest.
    pub open: usize,
    /// Length of the past.
    pub days: i64,
    /// The end of the past.
    pub until: Timestamp,
}

impl Settings {
    fn from(&self) -> Timestamp {
        self.until - TimeDelta::days(self.days)
    }
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Made {
    pub customers: usize,
    pub sites: usize,
    pub assets: usize,
    pub intervals: usize,
    pub failures: usize,
    pub tickets: usize,
    pub work_orders: usize,
    pub invoices: usize,
    pub facts: usize,
}

/// Rows that one transaction writes.
const BATCH: usize = 5_000;

/// Fills the folder. `told` hears now and then what is being made and how far it is.
pub async fn make(settings: &Settings, mut told: impl FnMut(&str, usize, usize)) -> Result<Made> {
    if settings.assets == 0 || settings.days < 1 {
        bail!("a fleet has at least one asset and one day of past");
    }
    let records = Records::open(&settings.data_dir).await?;
    let everything = Actor::system().scope();
    if assets::count(records.read(), everything, &assets::Filter::default()).await? > 0 {
        bail!("{} holds assets already: name an empty data folder", settings.data_dir.display());
    }
    let mut made = Made::default();
    let mut pace = Pace::default();
    let fleet = crate::records::fleet::make(&records, settings).await?;
    (made.customers, made.sites, made.assets) =
        (fleet.customers.len(), fleet.sites.len(), fleet.assets.len());
    let mut jobs = Vec::with_capacity(settings.work_orders);
    for (index, some) in fleet.assets.chunks(100).enumerate() {
        let tx = records.begin().await?;
        for (offset, asset) in some.iter().enumerate() {
            let number = index * 100 + offset;
            let device = fleet.devices[number];
            let life = crate::records::condition::live(settings, number, asset, device);
            made.intervals += life.intervals.len();
            made.failures += life.failures.len();
            service::plan(settings, number, asset, &life, &mut jobs);
            bulk::log(&tx, asset.id, &life.marks, &life.silences, &life.intervals).await?;
            bulk::failures(&tx, &life.failures).await?;
        }
        tx.commit().await?;
        pace.tell(&mut told, "state logs", index * 100, fleet.assets.len());
    }
    jobs.sort_by_key(|job| job.at);
    service::leave_open(&mut jobs, settings.open);
    let mut office = service::Office::new(settings, &fleet);
    let total = jobs.len();
    for (index, some) in jobs.chunks(BATCH).enumerate() {
        let papers = office.work(some)?;
        made.tickets += papers.tickets.len();
        made.work_orders += papers.work_orders.len();
        made.invoices += papers.invoices.len();
        made.facts += papers.facts.iter().map(|(_, facts)| facts.len()).sum::<usize>();
        let tx = records.begin().await?;
        papers.write(&tx).await?;
        tx.commit().await?;
        pace.tell(&mut told, "work orders", index * BATCH, total);
    }
    told("sums", 0, 1);
    let tx = records.begin().await?;
    office.counters(&tx).await?;
    bulk::sum_up(&tx).await?;
    tx.commit().await?;
    records.close().await?;
    Ok(made)
}

/// Not more than one word a second.
#[derive(Default)]
struct Pace(Option<Instant>);
impl Pace {
    fn tell(&mut self, told: &mut impl FnMut(&str, usize, usize), what: &str, done: usize, of: usize) {
        if self.0.is_none_or(|last| last.elapsed() > Duration::from_secs(1)) {
            self.0 = Some(Instant::now());
            told(what, done, of);
        }
    }
}

/// Randomness that repeats.
pub(crate) struct Dice(u64);
impl Dice {
    pub(crate) fn new(seed: u64, word: &str, number: usize) -> Self {
        Self(crate::noise::seed_of(seed.wrapping_add(number as u64), word))
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
    pub(crate) fn within(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }
    pub(crate) fn hours(&mut self, from: f64, to: f64) -> TimeDelta {
        TimeDelta::seconds((self.within(from, to) * 3600.0) as i64)
    }
    /// An id that sorts by `at`, as all ids do.
    pub(crate) fn id(&mut self, at: Timestamp) -> Uuid {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_le_bytes());
        random[8..].copy_from_slice(&self.next().to_le_bytes()[..2]);
        let ms = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests;
