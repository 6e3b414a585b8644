//! The uptime of every site over the last days. Of days that are past little changes, and they are nearly all of them:
//! their sums are read once and kept by the reader until [`version`] says that one of them changed.

use super::{
    super::tallies::{ALL_DAYS, LEVELS},
    read::ahead,
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
    condition::{
        reliability::Uptime,
        tally::{Day, Sums, What, offset_us},
    },
    id::SiteId,
};
use sea_orm::{ConnectionTrait, Value, entity::prelude::*};
use std::collections::HashMap;

/// Changes whenever a sum of a site changes on a day from `first` (included) to `to` (excluded).
pub async fn version(db: &Db, first: i32, to: i32) -> Result<i64, StoreError> {
    let sql =
        "SELECT CAST(coalesce(sum(version), 0) AS bigint) FROM site_day_versions WHERE day >= ? AND day < ?";
    let row = db.query_one_raw(statement(db, sql, [first.into(), to.into()])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// What every site did from the start of one day to the start of another.
pub struct Past {
    from: Day,
    to: i32,
    sums: Vec<(SiteId, Vec<i64>)>,
}

impl Past {
    /// From the start of `from` until the day before `to`.
    pub async fn load(db: &Db, from: Day, to: i32) -> Result<Self, StoreError> {
        Ok(Self { from, to, sums: within(db, from, from.number, to).await? })
    }

    /// The uptime of every site from the first day of this past until `now`; a site without equipment in service is
    /// absent.
    pub async fn uptimes(&self, db: &Db, now: Timestamp) -> Result<HashMap<SiteId, Uptime>, StoreError> {
        let mut sites: HashMap<SiteId, Sums> = HashMap::new();
        let length = i128::from(offset_us(now, self.from.from));
        for (site, levels) in at_work(db).await? {
            let sum = sites.entry(site).or_default();
            for (time, level) in sum.time_us.iter_mut().zip(levels) {
                *time += i128::from(level) * length;
            }
        }
        let since = within(db, self.from, self.to, ALL_DAYS).await?;
        for (site, numbers) in self.sums.iter().chain(&since) {
            let sum = sites.entry(*site).or_default();
            for (time, offset) in sum.time_us.iter_mut().zip(numbers) {
                *time -= i128::from(*offset);
            }
            sum.stops += numbers.last().copied().unwrap_or_default();
        }
        for (site, change) in ahead(db, now).await? {
            let sum = sites.entry(site).or_default();
            // It was counted as if it had happened, until now, which is before it.
            let early = i128::from(offset_us(now, change.at));
            match change.what {
                What::Enters(measure) => sum.time_us[measure as usize] -= early,
                What::Leaves(measure) => sum.time_us[measure as usize] += early,
                What::Stop => sum.stops -= 1,
                What::Failure | What::Restored { .. } => {}
            }
        }
        Ok(sites.into_iter().filter_map(|(site, sum)| Some((site, sum.uptime()?))).collect())
    }
}

/// How many machines of each site are in each state in the end.
async fn at_work(db: &Db) -> Result<Vec<(SiteId, Vec<i64>)>, StoreError> {
    let levels: Vec<String> = LEVELS.iter().map(|name| format!("{name}_n")).collect();
    let sql = format!("SELECT site_id, {} FROM site_days WHERE day = ?", levels.join(", "));
    numbers_by_site(db, &sql, LEVELS.len(), [ALL_DAYS.into()]).await
}

/// The offsets of each level from the start of `from`, and the stops, of the days from `first` (included) to `to`
/// (excluded).
async fn within(db: &Db, from: Day, first: i32, to: i32) -> Result<Vec<(SiteId, Vec<i64>)>, StoreError> {
    let from_us = from.from.timestamp_micros();
    let offset = |name: &&str| format!("sum({name}_us + {name}_n * (start_us - {from_us}))");
    let sums: Vec<String> = LEVELS.iter().map(offset).collect();
    let sql = format!(
        "SELECT site_id, {}, sum(stops) FROM site_days WHERE day >= ? AND day < ? GROUP BY site_id",
        sums.join(", ")
    );
    numbers_by_site(db, &sql, LEVELS.len() + 1, [first.into(), to.into()]).await
}

/// What `sql` selects, a site and `count` numbers a row. Carried over as one text: there are thousands of rows, each of
/// which costs more to carry than to write and read.
async fn numbers_by_site<const N: usize>(
    db: &Db,
    sql: &str,
    count: usize,
    values: [Value; N],
) -> Result<Vec<(SiteId, Vec<i64>)>, StoreError> {
    let names: Vec<String> = (0..count).map(|index| format!("n{index}")).collect();
    let text = format!(
        "WITH found (site_id, {}) AS ({sql}) SELECT string_agg({} || ' ' || {}, ';') FROM found",
        names.join(", "),
        Dialect::of(db).id_text("site_id"),
        names.join(" || ' ' || ")
    );
    let Some(row) = db.query_one_raw(statement(db, text, values)).await? else { return Ok(Vec::new()) };
    let text: Option<String> = row.try_get_by_index(0)?;
    let rows = text.as_deref().unwrap_or_default().split(';').filter(|row| !row.is_empty());
    let read = |row: &str| {
        let mut words = row.split(' ');
        let site = words.next().and_then(|id| Uuid::parse_str(id).ok())?;
        let numbers = words.map(|word| word.parse().ok()).collect::<Option<Vec<i64>>>()?;
        (numbers.len() == count).then_some((SiteId(site), numbers))
    };
    let rows = rows.map(|row| read(row).ok_or_else(|| StoreError::Corrupt(format!("sums of a site: {row}"))));
    rows.collect()
}
