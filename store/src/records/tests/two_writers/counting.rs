//! Numbers and stock: what is counted is counted once.

use super::{ROUNDS, Writers, one_of};
use crate::{
    StoreError,
    records::{
        PageRequest, Records,
        engine::counters,
        money::invoices,
        tests::fixture,
        work::stock::{self, MoveError},
    },
};
use domain::{
    id::{LineId, PartId, StockLocationId},
    money::invoice::Series,
    people::account::Actor,
    work::stock::{StockError, balance},
};
use rust_decimal::Decimal;

/// A ticket's, a work order's, an invoice's and a credit note's number.
async fn numbers(records: &Records) -> Result<[String; 4], StoreError> {
    let tx = records.begin().await?;
    let mut taken = Vec::new();
    for prefix in ["T", "WO"] {
        taken.push(counters::next(&tx, prefix).await?);
    }
    for series in [Series::Invoice, Series::CreditNote] {
        taken.push(invoices::next_number(&tx, series, 2026).await?.to_string());
    }
    tx.commit().await?;
    Ok(taken.try_into().expect("four"))
}

/// Takes a number, and gives the transaction up.
async fn think_better_of_it(records: &Records) -> Result<(), StoreError> {
    let tx = records.begin().await?;
    counters::next(&tx, "T").await?;
    invoices::next_number(&tx, Series::Invoice, 2026).await?;
    Ok(())
}

#[tokio::test]
async fn two_who_take_numbers_at_once_leave_no_gap_and_no_double() {
    let writers = Writers::open().await;
    let mut taken: [Vec<String>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let both = writers.both(async |records: Records| {
            think_better_of_it(&records).await?;
            numbers(&records).await
        });
        for numbers in both.await {
            let numbers = numbers.expect("numbers");
            taken.iter_mut().zip(numbers).for_each(|(of_kind, number)| of_kind.push(number));
        }
    }
    for (mut of_kind, first) in taken.into_iter().zip([1_001, 1_001, 1, 1]) {
        of_kind.sort();
        let last = |number: &String| number.rsplit('-').next().and_then(|digits| digits.parse().ok());
        let counted: Vec<usize> = of_kind.iter().filter_map(last).collect();
        assert_eq!(counted, (first..first + 2 * ROUNDS).collect::<Vec<_>>(), "{of_kind:?}");
    }
}

async fn take(
    records: &Records,
    part: PartId,
    place: StockLocationId,
    line: Option<LineId>,
) -> Result<(), MoveError> {
    let tx = records.begin().await?;
    stock::insert(&tx, &fixture::taken(part, place, line)).await?;
    Ok(tx.commit().await?)
}

#[tokio::test]
async fn the_last_parts_of_a_place_go_to_one_of_two() {
    let writers = Writers::open().await;
    let (part, van, store) = fixture::stocked(&writers.one, Decimal::from(5)).await;
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..5 {
        for result in writers.both(move |records| async move { take(&records, part, van, None).await }).await
        {
            match result {
                Ok(()) => taken += 1,
                Err(MoveError::Stock(StockError::Insufficient)) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        for result in
            writers.both(move |records| async move { take(&records, part, store, None).await }).await
        {
            result.expect("counting lags behind here");
        }
    }
    assert_eq!((taken, refused), (5, 5));
    let db = writers.one.read();
    let moved =
        stock::list(db, Actor::system().scope(), None, &PageRequest::first(100)).await.expect("ledger");
    for (place, left) in [(van, Decimal::ZERO), (store, Decimal::from(-10))] {
        assert_eq!(stock::level(db, place, part).await.expect("level"), left);
        assert_eq!(balance(place, &moved.items), left, "the level is what the ledger adds up to");
    }
}

#[tokio::test]
async fn two_who_book_the_same_line_move_its_parts_once() {
    let writers = Writers::open().await;
    let (part, van, _) = fixture::stocked(&writers.one, Decimal::from(100)).await;
    for _ in 0..ROUNDS {
        let line = Some(LineId::generate());
        let both = writers.both(move |records| async move {
            take(&records, part, van, line).await.map_err(|error| match error {
                MoveError::Store(error) => error,
                MoveError::Stock(error) => panic!("{error}"),
            })
        });
        one_of(&both.await);
    }
    let left = stock::level(writers.one.read(), van, part).await.expect("level");
    assert_eq!(left, Decimal::from(100 - ROUNDS));
}
