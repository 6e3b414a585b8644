//! Parts: the catalogue, where they lie, and every movement.

pub mod commands;
