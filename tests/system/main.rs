//! Proof over the whole system: the arrows of the architecture, and journeys through the real binary.

mod architecture;
mod bad_input;
mod crash;
mod journey;
mod pages;
mod workshop;
