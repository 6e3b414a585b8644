//! Who acts: accounts, their roles, and the actor that a command is carried out for.

use crate::id::{AccountId, ApiTokenId, CustomerId, TechnicianId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What an account may do. Devices are not accounts: they authenticate at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    pub const ALL: [Self; 9] = [
        Self::Admin,
        Self::ServiceManager,
        Self::Dispatcher,
        Self::Technician,
        Self::Warehouse,
        Self::Billing,
        Self::Agent,
        Self::Customer,
        Self::Integration,
    ];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::ServiceManager => "service_manager",
            Self::Dispatcher => "dispatcher",
            Self::Technician => "technician",
            Self::Warehouse => "warehouse",
            Self::Billing => "billing",
            Self::Agent => "agent",
            Self::Customer => "customer",
            Self::Integration => "integration",
        }
    }
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
impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(s: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == s).ok_or(UnknownRole)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct UnknownRole;

/// Who a command is carried out for. Row scope derives from it: see [`Actor::customer_scope`] and
/// [`Actor::technician_scope`].
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

impl Actor {
    pub fn system() -> Self {
        Self { identity: Identity::System, role: Role::Admin, customer: None, technician: None }
    }
    /// `Some(id)` when only that customer's rows may be seen.
    pub fn customer_scope(&self) -> Option<CustomerId> {
        self.customer
    }
    /// `Some(id)` when only work assigned to that technician may be seen.
    pub fn technician_scope(&self) -> Option<TechnicianId> {
        (self.role == Role::Technician).then_some(self.technician).flatten()
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
