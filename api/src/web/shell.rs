//! What the shell keeps in memory, for the life of the process.

use super::{kept::Kept, limiter::Limiter, live::Hub};
use crate::{insight::kpis::queries, people::accounts::password::Hashing};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use store::records::condition::state_days::Past;

pub struct Shell {
    /// Attempts to sign in, by account and where they come from.
    pub sign_ins: Limiter,
    pub hashing: Hashing,
    /// Makes the device token of a repeated command the same as the first time, without keeping it anywhere.
    pub token_seed: [u8; 32],
    /// Figures of the periods that people look at.
    pub books: Kept<queries::Days, queries::World, queries::Books>,
    /// What every site did on the days before today that somebody looked at.
    pub past: Kept<queries::Days, i64, Past>,
    /// Open live streams.
    pub live: Arc<Hub>,
    /// True from the moment somebody can sign in: spares the look at the database on every request.
    set_up: AtomicBool,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            sign_ins: Limiter::default(),
            hashing: Hashing::default(),
            token_seed: rand::random(),
            books: Kept::default(),
            past: Kept::default(),
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
