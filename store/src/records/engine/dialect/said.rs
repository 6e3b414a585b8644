//! What an engine says when it refuses, by its codes: words change with releases and languages.

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError, postgres::PgDatabaseError},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// No room is left.
    Full,
    /// Nothing can be written until somebody mends it: a broken disk, a server that is gone or only to be read from.
    CannotWrite,
    /// Somebody else holds what is needed, for now.
    Busy,
    Other,
}

pub(crate) fn said(error: &DbErr) -> Said {
    let runtime = match error {
        DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime) => runtime,
        // Nobody answered in time.
        DbErr::ConnectionAcquire(_) => return Said::CannotWrite,
        _ => return Said::Other,
    };
    let RuntimeErr::SqlxError(error) = runtime else { return Said::Other };
    match &**error {
        sqlx::Error::Database(error) if is_postgres(&**error) => by_state(&error.code().unwrap_or_default()),
        sqlx::Error::Database(error) => {
            by_number(error.code().and_then(|code| code.parse().ok()).unwrap_or(0))
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => Said::CannotWrite,
        _ => Said::Other,
    }
}

fn is_postgres(error: &(dyn DatabaseError + 'static)) -> bool {
    error.try_downcast_ref::<PgDatabaseError>().is_some()
}

/// SQLite's result codes, which carry their class in the lowest byte.
fn by_number(code: i32) -> Said {
    const BUSY: i32 = 5;
    const READ_ONLY: i32 = 8;
    const IO_ERROR: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    match code & 0xff {
        FULL => Said::Full,
        READ_ONLY | IO_ERROR | CANNOT_OPEN => Said::CannotWrite,
        BUSY => Said::Busy,
        _ => Said::Other,
    }
}

/// PostgreSQL's SQLSTATE, which carries its class in the first two letters.
fn by_state(code: &str) -> Said {
    const DISK_FULL: &str = "53100";
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    const READ_ONLY_TRANSACTION: &str = "25006";
    match (code, code.get(..2)) {
        (DISK_FULL, _) => Said::Full,
        (LOCK_NOT_AVAILABLE, _) => Said::Busy,
        // Connection, resources, the server stops or starts, its system.
        (READ_ONLY_TRANSACTION, _) | (_, Some("08" | "53" | "57" | "58")) => Said::CannotWrite,
        _ => Said::Other,
    }
}

/// The constraint that refused a row, as `table.column` or so, where it is known by name.
pub(crate) fn constraint(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let sqlx::Error::Database(error) = &**error else { return None };
    let (table, name) = (error.table()?, error.constraint()?);
    let column = name.strip_prefix(table).map_or(name, |rest| rest.trim_start_matches('_'));
    Some(format!("{table}.{}", column.strip_suffix("_key").unwrap_or(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_is_wrong_in_any_language() {
        const IO_ERROR_ON_FSYNC: i32 = 10 | (4 << 8);
        assert_eq!(
            [13, IO_ERROR_ON_FSYNC, 5, 1].map(by_number),
            [Said::Full, Said::CannotWrite, Said::Busy, Said::Other]
        );
        assert_eq!(
            ["53100", "57P01", "25006", "55P03", "22001", ""].map(by_state),
            [Said::Full, Said::CannotWrite, Said::CannotWrite, Said::Busy, Said::Other, Said::Other]
        );
    }
}
