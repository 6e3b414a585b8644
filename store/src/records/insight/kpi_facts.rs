//! What each work order, ticket and invoice contributes to each indicator, and the sums of every day.
//!
//! A subject's facts are replaced as a whole, and the sums of its days follow in the same transaction, so a period of
//! days is read from a few hundred rows however many work orders there are. What stands for a while is added on the day
//! on which it begins and taken back on the day on which it ends: its value at the end of a day is the sum of all days
//! until then. [`super::kpi_changed`] knows whose facts are out of date.

mod books;

pub use crate::records::insight::kpi_facts::books::{Attached, attached, stock_value};

use crate::{
    StoreError,
    records::{
        Db, List, PageRequest, Paged,
        columns::kept::entity,
        engine::dialect::{self, statement},
        lists::keyset,
    },
};
use domain::{
    Timestamp,
    calendar::{Zone, date_of},
    clock::from_micros,
    id::AssetId,
    insight::kpi::{CATALOGUE, Contribution, Dimensions, standing_codes},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, FromQueryResult, IntoActiveModel, QueryOrder, QuerySelect,
    entity::prelude::*, sea_query::OnConflict,
};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

entity! {
    "kpi_facts" by { code: String, at_us: i64, subject_id: Uuid } {
        /// `work_order`, `ticket` or `invoice`, with the number people know it by.
        subject: String,
        label: String,
        /// Day of `at` in the organisation's calendar.
        day: i32,
        /// The first day at whose end it no longer stands; none for what counts on its day alone, and until further notice.
        until_day: Option<i32>,
        numerator: i64,
        denominator: i64,
        asset_id: Option<Uuid>,
        model_id: Option<Uuid>,
        technician_id: Option<Uuid>,
        territory_id: Option<Uuid>,
    }
}

entity! {
    mod day:
    "kpi_days" by { day: i32, code: String } {
        numerator: i64,
        denominator: i64,
        cases: i64,
    }
}

