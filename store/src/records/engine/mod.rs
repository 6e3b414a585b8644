//! What every repository stands on: connections and their settings, keys that make a repetition harmless, counters,
//! leases, events on their way, transitions.

pub mod command_keys;
pub mod counters;
pub(crate) mod dialect;
pub mod leases;
pub(in crate::records) mod opening;
pub mod outbox;
pub mod parked_events;
pub mod transitions;
pub(in crate::records) mod write_probe;
