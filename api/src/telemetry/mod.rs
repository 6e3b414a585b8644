//! What machines said, and what of it could not be used.

pub mod corrections;
pub mod quarantine;
pub mod samples;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(corrections::routes()).merge(quarantine::routes()).merge(samples::routes())
}
