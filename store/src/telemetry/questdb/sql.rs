//! What is asked of the server, over its PostgreSQL port. Its newer reader protocol would take this file's place.

use super::{QuestDbConfig, TIMES_US};
use crate::{
    StoreError,
    telemetry::{Bucket, Point, SeriesRange, Stats},
};
use domain::{id::DeviceId, telemetry::Metric};
use sea_orm::sqlx::{
    self, AssertSqlSafe, PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use std::time::{Duration, Instant};

/// More at once only wait for each other on the server.
const CONNECTIONS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(5);
/// The server tells nobody when it shows what it has taken.
const APPLY_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Server {
    pool: PgPool,
    table: String,
    ttl_days: u32,
}

/// How much of what was sent shows in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    pub taken: i64,
    pub shown: i64,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(format!("QuestDB: {error}"))
    }
}

impl Server {
    pub fn new(config: &QuestDbConfig) -> Result<Self, StoreError> {
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if config.table.is_empty() || !config.table.chars().all(named) {
            return Err(StoreError::Corrupt(format!("{:?} names no table", config.table)));
        }
        let address = config.pg.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) =
            address.ok_or_else(|| StoreError::Corrupt(format!("{:?} is no host:port", config.pg)))?;
        let options = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(port)
            .username(&config.user)
            .password(&config.password)
            .database("qdb")
            .ssl_mode(PgSslMode::Disable);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        Ok(Self {
            pool: pool.connect_lazy_with(options),
            table: config.table.clone(),
            ttl_days: config.ttl_days,
        })
    }

    async fn execute(&self, sql: String) -> Result<(), StoreError> {
        sqlx::query(AssertSqlSafe(sql)).execute(&self.pool).await?;
        Ok(())
    }

    /// Makes the table if it is missing.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        let table = &self.table;
        self.execute(format!(
            "CREATE TABLE IF NOT EXISTS {table} (ts TIMESTAMP, device SYMBOL CAPACITY 16384, metric SYMBOL, \
             value DOUBLE) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, device, metric)"
        ))
        .await?;
        self.execute(format!("ALTER TABLE {table} SET TTL {} DAYS", self.ttl_days)).await
    }

    /// Whether it answers only after its own flush.
    pub async fn flushes(&self) -> Result<bool, StoreError> {
        for row in sqlx::query("SHOW PARAMETERS").fetch_all(&self.pool).await? {
            if row.try_get::<String, _>(0)? == "cairo.commit.mode" {
                return Ok(row.try_get::<String, _>(2)? == "sync");
            }
        }
        Ok(false)
    }

    /// An error when the server takes samples and shows none of them any more.
    pub async fn applied(&self) -> Result<Applied, StoreError> {
        let sql = "SELECT suspended, writerTxn, sequencerTxn, errorMessage FROM wal_tables() WHERE name = $1";
        let Some(row) = sqlx::query(sql).bind(&self.table).fetch_optional(&self.pool).await? else {
            return Ok(Applied::default());
        };
        if row.try_get::<bool, _>(0)? {
            let why: Option<String> = row.try_get(3)?;
            return Err(StoreError::Unavailable(format!(
                "QuestDB has suspended its table {}: {}",
                self.table,
                why.unwrap_or_default()
            )));
        }
        Ok(Applied { shown: row.try_get(1)?, taken: row.try_get(2)? })
    }

    /// Returns when everything that was sent by now shows.
    pub async fn shows_all(&self) -> Result<(), StoreError> {
        let taken = self.applied().await?.taken;
        let began = Instant::now();
        while self.applied().await?.shown < taken {
            if began.elapsed() > LONGEST_WAIT {
                return Err(StoreError::Unavailable("QuestDB does not show what it has taken".into()));
            }
            tokio::time::sleep(APPLY_PAUSE).await;
        }
        Ok(())
    }

    fn within(&self, range: &SeriesRange) -> String {
        let (from_us, to_us) = (range.from_us.max(TIMES_US.start), range.to_us.min(TIMES_US.end));
        let device = range.device.0;
        format!(
            "FROM {} WHERE device = '{device}' AND metric = $1 AND value != null \
             AND ts >= cast({from_us} as timestamp) AND ts < cast({to_us} as timestamp)",
            self.table
        )
    }

    /// Samples in time order, at most `limit`.
    pub async fn range(&self, range: &SeriesRange, limit: usize) -> Result<Vec<Point>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!("SELECT cast(ts as long), value {} ORDER BY ts LIMIT {limit}", self.within(range));
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(&*range.metric).fetch_all(&self.pool).await?;
        let read = |row: &sqlx::postgres::PgRow| Ok(Point { ts_us: row.try_get(0)?, value: row.try_get(1)? });
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    pub async fn buckets(&self, range: &SeriesRange, bucket_us: i64) -> Result<Vec<Bucket>, StoreError> {
        let sql = format!(
            "SELECT (cast(ts as long) / {bucket_us}) * {bucket_us} AS start, min(value), max(value), sum(value), \
             count(), last(value) {} GROUP BY start ORDER BY start",
            self.within(range)
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(&*range.metric).fetch_all(&self.pool).await?;
        let read = |row: &sqlx::postgres::PgRow| {
            Ok(Bucket {
                start_us: row.try_get(0)?,
                min: row.try_get(1)?,
                max: row.try_get(2)?,
                sum: row.try_get(3)?,
                count: u64::try_from(row.try_get::<i64, _>(4)?).unwrap_or(0),
                last: row.try_get(5)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Every series that has samples there.
    pub async fn series(&self) -> Result<Vec<(DeviceId, Metric)>, StoreError> {
        let sql = format!("SELECT DISTINCT device, metric FROM {} WHERE value != null", self.table);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let read = |row: &sqlx::postgres::PgRow| {
            let (device, metric): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            Ok(device.parse().ok().map(|id| (DeviceId(id), Metric::from(metric))))
        };
        let found = rows.iter().map(read).collect::<Result<Vec<_>, sqlx::Error>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Partitions that end by then go.
    pub async fn drop_before(&self, before_us: i64) -> Result<(), StoreError> {
        // It drops the partitions that show when it is asked.
        self.shows_all().await?;
        let older = format!("WHERE ts < cast({before_us} as timestamp)");
        let sql = format!("SELECT count() FROM (SELECT ts FROM {} {older} LIMIT 1)", self.table);
        let some: i64 = sqlx::query(AssertSqlSafe(sql)).fetch_one(&self.pool).await?.try_get(0)?;
        if some == 0 {
            return Ok(());
        }
        self.execute(format!("ALTER TABLE {} DROP PARTITION {older}", self.table)).await?;
        self.shows_all().await
    }

    /// Takes every value of `devices` away. The server knows no deletion of rows; one without a value is none.
    pub async fn erase(&self, devices: &[DeviceId]) -> Result<(), StoreError> {
        for some in devices.chunks(100) {
            let names: Vec<String> = some.iter().map(|id| format!("'{}'", id.0)).collect();
            let sql =
                format!("UPDATE {} SET value = null WHERE device IN ({})", self.table, names.join(", "));
            self.execute(sql).await?;
        }
        self.shows_all().await
    }

    /// Samples of before `to_us`, and the size of the table.
    pub async fn stats(&self, to_us: i64) -> Result<Stats, StoreError> {
        let to_us = to_us.clamp(TIMES_US.start, TIMES_US.end);
        let sql = format!("SELECT count() FROM {} WHERE ts < cast({to_us} as timestamp)", self.table);
        let samples: i64 = sqlx::query(AssertSqlSafe(sql)).fetch_one(&self.pool).await?.try_get(0)?;
        let sql = format!("SELECT sum(diskSize) FROM table_partitions('{}')", self.table);
        let bytes: Option<i64> = sqlx::query(AssertSqlSafe(sql)).fetch_one(&self.pool).await?.try_get(0)?;
        let known = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(Stats { samples: known(samples), bytes: known(bytes.unwrap_or(0)), ..Stats::default() })
    }
}
