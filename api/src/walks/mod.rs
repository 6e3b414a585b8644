//! Walks over everything the product has: every endpoint, every list, every form, asked as every role, with bodies that
//! are absurd, rows that are broken and two writers at once.

mod access;
mod costs;
mod csv;
mod damaged;
mod demo_language;
mod keys;
mod lists;
mod on_postgresql;
mod panics;
mod routes;
pub mod scope;
mod two_writers;
mod untouched;
