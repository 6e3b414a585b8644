use super::*;
use crate::testing::TestApp;
use domain::{
    event::DomainEvent,
    id::{InvoiceId, TicketId},
};
use std::time::Instant;
use store::records::organisation;

/// Counts tickets in the organisation's name, as an effect that lives in the same transaction; refuses invoices.
fn count<'a>(_: &'a Deps, tx: &'a Tx, recorded: &'a Recorded) -> BoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        match recorded.event {
            DomainEvent::TicketOpened { .. } => {
                let mut kept = organisation::get(tx).await?.ok_or(CommandError::NotFound)?;
                kept.name.push('|');
                organisation::save(tx, &kept).await?;
                Ok(())
            }
            _ => Err(CommandError::Refused { code: "test" }),
        }
    })
}

static TEST_REACTIONS: &[Reaction] = &[Reaction { name: "test", run: count }];

async fn push(app: &TestApp, event: DomainEvent) {
    let tx = app.deps.records.begin().await.expect("begin");
    outbox::push(&tx, &event, app.now()).await.expect("push");
    tx.commit().await.expect("commit");
}

async fn counted(app: &TestApp) -> usize {
    let kept = organisation::get(app.deps.records.read()).await.expect("read").expect("set up");
    kept.name.matches('|').count()
}

async fn until(app: &TestApp, position: i64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while outbox::position(app.deps.records.read(), "test").await.expect("read") < position {
        assert!(Instant::now() < deadline, "the reaction did not get to {position}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn events_take_effect_once_in_order_over_restarts_and_poison_is_parked() {
    let app = TestApp::new().await;
    let ticket = || DomainEvent::TicketOpened { ticket: TicketId::generate() };
    push(&app, ticket()).await;
    push(&app, DomainEvent::InvoiceIssued { invoice: InvoiceId::generate() }).await;
    for _ in 0..2 {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(run_reactions(app.deps.clone(), TEST_REACTIONS, stop.clone()));
        push(&app, ticket()).await;
        until(&app, outbox::newest(app.deps.records.read()).await.expect("read")).await;
        stop.cancel();
        tasks.join_next().await.expect("one task").expect("no panic");
    }
    assert_eq!(counted(&app).await, 3);
    let parked = parked_events::newest(app.deps.records.read(), 10).await.expect("read");
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].seq, 2);
}

#[tokio::test]
async fn a_lease_is_held_by_one_until_it_ends() {
    let app = TestApp::new().await;
    assert!(hold_lease(&app.deps, "a").await);
    assert!(!hold_lease(&app.deps, "b").await);
    assert!(hold_lease(&app.deps, "a").await);
    app.clock.advance(LEASE_TTL);
    assert!(hold_lease(&app.deps, "b").await);
    release_lease(&app.deps, "b").await.expect("release");
    assert!(hold_lease(&app.deps, "a").await);
}
