//! Whose assets an actor sees. A customer sees its own, a technician those of the work orders that have visits of
//! theirs, everybody else all. A foreign asset or device is as good as absent.

use crate::command::CommandError;
use domain::{
    account::{Actor, Role},
    asset::{Asset, Device},
    id::{AssetId, CustomerId, DeviceId, TechnicianId},
};
use store::records::{Connection, assets, devices};

/// The part of the fleet that an actor sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    Customer(CustomerId),
    Technician(TechnicianId),
    Nothing,
}

impl Scope {
    pub fn of(actor: &Actor) -> Self {
        match actor.role {
            Role::Customer => actor.customer.map_or(Self::Nothing, Self::Customer),
            Role::Technician => actor.technician.map_or(Self::Nothing, Self::Technician),
            // An API token may be bound to one customer whatever its role.
            _ => actor.customer.map_or(Self::All, Self::Customer),
        }
    }

    /// Narrows a list of assets; `None` when nothing may be seen.
    pub fn assets(self, filter: assets::Filter) -> Option<assets::Filter> {
        match self {
            Self::All => Some(filter),
            Self::Customer(id) => Some(assets::Filter { customer: Some(id), ..filter }),
            Self::Technician(id) => Some(assets::Filter { technician: Some(id), ..filter }),
            Self::Nothing => None,
        }
    }

    /// Narrows a list of devices; `None` when nothing may be seen.
    pub fn devices(self, filter: devices::Filter) -> Option<devices::Filter> {
        match self {
            Self::All => Some(filter),
            Self::Customer(id) => Some(devices::Filter { customer: Some(id), ..filter }),
            Self::Technician(id) => Some(devices::Filter { technician: Some(id), ..filter }),
            Self::Nothing => None,
        }
    }
}

/// The asset, if this actor may see it.
pub async fn asset(db: &impl Connection, actor: &Actor, id: AssetId) -> Result<Asset, CommandError> {
    let asset = assets::get(db, id).await?.ok_or(CommandError::NotFound)?;
    let seen = match Scope::of(actor) {
        Scope::All => true,
        Scope::Customer(customer) => asset.customer_id == customer,
        Scope::Technician(technician) => assets::has_work_for(db, id, technician).await?,
        Scope::Nothing => false,
    };
    if seen { Ok(asset) } else { Err(CommandError::NotFound) }
}

/// The device, if this actor may see it. One without an asset is for those who see everything.
pub async fn device(db: &impl Connection, actor: &Actor, id: DeviceId) -> Result<Device, CommandError> {
    let device = devices::get(db, id).await?.ok_or(CommandError::NotFound)?;
    match (Scope::of(actor), device.asset_id) {
        (Scope::All, _) => Ok(device),
        (_, Some(owner)) => asset(db, actor, owner).await.map(|_| device),
        (_, None) => Err(CommandError::NotFound),
    }
}
