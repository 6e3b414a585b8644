//! The rules that a reader sees, and those that it may change.
//!
//! A rule for one asset belongs to whoever sees that asset. Every other rule watches equipment of many customers: all
//! may read it, the house alone changes it, and what technicians said of its alerts is the house's to know.

use crate::{command::CommandError, scope};
use domain::{
    condition::rule::{Rule, RuleSettings, Scope as Watched},
    id::RuleId,
    people::account::Scope,
    reason::Reason,
};
use std::collections::HashMap;
use store::records::{
    Db, Unreadable,
    condition::rules::{self, Precision},
    fleet::assets,
};

/// Every rule that `scope` covers, oldest first, and those that cannot be read. What such a rule watches is not known:
/// only those who see everything are told of it.
pub async fn all(db: &Db, scope: Scope) -> Result<(Vec<Rule>, Vec<Unreadable>), CommandError> {
    let (all, mut unreadable) = rules::all_and_unreadable(db).await?;
    if !scope.is_everything() {
        unreadable.clear();
    }
    let mut seen = Vec::new();
    for rule in all {
        if sees(db, scope, &rule.settings).await? {
            seen.push(rule);
        }
    }
    Ok((seen, unreadable))
}

pub async fn one(db: &Db, scope: Scope, id: RuleId) -> Result<Rule, CommandError> {
    let rule = rules::get(db, id).await?.ok_or(CommandError::NotFound)?;
    if sees(db, scope, &rule.settings).await? { Ok(rule) } else { Err(CommandError::NotFound) }
}

async fn sees(db: &Db, scope: Scope, settings: &RuleSettings) -> Result<bool, CommandError> {
    match settings.scope {
        Watched::Asset(id) if !scope.is_everything() => Ok(assets::find(db, scope, id).await?.is_some()),
        _ => Ok(true),
    }
}

/// Refuses a rule that would watch what its author does not see.
pub async fn may_write(db: &Db, scope: Scope, settings: &RuleSettings) -> Result<(), CommandError> {
    match settings.scope {
        Watched::Asset(id) if assets::find(db, scope, id).await?.is_none() => {
            Err(CommandError::field("settings.scope.value", Reason::UnknownChoice))
        }
        Watched::Asset(_) => Ok(()),
        _ => scope::house(scope),
    }
}

/// Verdicts of technicians by rule: none for those who see one customer's rows.
pub async fn precision(db: &Db, scope: Scope) -> Result<HashMap<RuleId, Precision>, CommandError> {
    if scope.is_everything() { Ok(rules::precision(db).await?) } else { Ok(HashMap::new()) }
}
