//! What the shell keeps in memory, for the life of the process.

use super::{limiter::Limiter, live::Hub};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Semaphore;

/// Password hashes computed at once: each takes 19 MiB and tens of milliseconds.
const CONCURRENT_HASHES: usize = 4;

pub struct Shell {
    /// Failed sign-ins by account and address.
    pub sign_ins: Limiter,
    pub hashing: Semaphore,
    /// Makes the device token of a repeated command the same as the first time, without keeping it anywhere.
    pub token_seed: [u8; 32],
    /// Hash of nobody's password: an unknown account costs as long to refuse as a known one.
    pub decoy: OnceLock<String>,
    /// Open live streams.
    pub live: Arc<Hub>,
    /// True from the moment somebody can sign in: spares the look at the database on every request.
    set_up: AtomicBool,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            sign_ins: Limiter::default(),
            hashing: Semaphore::new(CONCURRENT_HASHES),
            token_seed: rand::random(),
            decoy: OnceLock::new(),
            live: Arc::default(),
            set_up: AtomicBool::new(false),
        }
    }
}

impl Shell {
    pub fn is_set_up(&self) -> bool {
        self.set_up.load(Ordering::Relaxed)
    }
    pub fn mark_set_up(&self) {
        self.set_up.store(true, Ordering::Relaxed);
    }
}
