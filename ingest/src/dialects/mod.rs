//! What devices already speak: one file each, from bytes to facts.

pub mod thingsboard;
