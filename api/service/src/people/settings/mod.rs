//! The organisation's own facts: who issues invoices, at which prices; and the demo's removal.

pub mod commands;
