//! What is kept for a while only. A job looks at each subject once an hour and removes what is older than configured, in
//! steps short enough that nobody waits for them.

use super::REACTIONS;
use crate::{deps::Deps, people::accounts::secrets};
use chrono::TimeDelta;
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use store::{
    StoreError,
    records::{Tx, across::retention},
    telemetry::{Class, Keep},
};
use tokio_util::sync::CancellationToken;

/// Days that each subject is kept; 0 keeps it for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// What machines said. Indicators, alerts and their evidence stay.
    pub telemetry_days: u32,
    /// Metrics that are kept for another time, by a name of the class; of several that cover a metric the first in the
    /// order of their names decides.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, MetricClass>,
    /// Domain events that every reaction has dealt with.
    pub events_days: u32,
    /// Answers of commands by their keys: a phone that was offline for longer may repeat what it did.
    pub answers_days: u32,
    /// Refused messages; they are counted for ever.
    pub quarantine_days: u32,
    /// Browsers on which somebody has signed in. Sessions end by themselves and are always removed.
    pub browsers_days: u32,
}

/// Metrics that are kept alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricClass {
    /// Names, in which a star stands for any letters.
    pub metrics: Vec<String>,
    pub days: u32,
}

impl Retention {
    /// What machines said that is kept for another time, with its days.
    pub fn metric_classes(&self) -> impl Iterator<Item = (Class, u32)> {
        self.classes
            .iter()
            .map(|(name, class)| (Class { name: name.clone(), metrics: class.metrics.clone() }, class.days))
    }

    /// From when on samples are kept at `now`.
    fn keep(&self, now: Timestamp) -> Keep {
        let from_us = |days| before(days, now).map_or(i64::MIN, |at| at.timestamp_micros());
        let classes = self.metric_classes().map(|(class, days)| (class, from_us(days)));
        Keep { classes: classes.collect(), others_us: from_us(self.telemetry_days) }
    }
}

/// What is older than `days` goes; `None`: nothing does.
fn before(days: u32, now: Timestamp) -> Option<Timestamp> {
    (days > 0).then(|| now - TimeDelta::days(days.min(MAX_DAYS).into()))
}

impl Default for Retention {
    fn default() -> Self {
        let classes = BTreeMap::new();
        Self {
            telemetry_days: 0,
            classes,
            events_days: 30,
            answers_days: 90,
            quarantine_days: 90,
            browsers_days: 400,
        }
    }
}

/// The longest that can be configured: a hundred years.
pub const MAX_DAYS: u32 = 36_525;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Telemetry,
    Events,
    Answers,
    Quarantine,
    Sessions,
}

impl Subject {
    pub const ALL: [Self; 5] =
        [Self::Telemetry, Self::Events, Self::Answers, Self::Quarantine, Self::Sessions];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Telemetry => "telemetry",
            Self::Events => "events",
            Self::Answers => "answers",
            Self::Quarantine => "quarantine",
            Self::Sessions => "sessions",
        }
    }
    pub fn days(self, kept: &Retention) -> u32 {
        match self {
            Self::Telemetry => kept.telemetry_days,
            Self::Events => kept.events_days,
            Self::Answers => kept.answers_days,
            Self::Quarantine => kept.quarantine_days,
            Self::Sessions => kept.browsers_days,
        }
    }
}

const FIRST_RUN: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_secs(60 * 60);
/// Rows that one transaction removes.
const STEP: u64 = 500;
/// Between two steps, for everybody else who writes.
const PAUSE: Duration = Duration::from_millis(20);

pub async fn run(deps: Deps, stop: CancellationToken) {
    let mut pause = FIRST_RUN;
    while tokio::time::timeout(pause, stop.cancelled()).await.is_err() {
        for subject in Subject::ALL {
            trim(&deps, subject, &stop).await;
        }
        pause = EVERY;
    }
}

/// One run over one subject, noted for people to see.
pub async fn trim(deps: &Deps, subject: Subject, stop: &CancellationToken) {
    let mut removed = 0;
    let result = remove(deps, subject, stop, &mut removed).await;
    if let Err(error) = &result {
        tracing::warn!(subject = subject.as_str(), %error, "what is too old could not be removed");
    }
    let error = result.err().map(|error| error.to_string());
    let noted = async {
        let tx = deps.records.begin().await?;
        retention::note(&tx, subject.as_str(), deps.now(), removed, error.as_deref()).await?;
        tx.commit_quietly().await
    };
    if let Err(error) = noted.await {
        tracing::warn!(subject = subject.as_str(), %error, "a run of the retention could not be noted");
    }
}

async fn remove(
    deps: &Deps,
    subject: Subject,
    stop: &CancellationToken,
    removed: &mut u64,
) -> Result<(), StoreError> {
    let days = subject.days(&deps.retention);
    let now = deps.now();
    match (subject, before(days, now)) {
        (Subject::Telemetry, kept) if kept.is_some() || !deps.retention.classes.is_empty() => {
            let samples = deps.telemetry.stats().await?.samples;
            deps.telemetry.retain(deps.retention.keep(now)).await?;
            *removed = samples.saturating_sub(deps.telemetry.stats().await?.samples);
            Ok(())
        }
        // Sessions have ended whatever is configured.
        (Subject::Sessions, before) => {
            let tx = deps.records.begin().await?;
            let browsers = before.unwrap_or(Timestamp::UNIX_EPOCH);
            *removed =
                retention::trim_sessions(&tx, now - secrets::LIFETIME, now - secrets::IDLE, browsers).await?;
            tx.commit_quietly().await
        }
        (_, None) => Ok(()),
        (subject, Some(before)) => {
            while !stop.is_cancelled() {
                let tx = deps.records.begin().await?;
                let step = step(&tx, subject, before).await?;
                tx.commit_quietly().await?;
                *removed += step;
                if step < STEP {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            Ok(())
        }
    }
}

async fn step(tx: &Tx, subject: Subject, before: Timestamp) -> Result<u64, StoreError> {
    match subject {
        Subject::Events => {
            let consumers: Vec<&str> = REACTIONS.iter().map(|reaction| reaction.name).collect();
            retention::trim_events(tx, &consumers, before, STEP).await
        }
        Subject::Answers => retention::trim_answers(tx, before, STEP).await,
        Subject::Quarantine => retention::trim_quarantine(tx, before, STEP).await,
        Subject::Telemetry | Subject::Sessions => Ok(0),
    }
}
