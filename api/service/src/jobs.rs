//! What Mainstay does by itself, in the one process that holds the lease of the jobs: domain events are fed, in order,
//! to the registered reactions ([`follow`]), the facts of the indicators follow what changed ([`kpis::changes`]), and
//! what is kept for a while only is trimmed ([`retention`]).

pub mod commands;
pub mod follow;
pub mod lease;
pub mod retention;

use crate::{
    command::CommandError, deps::Deps, insight::kpis, money::billing, telemetry::samples::corrections,
    work::tickets,
};
use domain::event::Recorded;
use futures::future::BoxFuture;
use lease::Lease;
use std::{
    future::Future,
    time::{Duration, Instant},
};
use store::{health::keep_running, records::Tx};
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
/// BoxFuture<'a, Result<(), CommandError>> { Box::pin(async move { ... }) }` and add a line here. An event that was put
/// aside comes later than those behind it: a reaction looks at how things are, not only at what the event says.
pub const REACTIONS: &[Reaction] =
    &[Reaction { name: "tickets.follow_alerts", run: tickets::reactions::run }];

/// What is looked after from time to time, whether or not anything happened.
#[derive(Clone, Copy)]
pub struct Chore {
    pub name: &'static str,
    pub every: Duration,
    /// Repeating it changes nothing.
    pub run: for<'a> fn(&'a Deps) -> BoxFuture<'a, Result<(), CommandError>>,
}

pub const CHORES: &[Chore] = &[
    Chore { name: "billing.contract_periods", every: Duration::from_secs(600), run: billing::periods::run },
    Chore {
        name: "telemetry.corrections",
        every: Duration::from_secs(10),
        run: corrections::finish_what_was_promised,
    },
];

const LEASE_RENEWAL: Duration = Duration::from_secs(4);
/// How often a process without the lease asks for it.
const LEASE_REQUEST: Duration = Duration::from_secs(1);

/// Runs until `stop`. While another process holds the lease, it waits for it.
pub async fn run(deps: Deps, stop: CancellationToken) {
    run_reactions(deps, REACTIONS, stop).await;
}

/// The same with `reactions` in place of those of the product.
pub async fn run_reactions(deps: Deps, reactions: &'static [Reaction], stop: CancellationToken) {
    let mut lease = Lease::new(uuid::Uuid::now_v7().to_string());
    let mut working: Option<(CancellationToken, JoinSet<()>)> = None;
    loop {
        let held = lease.hold(&deps, Instant::now()).await;
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
        if let Err(error) = lease.release(&deps).await {
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
        let (deps, stop) = (deps.clone(), token.clone());
        tasks.spawn(kept(deps, reaction.name, move |deps| follow::follow(deps, *reaction, stop.clone())));
    }
    for chore in CHORES {
        let stop = token.clone();
        tasks.spawn(kept(deps.clone(), chore.name, move |deps| look_after(deps, *chore, stop.clone())));
    }
    let stop = token.clone();
    tasks.spawn(kept(deps.clone(), "kpis", move |deps| kpis::changes::follow(deps, stop.clone())));
    let stop = token.clone();
    tasks.spawn(kept(deps.clone(), "jobs.retention", move |deps| retention::run(deps, stop.clone())));
    (token, tasks)
}

/// One of the jobs: started again when it falls.
fn kept<F: Future<Output = ()>>(
    deps: Deps,
    part: &'static str,
    run: impl Fn(Deps) -> F,
) -> impl Future<Output = ()> {
    keep_running(deps.records.health().clone(), part, move || run(deps.clone()))
}

async fn finish((token, mut tasks): (CancellationToken, JoinSet<()>)) {
    token.cancel();
    while tasks.join_next().await.is_some() {}
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
