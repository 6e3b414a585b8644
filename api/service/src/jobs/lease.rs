//! The lease of the jobs, watched with a clock that only goes forward.

use crate::deps::Deps;
use std::time::{Duration, Instant};
use store::{
    StoreError,
    records::engine::leases::{self, Held},
};

const NAME: &str = "jobs";
/// Part of the product's health under which the lease is spoken of.
const PART: &str = "jobs.lease";
/// How long the jobs stand still after a crash, at most.
pub const TTL: Duration = Duration::from_secs(10);

/// One process that wants the lease, or has it.
pub struct Lease {
    holder: String,
    renewed: Option<Instant>,
    /// As somebody else has held it, unchanged, since then.
    seen: Option<(Held, Instant)>,
}

impl Lease {
    pub fn new(holder: String) -> Self {
        Self { holder, renewed: None, seen: None }
    }

    /// Takes or renews it; `now` is this process's own time. A lease that was not renewed for [`TTL`] is taken over.
    pub async fn hold(&mut self, deps: &Deps, now: Instant) -> bool {
        let over = self.seen.as_ref().filter(|(_, since)| now.duration_since(*since) >= TTL);
        let given_up = over.map(|(held, _)| held.clone());
        match self.ask(deps, given_up.as_ref()).await {
            Ok(None) => {
                self.took(deps, given_up);
                (self.renewed, self.seen) = (Some(now), None);
                true
            }
            Ok(Some(held)) => {
                self.renewed = None;
                if self.seen.as_ref().is_none_or(|(seen, _)| *seen != held) {
                    deps.records.health().note(PART, format_args!("waits for the lease of {}", held.holder));
                    self.seen = Some((held, now));
                }
                false
            }
            Err(error) => {
                tracing::warn!(%error, "cannot renew the lease of the jobs");
                // Nobody else has taken it before then.
                self.renewed.is_some_and(|at| now.duration_since(at) < TTL)
            }
        }
    }

    pub async fn release(&self, deps: &Deps) -> Result<(), StoreError> {
        let tx = deps.records.begin().await?;
        leases::release(&tx, NAME, &self.holder).await?;
        tx.commit_quietly().await
    }

    async fn ask(&self, deps: &Deps, given_up: Option<&Held>) -> Result<Option<Held>, StoreError> {
        let tx = deps.records.begin().await?;
        let held = leases::acquire(&tx, NAME, &self.holder, given_up).await?;
        tx.commit_quietly().await?;
        Ok(held)
    }

    fn took(&self, deps: &Deps, from: Option<Held>) {
        let health = deps.records.health();
        match from {
            Some(from) => {
                tracing::warn!(from = from.holder, "took over the lease of the jobs: it was not renewed");
                health.note(PART, format_args!("taken over from {}, which did not renew it", from.holder));
            }
            None if self.renewed.is_none() => health.forget_note(PART),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;
    use chrono::TimeDelta;

    fn one(name: &str) -> Lease {
        Lease::new(name.into())
    }

    #[tokio::test]
    async fn a_lease_is_held_by_one_until_it_is_not_renewed_or_given_up() {
        let (app, start) = (House::new().await, Instant::now());
        let (mut a, mut b) = (one("a"), one("b"));
        assert!(a.hold(&app.deps, start).await);
        assert!(!b.hold(&app.deps, start).await);
        let nearly = start + TTL - Duration::from_secs(1);
        assert!(a.hold(&app.deps, nearly).await);
        assert!(!b.hold(&app.deps, nearly).await, "renewed meanwhile");
        assert!(!b.hold(&app.deps, start + TTL).await, "seen anew a second ago");
        assert!(b.hold(&app.deps, nearly + TTL).await);
        assert!(!a.hold(&app.deps, nearly + TTL).await, "the first has lost it");
        b.release(&app.deps).await.expect("released");
        assert!(a.hold(&app.deps, nearly + TTL).await);
    }

    #[tokio::test]
    async fn a_lease_of_a_clock_an_hour_ahead_is_taken_over_and_said() {
        let (app, start) = (House::new().await, Instant::now());
        app.clock.advance(TimeDelta::hours(1));
        assert!(one("ahead").hold(&app.deps, start).await);
        app.clock.advance(TimeDelta::hours(-1));
        let mut next = one("next");
        assert!(!next.hold(&app.deps, start).await);
        let note = |app: &House| app.deps.records.health().report().notes["jobs.lease"].clone();
        assert!(note(&app).contains("waits for the lease of ahead"), "{}", note(&app));
        assert!(next.hold(&app.deps, start + TTL).await);
        assert!(note(&app).contains("taken over from ahead"), "{}", note(&app));
    }
}
