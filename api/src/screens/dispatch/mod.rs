//! Dispatch: what waits for somebody, who could do it best and why, and the day of every technician.

pub mod json;
mod lanes;
pub mod pages;

use domain::people::account::Role::{
    Admin, Agent, Billing, Dispatcher, Integration, ServiceManager, Warehouse,
};
use web::routes::{Access, Routes};

const PLANNERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher]);
const READERS: Access =
    Access::Roles(&[Admin, ServiceManager, Dispatcher, Agent, Billing, Warehouse, Integration]);
const MANAGERS: Access = Access::Roles(&[Admin, ServiceManager, Integration]);

pub fn routes() -> Routes {
    web::operation::routes(json::operations())
        .get_heavy("/dispatch", PLANNERS, pages::board)
        .post("/dispatch/assign", PLANNERS, pages::assign)
        .get("/dispatch/visits/{id}", PLANNERS, pages::visit)
        .post("/dispatch/visits/{id}/{action}", PLANNERS, pages::act)
}
