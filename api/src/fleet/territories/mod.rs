//! Areas that technicians cover and sites lie in.

pub mod json;

use web::routes::Routes;

pub fn routes() -> Routes {
    web::operation::routes(json::operations())
}
