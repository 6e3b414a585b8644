//! Accounts and signing in, and the settings of the organisation.

pub mod accounts;
pub mod parties;
pub mod settings;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new().merge(accounts::routes()).merge(settings::routes())
}
