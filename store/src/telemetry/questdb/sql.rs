//! What is asked of the server, over its PostgreSQL port. Its newer reader protocol would take this file's place.

use super::{QuestDbConfig, TIMES_US, tables::Tables};
use crate::{
    StoreError,
    telemetry::{Bucket, Keep, Point, SeriesRange, Stats},
};
use domain::{id::DeviceId, telemetry::Metric};
use sea_orm::sqlx::{
    self, AssertSqlSafe, PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// More at once only wait for each other on the server.
const CONNECTIONS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(5);
/// The server tells nobody when it shows what it has taken.
const APPLY_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Server {
    pool: PgPool,
    tables: Tables,
}

/// How much of what was sent to a table shows in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    table: String,
    taken: i64,
    shown: i64,
}

impl Applied {
    pub fn shows_all(&self) -> bool {
        self.shown >= self.taken
    }

    /// Whether `now` shows all that was taken by then.
    pub fn shows_by(&self, now: &[Self]) -> bool {
        now.iter().any(|now| now.table == self.table && now.shown >= self.taken)
    }
}

/// A table there.
struct State {
    applied: Applied,
    /// Why it goes no further.
    suspended: Option<String>,
}

impl State {
    fn applied(self) -> Result<Applied, StoreError> {
        let table = &self.applied.table;
        match self.suspended {
            Some(why) => {
                Err(StoreError::Unavailable(format!("QuestDB has suspended its table {table}: {why}")))
            }
            None => Ok(self.applied),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(format!("QuestDB: {error}"))
    }
}

impl Server {
    pub fn new(config: &QuestDbConfig) -> Result<Self, StoreError> {
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
        Ok(Self { pool: pool.connect_lazy_with(options), tables: Tables::of(config)? })
    }

    async fn execute(&self, sql: String) -> Result<(), StoreError> {
        sqlx::query(AssertSqlSafe(sql)).execute(&self.pool).await?;
        Ok(())
    }

    /// Makes the tables that are missing.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        for (table, days) in self.tables.all() {
            self.execute(format!(
                "CREATE TABLE IF NOT EXISTS {table} (ts TIMESTAMP, device SYMBOL CAPACITY 16384, metric SYMBOL, \
                 value DOUBLE) TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, device, metric)"
            ))
            .await?;
            self.execute(format!("ALTER TABLE {table} SET TTL {days} DAYS")).await?;
        }
        Ok(())
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
    pub async fn applied(&self) -> Result<Vec<Applied>, StoreError> {
        self.states().await?.into_iter().map(|state| state.applied()).collect()
    }

    /// Lets the server go on with tables that it has suspended, as it does when its disk was full; answers whether there were
    /// any. It may fail again at once.
    pub async fn resume(&self) -> Result<bool, StoreError> {
        let mut any = false;
        for State { applied: Applied { table, .. }, suspended } in self.states().await? {
            if let Some(why) = suspended {
                tracing::warn!(table, why, "QuestDB had suspended a table, and goes on with it");
                self.execute(format!("ALTER TABLE {table} RESUME WAL")).await?;
                any = true;
            }
        }
        Ok(any)
    }

