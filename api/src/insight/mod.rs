//! Indicators.

pub mod kpis;

use crate::web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(kpis::routes())
}
