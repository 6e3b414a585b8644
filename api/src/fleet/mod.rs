//! Customers, sites, models, assets and devices.

pub mod assets;
pub mod customers;
pub mod devices;
pub mod models;
pub mod profiles;
pub mod sites;
pub mod territories;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(assets::routes())
        .merge(customers::routes())
        .merge(devices::routes())
        .merge(models::routes())
        .merge(profiles::routes())
        .merge(sites::routes())
        .merge(territories::routes())
}
