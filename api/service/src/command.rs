//! What every command has in common: who, when, from where, and the key that makes a repetition harmless.
//!
//! ```ignore
//! let tx = match cx.begin(&deps.records, "tickets.resolve", &(id, &input)).await? {
//!     Begun::New(tx) => tx,
//!     Begun::Repeated(ticket) => return Ok(ticket),
//! };
//! let ticket = tickets::get(&tx, id).await?.ok_or(CommandError::NotFound)?.resolve(...)?;
//! tickets::update(&tx, &ticket).await?;
//! outbox::push(&tx, &DomainEvent::TicketResolved { ticket: id }, cx.at).await?;
//! cx.finish(tx, ticket).await
//! ```

use chrono::TimeDelta;
use domain::{
    MoneyError, Timestamp,
    lifecycle::InvalidTransition,
    people::account::{Actor, Identity, Scope, Source},
    reason::{Reason, Refusal},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use store::{
    StoreError,
    records::{
        Records, Tx,
        columns::frozen::{self, Answer},
        engine::{command_keys, transitions::Circumstances},
    },
};
use thiserror::Error;

/// The circumstances of one command.
#[derive(Clone, Debug)]
pub struct Context {
    pub actor: Actor,
    /// When it happens. For history from another system, earlier than `recorded_at`.
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    pub source: Source,
    /// The caller's idempotency key, if it gave one.
    pub key: Option<String>,
    fingerprint: Option<String>,
}

/// A command is carried out now, or was carried out before with the same key.
pub enum Begun<T> {
    New(Tx),
    Repeated(T),
}

impl Context {
    pub fn new(actor: Actor, at: Timestamp, source: Source, key: Option<String>) -> Self {
        Self { actor, at, recorded_at: at, source, key, fingerprint: None }
    }
    /// The same, as what happened at `at` and is recorded now.
    pub fn effective_at(self, at: Timestamp) -> Result<Self, OutOfTime> {
        if at > self.recorded_at {
            return Err(OutOfTime::InTheFuture);
        }
        if at < self.recorded_at - OLDEST_IMPORT {
            return Err(OutOfTime::TooOld);
        }
        Ok(Self { at, ..self })
    }
    /// Which rows the command may name.
    pub fn scope(&self) -> Scope {
        self.actor.scope()
    }
    /// For reactions, jobs and the demo.
    pub fn system(at: Timestamp) -> Self {
        Self::new(Actor::system(), at, Source::System, None)
    }

    /// Opens the transaction of `command`, or answers what the same key answered before. The same key with another
    /// command or input is refused.
    pub async fn begin<T: Serialize + DeserializeOwned>(
        &mut self,
        records: &Records,
        command: &str,
        input: &impl Serialize,
    ) -> Result<Begun<T>, CommandError> {
        let tx = records.begin().await?;
        let Some(key) = self.scoped_key() else { return Ok(Begun::New(tx)) };
        let fingerprint = fingerprint(command, input)?;
        if let Some((earlier, answer)) = command_keys::find(&tx, &key).await? {
            if earlier != fingerprint && earlier != fingerprint_before_canon(command, input)? {
                return Err(CommandError::KeyReused);
            }
            return match frozen::thaw::<Answer<T>>(&answer) {
                Ok(Answer(answer)) => Ok(Begun::Repeated(answer)),
                Err(error) => {
                    tracing::warn!(%error, command, "a repeated command's first answer cannot be read");
                    Err(CommandError::AlreadyDone)
                }
            };
        }
        self.fingerprint = Some(fingerprint);
        Ok(Begun::New(tx))
    }

    /// Keeps the answer under the key and commits.
    pub async fn finish<T: Serialize + DeserializeOwned>(
        &self,
        tx: Tx,
        answer: T,
    ) -> Result<T, CommandError> {
        let answer = Answer(answer);
        if let (Some(key), Some(fingerprint)) = (self.scoped_key(), &self.fingerprint) {
            command_keys::insert(&tx, &key, fingerprint, frozen::freeze(&answer)?, self.recorded_at).await?;
        }
        tx.commit().await?;
        Ok(answer.0)
    }

    fn scoped_key(&self) -> Option<String> {
        let identity = match &self.actor.identity {
            Identity::Account(id) => id.to_string(),
            Identity::ApiToken(id) => id.to_string(),
            Identity::System => "system".into(),
        };
        self.key.as_ref().map(|key| format!("{identity}:{key}"))
    }
}

/// The same whatever optional fields a later release adds to the input: what was not given does not count.
fn fingerprint(command: &str, input: &impl Serialize) -> Result<String, CommandError> {
    let mut input = serde_json::to_value(input).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    leave_out_what_was_not_given(&mut input);
    Ok(format!("given:{}", digest(command, input.to_string().as_bytes())))
}

/// As keys were kept before [`fingerprint`] left anything out.
fn fingerprint_before_canon(command: &str, input: &impl Serialize) -> Result<String, CommandError> {
    let input = serde_json::to_vec(input).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(digest(command, &input))
}

fn digest(command: &str, input: &[u8]) -> String {
    format!("{:x}", Sha256::new().chain_update(command).chain_update([0]).chain_update(input).finalize())
}

fn leave_out_what_was_not_given(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(leave_out_what_was_not_given);
            fields.retain(|_, field| match field {
                Value::Null | Value::Bool(false) => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(fields) => !fields.is_empty(),
                _ => true,
            });
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_what_was_not_given),
        _ => {}
    }
}

