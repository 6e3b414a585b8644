//! What machines said, and what of it could not be used.

pub mod quarantine;
pub mod samples;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(quarantine::routes()).merge(samples::routes())
}
