//! Who acts: accounts, their roles, and the actor that a command is carried out for.

use crate::word::words;
use crate::{
    Timestamp,
    id::{AccountId, ApiTokenId, CustomerId, TechnicianId},
};
use serde::{Deserialize, Serialize};
use std::fmt;
use strum::{EnumCount, IntoStaticStr, VariantArray};
use uuid::Uuid;

words!(Role);

/// What an account may do. Devices are not accounts: they authenticate at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    Admin,
    ServiceManager,
    Dispatcher,
    Technician,
    Warehouse,
    Billing,
    /// Phone desk.
    Agent,
    /// Portal: sees the assets, tickets and invoices of one customer.
    Customer,
    /// Programs that hold an API token.
    Integration,
}

impl Role {
    /// Purchase costs and margins are hidden from technicians and customers.
    pub fn sees_costs(self) -> bool {
        !matches!(self, Self::Technician | Self::Customer)
    }
}
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A person who signs in. The password is kept beside it, by the store alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    /// Lower case; unique.
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Set exactly for [`Role::Customer`].
    pub customer_id: Option<CustomerId>,
    /// The person whose visits this account performs, for [`Role::Technician`].
    pub technician_id: Option<TechnicianId>,
    /// Code of the screen language.
    pub language: String,
    /// IANA name: times are shown in this zone.
    pub time_zone: String,
    /// A disabled account cannot sign in, and its sessions end at once.
    pub disabled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub version: i64,
}

impl Account {
    pub fn actor(&self) -> Actor {
        Actor {
            identity: Identity::Account(self.id),
            role: self.role,
            customer: self.customer_id,
            technician: self.technician_id,
        }
    }
}

/// A key for programs, sent as `Authorization: Bearer`. The secret itself is shown once and never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub name: String,
    pub role: Role,
    pub customer_id: Option<CustomerId>,
    pub technician_id: Option<TechnicianId>,
    /// Its commands may say that they happened earlier, for history from another system.
    #[serde(default)]
    pub may_backdate: bool,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

impl ApiToken {
    pub fn actor(&self) -> Actor {
        Actor {
            identity: Identity::ApiToken(self.id),
            role: self.role,
            customer: self.customer_id,
            technician: self.technician_id,
        }
    }
}

/// Who a command is carried out for. Which rows it sees derives from it: see [`Actor::scope`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub identity: Identity,
    pub role: Role,
    /// Set for [`Role::Customer`]: the only customer whose rows this actor sees.
    pub customer: Option<CustomerId>,
    /// Set for [`Role::Technician`]: the person whose visits this actor performs.
    pub technician: Option<TechnicianId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    Account(AccountId),
    ApiToken(ApiTokenId),
    /// Mainstay itself: reactions and jobs.
    System,
}

/// Which rows an actor sees: one customer's, those of one technician's work, or all. Can only be had from an actor, so
/// a query that takes one cannot forget whom it answers. A foreign row is as good as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    customer: Option<CustomerId>,
    technician: Option<TechnicianId>,
}

impl Scope {
    /// No row at all: nobody is signed in.
    pub fn nothing() -> Self {
        Self { customer: Some(CustomerId(Uuid::nil())), technician: Some(TechnicianId(Uuid::nil())) }
    }
    /// Only this customer's rows.
    pub fn customer(self) -> Option<CustomerId> {
        self.customer
    }
    /// Only rows of this technician's work.
    pub fn technician(self) -> Option<TechnicianId> {
        self.technician
    }
    /// Every row, and what belongs to no customer: the catalogue, the stock, the settings of the house.
    pub fn is_everything(self) -> bool {
        self.customer.is_none() && self.technician.is_none()
    }
}

impl Actor {
    /// A role that is bound and has lost what it is bound to sees nobody's rows.
    pub fn scope(&self) -> Scope {
        Scope { customer: self.customer_scope(), technician: self.technician_scope() }
    }
    pub fn system() -> Self {
        Self { identity: Identity::System, role: Role::Admin, customer: None, technician: None }
    }
    /// `Some(id)` when only that customer's rows may be seen. A customer account without a customer sees nobody's.
    pub fn customer_scope(&self) -> Option<CustomerId> {
        let nobody = || (self.role == Role::Customer).then_some(CustomerId(Uuid::nil()));
        self.customer.or_else(nobody)
    }
    /// `Some(id)` when only work assigned to that technician may be seen. A technician account without a technician
    /// sees nobody's.
    pub fn technician_scope(&self) -> Option<TechnicianId> {
        let nobody = TechnicianId(Uuid::nil());
        (self.role == Role::Technician).then_some(self.technician.unwrap_or(nobody))
    }
}

/// Where a transition was made: every transition keeps it beside its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Desktop,
    Mobile,
    Api,
    /// Telemetry of the equipment itself.
    Machine,
    /// A rule, reaction or job of Mainstay.
    System,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_without_its_link_sees_nobodys_rows() {
        let actor = |role| Actor { role, ..Actor::system() };
        assert_eq!(actor(Role::Technician).technician_scope(), Some(TechnicianId(Uuid::nil())));
        assert_eq!(actor(Role::Customer).customer_scope(), Some(CustomerId(Uuid::nil())));
        assert_eq!(actor(Role::Dispatcher).technician_scope(), None);
        assert_eq!(actor(Role::Dispatcher).customer_scope(), None);
        assert!(Actor::system().scope().is_everything());
        assert!(Role::ALL.into_iter().all(|role| {
            let bound = matches!(role, Role::Technician | Role::Customer);
            actor(role).scope().is_everything() != bound
        }));
    }

    #[test]
    fn technicians_and_customers_see_no_purchase_costs() {
        let blind: Vec<_> = Role::ALL.into_iter().filter(|role| !role.sees_costs()).collect();
        assert_eq!(blind, [Role::Technician, Role::Customer]);
    }

    #[test]
    fn a_bound_account_sees_the_rows_of_its_link_and_no_others() {
        let (customer, technician) = (CustomerId::generate(), TechnicianId::generate());
        let portal = Actor { role: Role::Customer, customer: Some(customer), ..Actor::system() }.scope();
        assert_eq!((portal.customer(), portal.technician()), (Some(customer), None));
        let van = Actor { role: Role::Technician, technician: Some(technician), ..Actor::system() }.scope();
        assert_eq!((van.customer(), van.technician()), (None, Some(technician)));
        let nobody = Scope::nothing();
        assert!(nobody.customer().is_some() && nobody.technician().is_some(), "nobody is signed in");
    }
}