/// A technician's phone may have been offline for so long; what is older the office enters.
const OLDEST_ON_A_PHONE: TimeDelta = TimeDelta::days(7);
/// The office enters late papers and the history of before; older than this is a slip of the pen.
pub const OLDEST: TimeDelta = TimeDelta::days(10 * 366);
/// Nothing that a program imports is older.
const OLDEST_IMPORT: TimeDelta = TimeDelta::days(20 * 366);
/// A phone's clock may be ahead by so much; its time is then taken as now.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// The circumstances of `cx`, for something that happened at `at` when the caller knows better than now.
pub fn circumstances(cx: &Context, at: Option<Timestamp>) -> Result<Circumstances, CommandError> {
    let happened = at.unwrap_or(cx.at);
    if happened > cx.at + AHEAD {
        return Err(CommandError::field("at", Reason::ServiceAtFuture));
    }
    let technician = cx.actor.technician_scope().is_some();
    if happened < cx.at - if technician { OLDEST_ON_A_PHONE } else { OLDEST } {
        return Err(CommandError::field("at", Reason::ServiceAtTooOld));
    }
    Ok(Circumstances {
        at: happened.min(cx.at),
        recorded_at: cx.recorded_at,
        source: cx.source,
        actor: cx.actor.clone(),
        place: None,
    })
}

/// Why nothing can have happened at a time that a caller names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OutOfTime {
    #[error("it lies in the future")]
    InTheFuture,
    #[error("it lies more than 20 years back")]
    TooOld,
}

/// Why a command was not carried out. Nothing of it has happened.
#[derive(Debug, Error)]
pub enum CommandError {
    #[error("not found")]
    NotFound,
    #[error("not allowed")]
    Forbidden,
    /// The input must change.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// The query of the address must change.
    #[error("the query cannot be read: {}: {}", .0.field, .0.send)]
    Query(Unreadable),
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    /// A rule of the business says no.
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    #[error("the idempotency key was used for another command")]
    KeyReused,
    /// The same key again, but what was answered then can no longer be read.
    #[error("this was carried out before, under the same key")]
    AlreadyDone,
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with one field of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Its path in the body of a program, such as `plan.checklist[3]`.
    pub field: Cow<'static, str>,
    pub reason: Reason,
}

impl FieldError {
    pub fn new(field: impl Into<Cow<'static, str>>, reason: Reason) -> Self {
        Self { field: field.into(), reason }
    }
    /// Whether it is about the field `name` of a form. Forms are flat: each name of the path may be theirs.
    pub fn is_about(&self, name: &str) -> bool {
        self.field.split('.').any(|part| part.split('[').next() == Some(name))
    }
}

/// A parameter of a query that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub field: &'static str,
    /// What to send instead, for programs.
    pub send: String,
    pub fault: QueryFault,
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryFault {
    /// It is no value of its kind, or out of its bounds.
    Value,
    /// The period ends before it begins, or is too long.
    Period,
}

impl Unreadable {
    /// A value that is none, or out of its bounds.
    pub fn value(field: &'static str, send: &str) -> CommandError {
        CommandError::Query(Self { field, send: send.into(), fault: QueryFault::Value })
    }
    /// A period that ends before it begins, or is too long.
    pub fn period(field: &'static str, send: &str) -> CommandError {
        CommandError::Query(Self { field, send: send.into(), fault: QueryFault::Period })
    }
}

impl CommandError {
    pub fn field(field: impl Into<Cow<'static, str>>, reason: Reason) -> Self {
        Self::Invalid(vec![FieldError::new(field, reason)])
    }
    /// The same about what stands under `name` in the body.
    pub fn under(self, name: &str) -> Self {
        let below = |error: FieldError| FieldError::new(format!("{name}.{}", error.field), error.reason);
        match self {
            Self::Invalid(errors) => Self::Invalid(errors.into_iter().map(below).collect()),
            error => error,
        }
    }
    /// The same for a form that calls these fields otherwise.
    pub fn renamed(self, names: &[(&str, &'static str)]) -> Self {
        let on_the_form = |error: FieldError| match names.iter().find(|(from, _)| error.is_about(from)) {
            Some((_, to)) => FieldError::new(*to, error.reason),
            None => error,
        };
        match self {
            Self::Invalid(errors) => Self::Invalid(errors.into_iter().map(on_the_form).collect()),
            error => error,
        }
    }
}

#[cfg(test)]
mod tests;
