//! Row scope at the door: what an actor may not see is *not found*, whatever is asked of it.
//!
//! One rule, [`Scope`], taken from the actor: a customer account and a program bound to a customer see that customer's
//! rows, a technician those of the work orders that have visits of theirs, everybody else all. The repositories turn
//! it into conditions of their queries; here are the single rows that pages, programs and commands begin with. What
//! belongs to no customer, such as the catalogue of parts, can be read by those whose role admits it and
//! changed by those who see everything: see [`house`].

use crate::command::CommandError;
use domain::{
    condition::alert::Alert,
    fleet::{asset::Asset, customer::Customer, device::Device, model::Model, site::Site},
    id::{
        AlertId, AssetId, ContractId, CustomerId, DeviceId, InvoiceId, ModelId, QuarantineId, SiteId,
        TicketId, VisitId, WorkOrderId,
    },
    money::{contract::Contract, invoice::Invoice},
    people::account::Scope,
    telemetry::quarantine::Quarantined,
    work::{ticket::Ticket, visit::Visit, work_order::WorkOrder},
};
use store::records::{
    Db,
    condition::alerts,
    fleet::{assets, customers, devices, models, sites},
    money::{contracts, invoices},
    telemetry::quarantine,
    work::{tickets, visits, work_orders},
};

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident($id:ty) -> $row:ty = $records:ident;)*) => {$(
        $(#[$doc])*
        pub async fn $name(db: &Db, scope: Scope, id: $id) -> Result<$row, CommandError> {
            $records::find(db, scope, id).await?.ok_or(CommandError::NotFound)
        }
    )*};
}

rows! {
    customer(CustomerId) -> Customer = customers;
    site(SiteId) -> Site = sites;
    asset(AssetId) -> Asset = assets;
    model(ModelId) -> Model = models;
    /// One without equipment is for those who see everything.
    device(DeviceId) -> Device = devices;
    alert(AlertId) -> Alert = alerts;
    ticket(TicketId) -> Ticket = tickets;
    work_order(WorkOrderId) -> WorkOrder = work_orders;
    visit(VisitId) -> Visit = visits;
    contract(ContractId) -> Contract = contracts;
    invoice(InvoiceId) -> Invoice = invoices;
    quarantined(QuarantineId) -> Quarantined = quarantine;
}

/// Refuses those who are bound to a customer or to their own work: the command changes what all share.
pub fn house(scope: Scope) -> Result<(), CommandError> {
    if scope.is_everything() { Ok(()) } else { Err(CommandError::Forbidden) }
}
