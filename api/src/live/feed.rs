//! What the hub is fed with: the telemetry journal and the outbox, each read once for everybody.

use domain::{event::DomainEvent, people::account::Scope};
use std::{collections::HashSet, sync::Arc, time::Duration};
use store::{
    StoreError,
    records::{
        Db,
        engine::outbox,
        fleet::assets,
        money::invoices,
        work::{tickets, work_orders},
    },
};
use tokio_util::sync::CancellationToken;
use web::{deps::Deps, live::Topic};

/// Journal entries read at once.
const JOURNAL_BATCH: usize = 64;
const OUTBOX_BATCH: u64 = 200;
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(500);

/// Feeds the hub until `stop`, then ends every stream.
pub async fn run(deps: Deps, stop: CancellationToken) {
    tokio::join!(follow_journal(&deps, &stop), follow_outbox(&deps, &stop));
    deps.shell.live.close();
}

async fn follow_journal(deps: &Deps, stop: &CancellationToken) {
    let mut head = deps.telemetry.head();
    let mut position = *head.borrow_and_update();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = head.changed() => if changed.is_err() { return },
        }
        let newest = *head.borrow_and_update();
        // Nobody watches a device: what was missed is drawn by the page that opens next.
        if !deps.shell.live.follows_devices() {
            position = newest;
        }
        while position < newest {
            match deps.telemetry.read_after(position, JOURNAL_BATCH).await {
                Ok(entries) if entries.is_empty() => position = newest,
                Ok(entries) => {
                    for entry in entries {
                        deps.shell.live.tell_batch(&entry.batch);
                        position = entry.seq;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot read the journal for live pages");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    position = newest;
                }
            }
        }
    }
}

async fn follow_outbox(deps: &Deps, stop: &CancellationToken) {
    let mut commits = deps.records.commits();
    let mut position = None;
    loop {
        commits.mark_unchanged();
        match tell_events(deps, position).await {
            Ok(newest) => position = Some(newest),
            Err(error) => {
                tracing::warn!(%error, "cannot read the outbox for live pages");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = commits.changed() => if changed.is_err() { return },
        }
    }
}

/// Tells the events after `position`; at the start only finds the newest.
async fn tell_events(deps: &Deps, position: Option<i64>) -> Result<i64, StoreError> {
    let Some(mut position) = position else { return outbox::newest(deps.records.read()).await };
    loop {
        let events = outbox::entries_after(deps.records.read(), position, OUTBOX_BATCH).await?;
        for entry in &events {
            // One that cannot be read is shown where it is parked.
            if let Ok(event) = &entry.event {
                tell(deps, event).await?;
            }
            position = entry.seq;
        }
        if (events.len() as u64) < OUTBOX_BATCH {
            return Ok(position);
        }
    }
}

/// A reader hears of the rows that the reader sees, and of no other: not even that there was something.
pub async fn tell(deps: &Deps, event: &DomainEvent) -> Result<(), StoreError> {
    let (live, topics) = (&deps.shell.live, topics_of(event));
    let data: Arc<str> = format!(r#"{{"kind":"{}"}}"#, event.kind()).into();
    let mut seen_by = HashSet::new();
    for scope in live.bound(&topics) {
        if sees(deps.records.read(), scope, event).await? {
            seen_by.insert(scope);
        }
    }
    for topic in topics {
        live.tell(topic, &data, &seen_by);
    }
    Ok(())
}

/// Whether `scope` covers the row that `event` is about.
async fn sees(db: &Db, scope: Scope, event: &DomainEvent) -> Result<bool, StoreError> {
    match event {
        DomainEvent::AlertRaised { asset, .. }
        | DomainEvent::AlertCleared { asset, .. }
        | DomainEvent::AlertGroupCleared { asset, .. }
        | DomainEvent::AlertGroupsMerged { asset, .. } => found(assets::find(db, scope, *asset).await),
        DomainEvent::TicketOpened { ticket } | DomainEvent::TicketResolved { ticket } => {
            found(tickets::find(db, scope, *ticket).await)
        }
        DomainEvent::WorkOrderCreated { work_order }
        | DomainEvent::WorkOrderCompleted { work_order }
        | DomainEvent::WorkOrderApproved { work_order }
        | DomainEvent::WorkOrderChanged { work_order }
        | DomainEvent::VisitChanged { work_order, .. } => {
            found(work_orders::find(db, scope, *work_order).await)
        }
        DomainEvent::InvoiceChanged { invoice }
        | DomainEvent::InvoiceIssued { invoice }
        | DomainEvent::InvoicePaid { invoice }
        | DomainEvent::InvoiceCredited { invoice } => found(invoices::find(db, scope, *invoice).await),
    }
}

/// A row that cannot be read is nobody's who is bound.
fn found<T>(row: Result<Option<T>, StoreError>) -> Result<bool, StoreError> {
    match row {
        Err(StoreError::Corrupt(_)) => Ok(false),
        row => row.map(|row| row.is_some()),
    }
}

/// Lists hear only that something changed, never what: each page fetches what its reader may see.
pub fn topics_of(event: &DomainEvent) -> Vec<Topic> {
    match event {
        DomainEvent::AlertRaised { asset, .. }
        | DomainEvent::AlertCleared { asset, .. }
        | DomainEvent::AlertGroupCleared { asset, .. }
        | DomainEvent::AlertGroupsMerged { asset, .. } => {
            vec![Topic::Alerts, Topic::Asset(*asset), Topic::Overview]
        }
        DomainEvent::TicketOpened { .. } | DomainEvent::TicketResolved { .. } => {
            vec![Topic::Tickets, Topic::Overview]
        }
        DomainEvent::WorkOrderCreated { .. }
        | DomainEvent::WorkOrderCompleted { .. }
        | DomainEvent::WorkOrderApproved { .. }
        | DomainEvent::WorkOrderChanged { .. }
        | DomainEvent::VisitChanged { .. } => vec![Topic::WorkOrders, Topic::Overview],
        DomainEvent::InvoiceChanged { .. }
        | DomainEvent::InvoiceIssued { .. }
        | DomainEvent::InvoicePaid { .. }
        | DomainEvent::InvoiceCredited { .. } => {
            vec![Topic::Invoices, Topic::Overview]
        }
    }
}
