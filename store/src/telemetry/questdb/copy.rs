//! Everything from one engine to the other. A copy that was stopped goes on where it was.

use super::{
    QuestDbConfig, TIMES_US,
    forwarder::{CONSUMER, ROWS},
    line::{Line, blocking},
    sql::Server,
};
use crate::{
    StoreError,
    telemetry::{
        Bucket, SeriesRange, TelemetryStore,
        embedded::{Embedded, archive::Returned},
    },
};
use domain::{id::DeviceId, telemetry::Metric};
use tokio_util::sync::CancellationToken;

/// Remembered in the file: the series up to which everything is on the server, or all of them.
const COPIED: &str = "questdb_copied";
/// The same of what comes back.
const RETURNED: &str = "questdb_returned";
const ALL: i64 = i64::MAX;

/// How far a copy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Series.
    pub done: usize,
    pub of: usize,
    pub samples: u64,
}

fn all_of(device: DeviceId, metric: &Metric) -> SeriesRange {
    SeriesRange { device, metric: metric.clone(), from_us: TIMES_US.start, to_us: TIMES_US.end }
}

/// In a new data folder there is nothing to copy: the journal brings everything.
pub async fn nothing_before(here: &Embedded) -> Result<(), StoreError> {
    match here.all_series().is_empty() {
        true => here.put_note(COPIED, ALL).await,
        false => Ok(()),
    }
}

/// The data folder is used without a server from now on: what comes meanwhile is not there, so that all of it is copied
/// before anything is handed over again, and the journal waits for nobody. A conflict means that older samples are there
/// alone.
pub async fn alone(here: &Embedded) -> Result<(), StoreError> {
    if here.complete_from_us() > i64::MIN {
        return Err(StoreError::Conflict("older samples are in QuestDB".into()));
    }
    here.dismiss(CONSUMER).await?;
    match here.note(COPIED).await? {
        Some(_) => here.put_note(COPIED, -1).await,
        None => Ok(()),
    }
}

/// The samples of a data folder that was used without a server, before anything is handed over.
pub async fn what_was_before(
    here: &Embedded,
    mut line: Line,
    stop: &CancellationToken,
    mut tell: impl FnMut(Step),
) -> Result<Line, StoreError> {
    let done = here.note(COPIED).await?.unwrap_or(-1);
    if done == ALL {
        return Ok(line);
    }
    let series = here.all_series();
    let mut step = Step { of: series.len(), ..Step::default() };
    for (no, device, metric) in series {
        step.done += 1;
        if i64::from(no) <= done {
            continue;
        }
        let mut range = all_of(device, &metric);
        loop {
            if stop.is_cancelled() {
                return Err(StoreError::Unavailable("the telemetry store closes".into()));
            }
            let rows = here.with_gone(range.clone(), ROWS).await?;
            let Some(last) = rows.last().map(|row| row.ts_us) else { break };
            step.samples += rows.len() as u64;
            line = line.put_series(device, metric.clone(), rows).await?;
            range.from_us = last + 1;
            tell(step);
        }
        here.put_note(COPIED, i64::from(no)).await?;
        tell(step);
    }
    here.put_note(COPIED, ALL).await?;
    Ok(line)
}

/// From the data folder to the server, and looks whether everything shows there.
pub async fn to_server(
    here: &Embedded,
    config: QuestDbConfig,
    tell: impl FnMut(Step),
) -> Result<Step, StoreError> {
    if here.note(COPIED).await? == Some(ALL) {
        let why = "everything is copied: what came since is sent when Mainstay runs with QuestDB";
        return Err(StoreError::Conflict(why.into()));
    }
    let server = Server::new(&config)?;
    server.prepare().await?;
    let line = blocking(move || Line::open(&config)).await?;
    what_was_before(here, line, &CancellationToken::new(), tell).await?;
    server.shows_all().await?;
    let mut step = Step::default();
    for (_, device, metric) in here.all_series() {
        let kept = whole(here.downsample(all_of(device, &metric), TIMES_US.end).await?);
        let found = whole(server.buckets(&all_of(device, &metric), TIMES_US.end).await?);
        if let Some(kept) = kept {
            let same = found.is_some_and(|found| {
                (found.count, found.min, found.max, found.last) == (kept.count, kept.min, kept.max, kept.last)
            });
            // What was handed over before is there alone.
            if !same && here.complete_from_us() == i64::MIN {
                return Err(missing(device, &metric));
            }
            step.samples += kept.count;
        }
        step.done += 1;
        step.of += 1;
    }
    Ok(step)
}

/// From the server back into the data folder, which then needs it no more.
pub async fn to_file(
    here: &Embedded,
    config: QuestDbConfig,
    mut tell: impl FnMut(Step),
) -> Result<Step, StoreError> {
    let server = Server::new(&config)?;
    server.prepare().await?;
    server.shows_all().await?;
    let mut series = server.series().await?;
    series.sort();
    let done = here.note(RETURNED).await?.unwrap_or(0);
    let mut step = Step { of: series.len(), ..Step::default() };
    for (device, metric) in series {
        step.done += 1;
        let place = i64::try_from(step.done).unwrap_or(ALL);
        if place <= done {
            continue;
        }
        let mut range = all_of(device, &metric);
        loop {
            let rows = server.range(&range, ROWS).await?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { break };
            let (from_us, to_us) = (first.ts_us, last.ts_us + 1);
            let times: Vec<i64> = rows.iter().map(|row| row.ts_us).collect();
            here.take_back(Returned { device, metric: metric.clone(), rows }).await?;
            let found = here.range(SeriesRange { from_us, to_us, ..range.clone() }, usize::MAX).await?;
            let mut found = found.iter().map(|row| row.ts_us);
            if !times.iter().all(|time| found.any(|other| other == *time)) {
                return Err(missing(device, &metric));
            }
            step.samples += times.len() as u64;
            range.from_us = to_us;
            tell(step);
        }
        here.put_note(RETURNED, place).await?;
        tell(step);
    }
    here.put_note(RETURNED, 0).await?;
    here.put_note(COPIED, -1).await?;
    here.dismiss(CONSUMER).await?;
    here.whole_again().await?;
    Ok(step)
}

/// One bucket of everything.
fn whole(buckets: Vec<Bucket>) -> Option<Bucket> {
    buckets.into_iter().next()
}

fn missing(device: DeviceId, metric: &Metric) -> StoreError {
    StoreError::Corrupt(format!("not every sample of {metric} of device {device} was found again"))
}
