//! What a sum is worth, and what must be in no figure because there is nothing to count.

use super::*;
use crate::money::tax::{LineTax, TaxCategory};

#[test]
fn a_sum_becomes_a_number_in_its_unit() {
    assert_eq!(value(Unit::Percent, 1, 4), Some(25.0));
    assert_eq!(value(Unit::MeanHours, 18_000, 2), Some(2.5));
    assert_eq!(value(Unit::MeanDays, 259_200, 2), Some(1.5));
    assert_eq!(value(Unit::MeanMoney, 500, 4), Some(125.0));
    assert_eq!(value(Unit::Ratio, 3, 2), Some(1.5));
    assert_eq!(value(Unit::Hours, 5_400, 0), Some(1.5));
    assert_eq!((value(Unit::Count, 7, 0), value(Unit::Money, -7, 0)), (Some(7.0), Some(-7.0)));
    assert_eq!(value(Unit::PerAssetYear, 3_000, 2), Some(1.5));
    for unit in [Unit::Percent, Unit::MeanHours, Unit::MeanDays, Unit::MeanMoney, Unit::Ratio] {
        assert_eq!((value(unit, 1, 0), value(unit, 1, -1)), (None, None), "{unit:?}");
    }
}

#[test]
fn the_catalogue_says_what_is_money_what_is_hidden_and_what_stands() {
    let coded = |wanted: fn(&Definition) -> bool| -> Vec<&str> {
        CATALOGUE.iter().filter(|definition| wanted(definition)).map(|definition| definition.code).collect()
    };
    let hidden = coded(|definition| definition.cost);
    assert_eq!(hidden, ["K28a", "K28c", "K33a", "K33b", "K33c", "K34", "K35", "K46"]);
    let money = coded(|definition| definition.unit.is_money());
    assert_eq!(money, ["K28c", "K29a", "K29b", "K33a", "K33b", "K33c", "K34", "K46"]);
    let aimed = coded(|definition| definition.target.is_some());
    assert_eq!(aimed, ["K4", "K8", "K14a", "K14b", "K25", "K28a", "K28c", "K32"]);
    assert!(standing_codes().eq(["K17", "K28c", "K29a", "K29b"]));
    let first_time_fix = definition("K8").expect("an indicator");
    assert_eq!((first_time_fix.code, first_time_fix.target), ("K8", Some(85.0)));
    assert!(definition("K99").is_none());
    let words = [Unit::Percent, Unit::MeanHours, Unit::Hours, Unit::MeanDays, Unit::Money].map(Unit::as_str);
    assert_eq!(words, ["percent", "hours", "hours", "days", "money"]);
}

#[test]
fn a_job_that_nobody_went_to_is_in_no_figure_of_trips() {
    let list = of_work_order(&facts(&work_order(500), &[], &[])).expect("facts");
    for code in ["K2b", "K3", "K8", "K9", "K16", "K20", "K21", "K34"] {
        assert_eq!(get(&list, code), None, "{code}");
    }
    assert_eq!((get(&list, "K19"), get(&list, "K45")), (Some((1, 1)), Some((0, 1))));
}

#[test]
fn who_was_there_already_is_in_no_mean_of_travel() {
    let VisitState::Done { trip, outcome, at: done } = visit(100).state else { panic!("done") };
    let there = Trip { travel_started_at: None, ..trip };
    let there = Visit { state: VisitState::Done { trip: there, outcome, at: done }, ..visit(100) };
    let work = work_order(500);
    let alone = of_work_order(&facts(&work, std::slice::from_ref(&there), &[])).expect("facts");
    assert_eq!((get(&alone, "K16"), get(&alone, "K21")), (None, Some((5_400, 6_000))));
    let both = of_work_order(&facts(&work, &[visit(300), there], &[])).expect("facts");
    assert_eq!(get(&both, "K16"), Some((1_800, 1)), "one of the two had a way");
}

#[test]
fn the_first_arrival_counts_from_the_report() {
    let resolved = ticket(TicketState::Resolved { resolution: Resolution::OnSite, at: at(500) });
    let (work, visits) = (work_order(500), [visit(300), visit(100)]);
    let facts = WorkOrderFacts { ticket: Some(&resolved), ..facts(&work, &visits, &[]) };
    let list = of_work_order(&facts).expect("facts");
    let arrived = list.iter().find(|c| c.code == "K11").map(|c| (c.at, c.numerator, c.denominator));
    assert_eq!(arrived, Some((at(130), 130 * 60, 1)));
}

#[test]
fn parts_and_warranties_are_counted_once_a_job() {
    let warranty = Payer::Warranty(crate::id::WarrantyId::generate());
    let lines = [
        Line { quantity: Decimal::new(1_500, 3), ..line(LineKind::Part, 1, 100, 50, 0, Payer::Customer) },
        line(LineKind::Part, 2, 100, 50, 100, warranty),
        line(LineKind::Labour, 3, 100, 50, 0, Payer::Customer),
    ];
    let work = work_order(500);
    let list = of_work_order(&facts(&work, &[], &lines)).expect("facts");
    assert_eq!(get(&list, "K45"), Some((1, 1)));
    assert_eq!(get(&list, "K44"), Some((3_500, 0)), "thousandths of a piece");
    assert_eq!(get(&list, "K40"), Some((1, 1)));
    let list = of_work_order(&facts(&work, &[], &lines[..1])).expect("facts");
    assert_eq!(get(&list, "K40"), Some((0, 1)));
}

