//! How well automatic tickets announced recorded failures.
//!
//! A ticket announces a failure of its machine when the fault it names (its event time) lies within the prediction
//! window before that failure, edges included. A failure that a ticket announced is a hit, any other is a miss; a
//! ticket that announced nothing is false. Failures recorded at one instant on one machine are one failure.

use crate::{
    plant::Plant,
    table::{self, Mapping, RowKind},
};
use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::RangeInclusive,
    path::Path,
};

/// Instants by machine.
pub type Instants = BTreeMap<u32, BTreeSet<Timestamp>>;

#[derive(Debug, PartialEq, Serialize)]
pub struct Scores {
    pub machines: usize,
    pub failures: usize,
    pub hits: usize,
    pub misses: usize,
    pub tickets: usize,
    pub false_tickets: usize,
    pub false_per_100_machine_months: f64,
    pub recall: f64,
    pub precision: f64,
    /// Hours between the earliest announcing ticket and the failure it announced.
    pub lead_hours_min: f64,
    pub lead_hours_median: f64,
    pub lead_hours_max: f64,
    /// Machine and instant of each miss.
    pub missed: Vec<(u32, Timestamp)>,
    pub falsely: Vec<(u32, Timestamp)>,
}

#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub from: TimeDelta,
    pub to: TimeDelta,
}

/// Compares `tickets` with `failures` over `span` of recorded time.
pub fn score(
    failures: &Instants,
    tickets: &Instants,
    window: Window,
    machines: usize,
    span: TimeDelta,
) -> Scores {
    let announces = |ticket: Timestamp, failure: Timestamp| {
        let lead = failure - ticket;
        lead >= window.from && lead <= window.to
    };
    let none = BTreeSet::new();
    let of = |instants: &Instants, machine: &u32| instants.get(machine).unwrap_or(&none).clone();
    let (mut leads, mut missed, mut falsely) = (Vec::new(), Vec::new(), Vec::new());
    for (machine, instants) in failures {
        for failure in instants {
            match of(tickets, machine).into_iter().find(|ticket| announces(*ticket, *failure)) {
                Some(ticket) => leads.push((*failure - ticket).as_seconds_f64() / 3600.0),
                None => missed.push((*machine, *failure)),
            }
        }
    }
    for (machine, instants) in tickets {
        let unannounced =
            |ticket: &&Timestamp| !of(failures, machine).iter().any(|f| announces(**ticket, *f));
        falsely.extend(instants.iter().filter(unannounced).map(|ticket| (*machine, *ticket)));
    }
    leads.sort_by(f64::total_cmp);
    let count = |instants: &Instants| instants.values().map(BTreeSet::len).sum::<usize>();
    let (failure_count, ticket_count) = (count(failures), count(tickets));
    let months = machines as f64 * span.as_seconds_f64() / (30.0 * 86400.0);
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let lead = |index: usize| leads.get(index).copied().unwrap_or(0.0);
    Scores {
        machines,
        failures: failure_count,
        hits: leads.len(),
        misses: missed.len(),
        tickets: ticket_count,
        false_tickets: falsely.len(),
        false_per_100_machine_months: falsely.len() as f64 / months * 100.0,
        recall: share(leads.len(), failure_count),
        precision: share(ticket_count - falsely.len(), ticket_count),
        lead_hours_min: lead(0),
        lead_hours_median: lead(leads.len() / 2),
        lead_hours_max: lead(leads.len().saturating_sub(1)),
        missed,
        falsely,
    }
}

/// Recorded failures of `machines` within `[from, to]`.
pub fn recorded(
    path: &Path,
    machines: &RangeInclusive<u32>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Instants> {
    let mapping = Mapping {
        kind: RowKind::Failures,
        time: "datetime".into(),
        id: Some("machineID".into()),
        values: Vec::new(),
        event: Some("failure".into()),
    };
    let mut failures = Instants::new();
    for row in table::read(path, &mapping)? {
        let (id, entry) = row?;
        let machine: u32 = id.parse().with_context(|| format!("{id:?} is no machine number"))?;
        if machines.contains(&machine) && (from..=to).contains(&entry.at) {
            failures.entry(machine).or_default().insert(entry.at);
        }
    }
    Ok(failures)
}

/// Automatic tickets of the assets called `prefix` and a number, by the time of the fault they name.
pub async fn automatic_tickets(
    plant: &Plant,
    prefix: &str,
    machines: &RangeInclusive<u32>,
) -> Result<Instants> {
    let assets = plant.list("assets", &[("q", prefix)]).await?;
    let number = |asset: &Value| asset["name"].as_str()?.strip_prefix(prefix)?.parse::<u32>().ok();
    let numbers: HashMap<&str, u32> =
        assets.iter().filter_map(|asset| Some((asset["id"].as_str()?, number(asset)?))).collect();
    let mut tickets = Instants::new();
    for ticket in plant.list("tickets", &[]).await? {
        let machine = ticket["asset_id"].as_str().and_then(|id| numbers.get(id));
        let Some(machine) = machine.filter(|machine| machines.contains(machine)) else { continue };
        if ticket["source"] != "automatic" {
            continue;
        }
        let at = ticket["fault_at"].as_str().context("an automatic ticket names no time of its fault")?;
        tickets.entry(*machine).or_default().insert(at.parse()?);
    }
    Ok(tickets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_the_window_count_and_late_tickets_are_false() {
        let at = |hour: i64| "2015-01-10T00:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::hours(hour);
        let failures = Instants::from([(1, [at(100), at(500)].into()), (2, [at(100)].into())]);
        // 72 h before, 1 h before, at the failure itself, and after everything.
        let tickets = Instants::from([(1, [at(28), at(499), at(501)].into()), (2, [at(100)].into())]);
        let window = Window { from: TimeDelta::hours(1), to: TimeDelta::hours(72) };
        let scores = score(&failures, &tickets, window, 2, TimeDelta::days(30));
        assert_eq!((scores.hits, scores.misses, scores.tickets, scores.false_tickets), (2, 1, 4, 2));
        assert_eq!((scores.lead_hours_min, scores.lead_hours_max), (1.0, 72.0));
        assert_eq!(scores.missed, [(2, at(100))]);
        assert!((scores.false_per_100_machine_months - 100.0).abs() < 1e-9);
    }
}
