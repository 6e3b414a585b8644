//! A machine's past as messages: what it would have sent, with its own event times.

use crate::{
    delivery::Message,
    machine::{Machine, Status},
    payload::Entry,
    voice::Voice,
};
use chrono::TimeDelta;
use domain::Timestamp;

/// Entries in one message of history.
const ENTRIES_PER_MESSAGE: usize = 96;

/// What `machine` says with `voice` over `[from, to)`, every `step` and at each change of state, in time order.
pub fn messages(
    voice: &Voice,
    machine: &Machine,
    from: Timestamp,
    to: Timestamp,
    step: TimeDelta,
) -> impl Iterator<Item = Message> {
    let mut entries = entries(machine, from, to, step);
    std::iter::from_fn(move || {
        let part: Vec<Entry> = entries.by_ref().take(ENTRIES_PER_MESSAGE).collect();
        (!part.is_empty()).then(|| voice.message(&part))
    })
}

/// What `machine` says over `[from, to)`, entry by entry.
pub fn entries(
    machine: &Machine,
    from: Timestamp,
    to: Timestamp,
    step: TimeDelta,
) -> impl Iterator<Item = Entry> + use<'_> {
    let mut changes = machine.status_changes(from, to).into_iter().peekable();
    let grid = std::iter::successors(Some(from), move |at| Some(*at + step)).take_while(move |at| *at < to);
    grid.flat_map(move |at| {
        let mut due = Vec::new();
        while let Some((changed, status)) = changes.next_if(|(changed, _)| *changed < at + step) {
            due.push(entry(machine, changed, Some(status)));
        }
        if due.first().is_none_or(|first| first.at != at) {
            due.insert(0, entry(machine, at, None));
        }
        due
    })
}

/// What `machine` says at `at`, with its status when that has changed.
pub fn entry(machine: &Machine, at: Timestamp, status: Option<Status>) -> Entry {
    let entry = Entry::new(at).with_values(machine.readings(at));
    match status {
        Some(status) => entry.with_state(status.state, status.cause),
        None => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kind::Kind,
        machine::{Fault, FaultMode},
        payload,
    };

    #[test]
    fn a_history_is_in_time_order_and_tells_every_change_once_at_its_instant() {
        let from: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let to = from + TimeDelta::days(3);
        let fault = Fault {
            mode: FaultMode::BearingWear,
            onset: from,
            full: from + TimeDelta::minutes(1000),
            restored: from + TimeDelta::minutes(1111),
            trips: true,
        };
        let machine = Machine { faults: vec![fault], ..Machine::new(Kind::Pump, 5) };
        let entries: Vec<Entry> = entries(&machine, from, to, TimeDelta::minutes(15)).collect();
        assert!(entries.is_sorted_by(|a, b| a.at < b.at), "strictly in order");
        assert_eq!(entries.len(), 3 * 96 + 2, "the grid, and two changes beside it");
        let states: Vec<_> = entries
            .iter()
            .filter_map(|e| Some((e.at, e.values.get(payload::STATE)?.as_str()?.to_owned())))
            .collect();
        let expected = [(from, "up"), (fault.full, "down_unplanned"), (fault.restored, "up")];
        assert!(states.iter().map(|(at, s)| (*at, s.as_str())).eq(expected), "{states:?}");
        let voice = Voice::with_token("pump", "token");
        let rows: u64 = messages(&voice, &machine, from, to, TimeDelta::minutes(15)).map(|m| m.rows).sum();
        assert_eq!(rows, entries.len() as u64);
    }
}
