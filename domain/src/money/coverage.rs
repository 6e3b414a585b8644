//! Who pays for a line: the decision, and the reason that is kept beside it.

use super::{
    contract::{Contract, ContractState, Used},
    warranty::Warranty,
};
use crate::{
    Money, Timestamp,
    id::{ContractId, VisitId, WarrantyId},
    work::line_kind::LineKind,
};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, ops::Bound};

/// Kept with every line from the moment it is recorded; an invoice only reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CoverageDecision {
    pub payer: Payer,
    /// Share that the payer bears, 0 to 1; the customer pays the rest.
    pub covered_share: Decimal,
    pub reason: CoverageReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// Not work: the price of the contract itself, which its customer pays.
    ContractPrice,
}

/// The work that somebody must pay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub kind: LineKind,
    /// When it was done: coverage of that moment counts, not of today.
    pub at: Timestamp,
    /// Hours or pieces, as on the line.
    pub quantity: Decimal,
    /// Quantity times price.
    pub gross: Money,
    /// The visit it belongs to: included visits are counted by it.
    pub visit: Option<VisitId>,
    /// The failure was caused by wrong use.
    pub misuse: bool,
}

/// Everything that a decision may depend on.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    pub work: Work,
    /// All warranties of the asset, whatever their time.
    pub warranties: &'a [Warranty],
    /// All contracts of the customer that cover the asset, with what each has borne so far.
    pub contracts: &'a [(Contract, Used)],
}

/// Who pays: the warranty first, then the contract that bears most, then the customer. Nothing but the question
/// decides, so the same facts give the same answer on a phone, on an invoice and in an audit.
pub fn decide(question: &Question<'_>) -> CoverageDecision {
    let Question { work, warranties, contracts } = question;
    if work.misuse {
        return customer_pays(CoverageReason::Misuse);
    }
    let warranty = warranties.iter().find(|w| w.is_active(work.at) && w.covers.contains(&work.kind));
    if let Some(warranty) = warranty {
        return CoverageDecision {
            payer: Payer::Warranty(warranty.id),
            covered_share: Decimal::ONE,
            reason: CoverageReason::WarrantyCoversKind,
        };
    }
    let active = contracts.iter().filter(|(contract, _)| contract.state(work.at) == ContractState::Active);
    let mut best: Option<CoverageDecision> = None;
    for (contract, used) in active.filter(|(contract, _)| contract.share_of(work.kind) > Decimal::ZERO) {
        let decision = by_contract(work, contract, used);
        if best.as_ref().is_none_or(|best| decision.covered_share > best.covered_share) {
            best = Some(decision);
        }
    }
    best.unwrap_or_else(|| customer_pays(why_not(question)))
}

/// Some work between two instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Time of work throughout which the same cover is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// When it began: the moment to decide at.
    pub at: Timestamp,
    pub time_us: i64,
}

