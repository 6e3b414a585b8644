//! Accepts connections, gives each its actor, and drains them when the gateway stops.

use crate::{GatewayError, Shared, connection};
use domain::telemetry::connection::EndReason;
use std::{sync::Arc, time::Duration};
use store::{
    health::keep_running,
    records::{fleet::devices, telemetry::connections},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// After a failed accept, such as with no file descriptor left: others may close meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub async fn run(
    shared: Arc<Shared>,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), GatewayError> {
    let tx = shared.records.begin().await?;
    connections::end_open(&tx, shared.clock.now(), EndReason::ServerRestarted).await?;
    tx.commit().await?;
    shared.profiles.read().await?;
    let position = devices::credentials_position(shared.records.read()).await?;

    let mut writers = JoinSet::new();
    writers.spawn(kept(Arc::clone(&shared), "gateway.presence", |of| async move { of.presence.run().await }));
    writers.spawn(kept(Arc::clone(&shared), "gateway.quarantine", |of| async move { of.door.run().await }));
    let mut watchers = JoinSet::new();
    watchers.spawn(kept(Arc::clone(&shared), "gateway.access", move |of| async move {
        of.access.watch(position, |device| of.registry.end_device(device, EndReason::Revoked)).await;
    }));
    watchers.spawn(kept(
        Arc::clone(&shared),
        "gateway.profiles",
        |of| async move { of.profiles.follow().await },
    ));

    let mut actors = JoinSet::new();
    accept(&shared, &listener, &stop, &mut actors).await;
    drop(listener);
    drain(&shared, &mut actors).await;
    watchers.shutdown().await;
    shared.presence.close();
    shared.door.close();
    while writers.join_next().await.is_some() {}
    Ok(())
}

/// One of the gateway's own tasks: started again when it falls.
fn kept<F: Future<Output = ()>>(
    shared: Arc<Shared>,
    part: &'static str,
    run: impl Fn(Arc<Shared>) -> F,
) -> impl Future<Output = ()> {
    keep_running(shared.records.health().clone(), part, move || run(Arc::clone(&shared)))
}

async fn accept(
    shared: &Arc<Shared>,
    listener: &TcpListener,
    stop: &CancellationToken,
    actors: &mut JoinSet<()>,
) {
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            Some(ended) = actors.join_next() => reap(shared, ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) if actors.len() < shared.limits.connections => {
                    // Small packets both ways: waiting to fill a segment would only delay acknowledgements.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY");
                    }
                    let (shared, stop) = (Arc::clone(shared), stop.clone());
                    shared.counters.connections.increment(1.0);
                    actors.spawn(connection::serve(shared, stream, remote, stop));
                }
                Ok((stream, remote)) => {
                    drop::<TcpStream>(stream);
                    tracing::warn!(%remote, "connection refused: there are too many");
                }
                Err(error) => {
                    tracing::warn!(%error, "connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// Ends every connection, waits for it, and gives up on those that take longer than they may.
async fn drain(shared: &Arc<Shared>, actors: &mut JoinSet<()>) {
    let limit = shared.limits.drain_timeout + Duration::from_secs(2);
    let all_ended = async {
        shared.say_goodbye();
        shared.registry.end_all(EndReason::ServerStopped);
        while let Some(ended) = actors.join_next().await {
            reap(shared, ended);
            // One that was signing in when the others were told has entered meanwhile.
            shared.registry.end_all(EndReason::ServerStopped);
        }
    };
    if tokio::time::timeout(limit, all_ended).await.is_err() {
        tracing::warn!(connections = actors.len(), "connections did not end in time");
        actors.shutdown().await;
    }
}

fn reap(shared: &Shared, ended: Result<(), tokio::task::JoinError>) {
    shared.counters.connections.decrement(1.0);
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task failed");
    }
}
