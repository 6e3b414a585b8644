use super::*;
use crate::records::{Records, tests::place};
use domain::id::TicketId;

fn opened() -> DomainEvent {
    DomainEvent::TicketOpened { ticket: TicketId::generate() }
}

async fn push_all(records: &Records, events: &[DomainEvent]) {
    let tx = records.begin().await.expect("begin");
    for (event, us) in events.iter().zip(1..) {
        push(&tx, event, from_micros(us)).await.expect("pushed");
    }
    tx.commit().await.expect("commit");
}

#[tokio::test]
async fn events_are_read_in_order_and_those_of_a_transaction_given_up_never() {
    let (_place, records) = place::records().await;
    let events = [opened(), opened(), opened()];
    push_all(&records, &events[..2]).await;
    let given_up = records.begin().await.expect("begin");
    push(&given_up, &opened(), from_micros(9)).await.expect("pushed");
    drop(given_up);
    push_all(&records, &events[2..]).await;
    let db = records.read();
    let all = read_after(db, 0, 10).await.expect("read");
    assert_eq!(all.iter().map(|(_, recorded)| recorded.event.clone()).collect::<Vec<_>>(), events);
    assert_eq!(all[1].1.at, from_micros(2));
    let (last, _) = all[2];
    assert_eq!(
        (newest(db).await.expect("read"), read_after(db, last, 10).await.expect("read")),
        (last, vec![])
    );
    assert_eq!(read_after(db, all[0].0, 1).await.expect("read"), all[1..2]);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_hides_none_of_the_others() {
    let (_place, records) = place::records().await;
    push_all(&records, &[opened(), opened(), opened()]).await;
    let tx = records.begin().await.expect("begin");
    tx.execute_unprepared("UPDATE outbox SET payload = '{' WHERE seq = 2").await.expect("broken");
    tx.commit().await.expect("commit");
    let entries = entries_after(records.read(), 0, 10).await.expect("read");
    let read: Vec<bool> = entries.iter().map(|entry| entry.event.is_ok()).collect();
    assert_eq!((read, entries[1].kind.as_str()), (vec![true, false, true], "ticket_opened"));
    assert!(entries[1].recorded().is_none());
    assert_eq!(read_after(records.read(), 0, 10).await.expect("read").len(), 2);
    let broken = entry_at(records.read(), 2).await.expect("read").expect("kept");
    assert!(matches!(broken.event, Err(StoreError::Corrupt(_))), "{broken:?}");
}

#[tokio::test]
async fn each_follower_has_a_position_of_its_own() {
    let (_place, records) = place::records().await;
    let tx = records.begin().await.expect("begin");
    assert!(advance(&tx, "tickets", 0, 3).await.expect("moved"));
    assert!(advance(&tx, "tickets", 3, 5).await.expect("moved"));
    assert!(!advance(&tx, "tickets", 3, 4).await.expect("asked"), "it is no longer at 3");
    tx.commit().await.expect("commit");
    let at = async |consumer| position(records.read(), consumer).await.expect("read");
    assert_eq!((at("tickets").await, at("mail").await), (5, 0));
}
