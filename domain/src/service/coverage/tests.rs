use super::*;
use crate::{
    Currency,
    clock::from_micros,
    id::{AssetId, CustomerId},
    service::contract::{CoveredAssets, Limits, Shares, Tier},
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

proptest! {
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
            // Division rounds in the 28th digit; money is exact because it is rounded to the minor unit afterwards.
            prop_assert!(used.hours.round_dp(20) <= Decimal::new(limit, 2));
        }
    }
}
