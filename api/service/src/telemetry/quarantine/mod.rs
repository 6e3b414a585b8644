//! What devices sent and we could not use: looked at, sent through again, or thrown away.

pub mod commands;
