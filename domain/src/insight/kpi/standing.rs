//! Amounts that stand open for a while: from when until when how much.
//!
//! Everything is told by steps: an amount rises when work ends or a paper is issued, and falls when it is invoiced,
//! paid or taken back. Between two steps it stands, so its value at the end of any day is known for ever.

use super::{Contributions, UNBILLED_AFTER};
use crate::{
    Date, MoneyError, Timestamp,
    id::LineId,
    money::{
        invoice::{Invoice, Issued, credit::CreditNote},
        payment::{Direction, Payment},
    },
};
use std::collections::BTreeMap;

/// A line of a job as it stood on an issued invoice, in the organisation's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    pub line: LineId,
    /// Before tax, in minor units.
    pub net: i64,
    pub issued_at: Timestamp,
    /// When a credit note took all of it back, so that it is to be invoiced again.
    pub given_back_at: Option<Timestamp>,
}

/// From when until when how much stands; `None` until further notice.
type Stretch<T> = (T, Option<T>, i64);

/// What stands between the steps; where it is nothing, nothing.
pub(super) fn steps<T: Copy + Ord>(steps: Vec<(T, i64)>) -> Result<Vec<Stretch<T>>, MoneyError> {
    let mut at = BTreeMap::<T, i64>::new();
    for (moment, change) in steps {
        let sum = at.entry(moment).or_default();
        *sum = sum.checked_add(change).ok_or(MoneyError::Overflow)?;
    }
    let moments: Vec<(T, i64)> = at.into_iter().filter(|(_, change)| *change != 0).collect();
    let mut stands = 0_i64;
    let mut stretches = Vec::with_capacity(moments.len());
    for (place, (moment, change)) in moments.iter().enumerate() {
        stands = stands.checked_add(*change).ok_or(MoneyError::Overflow)?;
        if stands != 0 {
            stretches.push((*moment, moments.get(place + 1).map(|(next, _)| *next), stands));
        }
    }
    Ok(stretches)
}

/// What was not invoiced of a job, from its end on. `lines` are those it has now, before tax; what stood on an
/// invoice counts as the paper said until then.
pub(super) fn of_lines(
    ended: Timestamp,
    lines: &[(LineId, i64)],
    billed: &[Billed],
) -> Result<Vec<Stretch<Timestamp>>, MoneyError> {
    let mut changes = Vec::new();
    let mut open: BTreeMap<LineId, Timestamp> = lines.iter().map(|(line, _)| (*line, ended)).collect();
    let mut papers: Vec<&Billed> = billed.iter().collect();
    papers.sort_by_key(|paper| paper.issued_at);
    for paper in papers {
        let from = open.remove(&paper.line).unwrap_or(ended);
        changes.push((from.min(paper.issued_at), paper.net));
        changes.push((paper.issued_at, -paper.net));
        if let Some(back) = paper.given_back_at {
            open.insert(paper.line, back);
        }
    }
    let left = lines.iter().filter_map(|(line, net)| Some((*open.get(line)?, *net)));
    changes.extend(left);
    steps(changes)
}

/// What the customer owed on an invoice, day by day, up to what its account says; what is to be given back is no claim.
pub(super) fn of_account(
    invoice: &Invoice,
    issued: &Issued,
    notes: &[CreditNote],
    payments: &[Payment],
) -> Result<Vec<Stretch<Date>>, MoneyError> {
    let mut changes = vec![(issued.on, invoice.totals()?.total.minor)];
    changes.extend(notes.iter().map(|note| (note.on.max(issued.on), -note.total.minor)));
    changes.extend(payments.iter().map(|payment| {
        let amount = payment.amount.minor;
        let change = if payment.direction == Direction::In { -amount } else { amount };
        (payment.on.max(issued.on), change)
    }));
    // The account is what counts, also where the books of its money were kept elsewhere.
    let told: i64 = changes.iter().map(|(_, change)| change).sum();
    if let Some(account) = invoice.state.account() {
        let on = account.last_paid_on.unwrap_or(issued.on);
        changes.push((on.max(issued.on), account.open().minor - told));
    }
    Ok(steps(changes)?.into_iter().filter(|(.., open)| open.is_positive()).collect())
}

impl Contributions {
    pub(super) fn stand(
        &mut self,
        code: &'static str,
        from: Timestamp,
        until: Option<Timestamp>,
        amount: i64,
    ) {
        if until.is_none_or(|until| from < until) {
            self.list.push(super::Contribution { code, at: from, until, numerator: amount, denominator: 1 });
        }
    }
    /// Not invoiced; as leakage, only from when it is older than people need.
    pub(super) fn not_invoiced(&mut self, stretches: Vec<Stretch<Timestamp>>, ended: Timestamp) {
        let late = ended + UNBILLED_AFTER;
        for (from, until, amount) in stretches {
            self.stand("K29a", from, until, amount);
            self.stand("K28c", from.max(late), until, amount);
        }
    }
}
