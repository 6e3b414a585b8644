use super::*;
use crate::money::tax::{LineTax, TaxCategory};
use crate::{
    calendar::date_of,
    clock::from_micros,
    condition::Severity,
    id::{ContractId, CustomerId, InvoiceId, LineId, SiteId, TicketId, VisitId, WorkOrderId},
    money::{
        contract::billing::Period,
        coverage::{CoverageDecision, CoverageReason},
        invoice::{
            Account, InvoiceLine, InvoiceNumber, InvoiceState, Issued, Party, Series,
            credit::{Extent, Heading, Wanted},
        },
    },
    work::{
        Priority,
        ticket::{PriorityReason, Resolution, TicketSource, TicketState},
        visit::{Outcome, Trip, VisitState},
        work_order::{Ended, WorkOrderState},
    },
};

mod catalogue;
mod figures;

fn at(minute: i64) -> Timestamp {
    from_micros(minute * 60_000_000)
}
fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
fn work_order(completed: i64) -> WorkOrder {
    WorkOrder {
        id: WorkOrderId::generate(),
        number: "WO-1".into(),
        ticket_id: None,
        asset_id: AssetId::generate(),
        customer_id: CustomerId::generate(),
        site_id: SiteId::generate(),
        kind: WorkOrderKind::Corrective,
        priority: Priority::High,
        subject: "Bearing".into(),
        description: String::new(),
        required_skill: None,
        estimated_minutes: 60,
        requires_signature: false,
        alert_group_id: None,
        finding: None,
        misuse: false,
        signed_at: None,
        created_at: at(0),
        state: WorkOrderState::Completed { at: at(completed) },
        version: 1,
    }
}
/// Traveled 30 minutes, on site 100 minutes of which 10 were a break.
fn visit(start: i64) -> Visit {
    let trip = Trip {
        travel_started_at: Some(at(start)),
        arrived_at: at(start + 30),
        breaks: vec![(at(start + 60), at(start + 70))],
    };
    Visit {
        id: VisitId::generate(),
        work_order_id: WorkOrderId::generate(),
        technician_id: TechnicianId::generate(),
        planned_start: at(start),
        planned_end: at(start + 120),
        entered_late: false,
        state: VisitState::Done { trip, outcome: Outcome::Fixed, at: at(start + 130) },
        version: 1,
    }
}
fn line(kind: LineKind, quantity: i64, price: i64, cost: i64, share: i64, payer: Payer) -> Line {
    Line {
        id: LineId::generate(),
        work_order_id: WorkOrderId::generate(),
        visit_id: None,
        technician_id: None,
        kind,
        description: String::new(),
        part_id: None,
        stock_location_id: None,
        serial_number: None,
        quantity: Decimal::from(quantity),
        time_us: None,
        unit_price: eur(price),
        unit_cost: eur(cost),
        at: at(60),
        coverage: CoverageDecision {
            payer,
            covered_share: Decimal::new(share, 2),
            reason: CoverageReason::NoContractOrWarranty,
        },
        invoiced: false,
    }
}
fn ticket(state: TicketState) -> Ticket {
    Ticket {
        id: TicketId::generate(),
        number: "T-1".into(),
        asset_id: AssetId::generate(),
        customer_id: CustomerId::generate(),
        site_id: SiteId::generate(),
        subject: String::new(),
        description: String::new(),
        source: TicketSource::Customer,
        alert_group_id: None,
        priority: Priority::High,
        priority_reason: PriorityReason::Computed {
            severity: Severity::Major,
            criticality: crate::fleet::asset::Criticality::High,
            downtime_cost_per_hour: None,
        },
        fault_at: None,
        reported_at: at(0),
        opened_at: at(10),
        first_response_at: Some(at(70)),
        restored_at: Some(at(250)),
        reopened_at: vec![],
        state,
        version: 1,
    }
}
fn invoice(state: InvoiceState) -> Invoice {
    Invoice {
        id: InvoiceId::generate(),
        customer_id: CustomerId::generate(),
        currency: Currency::EUR,
        created_at: at(0),
        state,
        issuer: Party::default(),
        recipient: Party::default(),
        language: "en".into(),
        lines: vec![],
        version: 1,
    }
}
fn issued(minute: i64) -> Issued {
    let number = InvoiceNumber { series: Series::Invoice, year: 2026, number: 1 };
    let on = date_of(at(minute), Zone::UTC);
    Issued { number, at: at(minute), on, due: on.plus_days(30).expect("date") }
}
fn paper(minute: i64, total: i64) -> Invoice {
    invoice(InvoiceState::Issued { issued: issued(minute), account: Account::new(eur(total)) })
}
fn facts<'a>(work_order: &'a WorkOrder, visits: &'a [Visit], lines: &'a [Line]) -> WorkOrderFacts<'a> {
    WorkOrderFacts {
        work_order,
        ticket: None,
        visits,
        lines,
        lapsed: &[],
        repeated: false,
        invoice: None,
        billed: &[],
        credited: 0,
        currency: Currency::EUR,
    }
}
/// What counts now: nothing that has ended.
fn get(list: &[Contribution], code: &str) -> Option<(i64, i64)> {
    list.iter().find(|c| c.code == code && c.until.is_none()).map(|c| (c.numerator, c.denominator))
}
/// From which minute until which minute how much.
fn stands(list: &[Contribution], code: &str) -> Vec<(i64, Option<i64>, i64)> {
    let minute = |at: Timestamp| at.timestamp() / 60;
    let of = list.iter().filter(|c| c.code == code);
    of.map(|c| (minute(c.at), c.until.map(minute), c.numerator)).collect()
}
fn billed(line: &Line, issued: i64, given_back: Option<i64>) -> Billed {
    let net = line.billable().expect("amount").minor;
    Billed { line: line.id, net, issued_at: at(issued), given_back_at: given_back.map(at) }
}

