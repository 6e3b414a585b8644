use super::*;
use crate::records::{
    tests::{fixture, place},
    work::lines,
};
use domain::clock::from_micros;
use domain::{
    Currency, Money, id::VisitId, money::coverage::Payer, people::account::Actor, work::line::Line,
};

#[tokio::test]
async fn a_contract_survives_the_round_trip_and_its_number_is_its_own() {
    let (_place, records) = place::records().await;
    let customer = fixture::customer(&records).await;
    let contract = Contract {
        shares: Shares { labour: Decimal::ONE, travel: Decimal::new(5, 1), parts: Decimal::ZERO },
        limits: Limits {
            hours: Some(Decimal::new(125, 1)),
            visits: Some(4),
            parts: Some(Money::new(50_000, Currency::EUR)),
        },
        response_hours: Some(4),
        availability_guarantee: Some(Decimal::new(98, 2)),
        ..fixture::contract(customer, "SC-1")
    };
    let tx = records.begin().await.expect("begin");
    insert(&tx, &contract).await.expect("inserted");
    assert_eq!(get(&tx, contract.id).await.expect("read"), Some(contract.clone()));
    tx.commit().await.expect("commit");
    let tx = records.begin().await.expect("begin");
    let again = insert(&tx, &fixture::contract(customer, "SC-1")).await;
    assert!(
        matches!(&again, Err(StoreError::Conflict(what)) if what.contains("contracts.number")),
        "{again:?}"
    );
    drop(tx);
    let tx = records.begin().await.expect("begin");
    let nobody = Contract { id: ContractId::generate(), ..fixture::contract(CustomerId::generate(), "SC-2") };
    let of_nobody = insert(&tx, &nobody).await;
    assert!(matches!(of_nobody, Err(StoreError::Conflict(_))), "{of_nobody:?}");
}

#[tokio::test]
async fn a_term_has_its_first_moment_and_not_its_last() {
    let (_place, records) = place::records().await;
    let customer = fixture::customer(&records).await;
    let tx = records.begin().await.expect("begin");
    insert(&tx, &fixture::contract(customer, "SC-1")).await.expect("inserted");
    tx.commit().await.expect("commit");
    let count = async |state, us| {
        let filter = Filter { state: Some((state, from_micros(us))), ..Filter::default() };
        count(records.read(), Actor::system().scope(), &filter).await.expect("counted")
    };
    for (us, state) in [
        (0, ContractState::NotYetStarted),
        (1, ContractState::Active),
        (8, ContractState::Active),
        (9, ContractState::Expired),
    ] {
        for other in [ContractState::NotYetStarted, ContractState::Active, ContractState::Expired] {
            assert_eq!(count(other, us).await, u64::from(other == state), "{us} {other:?}");
        }
    }
}

#[tokio::test]
async fn what_a_contract_has_borne_is_the_sum_over_its_lines() {
    let (_place, records) = place::records().await;
    let customer = fixture::customer(&records).await;
    let work = fixture::work_order(&records, customer).await;
    let (contract, visit) = (ContractId::generate(), VisitId::generate());
    let borne = |kind, share| {
        let line = fixture::line(&work);
        let mut coverage = line.coverage;
        (coverage.payer, coverage.covered_share) = (Payer::Contract(contract), share);
        Line { kind, coverage, visit_id: Some(visit), ..line }
    };
    let half = Decimal::new(5, 1);
    let own = fixture::line(&work);
    let part = borne(LineKind::Part, Decimal::ONE);
    let tx = records.begin().await.expect("begin");
    for line in [&borne(LineKind::Labour, half), &borne(LineKind::Travel, half), &part, &own] {
        lines::insert(&tx, line).await.expect("line");
    }
    let all = used(&tx, contract, None).await.expect("summed");
    assert_eq!(all, Used { hours: Decimal::ONE, visits: [visit].into(), parts_minor: 200 });
    let without = used(&tx, contract, Some(part.id)).await.expect("summed");
    assert_eq!(without.parts_minor, 0, "the line that is decided again");
    assert_eq!(used(&tx, ContractId::generate(), None).await.expect("summed"), Used::default());
}
