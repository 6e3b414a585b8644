//! Screens that cross areas. They may use every word, and no word uses them.

pub mod connect;
pub mod dispatch;
pub mod first_run;
pub mod my_day;
pub mod overview;
pub mod portal;

use web::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(connect::routes())
        .merge(dispatch::routes())
        .merge(first_run::routes())
        .merge(my_day::routes())
        .merge(overview::routes())
        .merge(portal::routes())
}