#[test]
fn one_visit_gives_times_that_a_pencil_gives() {
    let (work, visits) = (work_order(500), [visit(100)]);
    let list = of_work_order(&facts(&work, &visits, &[])).expect("facts");
    // 90 minutes of labour, 30 of travel, 10 of break.
    assert_eq!(get(&list, "K2b"), Some((5_400, 1)));
    assert_eq!(get(&list, "K16"), Some((1_800, 1)));
    assert_eq!(get(&list, "K21"), Some((5_400, 7_800)));
    assert_eq!(get(&list, "K8"), Some((1, 1)));
    assert_eq!(get(&list, "K9"), Some((0, 1)));
    assert_eq!(value(Unit::MeanHours, 5_400, 1), Some(1.5));
}

#[test]
fn a_second_trip_or_a_repeat_is_no_first_time_fix() {
    let (work, two, one) = (work_order(5_000), [visit(100), visit(1_000)], [visit(100)]);
    let list = of_work_order(&facts(&work, &two, &[])).expect("facts");
    assert_eq!((get(&list, "K8"), get(&list, "K9")), (Some((0, 1)), Some((1, 1))));
    let again = WorkOrderFacts { repeated: true, ..facts(&work, &one, &[]) };
    assert_eq!(get(&of_work_order(&again).expect("facts"), "K8"), Some((0, 1)));
}

#[test]
fn the_job_of_a_reopened_ticket_was_not_fixed_the_first_time() {
    let (work, one) = (work_order(500), [visit(100)]);
    let resolved = ticket(TicketState::Resolved { resolution: Resolution::OnSite, at: at(500) });
    let reopened = Ticket { reopened_at: vec![at(900)], ..resolved.clone() };
    for (ticket, right) in [(resolved, 1), (reopened, 0)] {
        let facts = WorkOrderFacts { ticket: Some(&ticket), ..facts(&work, &one, &[]) };
        assert_eq!(get(&of_work_order(&facts).expect("facts"), "K8"), Some((right, 1)));
    }
}

