use crate::testing::TestApp;
use chrono::TimeDelta;
use domain::{
    event::{DomainEvent, Recorded},
    id::{InvoiceId, TicketId, VisitId, WorkOrderId},
    people::account::Role,
    reason::Refusal,
    telemetry::{Batch, Sample},
};
use futures::future::BoxFuture;
use service::{
    command::CommandError,
    deps::Deps,
    jobs::{Reaction, retention, run_reactions},
};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use store::{
    records::{
        PageRequest, Tx,
        engine::{command_keys, outbox, parked_events},
        people::organisation,
    },
    telemetry::SeriesRange,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// While true, the reaction of the next test refuses what it will do later.
static LATER: AtomicBool = AtomicBool::new(true);

/// Counts tickets in the organisation's name, as an effect that lives in the same transaction; refuses invoices, falls
/// over visits, and conflicts over completed work for a while.
pub fn count<'a>(_: &'a Deps, tx: &'a Tx, recorded: &'a Recorded) -> BoxFuture<'a, Result<(), CommandError>> {
    Box::pin(async move {
        match recorded.event {
            DomainEvent::TicketOpened { .. } => {}
            DomainEvent::VisitChanged { .. } => panic!("poison"),
            DomainEvent::WorkOrderCompleted { .. } if !LATER.load(Ordering::SeqCst) => {}
            _ => return Err(CommandError::Refused(Refusal::NoOrganisation)),
        }
        let mut kept = organisation::get(tx).await?.ok_or(CommandError::NotFound)?;
        kept.name.push('|');
        organisation::save(tx, &kept).await?;
        Ok(())
    })
}

static TEST_REACTIONS: &[Reaction] = &[Reaction { name: "test", run: count }];

pub async fn push(app: &TestApp, event: DomainEvent) {
    let tx = app.deps.records.begin().await.expect("begin");
    outbox::push(&tx, &event, app.now()).await.expect("push");
    tx.commit().await.expect("commit");
}

pub async fn counted(app: &TestApp) -> usize {
    let kept = organisation::get(app.deps.records.read()).await.expect("read").expect("set up");
    kept.name.matches('|').count()
}

pub async fn parked(app: &TestApp) -> Vec<parked_events::Parked> {
    parked_events::list(app.deps.records.read(), &PageRequest::first(10)).await.expect("read").items
}

pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn until_at(app: &TestApp, position: i64) {
    until("the reaction gets on", || async {
        outbox::position(app.deps.records.read(), "test").await.expect("read") >= position
    })
    .await;
}

/// Any commit has the reactions look around.
async fn wake(app: &TestApp) {
    app.deps.records.begin().await.expect("begin").commit().await.expect("commit");
}

