//! Every entry of the catalogue gives the number of a pencil from a vector of its own.

use super::*;
use crate::condition::tally::Sums;
use crate::money::tax::{LineTax, TaxCategory};
use std::collections::BTreeMap;

/// Contributions of a job with one visit and its ticket, of one with two, and of the invoice of a contract.
fn contributions() -> BTreeMap<&'static str, Counted> {
    let resolved = ticket(TicketState::Resolved { resolution: Resolution::OnSite, at: at(500) });
    let promise = Promise { response_hours: Some(2), restore_hours: Some(4) };
    let warranty = Payer::Warranty(crate::id::WarrantyId::generate());
    let lines = [
        line(LineKind::Labour, 2, 9_000, 4_000, 0, Payer::Customer),
        line(LineKind::Labour, 1, 6_000, 4_000, 100, Payer::Goodwill),
        line(LineKind::Part, 3, 100, 50, 100, warranty),
    ];
    let (billed, unpaid) = ([billed(&lines[0], 43_200, None)], paper(43_200, 18_000));
    let (work, once, twice) = (work_order(500), [visit(100)], [visit(100), visit(300)]);
    let first = WorkOrderFacts {
        ticket: Some(&resolved),
        invoice: Some(&unpaid),
        billed: &billed,
        ..facts(&work, &once, &lines)
    };
    let day = |text: &str| text.parse().expect("date");
    let (from, to) = (day("2026-01-01"), day("2026-01-31"));
    let period = Period { from, to, due: from, amount: eur(10_000) };
    let fee = InvoiceLine::of_period(
        ContractId::generate(),
        "SC-1".into(),
        &period,
        &LineTax::new(TaxCategory::Standard, Decimal::new(21, 2)),
    );
    let draft = Invoice { lines: vec![fee], ..invoice(InvoiceState::Draft) };
    let paper = draft.issue(issued(0).number, at(43_200), issued(43_200).on, 30).expect("issued");
    let paid = paper.pay(eur(12_100), date_of(at(46_080), Zone::UTC)).expect("paid");
    let all = [
        of_work_order(&first).expect("facts"),
        of_work_order(&facts(&work, &twice, &[])).expect("facts"),
        of_ticket(&resolved, promise),
        of_invoice(&paid, &[], &[], Currency::EUR, Zone::UTC).expect("facts"),
    ];
    let mut sums = BTreeMap::<&str, Counted>::new();
    for one in all.into_iter().flatten() {
        let sum = sums.entry(one.code).or_default();
        sum.numerator += one.numerator;
        sum.denominator += one.denominator;
        sum.cases += 1;
    }
    sums
}

fn figure(definition: &Definition, contributions: &BTreeMap<&str, Counted>) -> Option<f64> {
    let sum = contributions.get(definition.code).copied();
    let hours = |hours: i128| hours * 3_600_000_000;
    match definition.basis {
        Basis::Facts(of) => {
            let around = Around { capacity_seconds: 162_000, asset_years: 1.5 };
            (of.figure)(definition.unit, sum?, around)
        }
        Basis::Standing => value(definition.unit, sum?.numerator, sum?.denominator),
        Basis::Equipment(of) => {
            let sums = Sums {
                time_us: [hours(100), hours(72), hours(8), hours(10), hours(5)],
                stops: 2,
                failures: 4,
                restored: 3,
                restored_us: 6 * 3_600_000_000,
            };
            (of.measure)(Did { sums: &sums, foreseen: 1, open_before: 0 }).0
        }
        Basis::Books(of) => {
            let books = BooksAt { customers: 8, with_contract: 2, contracts: 12, stock: 5_000 };
            let (part, whole) = (of.entry)(books);
            value(definition.unit, part, whole.unwrap_or_default())
        }
    }
}

#[test]
fn every_entry_computes_from_a_vector_of_its_own() {
    let expected = [
        ("K1", 4.0 / 72.0 * 8766.0),
        ("K2a", 2.0),
        ("K2b", 2.25),
        ("K3", 2.25),
        ("K4", 90.0),
        ("K5", 8.0),
        ("K6", 18.0),
        ("M1", 25.0),
        ("K8", 50.0),
        ("K9", 1.0),
        ("K11", 130.0 / 60.0),
        ("K12", 1.0),
        ("K13", 490.0 / 60.0),
        ("K14a", 100.0),
        ("K14b", 0.0),
        ("K16", 0.5),
        ("K17", 2.0),
        ("K19", 2.0),
        ("K20", 10.0),
        ("K21", 16_200.0 / 23_400.0 * 100.0),
        ("K24", 2.0),
        ("K25", 100.0),
        ("K28a", 25.0),
        ("K28c", 28_000.0),
        ("K29a", 28_000.0),
        ("K29b", 12_100.0),
        ("K30", 100.0),
        ("K31a", 42_700.0 / 1_440.0),
        ("K31b", 2.0),
        ("K32", 100.0),
        ("K33a", 28_000.0),
        ("K33b", 12_150.0),
        ("K33c", 15_850.0),
        ("K34", 4_000.0),
        ("K35", 15_850.0 / 28_000.0 * 100.0),
        ("K36", 25.0),
        ("K36b", 1.5),
        ("K40", 50.0),
        ("K44", 2.0),
        ("K45", 50.0),
        ("K46", 5_000.0),
    ];
    let contributions = contributions();
    assert_eq!(expected.map(|(code, _)| code).as_slice(), codes(), "an entry without a vector");
    for (definition, (code, expected)) in CATALOGUE.iter().zip(expected) {
        let figure = figure(definition, &contributions).unwrap_or_else(|| panic!("{code}: nothing counts"));
        assert!((figure - expected).abs() < 1e-9, "{code}: {figure} is not {expected}");
    }
    let sources = SOURCES.map(|(_, code)| code);
    let known = |code: &&&str| **code == OPENED || sources.contains(code) || definition(code).is_some();
    let unknown: Vec<_> = contributions.keys().filter(|code| !known(code)).collect();
    assert!(unknown.is_empty(), "facts of no indicator: {unknown:?}");
}

#[test]
fn a_part_of_a_capacity_is_shown_alone_in_its_own_unit() {
    let alone = |code: &str, numerator, denominator| {
        let definition = definition(code).expect("an indicator");
        let Basis::Facts(of) = definition.basis else { panic!("{code} is of facts") };
        (of.alone)(definition.unit, Counted { numerator, denominator, cases: 1 })
    };
    assert_eq!(alone("K20", 5_400, 0), (Unit::Hours, Some(1.5)));
    assert_eq!(alone("K44", 2_500, 0), (Unit::Count, Some(2.5)));
    assert_eq!(alone("K8", 1, 2), (Unit::Percent, Some(50.0)));
    assert_eq!(alone("K35", -5_000, 0), (Unit::Percent, None), "costs without revenue are no margin");
}

fn codes() -> Vec<&'static str> {
    CATALOGUE.iter().map(|definition| definition.code).collect()
}