#[test]
fn a_promise_is_decided_when_it_is_kept_or_its_time_runs_out() {
    let promise = Promise { response_hours: Some(1), restore_hours: Some(5) };
    let late = Ticket { restored_at: Some(at(301)), ..ticket(TicketState::New) };
    let list = of_ticket(&late, promise);
    let decided = |code: &str| list.iter().find(|c| c.code == code).map(|c| (c.at, c.numerator));
    // Answered after 70 minutes of 60, running again after 301 of 300.
    assert_eq!((decided("K14a"), decided("K14b")), (Some((at(60), 0)), Some((at(300), 0))));
    assert_eq!(get(&list, "K12"), Some((3_600, 1)), "an answer counts before the ticket is resolved");
    let gone = TicketState::Resolved { resolution: Resolution::SelfCleared, at: at(40) };
    let gone = Ticket { first_response_at: None, restored_at: Some(at(40)), ..ticket(gone) };
    let list = of_ticket(&gone, promise);
    assert_eq!(list.iter().find(|c| c.code == "K14a"), None, "nobody had to answer");
    assert_eq!(list.iter().find(|c| c.code == "K14b").map(|c| (c.at, c.numerator)), Some((at(40), 1)));
    let twin = ticket(TicketState::Duplicate { of: TicketId::generate(), at: at(20) });
    assert_eq!(of_ticket(&twin, promise).len(), 1, "its original is counted");
}

#[test]
fn what_is_credited_whole_is_to_be_invoiced_again() {
    let work = work_order(0);
    let day = 1_440;
    let line = Line { invoiced: true, ..line(LineKind::Labour, 1, 9_000, 4_000, 0, Payer::Customer) };
    // 90 invoiced on the third day and given back on the 20th, then corrected to 60 and invoiced on the 25th.
    let papers =
        [billed(&line, 3 * day, Some(20 * day)), Billed { net: 6_000, ..billed(&line, 25 * day, None) }];
    let lines = [line];
    let list =
        of_work_order(&WorkOrderFacts { billed: &papers, ..facts(&work, &[], &lines) }).expect("facts");
    let again = (20 * day, Some(25 * day), 6_000);
    assert_eq!(stands(&list, "K29a"), [(0, Some(3 * day), 9_000), again]);
    assert_eq!(stands(&list, "K28c"), [again], "the work is older than 14 days");
    let alone = of_work_order(&facts(&work, &[], &lines)).expect("facts");
    assert_eq!(stands(&alone, "K28c"), [(14 * day, None, 9_000)], "leakage from the fourteenth day on");
}

#[test]
fn what_a_customer_owed_is_known_of_every_day() {
    use crate::{
        id::PaymentId,
        money::payment::{Direction, PaymentMethod},
    };
    let fee = Period { from: issued(0).on, to: issued(0).on, due: issued(0).on, amount: eur(10_000) };
    let fee = InvoiceLine::of_period(
        ContractId::generate(),
        "SC-1".into(),
        &fee,
        &LineTax::new(TaxCategory::Standard, Decimal::ZERO),
    );
    let draft = Invoice { lines: vec![fee], ..invoice(InvoiceState::Draft) };
    let paper = draft.issue(issued(0).number, at(60), issued(0).on, 30).expect("issued");
    let money = |amount: i64, direction: Direction, days: i64| Payment {
        id: PaymentId::generate(),
        invoice_id: paper.id,
        amount: eur(amount),
        direction,
        method: PaymentMethod::Card,
        on: issued(0).on.plus_days(days).expect("date"),
        reference: String::new(),
    };
    // 100, of which 40 came on the second day and 70 on the fifth: 10 too much, given back on the sixth.
    let moves =
        [money(4_000, Direction::In, 2), money(7_000, Direction::In, 5), money(1_000, Direction::Out, 6)];
    let paid = paper
        .pay(eur(4_000), moves[0].on)
        .and_then(|paper| paper.pay(eur(6_000), moves[1].on))
        .expect("paid");
    let list = of_invoice(&paid, &[], &moves, Currency::EUR, Zone::UTC).expect("facts");
    let day = 1_440;
    assert_eq!(stands(&list, "K29b"), [(0, Some(2 * day), 10_000), (2 * day, Some(5 * day), 6_000)]);
    assert_eq!(stands(&list, "K29a"), [(0, Some(60), 10_000)], "until it was issued");
    let elsewhere = of_invoice(&paid, &[], &[], Currency::EUR, Zone::UTC).expect("facts");
    assert_eq!(
        stands(&elsewhere, "K29b"),
        [(0, Some(5 * day), 10_000)],
        "the account is right without the moves"
    );
}

