//! What Mainstay does by itself: a leased loop that feeds domain events, in order, to the registered reactions.
//!
//! Each reaction has its own cursor, moved in the transaction of its effect, so an event takes effect exactly once
//! whatever happens in between; the lease only spares two processes the same work. A reaction that cannot reach the
//! store tries again for as long as it takes; an event that a reaction refuses again and again is parked with its
//! reason, and the events behind it go on.

use crate::{billing, command::CommandError, deps::Deps, kpis, tickets};
use chrono::TimeDelta;
use domain::event::Recorded;
use futures::future::BoxFuture;
use std::time::Duration;
use store::{
    StoreError,
    records::{Tx, leases, outbox, parked_events},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// One follower of domain events. It works inside `tx`, which the loop commits together with the cursor.
#[derive(Clone, Copy)]
pub struct Reaction {
    /// Name of its cursor: never change it.
    pub name: &'static str,
    pub run: for<'a> fn(&'a Deps, &'a Tx, &'a Recorded) -> BoxFuture<'a, Result<(), CommandError>>,
}

/// Every reaction of the product. Write `fn run<'a>(deps: &'a Deps, tx: &'a Tx, recorded: &'a Recorded) ->
/// BoxFuture<'a, Result<(), CommandError>> { Box::pin(async move { ... }) }` and add a line here.
pub const REACTIONS: &[Reaction] = &[
    Reaction { name: "tickets.follow_alerts", run: tickets::reactions::run },
    Reaction { name: "kpis", run: kpis::reactions::run },
];

/// What is looked after from time to time, whether or not anything happened.
#[derive(Clone, Copy)]
pub struct Chore {
    pub name: &'static str,
    pub every: Duration,
    /// Repeating it changes nothing.
    pub run: for<'a> fn(&'a Deps) -> BoxFuture<'a, Result<(), CommandError>>,
}

pub const CHORES: &[Chore] = &[Chore {
    name: "billing.contract_periods",
    every: Duration::from_secs(600),
    run: billing::periods::run,
}];

const LEASE: &str = "jobs";
/// How long the jobs stand still after a crash, at most.
const LEASE_TTL: TimeDelta = TimeDelta::seconds(10);
const LEASE_RENEWAL: Duration = Duration::from_secs(4);
/// How often a process without the lease asks for it.
const LEASE_REQUEST: Duration = Duration::from_secs(1);
/// Read at once; each is still its own transaction.
const BATCH: u64 = 100;
/// Refusals of one event by one reaction before it is parked.
const MAX_REFUSALS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Looks for events that another process wrote, such as the command line; our own commits wake the loop at once.
const LOOK_AROUND: Duration = Duration::from_secs(2);

/// Runs until `stop`. While another process holds the lease, it waits for it.
pub async fn run(deps: Deps, stop: CancellationToken) {
    run_reactions(deps, REACTIONS, stop).await;
}

async fn run_reactions(deps: Deps, reactions: &'static [Reaction], stop: CancellationToken) {
    let holder = uuid::Uuid::now_v7().to_string();
    let mut working: Option<(CancellationToken, JoinSet<()>)> = None;
    loop {
        let held = hold_lease(&deps, &holder).await;
        working = match (held, working) {
            (true, None) => Some(start(&deps, reactions, &stop)),
            (false, Some(work)) => {
                tracing::warn!("lost the lease of the jobs");
                finish(work).await;
                None
            }
            (_, work) => work,
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(if held { LEASE_RENEWAL } else { LEASE_REQUEST }) => {}
        }
    }
    if let Some(work) = working {
        finish(work).await;
        if let Err(error) = release_lease(&deps, &holder).await {
            tracing::debug!(%error, "could not give the lease of the jobs up; it ends by itself");
        }
    }
}

fn start(
    deps: &Deps,
    reactions: &'static [Reaction],
    stop: &CancellationToken,
) -> (CancellationToken, JoinSet<()>) {
    let (token, mut tasks) = (stop.child_token(), JoinSet::new());
    for reaction in reactions {
        tasks.spawn(follow(deps.clone(), *reaction, token.clone()));
    }
    for chore in CHORES {
        tasks.spawn(look_after(deps.clone(), *chore, token.clone()));
    }
    (token, tasks)
}

