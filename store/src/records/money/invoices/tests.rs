use super::*;
use crate::records::{
    Records,
    tests::{fixture, place},
};
use domain::{
    id::InvoiceLineId,
    money::invoice::{InvoiceLine, Series},
};
use domain::{people::account::Actor, work::work_order::WorkOrder};

struct Books {
    _place: place::Place,
    records: Records,
    customer: CustomerId,
    work: WorkOrder,
}

impl Books {
    async fn open() -> Self {
        let (place, records) = place::records().await;
        let customer = fixture::customer(&records).await;
        let work = fixture::work_order(&records, customer).await;
        Self { _place: place, records, customer, work }
    }
    fn draft(&self, lines: Vec<InvoiceLine>) -> Invoice {
        fixture::draft(self.customer, lines)
    }
}

fn day() -> Date {
    Date::of_day_number(739_000)
}

#[tokio::test]
async fn an_invoice_survives_the_round_trip_with_its_lines_in_order() {
    let books = Books::open().await;
    let lines = (0..250).map(|_| fixture::labour(&books.work)).collect();
    let draft = books.draft(lines);
    let tx = books.records.begin().await.expect("begin");
    insert(&tx, &draft).await.expect("inserted");
    assert_eq!(get(&tx, draft.id).await.expect("read"), Some(draft.clone()));
    let number = next_number(&tx, Series::Invoice, 2026).await.expect("number");
    let issued = draft.issue(number, from_micros(7), day(), 30).expect("issued");
    let saved = update(&tx, issued.clone()).await.expect("saved");
    assert_eq!(get(&tx, saved.id).await.expect("read"), Some(Invoice { version: 2, ..issued }));
}

#[tokio::test]
async fn each_series_and_year_has_numbers_of_its_own() {
    let books = Books::open().await;
    let tx = books.records.begin().await.expect("begin");
    let mut taken = Vec::new();
    for (series, year) in [
        (Series::Invoice, 2026),
        (Series::CreditNote, 2026),
        (Series::Invoice, 2027),
        (Series::Invoice, 2026),
    ] {
        taken.push(next_number(&tx, series, year).await.expect("number").to_string());
    }
    assert_eq!(taken, ["INV-2026-00001", "CN-2026-00001", "INV-2027-00001", "INV-2026-00002"]);
}

#[tokio::test]
async fn a_line_stands_on_another_invoice_once_its_own_has_let_it_go() {
    let books = Books::open().await;
    let line = fixture::labour(&books.work);
    let again = || books.draft(vec![InvoiceLine { id: InvoiceLineId::generate(), ..line.clone() }]);
    let (first, second) = (again(), again());
    let tx = books.records.begin().await.expect("begin");
    insert(&tx, &first).await.expect("inserted");
    update(&tx, first.cancel(from_micros(2)).expect("a draft")).await.expect("canceled");
    insert(&tx, &second).await.expect("free again");
    release(&tx, &[second.lines[0].id]).await.expect("released");
    let third = again();
    insert(&tx, &third).await.expect("free again");
    let live = live_lines(&tx, &[books.work.id]).await.expect("read");
    let standing: Vec<_> = live.iter().map(|live| (live.invoice, live.id, live.draft)).collect();
    assert_eq!(standing, [(third.id, third.lines[0].id, true)]);
    let fourth = insert(&tx, &again()).await;
    assert!(matches!(fourth, Err(StoreError::Conflict(_))), "{fourth:?}");
}

#[tokio::test]
async fn an_invoice_moves_from_shelf_to_shelf_with_its_money() {
    let books = Books::open().await;
    let late = day().plus_days(31).expect("a day");
    let shelves = [Shelf::Drafts, Shelf::Open, Shelf::Overdue(late), Shelf::Paid, Shelf::Papers];
    let tx = books.records.begin().await.expect("begin");
    let stands_on = async |expected: [bool; 5], open: i64| {
        for (shelf, expected) in shelves.into_iter().zip(expected) {
            let filter = Filter { shelf, ..Filter::default() };
            let summed = sum(&tx, Actor::system().scope(), &filter, Currency::EUR).await.expect("summed");
            let money = Money::new(if expected { open } else { 0 }, Currency::EUR);
            assert_eq!(summed, (u64::from(expected), money), "{shelf:?}");
        }
    };
    let draft = books.draft(vec![fixture::labour(&books.work)]);
    insert(&tx, &draft).await.expect("inserted");
    stands_on([true, false, false, false, false], 0).await;
    let number = next_number(&tx, Series::Invoice, 2026).await.expect("number");
    let issued = update(&tx, draft.issue(number, from_micros(7), day(), 30).expect("issued")).await;
    let issued = issued.expect("saved");
    stands_on([false, true, true, false, true], 200).await;
    let part = update(&tx, issued.pay(Money::new(150, Currency::EUR), day()).expect("paid")).await;
    let part = part.expect("saved");
    stands_on([false, true, true, false, true], 50).await;
    update(&tx, part.pay(Money::new(50, Currency::EUR), day()).expect("paid")).await.expect("saved");
    stands_on([false, false, false, true, true], 0).await;
}
