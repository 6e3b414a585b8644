//! Keeps the roles of this process: one that fails stops the product, and stopping follows the flow of data, so that
//! what has entered is carried to its end.

use anyhow::{Context, Result, anyhow, bail};
use futures::FutureExt;
use std::{collections::BTreeMap, fmt::Display, future::Future, panic::AssertUnwindSafe, time::Duration};
use store::health::panic_words;
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// `Part` names what it keeps, in the order in which things stop.
pub struct Supervisor<Part> {
    running: JoinSet<(Part, Result<()>)>,
    stops: BTreeMap<Part, CancellationToken>,
}

/// What asked the product to stop. `soft` drains; `hard` cuts off what has not drained yet.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    pub soft: CancellationToken,
    pub hard: CancellationToken,
}

impl<Part: Copy + Ord + Display + Send + 'static> Supervisor<Part> {
    pub fn new() -> Self {
        Self { running: JoinSet::new(), stops: BTreeMap::new() }
    }

    /// Starts `role`; the future ends when the token it was given is cancelled and it has drained.
    pub fn start<F>(&mut self, role: Part, run: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let future = run(stop.clone());
        self.stops.insert(role, stop);
        self.running.spawn(async move {
            let ended = AssertUnwindSafe(future).catch_unwind().await;
            (role, ended.unwrap_or_else(|panic| Err(anyhow!("panicked: {}", panic_words(&*panic)))))
        });
    }

    /// Until `stop`, or until a role ends by itself, which is an error. Then stops all roles, each within `limit`.
    pub async fn run(mut self, stop: &Stop, limit: Duration) -> Result<()> {
        let ended = tokio::select! {
            () = stop.soft.cancelled() => Ok(()),
            Some(ended) = self.running.join_next() => self.ended_early(ended),
        };
        let drained = tokio::select! {
            biased;
            () = stop.hard.cancelled() => Err(anyhow!("stopped before everything had drained")),
            drained = self.drain(limit) => drained,
        };
        ended.and(drained)
    }

    fn ended_early(&mut self, ended: Result<(Part, Result<()>), tokio::task::JoinError>) -> Result<()> {
        let (role, result) = ended.context("a role panicked")?;
        self.stops.remove(&role);
        result.with_context(|| format!("the role {role} failed"))?;
        bail!("the role {role} ended by itself")
    }

    async fn drain(&mut self, limit: Duration) -> Result<()> {
        let mut first_error = Ok(());
        while let Some((role, stop)) = self.stops.pop_first() {
            stop.cancel();
            let drained = timeout(limit, self.wait_for(role)).await;
            let result =
                drained.unwrap_or_else(|_| Err(anyhow!("the role {role} did not drain within {limit:?}")));
            if let Err(error) = &result {
                tracing::error!(%role, "{error:#}");
            }
            first_error = first_error.and(result);
        }
        first_error
    }

    /// Another role that ends meanwhile is noted, so that its own turn does not wait for it.
    async fn wait_for(&mut self, role: Part) -> Result<()> {
        let mut first_error = Ok(());
        while let Some(ended) = self.running.join_next().await {
            let (ended, result) = ended.context("a role panicked while stopping")?;
            first_error =
                first_error.and(result.with_context(|| format!("the role {ended} failed while stopping")));
            if ended == role {
                break;
            }
            self.stops.remove(&ended);
        }
        first_error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role;
    use std::sync::{Arc, Mutex};

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn stopping_follows_the_flow() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut supervisor = Supervisor::new();
        for role in [Role::Api, Role::Analytics, Role::Gateway] {
            let order = Arc::clone(&order);
            supervisor.start(role, |stop| async move {
                stop.cancelled().await;
                order.lock().unwrap().push(role);
                Ok(())
            });
        }
        let stop = Stop::default();
        stop.soft.cancel();
        supervisor.run(&stop, LIMIT).await.unwrap();
        assert_eq!(*order.lock().unwrap(), [Role::Gateway, Role::Analytics, Role::Api]);
    }

    #[tokio::test]
    async fn a_role_that_fails_stops_the_others_and_is_named() {
        let mut supervisor = Supervisor::new();
        let (drained, heard) = tokio::sync::oneshot::channel();
        supervisor.start(Role::Api, |stop| async move {
            stop.cancelled().await;
            drained.send(()).map_err(|()| anyhow!("nobody listens"))
        });
        supervisor.start(Role::Analytics, |_| async { bail!("no disk") });
        let error = supervisor.run(&Stop::default(), LIMIT).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "the role analytics failed: no disk");
        heard.await.unwrap();
    }

    #[tokio::test]
    async fn a_role_that_panics_stops_the_others_and_is_named() {
        let mut supervisor = Supervisor::new();
        let (drained, heard) = tokio::sync::oneshot::channel();
        supervisor.start(Role::Api, |stop| async move {
            stop.cancelled().await;
            drained.send(()).map_err(|()| anyhow!("nobody listens"))
        });
        supervisor.start(Role::Jobs, |stop| async move {
            assert!(stop.is_cancelled(), "poison");
            Ok(())
        });
        let error = supervisor.run(&Stop::default(), LIMIT).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "the role jobs failed: panicked: poison");
        heard.await.unwrap();
    }

    #[tokio::test]
    async fn a_hard_stop_does_not_wait() {
        let mut supervisor = Supervisor::new();
        supervisor.start(Role::Gateway, |_| std::future::pending());
        let stop = Stop::default();
        stop.soft.cancel();
        stop.hard.cancel();
        assert!(supervisor.run(&stop, LIMIT).await.is_err());
    }

    #[tokio::test]
    async fn a_role_that_does_not_drain_is_cut_off() {
        let mut supervisor = Supervisor::new();
        supervisor.start(Role::Gateway, |_| std::future::pending());
        let stop = Stop::default();
        stop.soft.cancel();
        let error = supervisor.run(&stop, Duration::from_millis(1)).await.unwrap_err().to_string();
        assert!(error.contains("gateway did not drain"), "{error}");
    }
}
