//! Tickets, work orders, visits, and the people and parts they need.

pub mod checklists;
pub mod lines;
pub mod parts;
pub mod stock;
pub mod technicians;
pub mod tickets;
pub mod time_entries;
pub mod visits;
pub mod work_orders;
