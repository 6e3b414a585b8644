//! What a customer has bought: whose work on which equipment is borne by us, up to which limits, and how fast we come.
//!
//! A limit counts what the contract *bears*: with a labour share of one half, a job of two hours uses one included
//! hour. The balance is never stored; it is the sum over the lines that the contract bore.

pub mod billing;

use crate::word::words;
use crate::{
    Money, Timestamp,
    id::{AssetId, ContractId, CustomerId, VisitId},
    work::line_kind::LineKind,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(Tier);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    pub id: ContractId,
    pub customer_id: CustomerId,
    /// What people call it, such as `SC-2026-014`.
    pub number: String,
    pub tier: Tier,
    pub covers_assets: CoveredAssets,
    /// Covered from `start` (included) to `end` (excluded).
    pub start: Timestamp,
    pub end: Timestamp,
    pub shares: Shares,
    pub limits: Limits,
    /// Hours from the report to the first answer, and to the equipment running again.
    pub response_hours: Option<u32>,
    pub restore_hours: Option<u32>,
    /// Price of the whole term.
    pub price: Money,
    /// How the price is invoiced; `None`: elsewhere, or not at all.
    #[serde(default)]
    pub billing: Option<crate::money::contract::billing::Billing>,
    /// Guaranteed uptime as a fraction, such as 0.98.
    pub availability_guarantee: Option<Decimal>,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Tier {
    Basic,
    Standard,
    Premium,
}
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "assets", rename_all = "snake_case")]
pub enum CoveredAssets {
    /// Everything the customer owns, also what is installed later.
    All,
    Listed(BTreeSet<AssetId>),
}

/// The share that the contract bears of each kind of line, 0 to 1. Expenses are never borne.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    pub labour: Decimal,
    pub travel: Decimal,
    pub parts: Decimal,
}

/// What is included at most over the term; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Hours of labour.
    pub hours: Option<Decimal>,
    /// Visits; beyond them neither labour nor travel of a further visit is borne.
    pub visits: Option<u32>,
    pub parts: Option<Money>,
}

/// What the contract has borne so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    pub hours: Decimal,
    pub visits: BTreeSet<VisitId>,
    /// In minor units of the contract's currency.
    pub parts_minor: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractState {
    NotYetStarted,
    Active,
    Expired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContract {
    #[error("a contract ends after it starts")]
    EndBeforeStart,
    #[error("a share lies between 0 and 1")]
    ShareOutOfRange,
    #[error("a limit is not negative")]
    NegativeLimit,
    #[error("a guarantee lies between 0 and 1")]
    GuaranteeOutOfRange,
    #[error("a contract names at least one asset or covers all")]
    NoAssets,
    #[error("amounts of a contract share one currency")]
    MixedCurrencies,
}

impl Contract {
    /// Holds what a contract must hold, whoever made it.
    pub fn validate(self) -> Result<Self, InvalidContract> {
        let fraction = |value: Decimal| (Decimal::ZERO..=Decimal::ONE).contains(&value);
        if self.end <= self.start {
            return Err(InvalidContract::EndBeforeStart);
        }
        if ![self.shares.labour, self.shares.travel, self.shares.parts].into_iter().all(fraction) {
            return Err(InvalidContract::ShareOutOfRange);
        }
        if self.limits.hours.is_some_and(|h| h < Decimal::ZERO)
            || self.limits.parts.is_some_and(|p| p.minor < 0)
            || self.price.minor < 0
        {
            return Err(InvalidContract::NegativeLimit);
        }
        if self.limits.parts.is_some_and(|parts| parts.currency != self.price.currency) {
            return Err(InvalidContract::MixedCurrencies);
        }
        if self.availability_guarantee.is_some_and(|g| !fraction(g)) {
            return Err(InvalidContract::GuaranteeOutOfRange);
        }
        if matches!(&self.covers_assets, CoveredAssets::Listed(assets) if assets.is_empty()) {
            return Err(InvalidContract::NoAssets);
        }
        Ok(self)
    }

    /// `asset` must belong to the contract's customer; the caller knows.
    pub fn covers_asset(&self, asset: AssetId) -> bool {
        match &self.covers_assets {
            CoveredAssets::All => true,
            CoveredAssets::Listed(assets) => assets.contains(&asset),
        }
    }

    pub fn state(&self, at: Timestamp) -> ContractState {
        if at < self.start {
            ContractState::NotYetStarted
        } else if at < self.end {
            ContractState::Active
        } else {
            ContractState::Expired
        }
    }

    pub fn share_of(&self, kind: LineKind) -> Decimal {
        match kind {
            LineKind::Labour => self.shares.labour,
            LineKind::Travel => self.shares.travel,
            LineKind::Part => self.shares.parts,
            LineKind::Expense => Decimal::ZERO,
        }
    }

    /// How much of the tightest limit is used, 0 to 1 and beyond; `None` without limits.
    pub fn used_fraction(&self, used: &Used) -> Option<Decimal> {
        let fraction =
            |used: Decimal, limit: Decimal| if limit.is_zero() { Decimal::ONE } else { used / limit };
        [
            self.limits.hours.map(|limit| fraction(used.hours, limit)),
            self.limits.visits.map(|limit| fraction(Decimal::from(used.visits.len()), Decimal::from(limit))),
            self.limits
                .parts
                .map(|limit| fraction(Decimal::from(used.parts_minor), Decimal::from(limit.minor))),
        ]
        .into_iter()
        .flatten()
        .max()
    }
}

#[cfg(test)]
mod tests;
