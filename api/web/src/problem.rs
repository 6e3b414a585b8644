//! Errors for programs: `application/problem+json` with a stable `code`.

mod codes;

pub use codes::FieldProblem;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use service::command::CommandError;
use std::collections::BTreeMap;
use store::StoreError;

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Stable word for programs.
    pub code: String,
    /// What to change, by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldProblem>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.into(),
            fields: BTreeMap::new(),
        }
    }
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "sign in or send a bearer token")
    }
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "your role may not do this")
    }
    /// A parameter of the query that is refused, and what to send instead.
    pub fn query(name: &str, send: &str) -> Self {
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid_query", "the query cannot be read");
        problem.fields.insert(name.into(), FieldProblem::new("invalid_value", send));
        problem
    }
    /// An `Idempotency-Key` that cannot be kept: passed over, it would let a repetition happen twice.
    pub fn idempotency_key() -> Self {
        let send = "send one Idempotency-Key of 1 to 200 printable ASCII characters, or none";
        Self::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key", send)
    }
    /// An `Effective-At` of somebody who may not say when a command happened.
    pub fn backdating_not_allowed() -> Self {
        let ask = "only a token that was made with may_backdate may send Effective-At";
        Self::new(StatusCode::FORBIDDEN, "backdating_not_allowed", ask)
    }
    /// An `Effective-At` at which nothing can have happened.
    pub fn effective_at(why: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_effective_at",
            format!("Effective-At cannot be taken: {why}"),
        )
    }
    /// A fault of ours.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on our side")
    }
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing, or you may not see it")
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let detail = error.to_string();
        match error {
            CommandError::NotFound => Self::not_found(),
            CommandError::Forbidden => Self::forbidden(),
            CommandError::Invalid(fields) => Self {
                fields: fields.into_iter().map(|f| (f.field.into(), FieldProblem::of(f.reason))).collect(),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
            },
            CommandError::Query(wrong) => Self::query(wrong.field, &wrong.send),
            CommandError::Transition(_) => Self::new(StatusCode::CONFLICT, "invalid_transition", detail),
            CommandError::Refused(refusal) => Self::new(StatusCode::CONFLICT, refusal.code(), detail),
            CommandError::KeyReused => Self::new(StatusCode::CONFLICT, "idempotency_key_reused", detail),
            CommandError::AlreadyDone => Self::new(
                StatusCode::CONFLICT,
                "already_done",
                "this was carried out before, under the same key; read the thing itself for how it is now",
            ),
            CommandError::Money(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_money", detail),
            CommandError::Store(error) => error.into(),
        }
    }
}
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => {
                Self::new(StatusCode::CONFLICT, "conflict", "somebody changed this meanwhile")
            }
            StoreError::Cursor => {
                let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid_cursor", error.to_string());
                let send = "send a `next_cursor` of this list, or none";
                problem.fields.insert("cursor".into(), FieldProblem::new("invalid_cursor", send));
                problem
            }
            StoreError::Unavailable(_) | StoreError::Full(_) => {
                tracing::error!(%error, "store refused");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "the store cannot answer now; try again",
                )
            }
            StoreError::Corrupt(_) => {
                tracing::error!(%error, "stored data cannot be read");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "stored data cannot be read")
            }
        }
    }
}
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_without_a_readable_answer_is_a_conflict_with_its_own_code() {
        let problem = Problem::from(CommandError::AlreadyDone);
        assert_eq!((problem.status, problem.code.as_str()), (409, "already_done"));
    }
}
