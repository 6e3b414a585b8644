//! What the shell keeps in memory, for the life of the process.

use super::{limiter::Limiter, live::Hub};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

#[derive(Default)]
pub struct Shell {
    /// Attempts to sign in, by account and where they come from.
    pub sign_ins: Limiter,
    /// Open live streams.
    pub live: Arc<Hub>,
    /// True from the moment somebody can sign in: spares the look at the database on every request.
    set_up: AtomicBool,
}

impl Shell {
    pub fn is_set_up(&self) -> bool {
        self.set_up.load(Ordering::Relaxed)
    }
    pub fn mark_set_up(&self) {
        self.set_up.store(true, Ordering::Relaxed);
    }
}
