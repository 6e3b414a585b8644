//! Devices that register themselves: who knows the key and the secret of a profile gets credentials of its own.

use crate::{id::ProfileId, word::words};
use serde::{Deserialize, Serialize};
use std::{future::Future, net::IpAddr, pin::Pin};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(Strategy);

/// Which devices may ask for credentials with the key of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Strategy {
    /// One of a new name, which is put on record.
    Create,
    /// One that people put on record under its name, with this profile, and that never signed in.
    Complete,
}

/// How devices of a profile register themselves. Of the secret only a hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    pub profile: ProfileId,
    pub strategy: Strategy,
    pub key: String,
    /// So many devices may be put on record with it.
    pub max_devices: u32,
}

/// What a device that asked for credentials is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// JSON.
    pub text: String,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Granted,
    /// No profile has its key and secret.
    NotFound,
    Refused,
}

/// Answers devices that have no credentials yet, as they ask: over MQTT and over HTTP.
pub trait Provisioner: Send + Sync + 'static {
    /// What a request from `address` is answered; `None` when it cannot be looked at now. What is granted is durable.
    fn provision(&self, request: Vec<u8>, address: IpAddr) -> Answering;
}

pub type Answering = Pin<Box<dyn Future<Output = Option<Answer>> + Send>>;
