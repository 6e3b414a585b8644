//! Answers of pages: redirects after a form, errors in the reader's language.

use crate::words;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use service::command::{CommandError, QueryFault};
use store::StoreError;

pub type PageResult = Result<Response, PageError>;

/// A command error as a page. The error layer draws it in the reader's language.
#[derive(Debug)]
pub struct PageError(pub CommandError);

impl<E: Into<CommandError>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Left in a response's extensions for the error layer: which message to draw.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Translation key.
    pub message: String,
    /// The parameter of the address that is to blame.
    pub parameter: Option<&'static str>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, message) = describe(&self.0);
        if status.is_server_error() {
            tracing::error!(error = %self.0, "a page could not be made");
        }
        let mut response = status.into_response();
        let parameter = match &self.0 {
            CommandError::Query(wrong) => Some(wrong.field),
            CommandError::Store(StoreError::Cursor) => Some("cursor"),
            _ => None,
        };
        response.extensions_mut().insert(Failure { message, parameter });
        response
    }
}

/// Status and translation key of what the reader can do about `error`.
pub fn describe(error: &CommandError) -> (StatusCode, String) {
    let (status, message) = match error {
        CommandError::Refused(refusal) => return (StatusCode::CONFLICT, words::of_refusal(*refusal)),
        CommandError::NotFound => (StatusCode::NOT_FOUND, "error-not-found"),
        CommandError::Forbidden => (StatusCode::FORBIDDEN, "error-forbidden"),
        CommandError::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "error-invalid"),
        CommandError::Query(wrong) => match wrong.fault {
            QueryFault::Value => (StatusCode::BAD_REQUEST, "error-query"),
            QueryFault::Period => (StatusCode::BAD_REQUEST, "error-query-period"),
        },
        CommandError::Store(StoreError::Cursor) => (StatusCode::BAD_REQUEST, "error-cursor"),
        CommandError::Transition(_) => (StatusCode::CONFLICT, "error-transition"),
        CommandError::KeyReused => (StatusCode::CONFLICT, "error-key-reused"),
        CommandError::AlreadyDone => (StatusCode::CONFLICT, "error-already-done"),
        CommandError::Money(_) => (StatusCode::UNPROCESSABLE_ENTITY, "error-money"),
        CommandError::Store(StoreError::Conflict(_)) => (StatusCode::CONFLICT, "error-conflict"),
        CommandError::Store(StoreError::Unavailable(_) | StoreError::Full(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, "error-unavailable")
        }
        CommandError::Store(StoreError::Corrupt(_)) => (StatusCode::INTERNAL_SERVER_ERROR, "error-internal"),
    };
    (status, message.into())
}

/// After a form: the browser fetches `path`, and a reload does not post again.
pub fn see_other(path: &str) -> Response {
    match HeaderValue::try_from(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
