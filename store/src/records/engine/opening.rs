//! How the records are opened on each engine: connections, the lock for writing, and the tables.
//!
//! One transaction writes at a time, whatever the engine and however many processes there are: what it has read is
//! still so when it writes, counters have no gaps, and events are numbered in the order in which they are committed.
//! SQLite promises that itself; on PostgreSQL every writing transaction begins by taking one advisory lock.

use super::dialect::{Dialect, Said, said};
use crate::{OpenError, StoreError, records::migrations};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    IsolationLevel, RuntimeErr, SqliteTransactionMode, SqlxPostgresConnector, TransactionOptions,
    TransactionTrait,
    sqlx::{
        self, ConnectOptions as _,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long another process may hold the lock for writing.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a writer may keep its transaction open and say nothing: then its connection is cut, for nobody else can
/// write meanwhile.
const SILENCE: Duration = Duration::from_secs(60);
/// `MAINSTAY`: advisory locks are numbers that all programs of a database share.
const WRITING: i64 = 0x4d41_494e_5354_4159;
/// Functions that are written in SQL, as the index for searching has them, came with it.
const OLDEST_POSTGRES: i32 = 140_000;

/// The connection that writes, with the tables up to date, and those that read.
pub struct Opened {
    pub write: DatabaseConnection,
    pub read: DatabaseConnection,
}

/// The file `records.db` in `folder`, made as needed.
pub async fn file(folder: &Path) -> Result<Opened, OpenError> {
    let url = format!("sqlite://{}?mode=rwc", folder.join("records.db").display());
    let write = connect_to_write(&url).await?;
    migrate(&write).await?;
    Ok(Opened { write, read: Database::connect(file_options(&url, readers(), READER_CACHE_KIB)).await? })
}

/// The database that `url` names, which exists.
pub async fn server(url: &str) -> Result<Opened, OpenError> {
    // Parsed here, so that no part of it, such as a password, gets into a span of a library.
    let options: PgConnectOptions = url.parse().map_err(|error| OpenError::from(connecting(error)))?;
    let options = options.application_name("mainstay").disable_statement_logging();
    let millis = |time: Duration| time.as_millis().to_string();
    let writing = options.clone().options([
        ("lock_timeout", millis(PATIENCE)),
        ("idle_in_transaction_session_timeout", millis(SILENCE)),
        // The lock of a machine that is gone is let go of by then.
        ("tcp_keepalives_idle", "10".into()),
        ("tcp_keepalives_interval", "5".into()),
        ("tcp_keepalives_count", "4".into()),
    ]);
    let write = pool(writing, 1).await?;
    suits(&write).await?;
    migrate(&write).await?;
    let read = pool(options.options([("default_transaction_read_only", "on")]), readers()).await?;
    Ok(Opened { write, read })
}

/// Begins to write: takes the lock for writing with its first word.
pub async fn begin(write: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match Dialect::of(write) {
        Dialect::Sqlite => {
            let mode = Some(SqliteTransactionMode::Immediate);
            let options =
                TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
            write.begin_with_options(options).await
        }
        Dialect::Postgres => {
            // Each statement sees what was committed before it: also the first one behind the lock.
            let tx = write.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await?;
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({WRITING})")).await?;
            Ok(tx)
        }
    }
}

/// Begins several reads of one state.
pub async fn snapshot(read: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match Dialect::of(read) {
        Dialect::Sqlite => read.begin().await,
        Dialect::Postgres => {
            read.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await
        }
    }
}

/// The first to come to a new file chooses how its journal is kept, with nobody else there: who comes at the same moment
/// tries again.
async fn connect_to_write(url: &str) -> Result<DatabaseConnection, OpenError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Database::connect(file_options(url, 1, WRITER_CACHE_KIB)).await {
            Err(error) if Instant::now() < deadline && said(&error) == Said::Busy => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            connected => return Ok(connected?),
        }
    }
}

/// Brings the tables up to date, wholly or not at all; of two who open at once, one waits for the other.
async fn migrate(write: &DatabaseConnection) -> Result<(), OpenError> {
    let tx = begin(write).await?;
    migrations::run(&tx).await?;
    Ok(tx.commit().await?)
}

async fn pool(options: PgConnectOptions, connections: u32) -> Result<DatabaseConnection, OpenError> {
    let pool = PgPoolOptions::new().max_connections(connections).min_connections(1).acquire_timeout(PATIENCE);
    let pool = pool.connect_with(options).await.map_err(connecting)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

fn connecting(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

/// Refuses a server on which the product would not keep its promises.
async fn suits(db: &DatabaseConnection) -> Result<(), OpenError> {
    let sql = "SELECT CAST(current_setting('server_version_num') AS integer), current_setting('server_encoding'), \
               current_setting('synchronous_commit')";
    let row = db.query_one_raw(super::dialect::statement(db, sql, [])).await?;
    let row = row.ok_or_else(|| StoreError::Unavailable("the server does not say what it is".into()))?;
    let (version, encoding): (i32, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let (durable, refuse) = (row.try_get_by_index::<String>(2)?, |why: String| Err(OpenError::Unsuited(why)));
    if version < OLDEST_POSTGRES {
        return refuse(format!("PostgreSQL 14 or newer is needed, and this one says {version}"));
    }
    if encoding != "UTF8" {
        return refuse(format!("the database keeps texts as {encoding}: make it with ENCODING 'UTF8'"));
    }
    if durable == "off" {
        return refuse(
            "synchronous_commit is off: what is acknowledged must be stored, so set it to on for this database"
                .into(),
        );
    }
    Ok(())
}

/// What the writer keeps of the file between transactions.
const WRITER_CACHE_KIB: u32 = 8_192;
/// What a reader keeps of it; the machine keeps the rest once for all of them.
const READER_CACHE_KIB: u32 = 2_048;

/// Readers at once: more than the machine has cores, so that a short one never waits for the long ones.
fn readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    u32::try_from(cores + 3).unwrap_or(u32::MAX).min(16)
}

fn file_options(url: &str, connections: u32, cache_kib: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(
        move |sqlite| {
            sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("foreign_keys", "ON")
                .pragma("busy_timeout", PATIENCE.as_millis().to_string())
                .pragma("cache_size", format!("-{cache_kib}"))
                // A row that does not fit makes two threads wait for each other, which costs more than the row.
                .row_buffer_size(1024)
        },
    );
    options
}
