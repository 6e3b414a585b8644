//! Figures from the daily sums. What is kept may reach beyond now (a clock that is ahead, an end of service that was
//! agreed on), so what lies ahead is looked up and taken back.

use super::super::{
    states,
    tallies::{LEVELS, columns},
};
use crate::{
    StoreError,
    records::{
        Db,
        engine::dialect::{Dialect, statement},
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        reliability::Uptime,
        state::Stretch,
        tally::{self, Change, Ledger, Level, Sums, Tally},
    },
    id::{AssetId, SiteId},
    insight::kpi::{FORESIGHT, FROM_AUTOMATIC},
};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Value, entity::prelude::*};
use std::collections::BTreeMap;

/// The size of what figures are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footing {
    pub assets: u64,
    pub sites: u64,
}

/// The fleet's sums of the days from `first` (included) to `to` (excluded), as known at `now`.
pub async fn ledger(db: &Db, first: i32, to: i32, now: Timestamp) -> Result<Ledger, StoreError> {
    let before: Vec<String> =
        LEVELS.iter().map(|name| format!("CAST(coalesce(sum({name}_n), 0) AS bigint)")).collect();
    let sql = format!(
        "SELECT {}, CAST(coalesce(sum(failures) - sum(restored), 0) AS bigint) FROM fleet_days WHERE day < ?",
        before.join(", ")
    );
    let (mut at_start, mut open_at_start) = ([0; 5], 0);
    if let Some(row) = db.query_one_raw(statement(db, sql, [first.into()])).await? {
        for (index, number) in at_start.iter_mut().enumerate() {
            *number = row.try_get_by_index(index)?;
        }
        open_at_start = row.try_get_by_index(LEVELS.len())?;
    }
    let sql = format!("SELECT day, {} FROM fleet_days WHERE day >= ? AND day < ?", columns().join(", "));
    let rows = db.query_all_raw(statement(db, sql, [first.into(), to.into()])).await?;
    let days = rows.iter().map(|row| Ok((row.try_get_by_index(0)?, tally(row, 1)?)));
    let days = days.collect::<Result<BTreeMap<i32, Tally>, DbErr>>()?;
    let ahead = ahead(db, now).await?.into_iter().map(|(_, change)| change).collect();
    Ok(Ledger { first, at_start, open_at_start, days, ahead })
}

/// How many assets and sites there are.
pub async fn footing(db: &Db) -> Result<Footing, StoreError> {
    let sql = "SELECT count(*), count(DISTINCT site_id) FROM assets";
    let Some(row) = db.query_one_raw(statement(db, sql, [])).await? else { return Ok(Footing::default()) };
    let count = |index| row.try_get_by_index::<i64>(index).map(|n| u64::try_from(n).unwrap_or(0));
    Ok(Footing { assets: count(0)?, sites: count(1)? })
}

/// When equipment in service failed from `from` (included) to `to` (excluded) after a ticket had been opened for it by
/// itself, at most [`FORESIGHT`] before; oldest first.
pub async fn foreseen(db: &Db, from: Timestamp, to: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
    let sql = "SELECT DISTINCT f.id, f.at_us FROM kpi_facts k \
        JOIN failures f ON f.asset_id = k.asset_id AND f.at_us > k.at_us AND f.at_us <= k.at_us + ?3 \
        JOIN assets a ON a.id = f.asset_id AND f.at_us >= a.in_service_from_us \
             AND (a.in_service_to_us IS NULL OR f.at_us < a.in_service_to_us) \
        WHERE k.code = ?4 AND k.at_us >= ?1 - ?3 AND k.at_us < ?2 AND f.at_us >= ?1 AND f.at_us < ?2 \
        ORDER BY f.at_us";
    let bounds = [from.timestamp_micros(), to.timestamp_micros(), FORESIGHT.num_microseconds().unwrap_or(0)];
    let [from, to, ahead] = bounds.map(Value::from);
    let rows = db.query_all_raw(statement(db, sql, [from, to, ahead, FROM_AUTOMATIC.into()])).await?;
    let moments = rows.iter().map(|row| Ok(from_micros(row.try_get_by_index(1)?)));
    Ok(moments.collect::<Result<_, DbErr>>()?)
}

/// An asset's time in each state.
#[derive(Clone, Debug)]
pub struct AssetTime {
    pub id: AssetId,
    pub name: String,
    pub uptime: Uptime,
}

