//! Work orders: a job at an asset, with its checklist, lines, visits, finding and signature.

#[cfg(test)]
mod ending_tests;
pub mod json;
#[cfg(test)]
mod labour_tests;
mod list;
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
    Routes::new()
        .get("/work-orders", OFFICE, pages::list)
        .get("/work-orders/new", PLANNERS, pages::new)
        .post("/work-orders", PLANNERS, pages::create)
        .get("/work-orders/{id}", OFFICE, pages::show)
        .post("/work-orders/{id}/lines", KEEPERS, pages::add_line)
        .post("/work-orders/{id}/lines/{line}", KEEPERS, pages::change_line)
        .post("/work-orders/{id}/checklist/{item}", PLANNERS, pages::tick)
        .post("/work-orders/{id}/approve", APPROVERS, pages::approve)
        .post("/work-orders/{id}/withdraw-approval", APPROVERS, pages::withdraw_approval)
        .post("/work-orders/{id}/{action}", PLANNERS, pages::act)
        .get("/api/v1/work-orders", READERS, json::list)
        .post("/api/v1/work-orders", PLANNERS_AND_PROGRAMS, json::create)
        .get("/api/v1/work-orders/{id}", READERS, json::get)
        .post("/api/v1/work-orders/{id}/hold", PLANNERS_AND_PROGRAMS, json::hold)
        .post("/api/v1/work-orders/{id}/resume", PLANNERS_AND_PROGRAMS, json::resume)
        .post("/api/v1/work-orders/{id}/cancel", PLANNERS_AND_PROGRAMS, json::cancel)
        .post("/api/v1/work-orders/{id}/give-up", PLANNERS_AND_PROGRAMS, json::give_up)
        .post("/api/v1/work-orders/{id}/approve", APPROVERS, json::approve)
        .post("/api/v1/work-orders/{id}/withdraw-approval", APPROVERS, json::withdraw_approval)
        .post("/api/v1/work-orders/{id}/notes", WORKERS, json::note)
        .post("/api/v1/work-orders/{id}/checklist/{item}", WORKERS, json::tick)
        .post("/api/v1/work-orders/{id}/finding", WORKERS, json::finding)
        .post("/api/v1/work-orders/{id}/signature", WORKERS, json::sign)
        .get("/api/v1/work-orders/{id}/lines", READERS, json::lines)
        .post("/api/v1/work-orders/{id}/lines", WORKERS, json::add_line)
        .post("/api/v1/work-orders/{id}/lines/{line}", KEEPERS, json::change_line)
        .delete("/api/v1/work-orders/{id}/lines/{line}", WORKERS, json::remove_line)
}

const PLANNERS_AND_PROGRAMS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Integration]);
