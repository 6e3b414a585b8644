use super::*;
use crate::{
    Currency,
    clock::from_micros,
    id::{AssetId, CustomerId},
    money::contract::{CoveredAssets, Limits, Shares, Tier},
};
use proptest::prelude::*;

fn day(n: i64) -> Timestamp {
    from_micros(n * 86_400_000_000)
}
fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
fn contract(shares: Shares, limits: Limits) -> Contract {
    Contract {
        id: ContractId::generate(),
        customer_id: CustomerId::generate(),
        number: "SC-1".into(),
        tier: Tier::Standard,
        covers_assets: CoveredAssets::All,
        start: day(100),
        end: day(200),
        shares,
        limits,
        response_hours: None,
        restore_hours: None,
        price: eur(0),
        billing: None,
        availability_guarantee: None,
        version: 1,
    }
}
fn warranty(covers: &[LineKind], from: i64, to: i64) -> Warranty {
    Warranty {
        id: WarrantyId::generate(),
        asset_id: AssetId::generate(),
        start: day(from),
        end: day(to),
        covers: covers.iter().copied().collect(),
        supplier: None,
        version: 1,
    }
}
fn labour(hours: Decimal, at: i64) -> Work {
    let gross = eur(10_000).times(hours).expect("small");
    Work { kind: LineKind::Labour, at: day(at), quantity: hours, gross, visit: None, misuse: false }
}
fn full() -> Shares {
    Shares { labour: Decimal::ONE, travel: Decimal::ONE, parts: Decimal::ONE }
}
fn answer(work: Work, warranties: &[Warranty], contracts: &[(Contract, Used)]) -> CoverageDecision {
    decide(&Question { work, warranties, contracts })
}

#[test]
fn the_warranty_pays_before_the_contract() {
    let warranties = [warranty(&[LineKind::Labour], 100, 200)];
    let contracts = [(contract(full(), Limits::default()), Used::default())];
    let decision = answer(labour(Decimal::TWO, 150), &warranties, &contracts);
    assert_eq!(decision.payer, Payer::Warranty(warranties[0].id));
    assert_eq!(decision.reason, CoverageReason::WarrantyCoversKind);
}

#[test]
fn the_contract_pays_what_the_warranty_leaves_out() {
    let warranties = [warranty(&[LineKind::Part], 100, 200)];
    let contracts = [(contract(full(), Limits::default()), Used::default())];
    let decision = answer(labour(Decimal::TWO, 150), &warranties, &contracts);
    assert_eq!((decision.payer, decision.covered_share), (Payer::Contract(contracts[0].0.id), Decimal::ONE));
}

#[test]
fn hours_partly_used_bear_the_part_that_is_left() {
    let limits = Limits { hours: Some(Decimal::from(10)), ..Limits::default() };
    let used = Used { hours: Decimal::new(85, 1), ..Used::default() };
    let decision = answer(labour(Decimal::TWO, 150), &[], &[(contract(full(), limits), used)]);
    assert_eq!(decision.covered_share, Decimal::new(75, 2));
    assert_eq!(decision.reason, CoverageReason::LimitReached);
}

#[test]
fn a_used_up_limit_leaves_everything_to_the_customer() {
    let limits = Limits { hours: Some(Decimal::from(10)), ..Limits::default() };
    let used = Used { hours: Decimal::from(10), ..Used::default() };
    let decision = answer(labour(Decimal::ONE, 150), &[], &[(contract(full(), limits), used)]);
    assert_eq!((decision.payer, decision.reason), (Payer::Customer, CoverageReason::LimitReached));
}

#[test]
fn a_further_visit_is_not_included_but_lines_of_a_counted_visit_are() {
    let limits = Limits { visits: Some(1), ..Limits::default() };
    let counted = VisitId::generate();
    let used = Used { visits: [counted].into(), ..Used::default() };
    let contracts = [(contract(full(), limits), used)];
    let same = answer(Work { visit: Some(counted), ..labour(Decimal::ONE, 150) }, &[], &contracts);
    assert_eq!(same.reason, CoverageReason::ContractCoversKind);
    let further =
        answer(Work { visit: Some(VisitId::generate()), ..labour(Decimal::ONE, 150) }, &[], &contracts);
    assert_eq!(further.reason, CoverageReason::LimitReached);
    let two = [(
        Contract { limits: Limits { visits: Some(2), ..limits }, ..contracts[0].0.clone() },
        contracts[0].1.clone(),
    )];
    let second = answer(Work { visit: Some(VisitId::generate()), ..labour(Decimal::ONE, 150) }, &[], &two);
    assert_eq!(second.reason, CoverageReason::ContractCoversKind, "the second of two");
}

