//! Passwords, kept as Argon2id hashes. A hash takes tens of milliseconds and 19 MiB, so hashing runs off the async
//! threads, a few at a time, in working memory that is lent from one hash to the next and given back when it has been
//! quiet for a while.

use crate::command::CommandError;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use domain::reason::Reason;
use parking_lot::Mutex;
use rand::RngCore;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::StoreError;
use tokio::sync::Semaphore;

pub const MIN_LENGTH: usize = 10;
const MAX_LENGTH: usize = 200;

/// More at once only fight over the processor, and each takes 19 MiB.
const MOST_AT_ONCE: usize = 4;
/// Further callers are told to come again: a queue that is longer than anybody waits helps nobody.
const MOST_WAITING: usize = 256;
/// Working memory that was not used for this long is given back.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// Says what to change in a new password, or nothing.
pub fn objection(password: &str, email: &str) -> Option<Reason> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        Some(Reason::PasswordTooShort)
    } else if length > MAX_LENGTH {
        Some(Reason::TooLong)
    } else if password.eq_ignore_ascii_case(email) {
        Some(Reason::PasswordIsEmail)
    } else {
        None
    }
}

/// The one place where passwords are hashed; clones share its limits.
#[derive(Clone)]
pub struct Hashing(Arc<Room>);

struct Room {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    memory: Mutex<Lent>,
    /// Hash of nobody's password: an unknown account costs as long to refuse as a known one.
    decoy: OnceLock<String>,
}

#[derive(Default)]
struct Lent {
    idle: Vec<Vec<Block>>,
    used_at: Option<Instant>,
}

impl Default for Hashing {
    fn default() -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_AT_ONCE);
        Self(Arc::new(Room {
            places: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
            memory: Mutex::default(),
            decoy: OnceLock::new(),
        }))
    }
}

impl Hashing {
    /// The hash to keep.
    pub async fn hash(&self, password: String) -> Result<String, CommandError> {
        self.run(move |room| room.hash(&password)).await
    }

    /// Whether `password` is the one of `kept`. Without `kept` it takes as long and answers no.
    pub async fn verify(&self, password: String, kept: Option<String>) -> Result<bool, CommandError> {
        self.run(move |room| {
            let known = kept.is_some();
            let kept = match (kept, room.decoy.get()) {
                (Some(kept), _) => kept,
                (None, Some(decoy)) => decoy.clone(),
                (None, None) => {
                    let made = room.hash("a password that nobody has")?;
                    room.decoy.get_or_init(|| made).clone()
                }
            };
            Ok(room.verify(&password, &kept) && known)
        })
        .await
    }

    /// Gives working memory back that nobody used for a while.
    pub fn tidy(&self) {
        let mut memory = self.0.memory.lock();
        if memory.used_at.is_some_and(|at| at.elapsed() >= KEPT_FOR) {
            *memory = Lent::default();
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Room) -> Result<T, CommandError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let room = Arc::clone(&self.0);
        let waiting = Waiting::enter(&self.0)?;
        let places = Arc::clone(&room.places);
        let place = places.acquire_owned().await.map_err(|_| unavailable("password hashing has stopped"))?;
        drop(waiting);
        let done = tokio::task::spawn_blocking(move || {
            // The place belongs to the work: a caller that went away still occupies it.
            let _place = place;
            work(&room)
        });
        done.await.map_err(|error| unavailable(&error.to_string()))?
    }
}

