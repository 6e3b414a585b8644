//! Contracts, invoices and payments.

pub mod billing;
pub mod contracts;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(billing::routes()).merge(contracts::routes())
}
