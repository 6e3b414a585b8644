//! Events are numbered in the order in which they are committed: who has read up to one never meets a lower one later.

use super::Writers;
use crate::records::{Records, engine::outbox};
use domain::{clock::from_micros, event::DomainEvent, id::TicketId};
use std::sync::Mutex;

async fn push(records: &Records, done: impl FnOnce()) {
    let tx = records.begin().await.expect("begin");
    let event = DomainEvent::TicketOpened { ticket: TicketId::generate() };
    outbox::push(&tx, &event, from_micros(1)).await.expect("pushed");
    done();
    tx.commit().await.expect("commit");
}

#[tokio::test]
async fn an_event_that_is_committed_late_is_skipped_by_nobody() {
    let writers = Writers::open().await;
    let slow = writers.one.begin().await.expect("begin");
    let event = DomainEvent::TicketOpened { ticket: TicketId::generate() };
    let first = outbox::push(&slow, &event, from_micros(1)).await.expect("pushed");
    let said = Mutex::new(Vec::new());
    let quick = push(&writers.other, || said.lock().expect("lock").push("quick"));
    let slow = async {
        for _ in 0..50 {
            let seen = outbox::entries_after(writers.one.read(), 0, 10).await.expect("read");
            assert!(seen.is_empty(), "nobody sees what is not committed, nor anything behind it");
        }
        said.lock().expect("lock").push("slow");
        slow.commit().await.expect("commit");
    };
    tokio::join!(quick, slow);
    assert_eq!(*said.lock().expect("lock"), ["slow", "quick"]);
    let seen = outbox::entries_after(writers.other.read(), 0, 10).await.expect("read");
    assert_eq!((seen.len(), seen[0].id), (2, first));
    assert!(seen[0].seq < seen[1].seq);
}
