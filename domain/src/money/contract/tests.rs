use super::*;
use crate::{Currency, clock::from_micros};

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}
fn contract() -> Contract {
    Contract {
        id: ContractId::generate(),
        customer_id: CustomerId::generate(),
        number: "SC-1".into(),
        tier: Tier::Standard,
        covers_assets: CoveredAssets::All,
        start: from_micros(100),
        end: from_micros(200),
        shares: Shares::default(),
        limits: Limits::default(),
        response_hours: None,
        restore_hours: None,
        price: eur(0),
        billing: None,
        availability_guarantee: None,
        version: 1,
    }
}
fn refused(contract: Contract) -> Option<InvalidContract> {
    contract.validate().err()
}

#[test]
fn a_contract_lasts_for_a_while() {
    let ending = |end| Contract { end: from_micros(end), ..contract() };
    assert_eq!(refused(ending(101)), None);
    assert_eq!(refused(ending(100)), Some(InvalidContract::EndBeforeStart));
    assert_eq!(refused(ending(99)), Some(InvalidContract::EndBeforeStart));
}

#[test]
fn a_contract_bears_between_nothing_and_all() {
    let bearing = |shares| Contract { shares, ..contract() };
    let all = Shares { labour: Decimal::ONE, travel: Decimal::ONE, parts: Decimal::ONE };
    assert_eq!(refused(bearing(all)), None);
    let (more, less) = (Decimal::new(101, 2), Decimal::new(-1, 2));
    for share in [more, less] {
        for shares in
            [Shares { labour: share, ..all }, Shares { travel: share, ..all }, Shares { parts: share, ..all }]
        {
            assert_eq!(refused(bearing(shares)), Some(InvalidContract::ShareOutOfRange), "{shares:?}");
        }
        let guarantee = Contract { availability_guarantee: Some(share), ..contract() };
        assert_eq!(refused(guarantee), Some(InvalidContract::GuaranteeOutOfRange));
    }
    assert_eq!(refused(Contract { availability_guarantee: Some(Decimal::ONE), ..contract() }), None);
}

#[test]
fn limits_and_price_are_nothing_or_more() {
    let hours = |hours| Contract {
        limits: Limits { hours: Some(Decimal::from(hours)), ..Limits::default() },
        ..contract()
    };
    let parts =
        |minor| Contract { limits: Limits { parts: Some(eur(minor)), ..Limits::default() }, ..contract() };
    let price = |minor| Contract { price: eur(minor), ..contract() };
    for well in [hours(0), hours(1), parts(0), parts(1), price(0), price(1)] {
        assert_eq!(refused(well), None);
    }
    for negative in [hours(-1), parts(-1), price(-1)] {
        assert_eq!(refused(negative), Some(InvalidContract::NegativeLimit));
    }
}

#[test]
fn a_contract_has_one_currency_and_some_equipment() {
    let dollars = Money::new(1, "USD".parse().expect("code"));
    let mixed = Contract { limits: Limits { parts: Some(dollars), ..Limits::default() }, ..contract() };
    assert_eq!(refused(mixed), Some(InvalidContract::MixedCurrencies));
    let (listed, other) = (AssetId::generate(), AssetId::generate());
    let of = |assets| Contract { covers_assets: CoveredAssets::Listed(assets), ..contract() };
    assert_eq!(refused(of(BTreeSet::new())), Some(InvalidContract::NoAssets));
    let one = of([listed].into()).validate().expect("one asset");
    assert!(one.covers_asset(listed) && !one.covers_asset(other));
    assert!(contract().covers_asset(other), "everything the customer owns");
}

#[test]
fn the_tightest_limit_says_how_much_is_used() {
    let used = Used { hours: Decimal::from(4), visits: [VisitId::generate()].into(), parts_minor: 3_000 };
    let told = |limits| Contract { limits, ..contract() }.used_fraction(&used);
    let hours = Limits { hours: Some(Decimal::from(10)), ..Limits::default() };
    assert_eq!(told(hours), Some(Decimal::new(4, 1)));
    assert_eq!(told(Limits { visits: Some(2), ..hours }), Some(Decimal::new(5, 1)));
    assert_eq!(told(Limits { parts: Some(eur(2_000)), ..hours }), Some(Decimal::new(15, 1)), "and beyond");
    assert_eq!(told(Limits { visits: Some(0), ..hours }), Some(Decimal::ONE), "nothing is included");
    assert_eq!(told(Limits::default()), None);
}

#[test]
fn each_kind_of_line_has_its_own_share() {
    let share = |percent| Decimal::new(percent, 2);
    let contract =
        Contract { shares: Shares { labour: share(10), travel: share(20), parts: share(30) }, ..contract() };
    let kinds = [LineKind::Labour, LineKind::Travel, LineKind::Part, LineKind::Expense];
    assert_eq!(kinds.map(|kind| contract.share_of(kind)), [share(10), share(20), share(30), Decimal::ZERO]);
}

#[test]
fn a_contract_is_in_force_from_its_first_instant_up_to_its_end() {
    let at = |us| contract().state(from_micros(us));
    assert_eq!([at(99), at(100)], [ContractState::NotYetStarted, ContractState::Active]);
    assert_eq!([at(199), at(200)], [ContractState::Active, ContractState::Expired]);
}
