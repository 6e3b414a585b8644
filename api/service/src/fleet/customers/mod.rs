//! Who owns equipment and pays for its service.

pub mod commands;
