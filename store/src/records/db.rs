//! Where records are read and written. One type for every way, so that a repository is compiled once, here, and not
//! again in each crate that uses it.

use super::{engine::dialect::storable, note};
use crate::{StoreError, health::Health};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};

/// The readers, one state of the records, or a transaction that writes.
pub struct Db(Way);

enum Way {
    Readers(DatabaseConnection),
    Within(DatabaseTransaction, Option<Health>),
}

/// One state of the records.
pub type Snapshot = Db;

impl Db {
    pub(super) fn readers(readers: DatabaseConnection) -> Self {
        Self(Way::Readers(readers))
    }
    pub(super) fn snapshot(state: DatabaseTransaction) -> Self {
        Self(Way::Within(state, None))
    }
    /// Whatever fails in it is noted in `health`.
    pub(super) fn writing(transaction: DatabaseTransaction, health: Health) -> Self {
        Self(Way::Within(transaction, Some(health)))
    }

    /// SQL as it stands, for tests that damage what is stored.
    pub async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        ConnectionTrait::execute_unprepared(self, sql).await
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Way::Readers(_) => Ok(()),
            Way::Within(transaction, health) => Ok(noted(health.as_ref(), transaction.commit().await)?),
        }
    }
}

fn noted<T>(health: Option<&Health>, result: Result<T, DbErr>) -> Result<T, DbErr> {
    match health {
        Some(health) => result.inspect_err(|error| note(health, error)),
        None => result,
    }
}

macro_rules! by_its_way {
    ($self:ident, |$inner:ident| $ask:expr) => {
        match &$self.0 {
            Way::Readers($inner) => $ask.await,
            Way::Within($inner, health) => noted(health.as_ref(), $ask.await),
        }
    };
}

#[async_trait::async_trait]
impl ConnectionTrait for Db {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Way::Readers(inner) => inner.get_database_backend(),
            Way::Within(inner, _) => inner.get_database_backend(),
        }
    }
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        by_its_way!(self, |inner| inner.execute_raw(storable(statement)))
    }
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        by_its_way!(self, |inner| inner.execute_unprepared(sql))
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        by_its_way!(self, |inner| inner.query_one_raw(storable(statement)))
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        by_its_way!(self, |inner| inner.query_all_raw(storable(statement)))
    }
}
