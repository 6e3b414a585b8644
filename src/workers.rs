//! Threads of their own for a part of the product: however busy it is, the others are served as before.

use std::{future::Future, io, panic::resume_unwind};
use tokio::{
    runtime::{Builder, Runtime},
    task::AbortHandle,
};

pub struct Workers {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl Workers {
    /// As many as the machine has cores.
    pub fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().thread_name(name).enable_all().build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Carries `part` to its end; dropped, it ends the part.
    pub async fn run<F>(self, part: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let runtime = self.runtime.as_ref().expect("invariant: taken only when dropped");
        let task = runtime.spawn(part);
        let _ends_with_caller = AbortOnDrop(task.abort_handle());
        match task.await {
            Ok(output) => output,
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct AbortOnDrop(AbortHandle);
impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, time::Duration};

    /// The test has one async worker, and the part holds its thread until the test has gone on.
    #[tokio::test]
    async fn a_busy_part_holds_nobody_elses_worker() {
        let (release, released) = mpsc::sync_channel::<()>(1);
        let workers = Workers::start("busy").unwrap();
        let part = workers.run(async move { released.recv_timeout(Duration::from_secs(30)).is_ok() });
        let (went_on, ()) = tokio::join!(part, async move { release.send(()).unwrap() });
        assert!(went_on);
    }

    #[tokio::test]
    #[should_panic(expected = "in the part")]
    async fn a_panic_of_the_part_is_its_callers() {
        Workers::start("panics").unwrap().run(async { panic!("in the part") }).await;
    }
}
