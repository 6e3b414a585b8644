//! The repositories of tickets, work orders and stock together.

use super::{fixture::ticket, place};
use crate::{
    StoreError,
    records::{
        PageRequest,
        engine::counters,
        work::{parts, stock, tickets},
    },
};
use domain::{
    Currency, Money,
    clock::from_micros,
    id::{AlertGroupId, LineId, PartId, StockLocationId, StockMovementId},
    people::account::Actor,
    work::stock::{MovementReason, Part, StockError, StockLocation, StockLocationKind, StockMovement},
};
use rust_decimal::Decimal;

#[tokio::test]
async fn numbers_have_no_gaps_even_when_a_transaction_is_given_up() {
    let (_place, records) = place::records().await;
    for expected in ["T-1001", "T-1002"] {
        let tx = records.begin().await.expect("begin");
        assert_eq!(counters::next(&tx, "T").await.expect("number"), expected);
        tx.commit().await.expect("commit");
        let given_up = records.begin().await.expect("begin");
        counters::next(&given_up, "T").await.expect("number");
    }
}

#[tokio::test]
async fn a_ticket_survives_the_round_trip_and_a_stale_writer_is_refused() {
    let (_place, records) = place::records().await;
    let tx = records.begin().await.expect("begin");
    let new = ticket("T-1", 5, None);
    tickets::insert(&tx, &new).await.expect("insert");
    assert_eq!(tickets::get(&tx, new.id).await.expect("get"), Some(new.clone()));
    let triaged = new.clone().triage(from_micros(7)).expect("triage");
    let saved = tickets::update(&tx, &triaged).await.expect("update");
    assert_eq!(saved.version, 1);
    let stale = tickets::update(&tx, &triaged).await;
    assert!(matches!(stale, Err(StoreError::Conflict(_))), "{stale:?}");
}

#[tokio::test]
async fn an_alert_group_has_one_ticket_at_most() {
    let (_place, records) = place::records().await;
    let tx = records.begin().await.expect("begin");
    let group = AlertGroupId::generate();
    tickets::insert(&tx, &ticket("T-1", 1, Some(group))).await.expect("first");
    let second = tickets::insert(&tx, &ticket("T-2", 2, Some(group))).await;
    assert!(matches!(second, Err(StoreError::Conflict(_))), "{second:?}");
}

#[tokio::test]
async fn pages_show_every_ticket_once_newest_first() {
    let (_place, records) = place::records().await;
    let tx = records.begin().await.expect("begin");
    for n in 0..7 {
        // Pairs share their instant, so that only the id tells them apart.
        tickets::insert(&tx, &ticket(&format!("T-{n}"), n / 2, None)).await.expect("insert");
    }
    let (mut seen, mut page) = (vec![], PageRequest::first(3));
    loop {
        let found = tickets::list(&tx, Actor::system().scope(), &tickets::Filter::default(), &page)
            .await
            .expect("page");
        seen.extend(found.items.iter().map(|ticket| (ticket.opened_at, ticket.id)));
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
    let search = tickets::Filter { search: Some("3".into()), ..tickets::Filter::default() };
    let found =
        tickets::list(&tx, Actor::system().scope(), &search, &PageRequest::default()).await.expect("search");
    assert_eq!(found.items.iter().map(|ticket| ticket.number.as_str()).collect::<Vec<_>>(), ["T-3"]);
}

#[tokio::test]
async fn a_line_takes_its_parts_once_and_never_more_than_there_are() {
    let (_place, records) = place::records().await;
    let tx = records.begin().await.expect("begin");
    let (part, van) = (PartId::generate(), StockLocationId::generate());
    let price = Money::new(100, Currency::EUR);
    let bearing = Part {
        id: part,
        number: "6310".into(),
        name: "Bearing".into(),
        unit_price: price,
        unit_cost: price,
        reorder_point: Decimal::new(15, 1),
        active: true,
        version: 1,
    };
    parts::insert(&tx, &bearing).await.expect("part");
    assert_eq!(parts::get(&tx, part).await.expect("get"), Some(bearing));
    let place = StockLocation {
        id: van,
        kind: StockLocationKind::Van,
        name: "Van".into(),
        customer_id: None,
        may_go_negative: false,
    };
    stock::insert_location(&tx, &place).await.expect("place");
    let movement = |from, to, pieces: i64, reason, line_id| StockMovement {
        id: StockMovementId::generate(),
        part_id: part,
        from,
        to,
        quantity: Decimal::new(pieces, 1),
        reason,
        line_id,
        note: String::new(),
        at: from_micros(1),
    };
    let line = Some(LineId::generate());
    stock::insert(&tx, &movement(None, Some(van), 25, MovementReason::Receipt, None))
        .await
        .expect("delivery");
    stock::insert(&tx, &movement(Some(van), None, 10, MovementReason::Use, line)).await.expect("use");
    assert_eq!(stock::level(&tx, van, part).await.expect("level"), Decimal::new(15, 1));
    let short = stock::insert(&tx, &movement(Some(van), None, 16, MovementReason::Use, None)).await;
    assert!(matches!(short, Err(stock::MoveError::Stock(StockError::Insufficient))), "{short:?}");
    let twice = stock::insert(&tx, &movement(Some(van), None, 1, MovementReason::Use, line)).await;
    assert!(matches!(twice, Err(stock::MoveError::Store(StoreError::Conflict(_)))), "{twice:?}");
}
