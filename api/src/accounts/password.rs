//! Passwords, kept as Argon2id hashes. Hashing takes tens of milliseconds and 19 MiB, so it runs off the async threads
//! and only a few at a time.

use crate::{command::CommandError, web::shell::Shell};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use store::StoreError;

pub const MIN_LENGTH: usize = 10;
const MAX_LENGTH: usize = 200;

/// Says what to change in a new password, or nothing.
pub fn objection(password: &str, email: &str) -> Option<&'static str> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        Some("accounts-password-short")
    } else if length > MAX_LENGTH {
        Some("form-too-long")
    } else if password.eq_ignore_ascii_case(email) {
        Some("accounts-password-email")
    } else {
        None
    }
}

/// The hash to keep.
pub async fn hash(password: String) -> Result<String, CommandError> {
    blocking(move || hash_now(&password)).await?
}

/// Whether `password` is the one of `kept`. Without `kept` it takes as long and answers no.
pub async fn verify(shell: Arc<Shell>, password: String, kept: Option<String>) -> Result<bool, CommandError> {
    let place = Arc::clone(&shell);
    let _place = place.hashing.acquire().await.map_err(|_| unavailable("password hashing has stopped"))?;
    blocking(move || {
        let known = kept.is_some();
        let decoy = match shell.decoy.get() {
            Some(decoy) => decoy.clone(),
            None => {
                let made = hash_now("a password that nobody has")?;
                shell.decoy.get_or_init(|| made).clone()
            }
        };
        let right =
            Argon2::default().verify_password(password.as_bytes(), kept.unwrap_or(decoy).as_str()).is_ok();
        Ok(right && known)
    })
    .await?
}

fn hash_now(password: &str) -> Result<String, CommandError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| unavailable(&error.to_string()))?.to_string())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| unavailable(&error.to_string()))
}

fn unavailable(why: &str) -> CommandError {
    CommandError::Store(StoreError::Unavailable(why.into()))
}
