//! Two processes that both believe the lease of the jobs is theirs.

use super::tests::{count, counted, parked, push, ticket, until};
use crate::{
    testing::TestApp,
    work::{
        tickets::tests::{group, raised},
        work_orders::tests::Plant,
    },
};
use domain::{condition::Severity, event::DomainEvent, id::InvoiceId, people::account::Actor};
use service::jobs::{REACTIONS, Reaction, follow};
use store::records::{condition::alerts, engine::outbox, work::tickets};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Lets both follow `reaction` until every event so far is dealt with.
async fn both_follow(app: &TestApp, other: &TestApp, reaction: Reaction) {
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    for deps in [&app.deps, &other.deps] {
        tasks.spawn(follow::follow(deps.service.clone(), reaction, stop.clone()));
    }
    let db = app.deps.records.read();
    let newest = outbox::newest(db).await.expect("read");
    until("every event to be dealt with", || async {
        outbox::position(db, reaction.name).await.expect("read") >= newest
    })
    .await;
    stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no panic");
    }
}

#[tokio::test]
async fn each_event_takes_effect_once_and_one_that_both_refuse_is_put_aside_once() {
    let app = TestApp::new().await;
    let other = app.beside().await;
    for _ in 0..3 {
        push(&app, DomainEvent::InvoiceIssued { invoice: InvoiceId::generate() }).await;
        for _ in 0..15 {
            push(&app, ticket()).await;
        }
    }
    both_follow(&app, &other, Reaction { name: "test", run: count }).await;
    let aside: Vec<i64> = parked(&app).await.into_iter().map(|parked| parked.seq).collect();
    assert_eq!((counted(&app).await, aside), (45, vec![33, 17, 1]));
}

#[tokio::test]
async fn a_case_has_one_open_ticket_when_two_react_to_alerts_that_come_twice() {
    let plant = Plant::new().await;
    let other = plant.app.beside().await;
    let mut cases = Vec::new();
    for _ in 0..8 {
        let case = group(&plant).await;
        cases.push(case);
        for severity in [Severity::Minor, Severity::Major] {
            let (alert, recorded) = raised(&plant, case, severity);
            let tx = plant.app.deps.records.begin().await.expect("begin");
            alerts::insert(&tx, &alert).await.expect("alert");
            tx.commit().await.expect("commit");
            for _ in 0..2 {
                push(&plant.app, recorded.event.clone()).await;
            }
        }
    }
    both_follow(&plant.app, &other, REACTIONS[0]).await;
    let db = other.deps.records.read();
    let open = tickets::Filter { open: Some(true), ..tickets::Filter::default() };
    assert_eq!(tickets::count(db, Actor::system().scope(), &open).await.expect("count"), 8);
    for case in cases {
        let ticket = tickets::find_by_alert_group(db, case).await.expect("read");
        assert!(ticket.is_some_and(|ticket| ticket.state.is_open()));
    }
    assert!(parked(&plant.app).await.is_empty(), "both could react");
}
