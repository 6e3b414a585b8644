//! Indicators.

pub mod kpis;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(kpis::routes())
}
