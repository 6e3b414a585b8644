//! The daily sums of states and failures as they are kept: what changes is added to its day, of the whole fleet and of a
//! site, and what is taken back is subtracted. See [`domain::condition::tally`] for what is summed and why so little
//! suffices.
//!
//! Logs and failures stand on this module, so it knows the tables of assets and of the organisation by name alone.

use crate::{
    StoreError,
    records::{Db, engine::dialect::statement},
};
use domain::{
    Timestamp,
    calendar::{Date, Zone, date_of, end_of_day, start_of_day, zone},
    clock::from_micros,
    condition::{
        failure::Failure,
        state::Stretch,
        tally::{self, Change, Day, Service, Tally, offset_us},
    },
    id::{AssetId, SiteId},
};
use sea_orm::{ConnectionTrait, Value, entity::prelude::*};
use std::collections::{BTreeMap, HashMap};

/// The day of a site's row that sums all its days.
pub(in crate::records) const ALL_DAYS: i32 = i32::MAX;

/// Columns of both tables, in the order of a [`Tally`].
pub(in crate::records) const LEVELS: [&str; 5] = ["service", "up", "down_unplanned", "down_planned", "idle"];
const COUNTS: [&str; 4] = ["stops", "failures", "restored", "restored_us"];

pub(in crate::records) fn columns() -> Vec<String> {
    let levels = LEVELS.iter().flat_map(|name| [format!("{name}_n"), format!("{name}_us")]);
    levels.chain(COUNTS.map(String::from)).collect()
}

fn values(tally: &Tally) -> Vec<i64> {
    let levels = tally.levels.iter().flat_map(|level| [level.changes, level.offset_us]);
    levels.chain([tally.stops, tally.failures, tally.restored, tally.restored_us]).collect()
}

/// The organisation's days, each looked up once.
struct Calendar {
    zone: Zone,
    /// By start.
    days: BTreeMap<Timestamp, Day>,
}

impl Calendar {
    /// UTC until there is an organisation: then everything is summed anew.
    async fn of(db: &Db) -> Result<Self, StoreError> {
        let zone = time_zone(db).await?.unwrap_or(Zone::UTC);
        Ok(Self { zone, days: BTreeMap::new() })
    }
    fn day_of(&mut self, at: Timestamp) -> Day {
        if let Some((_, day)) = self.days.range(..=at).next_back().filter(|(_, day)| at < day.to) {
            return *day;
        }
        let day = day(date_of(at, self.zone), self.zone);
        self.days.insert(day.from, day);
        day
    }
}

/// In whose days figures are summed; `None` before the first run.
async fn time_zone(db: &Db) -> Result<Option<Zone>, StoreError> {
    let Some(row) = db.query_one_raw(statement(db, "SELECT time_zone FROM organisation", [])).await? else {
        return Ok(None);
    };
    let name: String = row.try_get_by_index(0)?;
    Ok(zone(&name))
}

/// Where `date` lies in `zone`.
pub fn day(date: Date, zone: Zone) -> Day {
    Day { number: date.day_number(), from: start_of_day(date, zone), to: end_of_day(date, zone) }
}

/// Sums to be added to the tables.
pub(in crate::records) struct Batch {
    calendar: Calendar,
    fleet: HashMap<i32, (Timestamp, Tally)>,
    sites: HashMap<(i32, SiteId), (Timestamp, Tally)>,
}

impl Batch {
    pub(in crate::records) async fn new(db: &Db) -> Result<Self, StoreError> {
        let calendar = Calendar::of(db).await?;
        Ok(Self { calendar, fleet: HashMap::new(), sites: HashMap::new() })
    }