    async fn states(&self) -> Result<Vec<State>, StoreError> {
        let names: Vec<String> = self.tables.all().map(|(table, _)| format!("'{table}'")).collect();
        let sql = format!(
            "SELECT name, suspended, writerTxn, sequencerTxn, errorMessage FROM wal_tables() WHERE name IN ({})",
            names.join(", ")
        );
        let read = |row: &sqlx::postgres::PgRow| {
            let why: Option<String> = row.try_get(4)?;
            let suspended = row.try_get::<bool, _>(1)?.then(|| why.unwrap_or_default());
            let applied = Applied { table: row.try_get(0)?, shown: row.try_get(2)?, taken: row.try_get(3)? };
            Ok(State { applied, suspended })
        };
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Returns when everything that was sent by now shows.
    pub async fn shows_all(&self) -> Result<(), StoreError> {
        let sent = self.applied().await?;
        let began = Instant::now();
        loop {
            let now = self.applied().await?;
            if sent.iter().all(|sent| sent.shows_by(&now)) {
                return Ok(());
            }
            if began.elapsed() > LONGEST_WAIT {
                return Err(StoreError::Unavailable("QuestDB does not show what it has taken".into()));
            }
            tokio::time::sleep(APPLY_PAUSE).await;
        }
    }

    /// The rows of a range, as `ts` and `value`. All tables are asked: a metric may have been of another class.
    fn rows(&self, range: &SeriesRange) -> String {
        let (from_us, to_us) = (range.from_us.max(TIMES_US.start), range.to_us.min(TIMES_US.end));
        let device = range.device.0;
        let within = |(table, _)| {
            format!(
                "SELECT ts, value FROM {table} WHERE device = '{device}' AND metric = $1 AND value != null \
                 AND ts >= cast({from_us} as timestamp) AND ts < cast({to_us} as timestamp)"
            )
        };
        let parts: Vec<String> = self.tables.all().map(within).collect();
        match parts.as_slice() {
            [one] => one.clone(),
            _ => format!("SELECT * FROM ({}) ORDER BY ts", parts.join(" UNION ALL ")),
        }
    }

    /// Samples in time order, at most `limit`.
    pub async fn range(&self, range: &SeriesRange, limit: usize) -> Result<Vec<Point>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.rows(range);
        let sql = format!("SELECT cast(ts as long), value FROM ({rows}) ORDER BY ts LIMIT {limit}");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(&*range.metric).fetch_all(&self.pool).await?;
        let read = |row: &sqlx::postgres::PgRow| Ok(Point { ts_us: row.try_get(0)?, value: row.try_get(1)? });
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    /// The newest sample of a series.
    pub async fn newest(&self, device: DeviceId, metric: &Metric) -> Result<Option<Point>, StoreError> {
        let all =
            SeriesRange { device, metric: metric.clone(), from_us: TIMES_US.start, to_us: TIMES_US.end };
        let rows = self.rows(&all);
        let sql = format!("SELECT cast(ts as long), value FROM ({rows}) ORDER BY ts DESC LIMIT 1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(&**metric).fetch_optional(&self.pool).await?;
        Ok(match row {
            Some(row) => Some(Point { ts_us: row.try_get(0)?, value: row.try_get(1)? }),
            None => None,
        })
    }

    pub async fn buckets(&self, range: &SeriesRange, bucket_us: i64) -> Result<Vec<Bucket>, StoreError> {
        let sql = format!(
            "SELECT (cast(ts as long) / {bucket_us}) * {bucket_us} AS start, min(value), max(value), sum(value), \
             count(), last(value) FROM ({}) GROUP BY start ORDER BY start",
            self.rows(range)
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
        let mut series = BTreeSet::new();
        for (table, _) in self.tables.all() {
            let sql = format!("SELECT DISTINCT device, metric FROM {table} WHERE value != null");
            for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.pool).await? {
                let (device, metric): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                series.extend(device.parse().ok().map(|id| (DeviceId(id), Metric::from(metric))));
            }
        }
        Ok(series.into_iter().collect())
    }

    /// Partitions that end by when their table is kept from go.
    pub async fn drop_before(&self, keep: &Keep) -> Result<(), StoreError> {
        // It drops the partitions that show when it is asked.
        self.shows_all().await?;
        for (table, before_us) in self.tables.kept_from(keep) {
            let older = format!("WHERE ts < cast({} as timestamp)", before_us.max(TIMES_US.start));
            let sql = format!("SELECT count() FROM (SELECT ts FROM {table} {older} LIMIT 1)");
            let some: i64 = sqlx::query(AssertSqlSafe(sql)).fetch_one(&self.pool).await?.try_get(0)?;
            if some > 0 {
                self.execute(format!("ALTER TABLE {table} DROP PARTITION {older}")).await?;
            }
        }
        self.shows_all().await
    }

    /// Takes every value of `devices` away. The server knows no deletion of rows; one without a value is none.
    pub async fn erase(&self, devices: &[DeviceId]) -> Result<(), StoreError> {
        for some in devices.chunks(100) {
            let names: Vec<String> = some.iter().map(|id| format!("'{}'", id.0)).collect();
            let names = names.join(", ");
            for (table, _) in self.tables.all() {
                self.execute(format!("UPDATE {table} SET value = null WHERE device IN ({names})")).await?;
            }
        }
        self.shows_all().await
    }

    /// Samples of before `to_us`, and the size of the tables.
    pub async fn stats(&self, to_us: i64) -> Result<Stats, StoreError> {
        let to_us = to_us.clamp(TIMES_US.start, TIMES_US.end);
        let mut stats = Stats::default();
        for (table, _) in self.tables.all() {
            let sql = format!("SELECT count() FROM {table} WHERE ts < cast({to_us} as timestamp)");
            let samples: i64 = sqlx::query(AssertSqlSafe(sql)).fetch_one(&self.pool).await?.try_get(0)?;
            let sql = format!("SELECT sum(diskSize) FROM table_partitions('{table}')");
            let bytes: Option<i64> =
                sqlx::query(AssertSqlSafe(sql)).fetch_one(&self.pool).await?.try_get(0)?;
            let known = |n: i64| u64::try_from(n).unwrap_or(0);
            stats.samples += known(samples);
            stats.bytes += known(bytes.unwrap_or(0));
        }
        Ok(stats)
    }
}
