//! Rules: what to watch for, tried over history before they may open tickets.

pub mod backtest;
pub mod commands;
pub mod queries;
