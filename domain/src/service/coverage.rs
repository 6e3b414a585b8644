//! Who pays for a line: the decision, and the reason that is kept beside it.

use crate::id::{ContractId, WarrantyId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Kept with every line from the moment it is recorded; an invoice only reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageDecision {
    pub payer: Payer,
    /// Share that the payer bears, 0 to 1; the customer pays the rest.
    pub covered_share: Decimal,
    pub reason: CoverageReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Payer {
    Customer,
    Warranty(WarrantyId),
    Contract(ContractId),
    /// Goodwill granted by a person with the right to.
    Goodwill,
}

/// Why. Shown to people through the translations as `coverage-<word>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageReason {
    NoContractOrWarranty,
    WarrantyCoversKind,
    ContractCoversKind,
    /// There is a contract or warranty, but not for this kind of line.
    KindNotCovered,
    Expired,
    NotYetStarted,
    /// The included quantity is used up, wholly or in part.
    LimitReached,
    /// Warranty and contract do not cover misuse.
    Misuse,
    Goodwill,
}
