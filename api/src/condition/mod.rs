//! Alerts, the rules that raise them, and how reliable equipment is.

pub mod alerts;
pub mod reliability;
pub mod rules;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(alerts::routes()).merge(reliability::routes()).merge(rules::routes())
}
