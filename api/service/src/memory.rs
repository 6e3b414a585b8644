//! What is kept in memory beside the records, for the life of the process.

use crate::{insight::kpis::queries, kept::Kept, people::accounts::password::Hashing};
use store::records::condition::state_days::Past;

pub struct Memory {
    pub hashing: Hashing,
    /// Makes the device token of a repeated command the same as the first time, without keeping it anywhere.
    pub token_seed: [u8; 32],
    /// Figures of the periods that people look at.
    pub books: Kept<queries::Days, queries::World, queries::Books>,
    /// What every site did on the days before today that somebody looked at.
    pub past: Kept<queries::Days, i64, Past>,
    /// Values are corrected by one at a time.
    pub corrections: tokio::sync::Mutex<()>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            hashing: Hashing::default(),
            token_seed: rand::random(),
            books: Kept::default(),
            past: Kept::default(),
            corrections: tokio::sync::Mutex::default(),
        }
    }
}
