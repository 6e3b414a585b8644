//! How the file is opened: its journal, its lock for writing, and its tables.

use crate::{StoreError, records::migrations::Migrator};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::time::{Duration, Instant};

/// How long another process may hold the lock for writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connection that writes, once the tables are up to date.
pub async fn to_write(url: &str) -> Result<DatabaseConnection, StoreError> {
    let write = connect_to_write(url).await?;
    migrate(&write).await?;
    Ok(write)
}

pub async fn to_read(url: &str) -> Result<DatabaseConnection, StoreError> {
    Ok(Database::connect(options(url, readers(), READER_CACHE_KIB)).await?)
}

/// Takes the lock for writing with its first word, so that what it reads stays true until it ends, whoever else writes.
pub fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

/// The first to come to a new file chooses how its journal is kept, with nobody else there: who comes at the same moment
/// tries again.
async fn connect_to_write(url: &str) -> Result<DatabaseConnection, StoreError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Database::connect(options(url, 1, WRITER_CACHE_KIB)).await {
            Err(error) if Instant::now() < deadline && error.to_string().contains("database is locked") => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            connected => return Ok(connected?),
        }
    }
}

/// Brings the tables up to date, wholly or not at all; of two who open at once, one waits for the other.
async fn migrate(write: &DatabaseConnection) -> Result<(), StoreError> {
    let tx = write.begin_with_options(immediate()).await?;
    Migrator::up(&tx, None).await?;
    Ok(tx.commit().await?)
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

pub fn options(url: &str, connections: u32, cache_kib: u32) -> ConnectOptions {
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
