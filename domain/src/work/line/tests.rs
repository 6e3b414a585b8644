use super::*;
use crate::{
    Currency,
    clock::from_micros,
    money::coverage::{CoverageReason, Payer},
};
use proptest::prelude::*;

const SECOND: i64 = 1_000_000;

fn labour(time_us: i64, rate_minor: i64) -> Line {
    Line {
        id: LineId::generate(),
        work_order_id: WorkOrderId::generate(),
        visit_id: None,
        technician_id: None,
        kind: LineKind::Labour,
        description: String::new(),
        part_id: None,
        stock_location_id: None,
        serial_number: None,
        quantity: hours_to_read(time_us),
        time_us: Some(time_us),
        unit_price: Money::new(rate_minor, Currency::EUR),
        unit_cost: Money::new(rate_minor, Currency::EUR),
        at: from_micros(0),
        coverage: CoverageDecision {
            payer: Payer::Customer,
            covered_share: Decimal::ZERO,
            reason: CoverageReason::NoContractOrWarranty,
        },
        invoiced: false,
    }
}
fn gross(seconds: i64, rate_minor: i64) -> i64 {
    labour(seconds * SECOND, rate_minor).gross().expect("gross").minor
}

#[test]
fn twenty_minutes_cost_a_third_of_an_hour() {
    assert_eq!(gross(20 * 60, 9_500), 3_167, "20 minutes at 95");
    assert_eq!(gross(5_454, 9_500), 14_393, "90.9 minutes at 95");
    assert_eq!(gross(30, 9_500), 79, "30 seconds at 95");
    assert_eq!(gross(89 * 60 + 50, 9_500), 14_224, "89 minutes 50 seconds at 95");
    assert_eq!(gross(6, 300), 1, "half a cent is a cent");
    assert_eq!(labour(20 * 60 * SECOND, 9_500).cost().map(|cost| cost.minor), Ok(3_167));
}

#[test]
fn hours_are_read_to_three_decimals_and_never_priced_by_them() {
    let line = labour(20 * 60 * SECOND, 9_500);
    assert_eq!(line.quantity.to_string(), "0.333");
    assert_eq!(hours_to_read(5_400 * SECOND).to_string(), "1.5");
    assert_eq!(hours_to_read(1_800_000).to_string(), "0.001", "half a thousandth is one");
    assert_eq!(line.exact_quantity().round_dp(9), Decimal::new(333_333_333, 9));
    let old = Line { time_us: None, ..line };
    assert_eq!((old.exact_quantity(), old.gross().map(|g| g.minor)), (Decimal::new(333, 3), Ok(3_164)));
}

#[test]
fn typed_hours_are_exact_time() {
    assert_eq!(time_of_hours(Decimal::new(15, 1)), Some(5_400 * SECOND));
    assert_eq!(time_of_hours(Decimal::new(1, 3)), Some(3_600_000));
    assert_eq!(time_of_hours(Decimal::new(1, 15)), None, "finer than a microsecond");
    assert_eq!(time_of_hours(Decimal::MAX), None);
    assert_eq!(time_of_hours(Decimal::from(i64::MAX)), None);
    assert!(LineKind::Labour.is_time() && LineKind::Travel.is_time());
    assert!(!LineKind::Part.is_time() && !LineKind::Expense.is_time());
}

proptest! {
    #[test]
    fn the_price_of_time_is_within_half_a_unit(time_us in 0_i64..100_000_000_000, rate in 0_i64..100_000_000) {
        let gross = i128::from(labour(time_us, rate).gross().expect("gross").minor);
        let exact = i128::from(time_us) * i128::from(rate);
        let error = gross * i128::from(HOUR_US) - exact;
        prop_assert!(error.abs() * 2 <= i128::from(HOUR_US));
        prop_assert!(error.abs() * 2 < i128::from(HOUR_US) || error > 0, "half goes away from zero");
    }
}