#[test]
fn parts_are_borne_up_to_their_value() {
    let limits = Limits { parts: Some(eur(10_000)), ..Limits::default() };
    let work = Work {
        kind: LineKind::Part,
        at: day(150),
        quantity: Decimal::from(3),
        gross: eur(30_000),
        visit: None,
        misuse: false,
    };
    let decision = answer(work, &[], &[(contract(full(), limits), Used::default())]);
    assert_eq!(eur(30_000).times(decision.covered_share), Ok(eur(10_000)));
}

#[test]
fn the_reason_names_the_nearest_miss() {
    let contracts = |shares| [(contract(shares, Limits::default()), Used::default())];
    let reason = |work, contracts: &[(Contract, Used)]| answer(work, &[], contracts).reason;
    assert_eq!(reason(labour(Decimal::ONE, 150), &[]), CoverageReason::NoContractOrWarranty);
    assert_eq!(
        reason(labour(Decimal::ONE, 150), &contracts(Shares::default())),
        CoverageReason::KindNotCovered
    );
    assert_eq!(reason(labour(Decimal::ONE, 99), &contracts(full())), CoverageReason::NotYetStarted);
    assert_eq!(reason(labour(Decimal::ONE, 200), &contracts(full())), CoverageReason::Expired);
    let misuse = Work { misuse: true, ..labour(Decimal::ONE, 150) };
    assert_eq!(reason(misuse, &contracts(full())), CoverageReason::Misuse);
}

#[test]
fn the_best_contract_bears_not_the_first_or_the_worst() {
    let with = |percent| Shares { labour: Decimal::new(percent, 2), ..Shares::default() };
    for order in [[30, 80, 50], [80, 30, 50], [50, 30, 80]] {
        let contracts = order.map(|percent| (contract(with(percent), Limits::default()), Used::default()));
        let decision = answer(labour(Decimal::ONE, 150), &[], &contracts);
        assert_eq!(decision.covered_share, Decimal::new(80, 2), "{order:?}");
    }
    let twins = [contract(full(), Limits::default()), contract(full(), Limits::default())];
    let twins = twins.map(|contract| (contract, Used::default()));
    let decision = answer(labour(Decimal::ONE, 150), &[], &twins);
    assert_eq!(decision.payer, Payer::Contract(twins[0].0.id), "of equals the first");
}

#[test]
fn a_limit_that_is_used_up_leaves_no_dust() {
    // A third of an hour was left and was borne: what a division loses is no rest that a contract still bears.
    let third = Decimal::ONE / Decimal::from(3);
    let limits = Limits { hours: Some(Decimal::ONE), ..Limits::default() };
    for dust in [Decimal::new(1, 28), Decimal::new(1, 12), Decimal::new(-1, 28)] {
        let used = Used { hours: third * Decimal::from(3) - dust, ..Used::default() };
        let decision = answer(labour(Decimal::TWO, 150), &[], &[(contract(full(), limits), used)]);
        assert_eq!(
            (decision.payer, decision.covered_share, decision.reason),
            (Payer::Customer, Decimal::ZERO, CoverageReason::LimitReached),
            "{dust}"
        );
    }
    let used = Used { hours: Decimal::new(999_999, 6), ..Used::default() };
    let decision = answer(labour(Decimal::TWO, 150), &[], &[(contract(full(), limits), used)]);
    assert_eq!(decision.covered_share, Decimal::new(5, 7), "a few milliseconds are time");
}