#[test]
fn only_the_hours_that_the_customer_bears_are_to_be_billed() {
    let work = work_order(0);
    let half = line(LineKind::Labour, 4, 9_000, 4_000, 50, Payer::Customer);
    let whole = line(LineKind::Labour, 1, 9_000, 4_000, 0, Payer::Customer);
    let travel = line(LineKind::Travel, 8, 9_000, 4_000, 0, Payer::Customer);
    let (paper, taken_back) = (billed(&half, 10, None), billed(&whole, 10, Some(20)));
    let (papers, lines) = ([paper, taken_back], [half, whole, travel]);
    let facts_of = WorkOrderFacts { billed: &papers, ..facts(&work, &[], &lines) };
    let list = of_work_order(&facts_of).expect("facts");
    assert_eq!(get(&list, "K24"), Some((3 * 3_600, 1)), "two of four hours, and one");
    assert_eq!(get(&list, "K25"), Some((2 * 3_600, 3 * 3_600)), "what was taken back is on no invoice");
    let covered = [line(LineKind::Labour, 1, 9_000, 4_000, 100, Payer::Goodwill)];
    let list = of_work_order(&facts(&work, &[], &covered)).expect("facts");
    assert_eq!((get(&list, "K24"), get(&list, "K25")), (Some((0, 1)), None), "nothing to bill");
    assert_eq!(get(&list, "K30"), None, "nothing to pay");
}

#[test]
fn a_trip_costs_its_share_of_the_work_without_the_parts() {
    let work = work_order(5_000);
    let lines = [
        line(LineKind::Labour, 2, 9_000, 4_000, 0, Payer::Customer),
        line(LineKind::Part, 1, 9_000, 700, 0, Payer::Customer),
    ];
    let list = of_work_order(&facts(&work, &[visit(100), visit(1_000)], &lines)).expect("facts");
    assert_eq!(get(&list, "K34"), Some((8_000, 2)));
}

#[test]
fn every_source_of_tickets_is_counted_as_its_own() {
    for (source, code) in SOURCES {
        let list = of_ticket(&Ticket { source, ..ticket(TicketState::New) }, Promise::default());
        let counted: Vec<_> = list.iter().map(|c| c.code).filter(|code| code.starts_with("from_")).collect();
        assert_eq!(counted, [code]);
    }
}

#[test]
fn an_answer_is_owed_unless_the_fault_went_away_in_time_by_itself() {
    let promise = Promise { response_hours: Some(1), restore_hours: None };
    let owed = |resolution, minute, answered: Option<i64>| {
        let state = TicketState::Resolved { resolution, at: at(minute) };
        let ticket = Ticket { first_response_at: answered.map(at), ..ticket(state) };
        get(&of_ticket(&ticket, promise), "K14a")
    };
    for by_itself in [Resolution::SelfCleared, Resolution::Withdrawn] {
        assert_eq!(owed(by_itself, 60, None), None, "on the last minute");
        assert_eq!(owed(by_itself, 61, None), Some((0, 1)), "too late to excuse anybody");
        assert_eq!(owed(by_itself, 60, Some(30)), Some((1, 1)), "somebody answered");
    }
    assert_eq!(owed(Resolution::Remote, 60, None), Some((0, 1)), "it did not go away by itself");
}

#[test]
fn an_amount_stands_from_its_beginning_to_its_end_and_not_for_an_instant() {
    let mut out = Contributions { at: at(0), list: Vec::new() };
    out.stand("K29a", at(5), Some(at(5)), 100);
    out.stand("K29a", at(6), Some(at(5)), 100);
    assert_eq!(out.list, []);
    out.stand("K29a", at(5), Some(at(6)), 100);
    out.stand("K29a", at(7), None, 50);
    assert_eq!(stands(&out.list, "K29a"), [(5, Some(6), 100), (7, None, 50)]);
}

#[test]
fn a_credit_note_ends_what_was_owed_from_its_day_on() {
    let day = issued(0).on;
    let fee = Period { from: day, to: day, due: day, amount: eur(10_000) };
    let fee = InvoiceLine::of_period(
        ContractId::generate(),
        "SC-1".into(),
        &fee,
        &LineTax::new(TaxCategory::Standard, Decimal::ZERO),
    );
    let draft = Invoice { lines: vec![fee.clone()], ..invoice(InvoiceState::Draft) };
    let paper = draft.issue(issued(0).number, at(60), day, 30).expect("issued");
    let third = day.plus_days(3).expect("date");
    let heading = Heading { number: issued(0).number, at: at(90), on: third, reason: String::new() };
    let wanted = Wanted::Lines(vec![(fee.id, Extent::Amount(eur(2_500)))]);
    let (paper, note) = paper.credit(&[], &wanted, heading).expect("credit");
    let list = of_invoice(&paper, &[note], &[], Currency::EUR, Zone::UTC).expect("facts");
    assert_eq!(stands(&list, "K29b"), [(0, Some(3 * 1_440), 10_000), (3 * 1_440, None, 7_500)]);
}

#[test]
fn the_working_days_of_technicians_are_eight_hours_long() {
    assert_eq!(capacity_seconds(3, 2), 3 * 2 * 28_800);
    assert_eq!(capacity_seconds(0, 2), 0);
}
