//! What people and reactions do: one command layer under pages, programs, jobs and the command line.
//!
//! A folder an area, in it one a word: `commands` change things (load, transition, save, record the event, one
//! transaction), `queries` read what several faces show, `reactions` follow domain events. Every one of them takes who
//! asks, and answers with what may be seen ([`scope`]). Nothing here knows HTTP, HTML or a language: what is refused is
//! a typed reason, which a face puts into words.

pub mod condition;
pub mod fleet;
pub mod insight;
pub mod money;
pub mod people;
pub mod screens;
pub mod telemetry;
pub mod work;

pub mod command;
pub mod demo;
pub mod deps;
pub mod input;
pub mod jobs;
pub mod kept;
pub mod memory;
pub mod scope;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
