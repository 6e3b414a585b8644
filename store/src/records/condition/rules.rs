//! Rules with all their versions. The settings are kept as JSON: they are read whole, and a version is never edited.

use crate::{
    StoreError,
    records::{
        Db, Unreadable,
        columns::frozen,
        columns::kept::{entity, table, usual, was_saved},
        lists::readable,
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        alert::Verdict,
        rule::{Rule, RuleSettings},
    },
    id::RuleId,
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Rule in "rules" {
        id: RuleId,
        version: i64,
        built_in: bool,
        created_at_us as created_at: Timestamp,
        updated_at_us as updated_at: Timestamp,
    }
    columns |rule| {
        settings: String = frozen::freeze(&rule.settings)?,
    }
    fields |row| {
        settings: settings(row.id, &row.settings)?,
    }
}
usual! { Rule by RuleId: get }

entity! {
    mod version:
    "rule_versions" by { rule_id: Uuid, version: i64 } {
        settings: String,
        at_us: i64,
    }
}

/// The rule that every failure raises its alert by.
pub const FAILURE_RULE: RuleId = RuleId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001));

fn settings(id: Uuid, json: &str) -> Result<RuleSettings, StoreError> {
    frozen::thaw(json).map_err(|error| StoreError::Corrupt(format!("rule {id}: {error}")))
}

async fn keep_version(tx: &Db, rule: &Rule) -> Result<(), StoreError> {
    let row = version::ActiveModel {
        rule_id: Set(rule.id.into()),
        version: Set(rule.version),
        settings: Set(frozen::freeze(&rule.settings)?),
        at_us: Set(rule.updated_at.timestamp_micros()),
    };
    version::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn insert(tx: &Db, rule: &Rule) -> Result<(), StoreError> {
    Entity::insert(to_row(rule)?).exec_without_returning(tx).await?;
    keep_version(tx, rule).await
}

/// Saves `rule` as the version after its own and answers it so. A conflict means that it changed meanwhile.
pub async fn update(tx: &Db, rule: Rule, at: Timestamp) -> Result<Rule, StoreError> {
    let next = Rule { version: rule.version.saturating_add(1), updated_at: at, ..rule };
    let same = Column::Id.eq(Uuid::from(next.id)).and(Column::Version.eq(next.version - 1));
    let done = Entity::update_many().set(to_row(&next)?).filter(same).exec(tx).await?;
    was_saved(done.rows_affected, "rules")?;
    keep_version(tx, &next).await?;
    Ok(next)
}

/// Every rule that can be read: there are as many as people write. Oldest first, the built-in one on top.
pub async fn all(db: &Db) -> Result<Vec<Rule>, StoreError> {
    Ok(all_and_unreadable(db).await?.0)
}

/// The same with those that cannot.
pub async fn all_and_unreadable(db: &Db) -> Result<(Vec<Rule>, Vec<Unreadable>), StoreError> {
    let rows = Entity::find().order_by_asc(Column::CreatedAtUs).order_by_asc(Column::Id).all(db).await?;
    Ok(readable::each("rule", rows, |row| (row.id, ""), from_row))
}

/// The versions of a rule, newest first.
pub async fn versions(db: &Db, id: RuleId) -> Result<Vec<(i64, Timestamp, RuleSettings)>, StoreError> {
    let query = version::Entity::find().filter(version::Column::RuleId.eq(Uuid::from(id)));
    let rows = query.order_by_desc(version::Column::Version).limit(200).all(db).await?;
    rows.into_iter()
        .map(|row| Ok((row.version, from_micros(row.at_us), settings(row.rule_id, &row.settings)?)))
        .collect()
}

/// Changes whenever a rule is made, edited or removed.
pub async fn stamp(db: &Db) -> Result<(i64, i64), StoreError> {
    let query = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "n")
        .column_as(Expr::cust("CAST(COALESCE(SUM(version), 0) AS bigint)"), "versions");
    Ok(query.into_tuple().one(db).await?.unwrap_or((0, 0)))
}

/// Verdicts that technicians gave on a rule's alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Precision {
    pub right: u64,
    pub false_alarm: u64,
}

impl Precision {
    /// Share of right ones; `None` without verdicts.
    pub fn share(self) -> Option<f64> {
        let judged = self.right + self.false_alarm;
        (judged > 0).then(|| self.right as f64 / judged as f64)
    }
}

/// The precision of each rule that has verdicts: groups count once per rule.
pub async fn precision(db: &Db) -> Result<HashMap<RuleId, Precision>, StoreError> {
    let mut precision: HashMap<RuleId, Precision> = HashMap::new();
    for (rule, verdict) in super::alerts::verdicts_by_rule(db).await? {
        let counts = precision.entry(rule).or_default();
        match verdict {
            Verdict::Right => counts.right += 1,
            Verdict::FalseAlarm => counts.false_alarm += 1,
        }
    }
    Ok(precision)
}