struct Running {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Running {
    fn start(app: &TestApp) -> Self {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        tasks.spawn(run_reactions(app.deps.service.clone(), TEST_REACTIONS, stop.clone()));
        Self { stop, tasks }
    }
    async fn end(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.expect("one task").expect("no panic");
    }
}

pub fn ticket() -> DomainEvent {
    DomainEvent::TicketOpened { ticket: TicketId::generate() }
}

#[tokio::test]
async fn events_take_effect_once_in_order_over_restarts_and_poison_is_parked() {
    let app = TestApp::new().await;
    push(&app, ticket()).await;
    push(&app, DomainEvent::InvoiceIssued { invoice: InvoiceId::generate() }).await;
    for _ in 0..2 {
        let jobs = Running::start(&app);
        push(&app, ticket()).await;
        until_at(&app, outbox::newest(app.deps.records.read()).await.expect("read")).await;
        jobs.end().await;
    }
    assert_eq!(counted(&app).await, 3);
    let parked = parked(&app).await;
    assert_eq!((parked.len(), parked[0].seq, parked[0].kind.as_str()), (1, 2, "invoice_issued"));
    assert_eq!(parked[0].next_try_at, Some(app.now() + TimeDelta::seconds(10)));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_or_panics_stops_nothing_and_is_shown() {
    let app = TestApp::new().await;
    let visit = DomainEvent::VisitChanged { visit: VisitId::generate(), work_order: WorkOrderId::generate() };
    push(&app, visit).await;
    push(&app, ticket()).await;
    let tx = app.deps.records.begin().await.expect("begin");
    let broken = "UPDATE outbox SET payload='{\"kind\":\"from_another_age\"}' WHERE seq=2";
    tx.execute_unprepared(broken).await.expect("broken");
    tx.commit().await.expect("commit");
    push(&app, ticket()).await;
    let jobs = Running::start(&app);
    until_at(&app, 3).await;
    jobs.end().await;
    assert_eq!(counted(&app).await, 1, "the event behind them took effect");
    let parked = parked(&app).await;
    assert_eq!((parked[0].seq, parked[0].next_try_at, parked[0].kind.as_str()), (2, None, "ticket_opened"));
    assert!(parked[0].error.contains("event"), "{}", parked[0].error);
    assert_eq!((parked[1].seq, parked[1].error.as_str()), (1, "panicked: poison"));
    let page = app.as_role(Role::Admin).get("/settings/jobs").await.text();
    assert!(page.contains("panicked: poison") && page.contains("waits for you"), "{page}");
}

#[tokio::test]
async fn a_reaction_that_conflicts_is_retried_with_growing_pauses_and_then_by_a_person() {
    let app = TestApp::new().await;
    push(&app, DomainEvent::WorkOrderCompleted { work_order: WorkOrderId::generate() }).await;
    let jobs = Running::start(&app);
    until_at(&app, 1).await;
    let mut pauses = Vec::new();
    while let Some(next) = parked(&app).await[0].next_try_at {
        pauses.push((next - app.now()).num_seconds());
        let tries = parked(&app).await[0].tries;
        app.clock.advance(next - app.now());
        wake(&app).await;
        until("the next try", || async { parked(&app).await[0].tries > tries }).await;
    }
    assert_eq!(pauses, [10, 60, 300, 900, 3_600, 21_600]);

    LATER.store(false, Ordering::SeqCst);
    let admin = app.as_role(Role::Admin);
    let listed = admin.get("/api/v1/jobs/parked-events").await.json()["items"][0].clone();
    assert_eq!((&listed["reaction"], &listed["next_try_at"]), (&"test".into(), &serde_json::Value::Null));
    let id = listed["id"].as_i64().expect("an id");
    let asked = admin.post_form(&format!("/settings/jobs/parked/{id}/retry"), &[]).await;
    assert_eq!((asked.status, asked.location()), (303, "/settings/jobs"));
    until("the event to take effect", || async { parked(&app).await.is_empty() }).await;
    jobs.end().await;
    assert_eq!(counted(&app).await, 1);
    let gone =
        admin.post_json(&format!("/api/v1/jobs/parked-events/{id}/retry"), &serde_json::json!({})).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn a_class_of_metrics_is_kept_for_its_own_time() {
    let mut app = TestApp::new().await;
    let metrics = vec!["vibration*".to_owned()];
    let class = retention::MetricClass { metrics, days: 30 };
    app.deps.service.retention.classes.insert("fast".into(), class);
    let device = domain::id::DeviceId::generate();
    let old = app.now() - TimeDelta::days(60);
    let sample =
        |metric: &str| Sample { device, metric: metric.into(), ts_us: old.timestamp_micros(), value: 1.0 };
    let batch = Batch { samples: vec![sample("vibration_x"), sample("speed")], ..Batch::default() };
    store::telemetry::append(&*app.deps.telemetry, batch).await.expect("stored");
    retention::trim(&app.deps, retention::Subject::Telemetry, &CancellationToken::new()).await;
    let rows = async |metric: &str| {
        let range = SeriesRange { device, metric: metric.into(), from_us: 0, to_us: i64::MAX };
        app.deps.telemetry.range(range, 10).await.expect("read").len()
    };
    assert_eq!((rows("vibration_x").await, rows("speed").await), (0, 1));
}

#[tokio::test]
async fn what_is_kept_for_a_while_is_removed_and_the_rest_stays() {
    let app = TestApp::new().await;
    let tx = app.deps.records.begin().await.expect("begin");
    for n in 0..1_200 {
        outbox::push(&tx, &ticket(), app.now()).await.expect("push");
        command_keys::insert(&tx, &format!("k{n}"), "f", "{}".into(), app.now()).await.expect("key");
    }
    // The first event is put aside, and one reaction has not come to the last hundred.
    let parking = parked_events::Parking { consumer: "kpis", seq: 1, kind: "", error: "", next_try_at: None };
    parked_events::insert(&tx, &parking, app.now()).await.expect("parked");
    outbox::advance(&tx, "kpis", 0, 1_200).await.expect("advance");
    outbox::advance(&tx, "tickets.follow_alerts", 0, 1_100).await.expect("advance");
    tx.commit().await.expect("commit");
    app.clock.advance(TimeDelta::days(91));
    push(&app, ticket()).await;
    let tx = app.deps.records.begin().await.expect("begin");
    command_keys::insert(&tx, "fresh", "f", "{}".into(), app.now()).await.expect("key");
    tx.commit().await.expect("commit");
    for subject in retention::Subject::ALL {
        retention::trim(&app.deps, subject, &CancellationToken::new()).await;
    }
    let left = outbox::entries_after(app.deps.records.read(), 0, 2_000).await.expect("read");
    assert_eq!(left.first().map(|entry| entry.seq), Some(1), "what is put aside can still be tried");
    assert_eq!((left.len(), left[1].seq), (102, 1_101), "what a reaction has not seen, and what is young");
    let db = app.deps.records.read();
    assert!(command_keys::find(db, "k7").await.expect("read").is_none());
    assert!(command_keys::find(db, "fresh").await.expect("read").is_some());
    let runs = app.bearer(Role::Admin).get("/api/v1/jobs/retention").await.json();
    let of = |subject: &str| {
        let rows = runs.as_array().expect("rows");
        rows.iter().find(|row| row["subject"] == subject).cloned().expect("a row")
    };
    assert_eq!((&of("events")["removed"], &of("events")["kept_days"]), (&1_099.into(), &30.into()));
    assert_eq!(of("answers")["removed_ever"], 1_200);
    assert_eq!(of("telemetry")["kept_days"], 0);
    let page = app.bearer(Role::Admin).get("/settings/jobs").await.text();
    assert!(page.contains("1099 / 1099") && page.contains("for ever"), "{page}");
}
