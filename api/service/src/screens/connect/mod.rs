//! Connecting a device of one's own: a name, perhaps the equipment it stands at, and a first message.

pub mod commands;
