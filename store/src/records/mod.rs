//! Everything that people and rules make: one repository module per word of the glossary.
//!
//! A repository function takes [`Db`], so the same code reads through [`Records::read`] and writes
//! inside a [`Tx`], on SQLite and on PostgreSQL. One transaction writes at a time: a process has one connection for
//! it, and a lock keeps other processes (such as `create-account`) out for its length ([`engine::opening`]). Instants are stored as
//! microseconds (`*_us`), money as minor units beside its currency, ids as UUIDs, lifecycles as their snake_case word.

pub mod condition;
pub mod fleet;
pub mod insight;
pub mod money;
pub mod people;
pub mod telemetry;
pub mod work;

pub mod across;
pub mod columns;
pub mod db;
pub mod engine;
mod lists;
mod migrations;
#[cfg(test)]
mod tests;

use crate::{OpenError, StoreError, health::Health};
use engine::{
    dialect::{Said, said},
    opening::{self, Opened},
    write_probe,
};
use sea_orm::{DatabaseConnection, DbErr};
use std::{
    ops::Deref,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::watch;

pub use crate::records::lists::{
    cursor::{Key, List},
    order::{Sortable, Sorted},
    readable::Unreadable,
};
pub use db::{Db, Snapshot};

/// A handle to the records; clones share it.
#[derive(Clone)]
pub struct Records {
    read: Arc<Db>,
    /// The pool behind `read`.
    readers: DatabaseConnection,
    write: DatabaseConnection,
    /// Counts commits: outbox consumers and live pages wake on it.
    commits: Arc<watch::Sender<u64>>,
    health: Health,
    /// Counts statements read outside transactions.
    statements: Arc<AtomicU64>,
}

/// The name of the records among the parts of [`Health`].
pub const PART: &str = "records";

impl Records {
    /// Opens `records.db` in `data_dir`, creating and migrating it as needed.
    pub async fn open(data_dir: &Path) -> Result<Self, OpenError> {
        Ok(Self::over(opening::file(data_dir).await?))
    }

    /// Opens the records in the PostgreSQL database `url`, which exists, migrating them as needed.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        Ok(Self::over(opening::server(url).await?))
    }

    fn over(Opened { write, mut read }: Opened) -> Self {
        let statements = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&statements);
        read.set_metric_callback(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let readers = read.clone();
        let read = Arc::new(Db::readers(read));
        Self {
            read,
            readers,
            write,
            commits: Arc::new(watch::channel(0).0),
            health: Health::default(),
            statements,
        }
    }

    /// For reading outside a transaction. Never write through it.
    pub fn read(&self) -> &Db {
        &self.read
    }

    /// The records as they are now, for several reads: none of them sees what is committed meanwhile, and what one has
    /// brought into memory the next finds there. Never write through it.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(Db::snapshot(opening::snapshot(&self.readers).await?))
    }

    /// A transaction that nothing can overtake: what it has read is still so when it writes, with any number of
    /// processes on the records.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = opening::begin(&self.write).await.inspect_err(|error| note(&self.health, error))?;
        Ok(Tx { db: Db::writing(inner, self.health.clone()), commits: Arc::clone(&self.commits) })
    }

    /// How the product is. Every room has the records, and so this.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Tries whether writing works again, and says so if it does.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        write_probe::put(&tx).await?;
        tx.commit_quietly().await?;
        let tx = self.begin().await?;
        write_probe::remove(&tx).await?;
        tx.commit_quietly().await?;
        self.health.well(PART);
        Ok(())
    }

    /// Changes with every commit of this process.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Statements read so far outside transactions: what a page costs is how much this grows by it.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub async fn close(self) -> Result<(), StoreError> {
        self.readers.close().await?;
        self.write.close().await?;
        Ok(())
    }
}

/// One transaction. Dropped without [`Tx::commit`], it is rolled back.
pub struct Tx {
    db: Db,
    commits: Arc<watch::Sender<u64>>,
}

impl Deref for Tx {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

/// Once a write has failed for want of room, a broken disk or a server that is gone, the records are not well until
/// [`Records::probe`] says so.
fn note(health: &Health, error: &DbErr) {
    if matches!(said(error), Said::Full | Said::CannotWrite) {
        health.failing(PART, error);
    }
}

impl Tx {
    pub async fn commit(self) -> Result<(), StoreError> {
        let commits = Arc::clone(&self.commits);
        self.commit_quietly().await?;
        commits.send_modify(|count| *count += 1);
        Ok(())
    }
    /// Commits what nobody else waits for, such as a renewed lease or a session's last use.
    pub async fn commit_quietly(self) -> Result<(), StoreError> {
        self.db.commit().await
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    pub items: Vec<T>,
    /// Pass it as `PageRequest::cursor` for the next page.
    pub next_cursor: Option<String>,
    /// Rows of this page that cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// Which page of a list in the order `O`, keyset style: `cursor` is the sealed word from [`Paged::next_cursor`], which
/// [`List`] reads.
#[derive(Clone, Debug)]
pub struct PageRequest<O = ()> {
    pub limit: u64,
    pub cursor: Option<String>,
    pub order: O,
}

impl PageRequest {
    pub const DEFAULT_LIMIT: u64 = 50;
    pub const MAX_LIMIT: u64 = 500;
}
impl<O: Default> PageRequest<O> {
    /// In the list's own order.
    pub fn first(limit: u64) -> Self {
        Self { limit: limit.clamp(1, PageRequest::MAX_LIMIT), cursor: None, order: O::default() }
    }
}
impl<O> PageRequest<O> {
    /// The same of a list that has one order.
    pub fn unsorted(&self) -> PageRequest {
        PageRequest { limit: self.limit, cursor: self.cursor.clone(), order: () }
    }
}
impl<O: Default> Default for PageRequest<O> {
    fn default() -> Self {
        Self::first(PageRequest::DEFAULT_LIMIT)
    }
}

impl<T> Paged<T> {
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged {
            items: self.items.into_iter().map(f).collect(),
            next_cursor: self.next_cursor,
            unreadable: self.unreadable,
        }
    }
}