#[test]
fn preventive_work_and_open_work_are_in_no_repair_figure() {
    let preventive = WorkOrder { kind: WorkOrderKind::Preventive, ..work_order(500) };
    let list = of_work_order(&facts(&preventive, &[visit(100)], &[])).expect("facts");
    assert_eq!((get(&list, "K2b"), get(&list, "K8"), get(&list, "K19")), (None, None, Some((1, 1))));
    let open = WorkOrder { state: WorkOrderState::Unscheduled, ..work_order(0) };
    let codes: Vec<_> =
        of_work_order(&facts(&open, &[], &[])).expect("facts").iter().map(|c| c.code).collect();
    assert_eq!(codes, [OPENED, "K17"]);
}

#[test]
fn money_is_what_the_lines_say() {
    let work = work_order(500);
    let contract = Payer::Contract(ContractId::generate());
    let lines = [
        line(LineKind::Labour, 2, 9_000, 4_000, 0, Payer::Customer),
        line(LineKind::Part, 1, 20_000, 12_000, 100, contract),
        line(LineKind::Travel, 1, 5_000, 2_000, 100, Payer::Goodwill),
    ];
    let list = of_work_order(&facts(&work, &[visit(100)], &lines)).expect("facts");
    assert_eq!(get(&list, "K33a"), Some((18_000, 1)));
    assert_eq!(get(&list, "K33b"), Some((22_000, 1)));
    assert_eq!(get(&list, "K35"), Some((-4_000, 18_000)));
    assert_eq!(get(&list, "K34"), Some((10_000, 1)), "parts stand apart");
    assert_eq!(
        get(&list, "K28a"),
        Some((5_000, 23_000)),
        "only goodwill leaks while the contract is in force"
    );
    assert_eq!(get(&list, "K29a"), Some((18_000, 1)));
    assert_eq!(get(&list, "K24"), Some((7_200, 1)));
    assert_eq!(get(&list, "K25"), Some((0, 7_200)));
    assert_eq!(get(&list, "K45"), Some((1, 1)));
    let visits = [visit(100)];
    let lapsed = WorkOrderFacts { lapsed: &[false, true, false], ..facts(&work, &visits, &lines) };
    assert_eq!(get(&of_work_order(&lapsed).expect("facts"), "K28a"), Some((25_000, 43_000)));
}

#[test]
fn an_invoice_ends_what_is_pending() {
    let work = work_order(0);
    let lines = [Line { invoiced: true, ..line(LineKind::Labour, 1, 9_000, 4_000, 0, Payer::Customer) }];
    let open = paper(1_440, 9_000);
    let billed = billed(&lines[0], 1_440, None);
    let of = |invoice: &Invoice| {
        let billed = [billed];
        let facts = WorkOrderFacts { invoice: Some(invoice), billed: &billed, ..facts(&work, &[], &lines) };
        of_work_order(&facts).expect("facts")
    };
    let list = of(&open);
    assert_eq!((get(&list, "K29a"), get(&list, "K30")), (None, Some((1, 1))));
    assert_eq!(stands(&list, "K29a"), [(0, Some(1_440), 9_000)], "one day long");
    assert_eq!(stands(&list, "K28c"), [], "nothing was late");
    assert_eq!((get(&list, "K31a"), get(&list, "K25")), (Some((86_400, 1)), Some((3_600, 3_600))));
    let paid = open.pay(eur(9_000), date_of(at(4_320), Zone::UTC)).expect("paid");
    assert_eq!(get(&of(&paid), "K30"), Some((0, 1)));
    let list = of_invoice(&paid, &[], &[], Currency::EUR, Zone::UTC).expect("facts");
    assert_eq!(get(&list, "K31b").and_then(|(n, d)| value(Unit::MeanDays, n, d)), Some(2.0));
    assert_eq!(
        list.iter().find(|c| c.code == "K31b").map(|c| c.at),
        Some(at(4_320)),
        "counts when the money came"
    );
    let covered = of_invoice(&paper(1_440, 0), &[], &[], Currency::EUR, Zone::UTC).expect("facts");
    assert_eq!(get(&covered, "K31b"), None, "nobody waited for the money of an invoice over nothing");
}

