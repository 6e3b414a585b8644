//! Microsoft's public predictive-maintenance sample (`azure_pdm`): hourly telemetry, error codes, recorded failures and
//! maintenance of each machine, merged into what that machine would have said, in time order.
//!
//! The data tells when a machine failed and which component was replaced, not how long that took. The telemetry goes
//! on every hour, so the machine is taken to be down for the hour that begins with the failure.

use crate::{
    payload::{Entry, FAILURE, STATE},
    table::{self, Mapping, Row, RowKind},
};
use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::{Timestamp, condition::ReportedState};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
    path::Path,
};

pub const TELEMETRY: &str = "PdM_telemetry_hourly_20machines_90days.csv.xz";
pub const ERRORS: &str = "PdM_errors.csv.gz";
pub const FAILURES: &str = "PdM_failures.csv.gz";
pub const MAINTENANCES: &str = "PdM_maint.csv.gz";
pub const MACHINES: &str = "PdM_machines.csv.gz";

/// How long a failure is taken to last.
pub const ASSUMED_DOWNTIME: TimeDelta = TimeDelta::hours(1);

pub struct Recording {
    /// All machines together, in time order.
    pub rows: Vec<Row>,
    /// Machine to model.
    pub models: HashMap<String, String>,
}

pub fn load(folder: &Path, machines: &RangeInclusive<u32>) -> Result<Recording> {
    let wanted = |id: &str| id.parse().is_ok_and(|id: u32| machines.contains(&id));
    let mut merged: BTreeMap<(Timestamp, u32), Entry> = BTreeMap::new();
    let mut window: Option<(Timestamp, Timestamp)> = None;
    for row in read(folder, TELEMETRY, RowKind::Telemetry, None)? {
        let (id, entry) = row?;
        if wanted(&id) {
            let (first, last) = window.get_or_insert((entry.at, entry.at));
            (*first, *last) = ((*first).min(entry.at), (*last).max(entry.at));
            merged.insert((entry.at, id.parse()?), entry);
        }
    }
    let (first, last) = window.context("none of these machines is in the telemetry")?;
    let events = [
        (ERRORS, RowKind::Errors, "errorID"),
        (FAILURES, RowKind::Failures, "failure"),
        (MAINTENANCES, RowKind::Maintenance, "comp"),
    ];
    for (name, kind, column) in events {
        for row in read(folder, name, kind, Some(column))? {
            let (id, entry) = row?;
            if wanted(&id) && (first..=last).contains(&entry.at) {
                add_codes(
                    merged.entry((entry.at, id.parse()?)).or_insert_with(|| Entry::new(entry.at)),
                    entry,
                );
            }
        }
    }
    report_states(&mut merged, first, machines);
    let rows = merged.into_iter().map(|((_, id), entry)| (id.to_string(), entry)).collect();
    Ok(Recording { rows, models: models(folder)? })
}

/// Several codes at one instant become a list.
fn add_codes(entry: &mut Entry, more: Entry) {
    for (key, code) in more.values {
        match entry.values.entry(key) {
            serde_json::map::Entry::Vacant(place) => drop(place.insert(Value::Array(vec![code]))),
            serde_json::map::Entry::Occupied(mut place) => {
                if let Value::Array(codes) = place.get_mut() {
                    codes.push(code);
                }
            }
        }
    }
}

/// Up from the first row, down at a failure, up again after the assumed downtime.
fn report_states(
    merged: &mut BTreeMap<(Timestamp, u32), Entry>,
    first: Timestamp,
    machines: &RangeInclusive<u32>,
) {
    let failed: Vec<(Timestamp, u32, String)> = merged
        .iter()
        .filter_map(|((at, id), entry)| {
            let codes = entry.values.get(FAILURE)?.as_array()?;
            let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
            Some((*at, *id, codes.join(", ")))
        })
        .collect();
    let mut report = |at: Timestamp, id, state, cause: Option<&str>| {
        let entry = merged.entry((at, id)).or_insert_with(|| Entry::new(at));
        *entry = std::mem::take(entry).with_state(state, cause);
    };
    for id in machines.clone() {
        report(first, id, ReportedState::Up, None);
    }
    for (at, id, _) in &failed {
        report(*at + ASSUMED_DOWNTIME, *id, ReportedState::Up, None);
    }
    for (at, id, codes) in &failed {
        report(*at, *id, ReportedState::DownUnplanned, Some(codes));
    }
}

fn models(folder: &Path) -> Result<HashMap<String, String>> {
    let path = folder.join(MACHINES);
    let file = std::fs::File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut table = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file));
    table
        .deserialize()
        .map(|row: csv::Result<(String, String, u32)>| row.map(|(id, model, _)| (id, model)))
        .collect::<csv::Result<_>>()
        .context(MACHINES)
}

fn read(
    folder: &Path,
    name: &str,
    kind: RowKind,
    event: Option<&str>,
) -> Result<impl Iterator<Item = Result<Row>> + use<>> {
    let mapping = Mapping {
        kind,
        time: "datetime".into(),
        id: Some("machineID".into()),
        values: Vec::new(),
        event: event.map(Into::into),
    };
    table::read(&folder.join(name), &mapping)
}

/// What the recording holds, to compare with what arrived.
#[derive(Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Contents {
    pub samples: u64,
    pub states: u64,
    pub events: u64,
    pub failures: u64,
}

impl Recording {
    pub fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        for (key, value) in self.rows.iter().flat_map(|(_, entry)| &entry.values) {
            match (key.as_str(), value) {
                (STATE, _) => contents.states += 1,
                (_, Value::Number(_)) => contents.samples += 1,
                (_, Value::Array(codes)) => contents.events += codes.len() as u64,
                _ => {}
            }
            if let (FAILURE, Value::Array(codes)) = (key.as_str(), value) {
                contents.failures += codes.len() as u64;
            }
        }
        contents
    }
}