    /// `times` is -1 for what is taken back.
    pub(in crate::records) fn add(&mut self, site: SiteId, changes: &[Change], times: i64) {
        for change in changes {
            let day = self.calendar.day_of(change.at);
            let offset = offset_us(change.at, day.from);
            let empty = (day.from, Tally::default());
            self.fleet.entry(day.number).or_insert(empty).1.add(change.what, offset, times);
            self.sites.entry((day.number, site)).or_insert(empty).1.add(change.what, offset, times);
            // Of all days together only the numbers mean something.
            let all = self.sites.entry((ALL_DAYS, site)).or_insert((from_micros(0), Tally::default()));
            all.1.add(change.what, 0, times);
        }
    }

    pub(in crate::records) async fn write(&mut self, tx: &Db) -> Result<(), StoreError> {
        for (day, (from, tally)) in std::mem::take(&mut self.fleet) {
            if !tally.is_empty() {
                let key = [("day", day.into()), ("start_us", from.timestamp_micros().into())];
                upsert(tx, "fleet_days", "day", key.to_vec(), &tally).await?;
            }
        }
        for ((day, site), (from, tally)) in std::mem::take(&mut self.sites) {
            if !tally.is_empty() {
                let site = Uuid::from(site).into();
                let start = from.timestamp_micros().into();
                let key = vec![("day", day.into()), ("site_id", site), ("start_us", start)];
                upsert(tx, "site_days", "day, site_id", key, &tally).await?;
            }
        }
        Ok(())
    }
}

async fn upsert(
    tx: &Db,
    table: &str,
    conflict: &str,
    key: Vec<(&'static str, Value)>,
    tally: &Tally,
) -> Result<(), StoreError> {
    let columns = columns();
    let names: Vec<&str> =
        key.iter().map(|(name, _)| *name).chain(columns.iter().map(String::as_str)).collect();
    let marks = vec!["?"; names.len()].join(", ");
    let sums: Vec<String> =
        columns.iter().map(|name| format!("{name} = {table}.{name} + excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES ({marks}) ON CONFLICT ({conflict}) DO UPDATE SET {}",
        names.join(", "),
        sums.join(", ")
    );
    let bound = key.into_iter().map(|(_, value)| value).chain(values(tally).into_iter().map(Value::from));
    tx.execute_raw(statement(tx, sql, bound)).await?;
    Ok(())
}

/// Where an asset's changes are counted, and since when.
async fn place(tx: &Db, asset: AssetId) -> Result<Option<(SiteId, Service)>, StoreError> {
    let sql = "SELECT site_id, in_service_from_us, in_service_to_us FROM assets WHERE id = ?";
    let row = tx.query_one_raw(statement(tx, sql, [Uuid::from(asset).into()])).await?;
    row.map(|row| {
        let service = (from_micros(row.try_get_by_index(1)?), row.try_get_by_index(2)?);
        let (from, to): (Timestamp, Option<i64>) = service;
        Ok((SiteId(row.try_get_by_index(0)?), (from, to.map(from_micros))))
    })
    .transpose()
}

/// Part of an asset's log was written anew.
pub(in crate::records) async fn log_changed<'a>(
    tx: &Db,
    asset: AssetId,
    gone: impl IntoIterator<Item = &'a Stretch>,
    come: impl IntoIterator<Item = &'a Stretch>,
) -> Result<(), StoreError> {
    let Some((site, service)) = place(tx, asset).await? else { return Ok(()) };
    let mut batch = Batch::new(tx).await?;
    for stretch in gone {
        batch.add(site, &tally::of_stretch(stretch, service), -1);
    }
    for stretch in come {
        batch.add(site, &tally::of_stretch(stretch, service), 1);
    }
    batch.write(tx).await
}

/// A failure was found, changed or taken back.
pub(in crate::records) async fn failure_changed(
    tx: &Db,
    old: Option<&Failure>,
    new: Option<&Failure>,
) -> Result<(), StoreError> {
    let mut batch = Batch::new(tx).await?;
    for (failure, times) in [(old, -1), (new, 1)] {
        let Some(failure) = failure else { continue };
        if let Some((site, service)) = place(tx, failure.asset_id).await? {
            batch.add(site, &tally::of_failure(failure.at, failure.restored_at, service), times);
        }
    }
    batch.write(tx).await
}
