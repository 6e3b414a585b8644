//! The same with two real processes: this test program starts itself twice more.

use crate::records::{
    PageRequest, Records,
    engine::{counters, outbox},
    tests::{
        fixture::{self, ticket},
        place,
    },
    work::{
        stock::{self, MoveError},
        tickets,
    },
};
use domain::{
    clock::from_micros,
    event::DomainEvent,
    id::{PartId, StockLocationId, TicketId},
    people::account::Actor,
    work::stock::{StockError, balance},
};
use rust_decimal::Decimal;
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

const ROUNDS: usize = 40;
/// Of which both want one in every round.
const PARTS: usize = 50;
const CONSUMER: &str = "test";
const READY: &str = "ready to write";

/// What one of the two processes does in a round: a ticket with its number, a part, and the next event.
async fn round(records: &Records, part: PartId, van: StockLocationId) {
    let tx = records.begin().await.expect("begin");
    let number = counters::next(&tx, "T").await.expect("number");
    tickets::insert(&tx, &ticket(&number, 1, None)).await.expect("ticket");
    match stock::insert(&tx, &fixture::taken(part, van, None)).await {
        Ok(()) | Err(MoveError::Stock(StockError::Insufficient)) => {}
        Err(error) => panic!("{error}"),
    }
    tx.commit().await.expect("commit");
    let at = outbox::position(records.read(), CONSUMER).await.expect("position");
    let next = outbox::entries_after(records.read(), at, 1).await.expect("events").pop();
    let Some(entry) = next else { return };
    let tx = records.begin().await.expect("begin");
    if outbox::advance(&tx, CONSUMER, at, entry.seq).await.expect("asked") {
        counters::next(&tx, "EFFECT").await.expect("effect");
        tx.commit().await.expect("commit");
    }
}

#[tokio::test]
#[ignore = "one of the two processes that the next test starts"]
async fn one_process() {
    let mut told = std::io::stdin().lines();
    let mut line = || told.next().and_then(Result::ok);
    let (Some(place), Some(part), Some(van)) = (line(), line(), line()) else { return };
    let records = place::open(&place).await;
    let id = |text: &str| text.parse::<uuid::Uuid>().expect("an id");
    println!("{READY}");
    line().expect("both are ready");
    for _ in 0..ROUNDS {
        round(&records, id(&part).into(), id(&van).into()).await;
    }
}

fn start(told: &str) -> Child {
    let program = std::env::current_exe().expect("a test knows its own path");
    let mut child = Command::new(program)
        .args(["--exact", "records::tests::two_writers::processes::one_process", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(told.as_bytes()).expect("told");
    child.stdin = Some(stdin);
    child
}

#[tokio::test]
async fn two_processes_at_work_leave_every_number_part_and_event_right() {
    let (place, records) = place::records().await;
    let (part, van, _) = fixture::stocked(&records, Decimal::from(PARTS)).await;
    let tx = records.begin().await.expect("begin");
    for _ in 0..ROUNDS {
        let event = DomainEvent::TicketOpened { ticket: TicketId::generate() };
        outbox::push(&tx, &event, from_micros(1)).await.expect("pushed");
    }
    tx.commit().await.expect("commit");

    let told = format!("{}\n{part}\n{van}\n", place.name());
    let mut both = [start(&told), start(&told)];
    for child in &mut both {
        let said = BufReader::new(child.stdout.as_mut().expect("piped")).lines();
        assert!(said.map_while(Result::ok).any(|line| line.contains(READY)), "a process ended early");
    }
    for child in &mut both {
        child.stdin.take().expect("piped").write_all(b"go\n").expect("told");
    }
    for child in both {
        let ended = child.wait_with_output().expect("ended");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    }

    let (db, everything) = (records.read(), Actor::system().scope());
    let all = PageRequest::first(PageRequest::MAX_LIMIT);
    let kept = tickets::list(db, everything, &tickets::Filter::default(), &all).await.expect("tickets").items;
    let mut numbers: Vec<String> = kept.into_iter().map(|ticket| ticket.number).collect();
    numbers.sort();
    let expected: Vec<String> = (1_001..1_001 + 2 * ROUNDS).map(|number| format!("T-{number}")).collect();
    assert_eq!(numbers, expected);
    let moved = stock::list(db, everything, None, &PageRequest::first(PageRequest::MAX_LIMIT))
        .await
        .expect("ledger")
        .items;
    assert_eq!(
        (moved.len(), balance(van, &moved)),
        (1 + PARTS, Decimal::ZERO),
        "the delivery, and each part"
    );
    assert_eq!(stock::level(db, van, part).await.expect("level"), Decimal::ZERO);
    let tx = records.begin().await.expect("begin");
    let next = counters::next(&tx, "EFFECT").await.expect("number");
    let position = outbox::position(&tx, CONSUMER).await.expect("position");
    assert_eq!(next, format!("EFFECT-{}", 1_001 + position), "each event took effect once");
    assert!(position > 0, "somebody followed the events");
}
