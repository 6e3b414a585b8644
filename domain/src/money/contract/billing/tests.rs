use super::*;
use crate::Currency;
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().expect("date")
}
fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
fn periods(
    first: &str,
    last: &str,
    price: i64,
    every: Every,
    due: Due,
) -> Vec<(String, String, String, i64)> {
    let schedule = schedule(date(first), date(last), eur(price), every, due).expect("schedule");
    let text = |period: &Period| {
        (period.from.to_string(), period.to.to_string(), period.due.to_string(), period.amount.minor)
    };
    schedule.iter().map(text).collect()
}
fn row(from: &str, to: &str, due: &str, minor: i64) -> (String, String, String, i64) {
    (from.into(), to.into(), due.into(), minor)
}

#[test]
fn a_year_by_quarters_in_advance_and_in_arrears() {
    let advance = periods("2026-01-01", "2026-12-31", 120_000, Every::Quarter, Due::Advance);
    assert_eq!(
        advance,
        [
            row("2026-01-01", "2026-03-31", "2026-01-01", 30_000),
            row("2026-04-01", "2026-06-30", "2026-04-01", 30_000),
            row("2026-07-01", "2026-09-30", "2026-07-01", 30_000),
            row("2026-10-01", "2026-12-31", "2026-10-01", 30_000),
        ]
    );
    let arrears = periods("2026-01-01", "2026-12-31", 120_000, Every::Quarter, Due::Arrears);
    let due: Vec<_> = arrears.iter().map(|period| period.2.as_str()).collect();
    assert_eq!(due, ["2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"]);
    assert_eq!(
        periods("2026-01-01", "2026-12-31", 120_000, Every::Once, Due::Arrears),
        [row("2026-01-01", "2026-12-31", "2027-01-01", 120_000)]
    );
}

#[test]
fn a_last_period_cut_short_costs_its_days() {
    // A full January and a half of February: 28 + 14 units of days.
    assert_eq!(
        periods("2026-01-01", "2026-02-14", 4_200, Every::Month, Due::Advance),
        [
            row("2026-01-01", "2026-01-31", "2026-01-01", 2_800),
            row("2026-02-01", "2026-02-14", "2026-02-01", 1_400)
        ]
    );
    assert_eq!(
        periods("2026-01-01", "2026-01-10", 1_000, Every::Year, Due::Advance),
        [row("2026-01-01", "2026-01-10", "2026-01-01", 1_000)],
        "a term shorter than a period is its price"
    );
}

#[test]
fn a_contract_is_cut_as_its_billing_says() {
    let billing = Billing { every: Every::Quarter, due: Due::Arrears, from: None };
    let (first, last) = (date("2026-01-01"), date("2026-12-31"));
    let cut = billing.schedule(first, last, eur(120_000));
    assert_eq!(cut, schedule(first, last, eur(120_000), Every::Quarter, Due::Arrears));
    assert_eq!(cut.map(|periods| periods.len()), Ok(4));
}

#[test]
fn periods_that_begin_on_the_31st_stay_there() {
    let monthly = periods("2026-01-31", "2026-04-29", 3_000, Every::Month, Due::Advance);
    let from: Vec<_> = monthly.iter().map(|period| period.0.as_str()).collect();
    assert_eq!(from, ["2026-01-31", "2026-02-28", "2026-03-31"]);
}

#[test]
fn what_does_not_divide_is_spread_without_losing_a_cent() {
    let monthly = periods("2026-01-01", "2026-12-31", 100_000, Every::Month, Due::Advance);
    let amounts: Vec<_> = monthly.iter().map(|period| period.3).collect();
    assert_eq!(amounts, [8_333, 8_334, 8_333, 8_333, 8_334, 8_333, 8_333, 8_334, 8_333, 8_333, 8_334, 8_333]);
}

#[test]
fn due_from_its_day_on_and_not_before_the_first_day_invoiced_here() {
    let period =
        Period { from: date("2026-02-01"), to: date("2026-02-28"), due: date("2026-03-01"), amount: eur(1) };
    let billing =
        |from: Option<&str>| Billing { every: Every::Month, due: Due::Arrears, from: from.map(date) };
    assert!(!billing(None).is_due(&period, date("2026-02-28")));
    assert!(billing(None).is_due(&period, date("2026-03-01")));
    assert!(billing(Some("2026-02-01")).is_due(&period, date("2026-03-01")));
    assert!(!billing(Some("2026-02-02")).is_due(&period, date("2026-03-01")));
    assert!(!billing(None).is_due(&Period { amount: eur(0), ..period }, date("2026-03-01")));
}

proptest! {
    #[test]
    fn periods_follow_one_another_and_add_up_to_the_price(
        first in date("2000-01-01").day_number()..date("2040-01-01").day_number(),
        days in 0_i32..4_000, price in 0_i64..1_000_000_000, every in 0_usize..4, due in 0_usize..2,
    ) {
        let (first, last) = (Date::of_day_number(first), Date::of_day_number(first + days));
        let periods = schedule(first, last, eur(price), Every::ALL[every], Due::ALL[due]).expect("schedule");
        prop_assert_eq!(periods.first().map(|p| p.from), Some(first));
        prop_assert_eq!(periods.last().map(|p| p.to), Some(last));
        prop_assert!(periods.windows(2).all(|pair| pair[0].to.next() == Some(pair[1].from)));
        prop_assert_eq!(periods.iter().map(|p| p.amount.minor).sum::<i64>(), price);
        prop_assert!(periods.iter().all(|p| p.amount.minor >= 0 && p.from <= p.to));
        // Full periods cost the same, but for a rounded unit.
        let full: Vec<i64> = periods.iter().rev().skip(1).map(|p| p.amount.minor).collect();
        let (low, high) = (full.iter().min().copied().unwrap_or(0), full.iter().max().copied().unwrap_or(0));
        prop_assert!(high - low <= 1);
    }
}