/// What the facts are about.
#[derive(Clone, Debug)]
pub struct Subject {
    pub id: Uuid,
    pub kind: &'static str,
    pub label: String,
    pub dimensions: Dimensions,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Sum {
    pub numerator: i64,
    pub denominator: i64,
    pub cases: i64,
}

impl Sum {
    fn times(self, times: i64) -> Self {
        Self {
            numerator: self.numerator.saturating_mul(times),
            denominator: self.denominator.saturating_mul(times),
            cases: self.cases * times,
        }
    }
    pub fn subtract(&mut self, other: Self) {
        self.add(other.times(-1));
    }
    pub fn add(&mut self, other: Self) {
        self.numerator = self.numerator.saturating_add(other.numerator);
        self.denominator = self.denominator.saturating_add(other.denominator);
        self.cases += other.cases;
    }
}

/// Replaces every fact of `subject`, with days of `zone`.
pub async fn put(tx: &Db, subject: &Subject, facts: &[Contribution], zone: Zone) -> Result<(), StoreError> {
    replace(tx, subject.id, rows_of(subject, facts, zone)).await
}

/// Removes every fact of a subject that is gone.
pub async fn forget(tx: &Db, subject: Uuid) -> Result<(), StoreError> {
    replace(tx, subject, Vec::new()).await
}

/// `new` in the order of its codes and instants.
async fn replace(tx: &Db, subject: Uuid, new: Vec<Model>) -> Result<(), StoreError> {
    let of_subject = || Column::SubjectId.eq(subject);
    let sorted = Entity::find().filter(of_subject()).order_by_asc(Column::Code).order_by_asc(Column::AtUs);
    let old = sorted.all(tx).await?;
    if old == new {
        return Ok(());
    }
    let mut changes = HashMap::<(i32, String), Sum>::new();
    for (rows, times) in [(&old, -1), (&new, 1)] {
        for row in rows {
            let sum = Sum { numerator: row.numerator, denominator: row.denominator, cases: 1 };
            changes.entry((row.day, row.code.clone())).or_default().add(sum.times(times));
            if let Some(day) = row.until_day {
                changes.entry((day, row.code.clone())).or_default().add(sum.times(-times));
            }
        }
    }
    Entity::delete_many().filter(of_subject()).exec(tx).await?;
    if !new.is_empty() {
        Entity::insert_many(new.into_iter().map(active)).exec_without_returning(tx).await?;
    }
    for ((day, code), change) in changes {
        if change != Sum::default() {
            add_to_day(tx, day, code, change).await?;
        }
    }
    Ok(())
}

/// The rows of a subject, in the order of their codes and instants. What begins and ends on one day stands at the end of
/// none.
pub(in crate::records) fn rows_of(subject: &Subject, facts: &[Contribution], zone: Zone) -> Vec<Model> {
    let day = |at: Timestamp| date_of(at, zone).day_number();
    let mut facts: Vec<(&Contribution, i32, Option<i32>)> =
        facts.iter().map(|fact| (fact, day(fact.at), fact.until.map(day))).collect();
    facts.retain(|(_, from, until)| until.is_none_or(|until| *from < until));
    facts.sort_by_key(|(fact, ..)| (fact.code, fact.at));
    let dimensions = subject.dimensions;
    let row = |(fact, day, until_day): (&Contribution, i32, Option<i32>)| Model {
        code: fact.code.into(),
        at_us: fact.at.timestamp_micros(),
        subject_id: subject.id,
        subject: subject.kind.into(),
        label: subject.label.clone(),
        day,
        until_day,
        numerator: fact.numerator,
        denominator: fact.denominator,
        asset_id: dimensions.asset.map(Into::into),
        model_id: dimensions.model.map(Into::into),
        technician_id: dimensions.technician.map(Into::into),
        territory_id: dimensions.territory.map(Into::into),
    };
    facts.into_iter().map(row).collect()
}

pub(in crate::records) fn active(row: Model) -> ActiveModel {
    row.into_active_model().reset_all()
}

/// Sums every day anew from the facts.
pub async fn sum_days(tx: &Db) -> Result<(), StoreError> {
    day::Entity::delete_many().exec(tx).await?;
    tx.execute_unprepared(
        "INSERT INTO kpi_days (day, code, numerator, denominator, cases) \
         SELECT day, code, sum(n), sum(d), sum(c) FROM (\
           SELECT day, code, numerator AS n, denominator AS d, 1 AS c FROM kpi_facts \
           UNION ALL \
           SELECT until_day, code, -numerator, -denominator, -1 FROM kpi_facts WHERE until_day IS NOT NULL) AS counted \
         GROUP BY day, code HAVING sum(n) <> 0 OR sum(d) <> 0 OR sum(c) <> 0",
    )
    .await?;
    Ok(())
}

async fn add_to_day(tx: &Db, day: i32, code: String, change: Sum) -> Result<(), StoreError> {
    let row = day::ActiveModel {
        day: Set(day),
        code: Set(code.clone()),
        numerator: Set(change.numerator),
        denominator: Set(change.denominator),
        cases: Set(change.cases),
    };
    let plus = |column: day::Column, value: i64| (column, Expr::col((day::Entity, column)).add(value));
    let mut again = OnConflict::columns([day::Column::Day, day::Column::Code]);
    again.values([
        plus(day::Column::Numerator, change.numerator),
        plus(day::Column::Denominator, change.denominator),
        plus(day::Column::Cases, change.cases),
    ]);
    day::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    // As if it had been summed anew: a day without facts has no row.
    let nothing = day::Column::Numerator
        .eq(0)
        .and(day::Column::Denominator.eq(0))
        .and(day::Column::Cases.eq(0))
        .and(day::Column::Day.eq(day))
        .and(day::Column::Code.eq(code));
    day::Entity::delete_many().filter(nothing).exec(tx).await?;
    Ok(())
}

/// The sums of each code on each day from `from` (included) to `to` (excluded), by code and day.
///
/// Years hold many thousands of small rows, which cost more to carry over one by one than to add up: they come as one
/// text a code.
pub async fn days(db: &Db, from: i32, to: i32) -> Result<HashMap<String, Vec<(i32, Sum)>>, StoreError> {
    let sql = "SELECT code, string_agg(day || ' ' || numerator || ' ' || denominator || ' ' || cases, ' ') \
               FROM kpi_days WHERE day >= ? AND day < ? GROUP BY code";
    let mut days = HashMap::new();
    for row in db.query_all_raw(statement(db, sql, [from.into(), to.into()])).await? {
        let (code, text): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let sums = sums_of(&text).ok_or_else(|| StoreError::Corrupt(format!("days of {code}")))?;
        days.insert(code, sums);
    }
    Ok(days)
}

/// Days and their sums as [`days`] has them written, in order.
fn sums_of(text: &str) -> Option<Vec<(i32, Sum)>> {
    let mut numbers = text.split(' ').map(str::parse::<i64>);
    let mut sums = Vec::new();
    while let Some(day) = numbers.next() {
        let mut next = || numbers.next()?.ok();
        let sum = Sum { numerator: next()?, denominator: next()?, cases: next()? };
        sums.push((day.ok()?.try_into().ok()?, sum));
    }
    sums.sort_unstable_by_key(|(day, _)| *day);
    Some(sums)
}

/// The sums of each code over all days from `from` (included) to `to` (excluded).
pub async fn totals(db: &Db, from: i32, to: i32) -> Result<HashMap<String, Sum>, StoreError> {
    by_code(db, day::Column::Day.gte(from).and(day::Column::Day.lt(to))).await
}

/// What stands at the end of the day before `day`, by code: the sums of all days until then.
pub async fn standing(db: &Db, day: i32) -> Result<HashMap<String, Sum>, StoreError> {
    by_code(db, day::Column::Code.is_in(standing_codes()).and(day::Column::Day.lt(day))).await
}

/// The sums of each code over the days that are `meant`.
async fn by_code(db: &Db, meant: Expr) -> Result<HashMap<String, Sum>, StoreError> {
    let rows: Vec<(String, i64, i64, i64)> = day::Entity::find()
        .select_only()
        .column(day::Column::Code)
        .column_as(dialect::sum(day::Column::Numerator), "numerator")
        .column_as(dialect::sum(day::Column::Denominator), "denominator")
        .column_as(dialect::sum(day::Column::Cases), "cases")
        .filter(meant)
        .group_by(day::Column::Code)
        .into_tuple()
        .all(db)
        .await?;
    let sum = |(code, numerator, denominator, cases)| (code, Sum { numerator, denominator, cases });
    Ok(rows.into_iter().map(sum).collect())
}

/// What the sums of `today` and later days hold that has not come true at `now`, by day and code.
pub async fn ahead(db: &Db, today: i32, now: Timestamp) -> Result<Vec<(i32, String, Sum)>, StoreError> {
    let rows: Vec<(i32, String, i64, i64, i64)> = Entity::find()
        .select_only()
        .column(Column::Day)
        .column(Column::Code)
        .column_as(dialect::sum(Column::Numerator), "numerator")
        .column_as(dialect::sum(Column::Denominator), "denominator")
        .column_as(Column::SubjectId.count(), "cases")
        .filter(Column::Code.is_in(CATALOGUE.iter().map(|definition| definition.code)))
        .filter(Column::AtUs.gt(now.timestamp_micros()))
        .filter(Column::Day.gte(today))
        .group_by(Column::Day)
        .group_by(Column::Code)
        .into_tuple()
        .all(db)
        .await?;
    let sum = |(day, code, numerator, denominator, cases)| (day, code, Sum { numerator, denominator, cases });
    Ok(rows.into_iter().map(sum).collect())
}

/// A row behind a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub subject_id: Uuid,
    pub subject: String,
    pub label: String,
    pub at: Timestamp,
    pub numerator: i64,
    pub denominator: i64,
    pub asset: Option<AssetId>,
}

