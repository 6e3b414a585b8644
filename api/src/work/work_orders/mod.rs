//! Work orders: a job at an asset, with its checklist, lines, visits, finding and signature.

pub mod actions;
#[cfg(test)]
mod ending_tests;
pub mod json;
#[cfg(test)]
mod labour_tests;
mod list;
pub mod page;
pub mod pages;
#[cfg(test)]
pub mod tests;
pub mod view;

use domain::people::account::Role::{
    Admin, Agent, Billing, Dispatcher, Integration, ServiceManager, Technician, Warehouse,
};
use web::routes::{Access, Routes};

const OFFICE: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Agent, Billing, Warehouse]);
const PLANNERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher]);
/// Who changes lines, approves and bills.
const KEEPERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Billing]);
const APPROVERS: Access = Access::Roles(&[Admin, ServiceManager, Billing]);
const READERS: Access =
    Access::Roles(&[Admin, ServiceManager, Dispatcher, Agent, Billing, Warehouse, Technician, Integration]);
/// Technicians work on their own: row scope is in the commands.
const WORKERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Technician, Integration]);

pub fn routes() -> Routes {
    actions::actions()
        .routes()
        .merge(web::operation::routes(json::operations()))
        .get("/work-orders", OFFICE, pages::list)
        .get("/work-orders/new", PLANNERS, pages::new)
        .post("/work-orders", PLANNERS, pages::create)
        .get("/work-orders/{id}", OFFICE, pages::show)
        .post("/work-orders/{id}/lines/{line}", KEEPERS, pages::change_line)
}

const PLANNERS_AND_PROGRAMS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Integration]);
