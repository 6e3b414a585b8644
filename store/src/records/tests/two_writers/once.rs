//! What happens once whoever does it: events, leases, keys of commands, the ticket of a case.

use super::{ROUNDS, Writers, one_of};
use crate::{
    StoreError,
    records::{
        Records,
        engine::{
            command_keys, counters,
            leases::{self, Held},
            outbox,
        },
        tests::fixture::ticket,
        work::tickets,
    },
};
use domain::{
    clock::from_micros,
    event::DomainEvent,
    id::{AlertGroupId, TicketId},
};

const CONSUMER: &str = "test";

/// Lets every event take effect, by counting it, until none is left; answers how many it dealt with.
async fn follow(records: Records) -> Result<usize, StoreError> {
    let mut dealt_with = 0;
    loop {
        let at = outbox::position(records.read(), CONSUMER).await?;
        let Some(entry) = outbox::entries_after(records.read(), at, 1).await?.pop() else {
            return Ok(dealt_with);
        };
        let tx = records.begin().await?;
        if !outbox::advance(&tx, CONSUMER, at, entry.seq).await? {
            continue;
        }
        counters::next(&tx, "EFFECT").await?;
        tx.commit().await?;
        dealt_with += 1;
    }
}

#[tokio::test]
async fn two_who_follow_the_events_let_each_take_effect_once() {
    let writers = Writers::open().await;
    for round in 1..=4 {
        let tx = writers.one.begin().await.expect("begin");
        for _ in 0..ROUNDS {
            let event = DomainEvent::TicketOpened { ticket: TicketId::generate() };
            outbox::push(&tx, &event, from_micros(1)).await.expect("pushed");
        }
        tx.commit().await.expect("commit");
        let dealt_with: usize =
            writers.both(follow).await.into_iter().map(|result| result.expect("followed")).sum();
        assert_eq!(dealt_with, ROUNDS);
        let tx = writers.one.begin().await.expect("begin");
        let next = counters::next(&tx, "EFFECT").await.expect("number");
        assert_eq!(next, format!("EFFECT-{}", 1_001 + round * ROUNDS), "one effect for each event");
    }
}

#[tokio::test]
async fn a_follower_that_has_fallen_behind_moves_nobody_back() {
    let writers = Writers::open().await;
    let moved = async |records: &Records, from, to| {
        let tx = records.begin().await.expect("begin");
        let moved = outbox::advance(&tx, CONSUMER, from, to).await.expect("asked");
        tx.commit().await.expect("commit");
        moved
    };
    assert!(moved(&writers.one, 0, 1).await && moved(&writers.one, 1, 9).await);
    assert!(!moved(&writers.other, 1, 2).await, "it was at 1 when it last looked");
    assert_eq!(outbox::position(writers.other.read(), CONSUMER).await.expect("read"), 9);
}

async fn ask(records: &Records, holder: &str, given_up: Option<&Held>) -> Option<Held> {
    let tx = records.begin().await.expect("begin");
    let held = leases::acquire(&tx, "jobs", holder, given_up).await.expect("asked");
    tx.commit_quietly().await.expect("commit");
    held
}

#[tokio::test]
async fn a_lease_goes_to_one_of_two_who_saw_the_same() {
    let writers = Writers::open().await;
    // Whoever has it has gone, and both have watched it for long enough.
    let mut seen = None;
    for _ in 0..ROUNDS {
        let both = writers.both(|records| {
            let (seen, holder) = (seen.clone(), uuid::Uuid::now_v7().to_string());
            async move { ask(&records, &holder, seen.as_ref()).await }
        });
        let [one, other] = both.await;
        assert!(one.is_none() != other.is_none(), "{one:?} {other:?}");
        seen = one.or(other);
    }
}

#[tokio::test]
async fn a_lease_that_was_renewed_meanwhile_is_not_taken_over() {
    let writers = Writers::open().await;
    assert_eq!(ask(&writers.one, "a", None).await, None);
    let seen = ask(&writers.other, "b", None).await;
    assert_eq!(seen, Some(Held { holder: "a".into(), renewals: 0 }));
    assert_eq!(ask(&writers.one, "a", None).await, None, "renewed");
    let renewed = Held { holder: "a".into(), renewals: 1 };
    assert_eq!(ask(&writers.other, "b", seen.as_ref()).await, Some(renewed.clone()));
    assert_eq!(ask(&writers.other, "b", Some(&renewed)).await, None, "unchanged since it was seen");
    assert_eq!(ask(&writers.one, "a", None).await.map(|held| held.holder), Some("b".into()));
}

#[tokio::test]
async fn the_same_key_from_two_at_once_is_kept_once() {
    let writers = Writers::open().await;
    for round in 0..ROUNDS {
        let key = format!("press {round}");
        let both = writers.both(move |records| {
            let key = key.clone();
            async move {
                let tx = records.begin().await?;
                command_keys::insert(&tx, &key, "what", "{}".into(), from_micros(1)).await?;
                tx.commit().await
            }
        });
        one_of(&both.await);
    }
}

#[tokio::test]
async fn a_case_has_one_ticket_whoever_opens_it() {
    let writers = Writers::open().await;
    for _ in 0..ROUNDS {
        let group = AlertGroupId::generate();
        let both = writers.both(move |records| async move {
            let tx = records.begin().await?;
            let ticket = ticket(&counters::next(&tx, "T").await?, 1, Some(group));
            tickets::insert(&tx, &ticket).await?;
            tx.commit().await
        });
        one_of(&both.await);
    }
    let tx = writers.one.begin().await.expect("begin");
    let next = counters::next(&tx, "T").await.expect("number");
    assert_eq!(next, format!("T-{}", 1_001 + ROUNDS), "the refused ones took no number");
}