#[test]
fn another_currency_is_left_out_of_sums_and_leaves_the_rest_in() {
    let work = work_order(0);
    let mut foreign = line(LineKind::Labour, 1, 9_000, 4_000, 0, Payer::Customer);
    foreign.unit_price.currency = "USD".parse().expect("code");
    foreign.unit_cost.currency = foreign.unit_price.currency;
    let ours = line(LineKind::Part, 1, 700, 300, 0, Payer::Customer);
    let list = of_work_order(&facts(&work, &[], &[foreign, ours])).expect("facts");
    assert_eq!((get(&list, "K33a"), get(&list, "K19")), (Some((700, 1)), Some((1, 1))));
}

#[test]
fn a_job_given_up_after_a_visit_is_money_and_no_completed_job() {
    let lines = [line(LineKind::Labour, 2, 9_000, 4_000, 0, Payer::Customer)];
    let gave_up = Ended::GivenUp { gave_up_at: at(300), reason: "no spares".into() };
    let canceled = Ended::Canceled { canceled_at: at(300), reason: "not needed".into() };
    let states = [
        WorkOrderState::CannotComplete { reason: "no spares".into(), at: at(300) },
        WorkOrderState::Canceled { reason: "not needed".into(), at: at(300) },
        WorkOrderState::Approved { ended: gave_up, at: at(400) },
        WorkOrderState::Closed { ended: canceled, at: at(400) },
    ];
    for state in states {
        let work = WorkOrder { state, ..work_order(0) };
        let list = of_work_order(&facts(&work, &[visit(100)], &lines)).expect("facts");
        assert_eq!((get(&list, "K33a"), get(&list, "K29a")), (Some((18_000, 1)), Some((18_000, 1))));
        assert_eq!(list.iter().find(|c| c.code == "K33a").map(|c| c.at), Some(at(300)));
        assert_eq!((get(&list, "K19"), get(&list, "K8"), get(&list, "K2b")), (None, None, None));
        let list = of_work_order(&facts(&work, &[], &[])).expect("facts");
        let codes: Vec<_> = list.iter().map(|c| c.code).collect();
        assert_eq!(codes, [OPENED, "K17"], "without lines only that it was opened, and stood open");
    }
}

#[test]
fn what_was_credited_is_no_revenue() {
    let work = work_order(0);
    let lines = [Line { invoiced: true, ..line(LineKind::Labour, 2, 9_000, 4_000, 0, Payer::Customer) }];
    let list =
        of_work_order(&WorkOrderFacts { credited: 5_000, ..facts(&work, &[], &lines) }).expect("facts");
    assert_eq!((get(&list, "K33a"), get(&list, "K33c")), (Some((13_000, 1)), Some((5_000, 1))));
}

