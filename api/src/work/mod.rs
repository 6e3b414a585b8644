//! Tickets, work orders, visits and parts.

pub mod parts;
pub mod tickets;
pub mod visits;
pub mod work_orders;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(parts::routes())
        .merge(tickets::routes())
        .merge(visits::routes())
        .merge(work_orders::routes())
}
