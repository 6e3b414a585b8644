//! Tickets, work orders, visits and parts.

pub mod parts;
pub mod tickets;
pub mod visits;
pub mod work_orders;