/// Cuts work where a cover of its kind begins or ends, so that each part is decided by the cover of its own time.
/// `stretches` are in order and do not overlap; what lies between them (a break) is in no part.
pub fn cut<'a>(
    kind: LineKind,
    stretches: &[Stretch],
    warranties: &[Warranty],
    contracts: impl IntoIterator<Item = &'a Contract>,
) -> Vec<Part> {
    let mut borders = BTreeSet::new();
    for warranty in warranties.iter().filter(|warranty| warranty.covers.contains(&kind)) {
        borders.extend([warranty.start, warranty.end]);
    }
    for contract in contracts.into_iter().filter(|contract| contract.share_of(kind) > Decimal::ZERO) {
        borders.extend([contract.start, contract.end]);
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut last_end = None;
    for stretch in stretches.iter().filter(|stretch| stretch.from < stretch.to) {
        let within = borders.range((Bound::Excluded(stretch.from), Bound::Excluded(stretch.to)));
        let mut from = stretch.from;
        for to in within.copied().chain([stretch.to]) {
            let time_us = (to - from).num_microseconds().unwrap_or(i64::MAX);
            let crossed = last_end.is_none_or(|end| borders.range(end..=from).next().is_some());
            match parts.last_mut().filter(|_| !crossed) {
                Some(part) => part.time_us = part.time_us.saturating_add(time_us),
                None => parts.push(Part { at: from, time_us }),
            }
            (from, last_end) = (to, Some(to));
        }
    }
    parts
}

/// Lengthens the last part until the whole is a multiple of `step_minutes`: a started step is billed. 0 changes nothing.
pub fn round_up(parts: &mut [Part], step_minutes: u32) {
    let step_us = i64::from(step_minutes) * 60_000_000;
    let total = parts.iter().fold(0_i64, |sum, part| sum.saturating_add(part.time_us));
    let Some(last) = parts.last_mut().filter(|_| step_us > 0 && total % step_us > 0) else { return };
    last.time_us = last.time_us.saturating_add(step_us - total % step_us);
}

fn customer_pays(reason: CoverageReason) -> CoverageDecision {
    CoverageDecision { payer: Payer::Customer, covered_share: Decimal::ZERO, reason }
}

fn by_contract(work: &Work, contract: &Contract, used: &Used) -> CoverageDecision {
    let share = contract.share_of(work.kind);
    let borne = share.min(left_by_limits(work, contract, used));
    if borne.is_zero() {
        return customer_pays(CoverageReason::LimitReached);
    }
    let reason =
        if borne < share { CoverageReason::LimitReached } else { CoverageReason::ContractCoversKind };
    CoverageDecision { payer: Payer::Contract(contract.id), covered_share: borne, reason }
}

/// Decimals of a share. Downwards: a contract never bears more than its limit.
const SHARE_DIGITS: u32 = 18;
/// Decimals of what is left of a limit: a few millionths of a second of labour, a fraction of the smallest coin.
const LIMIT_DIGITS: u32 = 9;

/// The greatest share of `work` that the limits still admit, 0 to 1.
fn left_by_limits(work: &Work, contract: &Contract, used: &Used) -> Decimal {
    // A limit counts what the contract bears, so this binds only where it is less than the contract's share. What is
    // left is compared coarser than a share is kept, so that the last digit of a division never counts as a rest.
    let admitted = |limit: Decimal, used: Decimal, wanted: Decimal| {
        let left = (limit - used).round_dp(LIMIT_DIGITS).max(Decimal::ZERO);
        if wanted <= left {
            return Decimal::ONE;
        }
        let share = left.checked_div(wanted).unwrap_or(Decimal::ZERO);
        share.round_dp_with_strategy(SHARE_DIGITS, RoundingStrategy::ToZero)
    };
    let visits_left = match (contract.limits.visits, work.visit) {
        (Some(limit), Some(visit)) => {
            used.visits.contains(&visit) || (used.visits.len() as u64) < u64::from(limit)
        }
        (Some(limit), None) => (used.visits.len() as u64) < u64::from(limit),
        (None, _) => true,
    };
    match work.kind {
        LineKind::Labour | LineKind::Travel if !visits_left => Decimal::ZERO,
        LineKind::Labour => {
            contract.limits.hours.map_or(Decimal::ONE, |limit| admitted(limit, used.hours, work.quantity))
        }
        LineKind::Part => contract.limits.parts.map_or(Decimal::ONE, |limit| {
            if limit.currency != work.gross.currency {
                return Decimal::ZERO;
            }
            admitted(
                Decimal::from(limit.minor),
                Decimal::from(used.parts_minor),
                Decimal::from(work.gross.minor),
            )
        }),
        LineKind::Travel | LineKind::Expense => Decimal::ONE,
    }
}

/// The exact reason why nobody but the customer pays, the nearest miss first.
fn why_not(question: &Question<'_>) -> CoverageReason {
    let Question { work, warranties, contracts } = question;
    let spans = || {
        let of_warranties = warranties.iter().map(|w| (w.start, w.end));
        of_warranties.chain(contracts.iter().map(|(c, _)| (c.start, c.end)))
    };
    if spans().any(|(start, end)| start <= work.at && work.at < end) {
        CoverageReason::KindNotCovered
    } else if spans().any(|(_, end)| end <= work.at) {
        CoverageReason::Expired
    } else if spans().next().is_some() {
        CoverageReason::NotYetStarted
    } else {
        CoverageReason::NoContractOrWarranty
    }
}

#[cfg(test)]
mod tests;
