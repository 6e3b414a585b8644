//! Proof over the whole system: the arrows of the architecture, and journeys through the real binary.

mod architecture;
mod bad_input;
mod broker;
mod browser_journey;
mod clients;
mod crash;
mod crash_commands;
mod disk_full;
mod job;
mod journey;
mod languages;
mod order;
mod pages;
mod pictures;
mod profiles;
mod questdb;
mod site;
mod soak;
mod starting;
mod stopping;
mod workshop;