async fn finish((token, mut tasks): (CancellationToken, JoinSet<()>)) {
    token.cancel();
    while tasks.join_next().await.is_some() {}
}

async fn hold_lease(deps: &Deps, holder: &str) -> bool {
    let now = deps.now();
    let attempt = async {
        let tx = deps.records.begin().await?;
        let held = leases::acquire(&tx, LEASE, holder, now, now + LEASE_TTL).await?;
        tx.commit_quietly().await?;
        Ok::<bool, StoreError>(held)
    };
    attempt.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot renew the lease of the jobs");
        false
    })
}

async fn release_lease(deps: &Deps, holder: &str) -> Result<(), StoreError> {
    let tx = deps.records.begin().await?;
    leases::release(&tx, LEASE, holder).await?;
    tx.commit_quietly().await
}

/// At once, and again whenever its time has passed. What fails is tried again then.
async fn look_after(deps: Deps, chore: Chore, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = (chore.run)(&deps).await {
            tracing::warn!(chore = chore.name, %error, "a chore failed; it is tried again");
        }
        tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(chore.every) => {} }
    }
}

/// Carries one reaction through the events, oldest first.
async fn follow(deps: Deps, reaction: Reaction, stop: CancellationToken) {
    let mut commits = deps.records.commits();
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        commits.mark_unchanged();
        let wait = match catch_up(&deps, reaction, &stop).await {
            Ok(()) => {
                pause = FIRST_PAUSE;
                LOOK_AROUND
            }
            Err(error) => {
                tracing::warn!(reaction = reaction.name, %error, "the store does not answer; trying again");
                pause = (pause * 2).min(LONGEST_PAUSE);
                tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(pause) => {} }
                continue;
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            _ = commits.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn catch_up(deps: &Deps, reaction: Reaction, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut position = outbox::position(deps.records.read(), reaction.name).await?;
    loop {
        let events = outbox::read_after(deps.records.read(), position, BATCH).await?;
        if events.is_empty() {
            return Ok(());
        }
        for (seq, recorded) in events {
            let mut refusals = 0;
            while let Err(error) = react(deps, reaction, position, seq, &recorded).await {
                if stop.is_cancelled() {
                    return Ok(());
                }
                if let CommandError::Store(error @ (StoreError::Unavailable(_) | StoreError::Full(_))) = error
                {
                    return Err(error);
                }
                refusals += 1;
                if refusals >= MAX_REFUSALS {
                    park(deps, reaction, seq, &recorded, &error).await?;
                    break;
                }
                tokio::time::sleep(FIRST_PAUSE * refusals).await;
            }
            position = seq;
            if stop.is_cancelled() {
                return Ok(());
            }
        }
    }
}

/// One event, one transaction. Does nothing when somebody else has dealt with it.
async fn react(
    deps: &Deps,
    reaction: Reaction,
    position: i64,
    seq: i64,
    recorded: &Recorded,
) -> Result<(), CommandError> {
    let tx = deps.records.begin().await?;
    if outbox::position(&tx, reaction.name).await? != position {
        return Ok(());
    }
    (reaction.run)(deps, &tx, recorded).await?;
    outbox::advance(&tx, reaction.name, seq).await?;
    tx.commit().await?;
    Ok(())
}

async fn park(
    deps: &Deps,
    reaction: Reaction,
    seq: i64,
    recorded: &Recorded,
    error: &CommandError,
) -> Result<(), StoreError> {
    tracing::error!(reaction = reaction.name, seq, event = recorded.event.kind(), %error, "parked an event");
    metrics::counter!("mainstay_parked_events_total", "reaction" => reaction.name).increment(1);
    let tx = deps.records.begin().await?;
    let parked = parked_events::Parked {
        consumer: reaction.name.into(),
        seq,
        error: format!("{}: {error}", recorded.event.kind()),
        at: deps.now(),
    };
    parked_events::insert(&tx, &parked).await?;
    outbox::advance(&tx, reaction.name, seq).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests;
