//! What a caller can do about a failed store operation. "Not found" is no error: it is `Ok(None)`.

use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    /// Somebody else changed or already made it: read again, then decide. The text names the constraint.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The engine cannot answer now: try again later.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// No page of that list gave this cursor out, or it was damaged on the way: begin at the first page.
    #[error("the cursor is damaged or of another list")]
    Cursor,
    /// No room left: stop acknowledging, keep what is stored.
    #[error("disk full: {0}")]
    Full(String),
    /// What was read cannot be understood: a person must look.
    #[error("corrupt: {0}")]
    Corrupt(String),
}

/// Why records were not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// They are none that this version can work with: whoever runs it must act, and the text says how.
    #[error("{0}")]
    Unsuited(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for OpenError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<sea_orm::DbErr> for StoreError {
    fn from(error: sea_orm::DbErr) -> Self {
        use crate::records::engine::dialect::{Said, constraint, said};
        use sea_orm::{DbErr, SqlErr};
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(what) | SqlErr::ForeignKeyConstraintViolation(what)) => {
                Self::Conflict(constraint(&error).unwrap_or(what))
            }
            _ => match &error {
                DbErr::RecordNotUpdated => Self::Conflict("changed meanwhile".into()),
                DbErr::Type(_) | DbErr::Json(_) => Self::Corrupt(error.to_string()),
                _ if said(&error) == Said::Full => Self::Full(error.to_string()),
                _ => Self::Unavailable(error.to_string()),
            },
        }
    }
}