impl Room {
    fn hash(&self, password: &str) -> Result<String, CommandError> {
        let mut salt = [0_u8; 16];
        rand::rng().fill_bytes(&mut salt);
        let made = self.compute(&Params::default(), Algorithm::Argon2id, Version::V0x13, password, &salt);
        let kept = made.and_then(|hash| {
            Some(PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&Params::default()).ok()?,
                salt: Some(Salt::new(&salt).ok()?),
                hash: Some(hash),
            })
        });
        kept.map(|kept| kept.to_string()).ok_or_else(|| unavailable("a password could not be hashed"))
    }

    fn verify(&self, password: &str, kept: &str) -> bool {
        let same = || {
            let kept = PasswordHash::new(kept).ok()?;
            let algorithm = Algorithm::try_from(kept.algorithm.as_str()).ok()?;
            let version = kept.version.map_or(Ok(Version::V0x13), Version::try_from).ok()?;
            let params = Params::try_from(&kept).ok()?;
            let found = self.compute(&params, algorithm, version, password, kept.salt?.as_ref())?;
            // Takes the same time wherever they differ.
            Some(found == kept.hash?)
        };
        same().unwrap_or(false)
    }

    /// Lends working memory, made or taken from the last who used it.
    fn compute(
        &self,
        params: &Params,
        algorithm: Algorithm,
        version: Version,
        password: &str,
        salt: &[u8],
    ) -> Option<Output> {
        let mut memory = self.memory.lock().idle.pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::new());
        let mut out = [0_u8; Output::MAX_LENGTH];
        let out = &mut out[..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
        let argon = Argon2::new(algorithm, version, params.clone());
        let done = argon.hash_password_into_with_memory(password.as_bytes(), salt, out, &mut memory);
        let mut lent = self.memory.lock();
        lent.idle.push(memory);
        lent.used_at = Some(Instant::now());
        drop(lent);
        done.ok().and_then(|()| Output::new(out).ok())
    }
}

/// One caller in the queue.
struct Waiting(Arc<Room>);

impl Waiting {
    fn enter(room: &Arc<Room>) -> Result<Self, CommandError> {
        let before = room.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(Arc::clone(room));
        if before < MOST_WAITING {
            Ok(place)
        } else {
            Err(unavailable("too many passwords to check at once"))
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn unavailable(why: &str) -> CommandError {
    CommandError::Store(StoreError::Unavailable(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cut short: there is a salt and no hash.
    const CUT: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU";

    #[tokio::test(flavor = "multi_thread")]
    async fn fifty_passwords_at_once_take_the_memory_of_a_few_and_give_it_back() {
        let hashing = Hashing::default();
        let kept = hashing.hash("correct horse battery".into()).await.expect("hashed");
        let checks = (0..50).map(|n| {
            let (hashing, kept) = (hashing.clone(), kept.clone());
            let password = if n % 2 == 0 { "correct horse battery" } else { "wrong horse battery" };
            async move { hashing.verify(password.into(), Some(kept)).await.expect("checked") }
        });
        let right = futures::future::join_all(checks).await;
        assert!(right.iter().enumerate().all(|(n, right)| *right == (n % 2 == 0)));
        let lent = hashing.0.memory.lock().idle.len();
        assert!((1..=MOST_AT_ONCE).contains(&lent), "{lent} buffers of 19 MiB");
        hashing.tidy();
        assert_eq!(hashing.0.memory.lock().idle.len(), lent, "still in use a moment ago");
        hashing.0.memory.lock().used_at = Instant::now().checked_sub(KEPT_FOR);
        hashing.tidy();
        assert!(hashing.0.memory.lock().idle.is_empty(), "given back after a while");
    }

    #[tokio::test]
    async fn hashes_of_the_plain_library_and_ours_agree() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let hashing = Hashing::default();
        let theirs = Argon2::default().hash_password(b"a long password").expect("hashed").to_string();
        assert!(hashing.verify("a long password".into(), Some(theirs.clone())).await.expect("checked"));
        assert!(!hashing.verify("another password".into(), Some(theirs)).await.expect("checked"));
        let ours = hashing.hash("a long password".into()).await.expect("hashed");
        assert!(Argon2::default().verify_password(b"a long password", ours.as_str()).is_ok());
        assert!(
            !hashing.verify("a long password".into(), Some(CUT.into())).await.expect("no hash, no match")
        );
        assert!(!hashing.verify("a password that nobody has".into(), None).await.expect("nobody"));
    }
}
