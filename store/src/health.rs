//! How the product is: what cannot be written, which of its tasks fell, and what it waits for. Every room holds the
//! records and with them the one [`Health`]; `/health/ready` shows it.

use futures::FutureExt;
use parking_lot::Mutex;
use std::{
    any::Any,
    collections::BTreeMap,
    fmt::Display,
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<Board>>);

#[derive(Debug, Default)]
struct Board {
    failing: BTreeMap<&'static str, String>,
    notes: BTreeMap<&'static str, String>,
}

/// Everything that is not simply well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Parts that do not do their work, each with the reason.
    pub failing: BTreeMap<&'static str, String>,
    /// What an operator should know of parts that do.
    pub notes: BTreeMap<&'static str, String>,
}

impl Health {
    /// `part` does not do its work, until it is [`Health::well`] again. Said in the log when it is news.
    pub fn failing(&self, part: &'static str, why: impl Display) {
        let why = why.to_string();
        if self.0.lock().failing.insert(part, why.clone()).is_none() {
            tracing::error!(part, %why, "not well");
        }
    }
    pub fn well(&self, part: &'static str) {
        if self.0.lock().failing.remove(part).is_some() {
            tracing::info!(part, "well again");
        }
    }
    pub fn is_failing(&self, part: &'static str) -> bool {
        self.0.lock().failing.contains_key(part)
    }
    pub fn note(&self, part: &'static str, what: impl Display) {
        self.0.lock().notes.insert(part, what.to_string());
    }
    pub fn forget_note(&self, part: &'static str) {
        self.0.lock().notes.remove(part);
    }
    pub fn report(&self) -> Report {
        let board = self.0.lock();
        Report { failing: board.failing.clone(), notes: board.notes.clone() }
    }
}

/// How a task that fell is started again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub first_pause: Duration,
    pub longest_pause: Duration,
    /// A task that has run for this long without falling is well again.
    pub proven: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            proven: Duration::from_secs(30),
        }
    }
}

/// Runs a task of a role until it ends by itself. One that panics or fails is logged, counted, shown as failing, and
/// started again after a pause that grows.
pub async fn keep<T, E, F>(health: &Health, part: &'static str, make: impl FnMut() -> F) -> T
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    keep_with(health, part, Patience::default(), make).await
}

/// [`keep`] for a task that cannot fail but by a panic. It owns what it needs, so that it can be spawned.
pub async fn keep_running<F>(health: Health, part: &'static str, mut run: impl FnMut() -> F)
where
    F: Future<Output = ()>,
{
    keep(&health, part, || {
        let run = run();
        async move {
            run.await;
            Ok::<(), Never>(())
        }
    })
    .await;
}

pub async fn keep_with<T, E, F>(
    health: &Health,
    part: &'static str,
    patience: Patience,
    mut make: impl FnMut() -> F,
) -> T
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let (mut pause, mut falls) = (patience.first_pause, 0_u32);
    loop {
        let began = Instant::now();
        let mut running = std::pin::pin!(AssertUnwindSafe(make()).catch_unwind());
        let ended = tokio::select! {
            ended = running.as_mut() => ended,
            () = sleep(patience.proven), if falls > 0 => {
                health.well(part);
                running.await
            }
        };
        let why = match ended {
            Ok(Ok(answer)) => {
                health.well(part);
                return answer;
            }
            Ok(Err(error)) => format!("failed: {error:#}"),
            Err(payload) => format!("panicked: {}", panic_words(&*payload)),
        };
        falls += 1;
        if began.elapsed() >= patience.proven {
            pause = patience.first_pause;
        }
        metrics::counter!("mainstay_task_falls_total", "task" => part).increment(1);
        tracing::error!(part, %why, falls, "a task fell; it is started again");
        health.failing(part, &why);
        health.note(part, format_args!("fell {falls} times since the start, the last time: {why}"));
        sleep(pause).await;
        pause = (pause * 2).min(patience.longest_pause);
    }
}

/// The words of a panic.
pub fn panic_words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

/// For tasks that cannot fail but by a panic.
pub enum Never {}

impl Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Notify;

    const QUICK: Patience = Patience {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(1),
        proven: Duration::from_millis(5),
    };

    #[tokio::test]
    async fn a_task_that_panics_is_shown_and_started_again_until_it_ends_well() {
        let health = Health::default();
        let mut runs = 0;
        let seen = health.clone();
        let answer = keep_with(&health, "task", QUICK, || {
            runs += 1;
            let (run, seen) = (runs, seen.clone());
            async move {
                match run {
                    1 => panic!("poison"),
                    2 => {
                        assert_eq!(seen.report().failing["task"], "panicked: poison");
                        Err("no disk")
                    }
                    _ => {
                        assert_eq!(seen.report().failing["task"], "failed: no disk");
                        Ok(run)
                    }
                }
            }
        })
        .await;
        assert_eq!(answer, 3);
        let report = health.report();
        assert!(report.failing.is_empty());
        assert!(report.notes["task"].contains("fell 2 times"), "{report:?}");
    }

    #[tokio::test]
    async fn a_task_that_has_run_for_a_while_is_well_again() {
        let health = Health::default();
        let (mut runs, proven) = (0, Notify::new());
        let task = keep_with(&health, "task", QUICK, || {
            runs += 1;
            let (first, proven) = (runs == 1, &proven);
            async move {
                assert!(!first, "poison");
                proven.notified().await;
                Ok::<(), Never>(())
            }
        });
        let watch = async {
            while health.report().notes.is_empty() || health.is_failing("task") {
                tokio::task::yield_now().await;
            }
            proven.notify_one();
        };
        tokio::join!(task, watch);
    }
}