#[test]
fn the_price_of_a_contract_is_revenue_once_it_is_invoiced() {
    let day = |text: &str| text.parse().expect("date");
    let period = Period {
        from: day("2026-01-01"),
        to: day("2026-01-31"),
        due: day("2026-01-01"),
        amount: eur(10_000),
    };
    let fee = InvoiceLine::of_period(
        ContractId::generate(),
        "SC-1".into(),
        &period,
        &LineTax::new(TaxCategory::Standard, Decimal::new(21, 2)),
    );
    let draft = Invoice { lines: vec![fee.clone()], ..invoice(InvoiceState::Draft) };
    let all = |invoice: &Invoice, notes: &[CreditNote]| {
        of_invoice(invoice, notes, &[], Currency::EUR, Zone::UTC).expect("facts")
    };
    assert_eq!((get(&all(&draft, &[]), "K29a"), get(&all(&draft, &[]), "K33a")), (Some((10_000, 1)), None));
    let number = issued(0).number;
    let paper = draft.clone().issue(number, at(60), issued(0).on, 30).expect("issued");
    let list = all(&paper, &[]);
    assert_eq!(
        (get(&list, "K29a"), get(&list, "K33a"), get(&list, "K33c")),
        (None, Some((10_000, 1)), Some((10_000, 1)))
    );
    assert_eq!((get(&list, "K35"), get(&list, "K32")), (Some((10_000, 10_000)), Some((1, 1))));
    let heading = Heading { number, at: at(90), on: issued(0).on, reason: String::new() };
    let wanted = Wanted::Lines(vec![(fee.id, Extent::Amount(eur(2_500)))]);
    let (paper, note) = paper.credit(&[], &wanted, heading).expect("credit");
    let list = all(&paper, &[note]);
    assert_eq!((get(&list, "K33a"), get(&list, "K32")), (Some((7_500, 1)), Some((0, 1))));
    let thrown_away = draft.cancel(at(90)).expect("canceled");
    assert_eq!(all(&thrown_away, &[]), []);
    assert_eq!(
        of_invoice(&paper, &[], &[], "USD".parse().expect("code"), Zone::UTC).map(|list| get(&list, "K33a")),
        Ok(None)
    );
}

#[test]
fn a_promise_is_kept_to_the_second() {
    let promise = Promise { response_hours: Some(1), restore_hours: Some(5) };
    let answered = |first: i64, restored: i64| {
        let second = |n: i64| from_micros(n * 1_000_000);
        let state = TicketState::Resolved { resolution: Resolution::Remote, at: at(999) };
        let ticket = Ticket {
            first_response_at: Some(second(first)),
            restored_at: Some(second(restored)),
            ..ticket(state)
        };
        let list = of_ticket(&ticket, promise);
        (get(&list, "K14a").map(|c| c.0), get(&list, "K14b").map(|c| c.0))
    };
    assert_eq!(answered(3_600, 18_000), (Some(1), Some(1)));
    assert_eq!(answered(3_601, 18_001), (Some(0), Some(0)));
}

#[test]
fn deadlines_count_from_the_report() {
    let resolved = ticket(TicketState::Resolved { resolution: Resolution::Remote, at: at(310) });
    let promise = Promise { response_hours: Some(1), restore_hours: Some(5) };
    let list = of_ticket(&resolved, promise);
    assert_eq!(get(&list, "K14a"), Some((0, 1)), "answered after 70 minutes");
    assert_eq!(get(&list, "K14b"), Some((1, 1)), "running again after 250 minutes");
    assert_eq!(get(&list, "K13"), Some((18_000, 1)));
    assert_eq!(get(&list, "K12"), Some((3_600, 1)));
    assert_eq!(get(&of_ticket(&resolved, Promise::default()), "K14a"), None);
    let open = Ticket { restored_at: None, first_response_at: None, ..ticket(TicketState::New) };
    let list = of_ticket(&open, promise);
    let due: Vec<_> = list.iter().map(|c| (c.code, c.at, c.numerator)).collect();
    assert_eq!(due, [("from_customer", at(10), 1), ("K14a", at(60), 0), ("K14b", at(300), 0)]);
}

#[test]
fn nothing_to_divide_by_is_no_number() {
    assert_eq!(value(Unit::Percent, 0, 0), None);
    assert_eq!(value(Unit::Count, 3, 0), Some(3.0));
    assert_eq!(capacity_seconds(2, 5), 2 * 5 * 8 * 3600);
}

#[test]
fn codes_are_unique() {
    let mut codes: Vec<_> = CATALOGUE.iter().map(|definition| definition.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CATALOGUE.len());
}