#[test]
fn a_used_up_value_of_parts_leaves_the_next_part_to_the_customer() {
    let limits = Limits { parts: Some(eur(10_000)), ..Limits::default() };
    let part = |gross| Work { kind: LineKind::Part, gross: eur(gross), ..labour(Decimal::ONE, 150) };
    let used = |minor| Used { parts_minor: minor, ..Used::default() };
    let decide = |gross, minor| answer(part(gross), &[], &[(contract(full(), limits), used(minor))]);
    assert_eq!(
        (decide(100, 10_000).payer, decide(100, 10_000).covered_share),
        (Payer::Customer, Decimal::ZERO)
    );
    assert_eq!(decide(100, 9_900).reason, CoverageReason::ContractCoversKind, "exactly what is left");
    assert_eq!(decide(101, 9_900).reason, CoverageReason::LimitReached);
    assert_eq!(eur(101).times(decide(101, 9_900).covered_share), Ok(eur(100)));
    let dollars = Work { gross: Money::new(100, "USD".parse().expect("code")), ..part(100) };
    assert_eq!(answer(dollars, &[], &[(contract(full(), limits), used(0))]).payer, Payer::Customer);
}

#[test]
fn travel_has_no_limit_of_hours_and_expenses_are_never_borne_by_a_contract() {
    let limits = Limits { hours: Some(Decimal::ZERO), visits: Some(1), ..Limits::default() };
    let contracts = [(contract(full(), limits), Used::default())];
    let work = |kind| Work { kind, ..labour(Decimal::ONE, 150) };
    assert_eq!(answer(work(LineKind::Travel), &[], &contracts).covered_share, Decimal::ONE);
    assert_eq!(answer(work(LineKind::Labour), &[], &contracts).covered_share, Decimal::ZERO);
    assert_eq!(answer(work(LineKind::Expense), &[], &contracts).reason, CoverageReason::KindNotCovered);
    let used = Used { visits: [VisitId::generate()].into(), ..Used::default() };
    let contracts = [(contract(full(), Limits { visits: Some(1), ..Limits::default() }), used)];
    assert_eq!(answer(work(LineKind::Travel), &[], &contracts).reason, CoverageReason::LimitReached);
    assert_eq!(
        answer(work(LineKind::Part), &[], &contracts).covered_share,
        Decimal::ONE,
        "parts are no visits"
    );
}

#[test]
fn a_warranty_holds_on_its_last_instant_and_not_on_the_next() {
    let warranties = [warranty(&[LineKind::Labour], 100, 200)];
    let reason = |at| answer(Work { at, ..labour(Decimal::ONE, 0) }, &warranties, &[]).reason;
    let tick = chrono::TimeDelta::microseconds(1);
    assert_eq!(reason(day(100)), CoverageReason::WarrantyCoversKind);
    assert_eq!(reason(day(100) - tick), CoverageReason::NotYetStarted);
    assert_eq!(reason(day(200) - tick), CoverageReason::WarrantyCoversKind);
    assert_eq!(reason(day(200)), CoverageReason::Expired);
    let contracts = [(contract(full(), Limits::default()), Used::default())];
    let reason = |at| answer(Work { at, ..labour(Decimal::ONE, 0) }, &[], &contracts).reason;
    assert_eq!(reason(day(100)), CoverageReason::ContractCoversKind);
    assert_eq!(reason(day(200) - tick), CoverageReason::ContractCoversKind);
    assert_eq!(reason(day(200)), CoverageReason::Expired);
}

fn hour(n: i64) -> Timestamp {
    day(200) + chrono::TimeDelta::hours(n)
}
fn stretch(from: i64, to: i64) -> Stretch {
    Stretch { from: hour(from), to: hour(to) }
}
fn part(at: i64, hours: i64) -> Part {
    Part { at: hour(at), time_us: hours * 3_600_000_000 }
}

#[test]
fn a_visit_across_the_end_of_a_contract_is_cut_where_it_ends() {
    let contract = contract(full(), Limits::default());
    let cut = |stretches: &[Stretch]| cut(LineKind::Labour, stretches, &[], [&contract]);
    assert_eq!(cut(&[stretch(-3, 1)]), [part(-3, 3), part(0, 1)]);
    assert_eq!(cut(&[stretch(-4, -2), stretch(-1, 1)]), [part(-4, 3), part(0, 1)], "a break is in no part");
    assert_eq!(cut(&[stretch(-4, 0), stretch(1, 2)]), [part(-4, 4), part(1, 1)], "the border in the break");
    assert_eq!(cut(&[stretch(-4, -1), stretch(0, 2)]), [part(-4, 3), part(0, 2)]);
    assert_eq!(cut(&[stretch(0, 4)]), [part(0, 4)]);
    assert_eq!(cut(&[stretch(-4, 0)]), [part(-4, 4)]);
    assert_eq!(cut(&[stretch(1, 1)]), []);
}

