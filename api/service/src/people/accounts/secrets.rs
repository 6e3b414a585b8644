//! What a browser or a program proves itself with, and how long a browser's sign-in lasts.

use chrono::TimeDelta;
use rand::RngCore;
use sha2::{Digest, Sha256};

/// A session ends after this long, however much it is used.
pub const LIFETIME: TimeDelta = TimeDelta::days(30);
/// ... and after this long without use.
pub const IDLE: TimeDelta = TimeDelta::days(3);
/// 256 random bits, safe in URLs, headers and cookies.
pub fn random_secret() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex(&bytes)
}

/// How secrets are kept: the secret has 256 random bits, so a plain hash cannot be reversed.
pub fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
