//! Who changes a row as it was before is told so; what may stand on one paper stands on one.

use super::{ROUNDS, Writers, one_of};
use crate::records::{
    Records,
    money::{contracts, invoices},
    tests::fixture::{self, ticket},
    work::{lines, parts, technicians, tickets, visits, work_orders},
};
use domain::money::tax::{LineTax, TaxCategory};
use domain::{
    Date,
    clock::from_micros,
    id::{ContractId, CustomerId, InvoiceLineId, VisitId},
    money::{contract::billing::Period, invoice::InvoiceLine},
    work::visit::{Visit, VisitState},
};
use rust_decimal::Decimal;

/// Both have read `$row` and save it: one of them does, the other is told.
macro_rules! one_saves {
    ($writers:expr, $row:expr, |$tx:ident, $read:ident| $update:expr) => {{
        let row = $row;
        let both = $writers.both(move |records| {
            let $read = row.clone();
            async move {
                let $tx = records.begin().await?;
                $update.await?;
                $tx.commit().await
            }
        });
        one_of(&both.await);
    }};
}

#[tokio::test]
async fn of_two_who_change_what_they_have_read_one_is_told_that_it_changed() {
    let writers = Writers::open().await;
    let customer = fixture::customer(&writers.one).await;
    let technician = fixture::technician(&writers.one).await;
    let work = fixture::work_order(&writers.one, customer).await;
    let (part, ..) = fixture::stocked(&writers.one, Decimal::ONE).await;
    let part = parts::get(writers.one.read(), part).await.expect("read").expect("the part");
    let (ticket, contract) = (ticket("T-1", 1, None), fixture::contract(customer, "SC-1"));
    let draft = fixture::draft(customer, vec![fixture::labour(&work)]);
    let visit = Visit {
        id: VisitId::generate(),
        work_order_id: work.id,
        technician_id: technician.id,
        planned_start: from_micros(1),
        planned_end: from_micros(2),
        entered_late: false,
        state: VisitState::Scheduled { at: from_micros(1) },
        version: 1,
    };
    let tx = writers.one.begin().await.expect("begin");
    tickets::insert(&tx, &ticket).await.expect("ticket");
    contracts::insert(&tx, &contract).await.expect("contract");
    invoices::insert(&tx, &draft).await.expect("invoice");
    visits::insert(&tx, &visit).await.expect("visit");
    tx.commit().await.expect("commit");

    one_saves!(writers, ticket, |tx, read| tickets::update(&tx, &read));
    one_saves!(writers, work, |tx, read| work_orders::update(&tx, &read));
    one_saves!(writers, visit, |tx, read| visits::update(&tx, &read));
    one_saves!(writers, part, |tx, read| parts::update(&tx, &read));
    one_saves!(writers, technician, |tx, read| technicians::update(&tx, &read));
    one_saves!(writers, contract, |tx, read| contracts::update(&tx, read));
    one_saves!(writers, draft, |tx, read| invoices::update(&tx, read));
}

/// Keeps a draft over `line`.
async fn keep(records: Records, customer: CustomerId, line: InvoiceLine) -> Result<(), crate::StoreError> {
    let tx = records.begin().await?;
    let line = InvoiceLine { id: InvoiceLineId::generate(), ..line };
    invoices::insert(&tx, &fixture::draft(customer, vec![line])).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_line_of_a_job_and_a_period_of_a_contract_stand_on_one_invoice() {
    let writers = Writers::open().await;
    let customer = fixture::customer(&writers.one).await;
    let work = fixture::work_order(&writers.one, customer).await;
    let contract = ContractId::generate();
    for round in 0..ROUNDS {
        let day = Date::of_day_number(739_000 + i32::try_from(round).expect("few"));
        let period = Period { from: day, to: day, due: day, amount: fixture::price() };
        let period = InvoiceLine::of_period(
            contract,
            "SC-1".into(),
            &period,
            &LineTax::new(TaxCategory::Standard, Decimal::ZERO),
        );
        for line in [fixture::labour(&work), period] {
            one_of(&writers.both(|records| keep(records, customer, line.clone())).await);
        }
    }
    let live = invoices::live_lines(writers.one.read(), &[work.id]).await.expect("read");
    assert_eq!(live.len(), ROUNDS);
    let periods = invoices::invoiced_periods(writers.one.read(), contract).await.expect("read");
    assert_eq!(periods.len(), ROUNDS);
}

#[tokio::test]
async fn of_two_who_bill_and_take_off_the_same_line_one_is_told() {
    let writers = Writers::open().await;
    let customer = fixture::customer(&writers.one).await;
    let work = fixture::work_order(&writers.one, customer).await;
    for _ in 0..ROUNDS {
        let line = fixture::line(&work);
        let tx = writers.one.begin().await.expect("begin");
        lines::insert(&tx, &line).await.expect("line");
        tx.commit().await.expect("commit");
        let bill = async || {
            let tx = writers.one.begin().await?;
            lines::set_invoiced(&tx, &[line.id], true).await?;
            tx.commit().await
        };
        let take_off = async || {
            let tx = writers.other.begin().await?;
            lines::delete(&tx, line.id).await?;
            tx.commit().await
        };
        let (billed, taken_off) = tokio::join!(bill(), take_off());
        one_of(&[billed, taken_off]);
    }
}
