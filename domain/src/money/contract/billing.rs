//! How the price of a contract is invoiced: cut into periods that follow its first day, each due in advance or in
//! arrears. Full periods cost the same; a last one that the end cuts short costs its share of days. Amounts are
//! differences of rounded cumulative amounts, so the periods add up to the price exactly.

use crate::word::words;
use crate::{Date, Money, MoneyError};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(Due, Every);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Billing {
    pub every: Every,
    pub due: Due,
    /// Periods that begin earlier were invoiced elsewhere.
    #[serde(default)]
    pub from: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Every {
    Month,
    Quarter,
    Year,
    /// The whole term at once.
    Once,
}

impl Every {
    fn months(self) -> Option<u32> {
        match self {
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
            Self::Once => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Due {
    /// On the first day of the period.
    Advance,
    /// On the day after its last.
    Arrears,
}

/// A stretch of the term that is invoiced as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First and last day, both included.
    pub from: Date,
    pub to: Date,
    /// The day from which it may be invoiced.
    pub due: Date,
    /// Before tax.
    pub amount: Money,
}

/// Every period of a term from `first` to `last` (both included), in order.
pub fn schedule(
    first: Date,
    last: Date,
    price: Money,
    every: Every,
    due: Due,
) -> Result<Vec<Period>, MoneyError> {
    let spans = spans(first, last, every);
    // A full period weighs as many units as the last one has days when it is full, so that the last one, however
    // short, weighs a whole number of them.
    let (full_days, last_days) = spans.last().map_or((1, 1), |span| (span.full_days, span.days()));
    let full_periods = i64::try_from(spans.len()).unwrap_or(i64::MAX) - 1;
    let whole = full_periods * full_days + last_days;
    let mut periods = Vec::with_capacity(spans.len());
    let mut billed = Money::zero(price.currency);
    for (index, span) in (1..).zip(&spans) {
        let weight = if index > full_periods { whole } else { index * full_days };
        let upto = price.fraction(weight, whole)?;
        let amount = upto.checked_sub(billed)?;
        billed = upto;
        let due = match due {
            Due::Advance => span.from,
            Due::Arrears => span.to.next().unwrap_or(Date::MAX),
        };
        periods.push(Period { from: span.from, to: span.to, due, amount });
    }
    Ok(periods)
}

struct Span {
    from: Date,
    to: Date,
    /// Were it not cut short by the end.
    full_days: i64,
}
impl Span {
    fn days(&self) -> i64 {
        self.from.days_until(self.to) + 1
    }
}

fn spans(first: Date, last: Date, every: Every) -> Vec<Span> {
    let Some(months) = every.months() else {
        return vec![Span { from: first, to: last, full_days: first.days_until(last) + 1 }];
    };
    let mut spans = Vec::new();
    // Counted from the first day each time: the 31st stays the 31st after a February.
    let start = |index: u32| first.plus_months(months.saturating_mul(index));
    for index in 0.. {
        let Some(from) = start(index).filter(|from| *from <= last) else { break };
        let next = start(index + 1);
        let end = next.and_then(Date::previous).unwrap_or(Date::MAX);
        spans.push(Span { from, to: end.min(last), full_days: from.days_until(end) + 1 });
    }
    spans
}

impl Billing {
    pub fn schedule(self, first: Date, last: Date, price: Money) -> Result<Vec<Period>, MoneyError> {
        schedule(first, last, price, self.every, self.due)
    }
    /// Whether a period is to be invoiced here by `today`.
    pub fn is_due(self, period: &Period, today: Date) -> bool {
        period.amount.minor > 0 && period.due <= today && self.from.is_none_or(|from| from <= period.from)
    }
}

#[cfg(test)]
mod tests;
