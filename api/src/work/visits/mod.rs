//! Visits: what a technician presses on the way to, at and after a job.

pub mod json;
pub mod operations;
#[cfg(test)]
mod tests;

use domain::people::account::Role::{Admin, Dispatcher, Integration, ServiceManager, Technician};
use web::routes::{Access, Routes};

const PLANNERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Integration]);
/// Technicians perform their own: row scope is in the commands.
const WORKERS: Access = Access::Roles(&[Admin, ServiceManager, Dispatcher, Technician, Integration]);

pub fn routes() -> Routes {
    web::operation::routes(operations::operations())
}
