//! The first minutes: make the administrator and the organisation, then connect a device or load the demo. Until
//! somebody can sign in, every page leads here.

pub mod commands;
