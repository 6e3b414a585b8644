//! Typed identifiers. All are UUIDv7, so they sort by creation.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                crate::schema::uuid()
            }
        }
        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}

        impl $name {
            /// A new identifier. The time inside it only sorts; it is never read back as a fact.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }
        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }
        impl From<$name> for Uuid {
            fn from(value: $name) -> Self {
                value.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

ids! {
    AccountId, SessionId, ApiTokenId,
    CustomerId, SiteId, TerritoryId, ModelId, AssetId, DeviceId, ProfileId,
    FailureId, QuarantineId, ConnectionId,
    RuleId, AlertId, AlertGroupId, EventId,
    TicketId, WorkOrderId, VisitId, LineId, TimeEntryId, ChecklistItemId,
    TechnicianId, SkillId, PartId, StockLocationId, StockMovementId,
    ContractId, WarrantyId, InvoiceId, InvoiceLineId, CreditNoteId, PaymentId,
}
