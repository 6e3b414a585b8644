//! What devices did beside sending values: connections, events, and what had to be put aside.

pub mod connections;
pub mod device_events;
pub mod device_memories;
pub mod planned_corrections;
pub mod quarantine;