/// With the indicator's code: its list is not that of another one.
const LIST: List<(i64, (Uuid, String))> = List::named("kpi_facts");

/// Which facts of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// At `from` or later, and before `to`.
    Period { from: Timestamp, to: Timestamp },
    /// Those that stand at the end of the day before `day`, and have begun before `to`.
    EndOf { day: i32, to: Timestamp },
}

/// The facts of `code`, the newest first.
pub async fn rows(
    db: &Db,
    code: &str,
    within: Within,
    page: &PageRequest,
) -> Result<Paged<Fact>, StoreError> {
    let place = match LIST.place(page)? {
        Some((us, (id, of))) if of == code => Some((us, id)),
        Some(_) => return Err(StoreError::Cursor),
        None => None,
    };
    let query = Entity::find().filter(Column::Code.eq(code));
    let query = match within {
        Within::Period { from, to } => query
            .filter(Column::AtUs.gte(from.timestamp_micros()))
            .filter(Column::AtUs.lt(to.timestamp_micros())),
        Within::EndOf { day, to } => query
            .filter(Column::Day.lt(day))
            .filter(Column::AtUs.lt(to.timestamp_micros()))
            .filter(Column::UntilDay.is_null().or(Column::UntilDay.gte(day))),
    };
    let query = query.filter(keyset::before(Column::AtUs, Column::SubjectId, place));
    let query = query.order_by_desc(Column::AtUs).order_by_desc(Column::SubjectId);
    let rows = query.limit(page.limit + 1).all(db).await?;
    let rows = rows.into_iter().map(|row| Fact {
        subject_id: row.subject_id,
        subject: row.subject,
        label: row.label,
        at: from_micros(row.at_us),
        numerator: row.numerator,
        denominator: row.denominator,
        asset: row.asset_id.map(Into::into),
    });
    Ok(LIST.page(rows.collect(), page.limit, |fact: &Fact| {
        (fact.at.timestamp_micros(), (fact.subject_id, code.to_owned()))
    }))
}

/// What an indicator can be broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Asset,
    Model,
    Technician,
    Territory,
}

/// The sums of `code` by one dimension, the most cases first, at most 100.
pub async fn by(
    db: &Db,
    code: &str,
    from: Timestamp,
    to: Timestamp,
    dimension: By,
) -> Result<Vec<(Uuid, Sum)>, StoreError> {
    let column = match dimension {
        By::Asset => Column::AssetId,
        By::Model => Column::ModelId,
        By::Technician => Column::TechnicianId,
        By::Territory => Column::TerritoryId,
    };
    let rows: Vec<(Uuid, i64, i64, i64)> = Entity::find()
        .select_only()
        .column(column)
        .column_as(dialect::sum(Column::Numerator), "numerator")
        .column_as(dialect::sum(Column::Denominator), "denominator")
        .column_as(Column::SubjectId.count(), "cases")
        .filter(Column::Code.eq(code))
        .filter(Column::AtUs.gte(from.timestamp_micros()))
        .filter(Column::AtUs.lt(to.timestamp_micros()))
        .filter(column.is_not_null())
        .group_by(column)
        .order_by_desc(Column::SubjectId.count())
        .limit(100)
        .into_tuple()
        .all(db)
        .await?;
    let sum = |(id, numerator, denominator, cases)| (id, Sum { numerator, denominator, cases });
    Ok(rows.into_iter().map(sum).collect())
}