#[test]
fn only_covers_of_the_kind_of_work_cut_it() {
    let parts_only = contract(Shares { parts: Decimal::ONE, ..Shares::default() }, Limits::default());
    let warranties = [warranty(&[LineKind::Part], 100, 200)];
    let labour = cut(LineKind::Labour, &[stretch(-1, 1)], &warranties, [&parts_only]);
    assert_eq!(labour, [part(-1, 2)]);
    let warranties = [warranty(&[LineKind::Labour], 200, 300)];
    let labour = cut(LineKind::Labour, &[stretch(-1, 1)], &warranties, []);
    assert_eq!(labour, [part(-1, 1), part(0, 1)]);
}

#[test]
fn a_started_step_is_billed_in_full() {
    let minutes = |minutes: &[i64]| -> Vec<Part> {
        minutes.iter().map(|minutes| Part { at: hour(0), time_us: minutes * 60_000_000 }).collect()
    };
    let billed = |before: &[i64], step| {
        let mut parts = minutes(before);
        round_up(&mut parts, step);
        parts.into_iter().map(|part| part.time_us / 60_000_000).collect::<Vec<_>>()
    };
    assert_eq!(billed(&[61], 15), [75]);
    assert_eq!(billed(&[60], 15), [60], "a full step is not started again");
    assert_eq!(billed(&[180, 1], 15), [180, 15], "the whole is rounded, not each part");
    assert_eq!(billed(&[50, 25], 30), [50, 40]);
    assert_eq!(billed(&[61], 0), [61]);
    assert_eq!(billed(&[], 15), Vec::<i64>::new());
    let mut instant = [Part { at: hour(0), time_us: 1 }];
    round_up(&mut instant, 6);
    assert_eq!(instant[0].time_us, 360_000_000);
}

proptest! {
    #[test]
    fn cutting_loses_and_doubles_no_time(
        lengths in proptest::collection::vec((1_i64..300, 0_i64..60), 1..8),
        ends in proptest::collection::vec(0_i64..1_500, 0..5),
    ) {
        let minute = |n: i64| hour(0) + chrono::TimeDelta::minutes(n);
        let (mut stretches, mut at) = (vec![], 0);
        for (length, pause) in lengths {
            stretches.push(Stretch { from: minute(at), to: minute(at + length) });
            at += length + pause;
        }
        let contracts: Vec<_> =
            ends.iter().map(|end| Contract { end: minute(*end), ..contract(full(), Limits::default()) }).collect();
        let parts = cut(LineKind::Labour, &stretches, &[], &contracts);
        let total: i64 = stretches.iter().map(|s| (s.to - s.from).num_microseconds().expect("short")).sum();
        prop_assert_eq!(parts.iter().map(|part| part.time_us).sum::<i64>(), total);
        // Within a part no contract ends: it is active through all of it, or through none.
        for (index, part) in parts.iter().enumerate() {
            let next = parts.get(index + 1).map_or(minute(at), |next| next.at);
            prop_assert!(contracts.iter().all(|c| c.end <= part.at || c.end >= next || stretches.iter().all(|s| !(s.from < c.end && c.end < s.to))));
        }
    }

    #[test]
    fn no_limit_is_ever_exceeded(limit in 0i64..2_000, steps in proptest::collection::vec(1i64..400, 1..40), share in 0i64..=100) {
        let shares = Shares { labour: Decimal::new(share, 2), ..Shares::default() };
        let limits = Limits { hours: Some(Decimal::new(limit, 2)), ..Limits::default() };
        let contract = contract(shares, limits);
        let mut used = Used::default();
        for step in steps {
            let work = labour(Decimal::new(step, 2), 150);
            let decision = answer(work, &[], &[(contract.clone(), used.clone())]);
            prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&decision.covered_share));
            prop_assert!(decision.covered_share <= shares.labour);
            used.hours += work.quantity * decision.covered_share;
            prop_assert!(used.hours <= Decimal::new(limit, 2));
            prop_assert_eq!(decision.covered_share.is_zero(), decision.payer == Payer::Customer);
        }
    }
}