/// The uptime of every asset in service within the period, summed where the intervals are, from the one that holds the
/// start of the period on, for those of an asset do not overlap.
pub async fn asset_uptimes(db: &Db, from: Timestamp, to: Timestamp) -> Result<Vec<AssetTime>, StoreError> {
    let dialect = Dialect::of(db);
    let end = dialect.least("coalesce(i.to_us, ?2), ?2, coalesce(a.in_service_to_us, ?2)");
    let service_start = dialect.greatest("a.in_service_from_us, ?1");
    let service_end = dialect.least("coalesce(a.in_service_to_us, ?2), ?2");
    let measures: Vec<String> = LEVELS[1..]
        .iter()
        .map(|name| {
            format!(
                "CAST(coalesce(sum(CASE WHEN i.state = '{name}' THEN {} END), 0) AS bigint)",
                dialect.greatest(&format!(
                    "0, {end} - {}",
                    dialect.greatest("i.from_us, ?1, a.in_service_from_us")
                ))
            )
        })
        .collect();
    let sql = format!(
        "SELECT a.id, a.name, {service_end} - {service_start}, {}, \
                count(CASE WHEN i.state = 'down_unplanned' AND NOT i.resumes \
                    AND i.from_us >= {service_start} AND i.from_us < {service_end} THEN 1 END) \
           FROM assets a LEFT JOIN state_intervals i \
             ON i.asset_id = a.id AND i.from_us < ?2 AND (i.to_us IS NULL OR i.to_us > ?1) \
            AND i.from_us >= coalesce((SELECT max(b.from_us) FROM state_intervals b \
                                        WHERE b.asset_id = a.id AND b.from_us <= ?1), ?1) \
          WHERE a.in_service_from_us < ?2 AND (a.in_service_to_us IS NULL OR a.in_service_to_us > ?1) \
          GROUP BY a.id",
        measures.join(", ")
    );
    let bounds = [from.timestamp_micros().into(), to.timestamp_micros().into()];
    let rows = db.query_all_raw(statement(db, sql, bounds)).await?;
    let read = |row: &QueryResult| {
        let mut sums = Sums::default();
        for (index, time) in sums.time_us.iter_mut().enumerate() {
            *time = row.try_get_by_index::<i64>(index + 2)?.into();
        }
        sums.stops = row.try_get_by_index(LEVELS.len() + 2)?;
        let Some(uptime) = sums.uptime() else { return Ok(None) };
        Ok(Some(AssetTime { id: AssetId(row.try_get_by_index(0)?), name: row.try_get_by_index(1)?, uptime }))
    };
    let found = rows.iter().map(read).collect::<Result<Vec<_>, DbErr>>()?;
    Ok(found.into_iter().flatten().collect())
}

fn tally(row: &QueryResult, first: usize) -> Result<Tally, DbErr> {
    let mut tally = Tally::default();
    for (index, level) in tally.levels.iter_mut().enumerate() {
        let at = first + 2 * index;
        *level = Level { changes: row.try_get_by_index(at)?, offset_us: row.try_get_by_index(at + 1)? };
    }
    let counts = first + 2 * LEVELS.len();
    tally.stops = row.try_get_by_index(counts)?;
    tally.failures = row.try_get_by_index(counts + 1)?;
    tally.restored = row.try_get_by_index(counts + 2)?;
    tally.restored_us = row.try_get_by_index(counts + 3)?;
    Ok(tally)
}

#[derive(FromQueryResult)]
struct Ahead {
    site_id: Uuid,
    service_from_us: i64,
    service_to_us: Option<i64>,
    from_us: i64,
    to_us: Option<i64>,
    /// Of an interval; null for a failure.
    state: Option<String>,
    resumes: Option<bool>,
}

/// Intervals, failures and times in service that begin or end at `now` or later. As a rule there are none.
fn intervals_ahead(dialect: Dialect) -> String {
    let (open, ordered) = (dialect.indexed_by("state_intervals_open"), dialect.ordered_join());
    format!(
        "\
    SELECT a.site_id, a.in_service_from_us AS service_from_us, a.in_service_to_us AS service_to_us, \
           i.from_us, i.to_us, i.state, i.resumes \
      FROM state_intervals i JOIN assets a ON a.id = i.asset_id WHERE i.to_us >= ?1 \
    UNION ALL \
    SELECT a.site_id, a.in_service_from_us, a.in_service_to_us, i.from_us, i.to_us, i.state, i.resumes \
      FROM state_intervals i {open} JOIN assets a ON a.id = i.asset_id \
     WHERE i.to_us IS NULL AND i.from_us >= ?1 \
    UNION ALL \
    SELECT a.site_id, a.in_service_from_us, a.in_service_to_us, i.from_us, i.to_us, i.state, i.resumes \
      FROM assets a {ordered} state_intervals i ON i.asset_id = a.id AND i.to_us IS NULL AND i.from_us < ?1 \
     WHERE a.in_service_from_us >= ?1 OR a.in_service_to_us >= ?1 \
    UNION ALL \
    SELECT a.site_id, a.in_service_from_us, a.in_service_to_us, f.at_us, f.restored_at_us, NULL, NULL \
      FROM failures f JOIN assets a ON a.id = f.asset_id WHERE f.at_us >= ?1 OR f.restored_at_us >= ?1"
    )
}

pub(super) async fn ahead(db: &Db, now: Timestamp) -> Result<Vec<(SiteId, Change)>, StoreError> {
    let now_us = now.timestamp_micros();
    let mut found: Vec<(SiteId, Change)> = Vec::new();
    let rows = Ahead::find_by_statement(statement(db, intervals_ahead(Dialect::of(db)), [now_us.into()]))
        .all(db)
        .await?;
    for row in rows {
        let service = (from_micros(row.service_from_us), row.service_to_us.map(from_micros));
        let (from, to) = (from_micros(row.from_us), row.to_us.map(from_micros));
        let changes = match row.state {
            Some(state) => {
                let state = states::word(&state)?;
                let resumes = row.resumes.unwrap_or(false);
                tally::of_stretch(&Stretch { from, to, state, cause: None, resumes }, service)
            }
            None => tally::of_failure(from, to, service),
        };
        found.extend(changes.into_iter().map(|change| (SiteId(row.site_id), change)));
    }
    let sql = "SELECT site_id, in_service_from_us, in_service_to_us FROM assets \
        WHERE in_service_from_us >= ?1 OR in_service_to_us >= ?1";
    for row in db.query_all_raw(statement(db, sql, [now_us.into()])).await? {
        let (site, from): (Uuid, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let to: Option<i64> = row.try_get_by_index(2)?;
        let changes = tally::of_service((from_micros(from), to.map(from_micros)));
        found.extend(changes.into_iter().map(|change| (SiteId(site), change)));
    }
    found.retain(|(_, change)| change.at >= now);
    Ok(found)
}
