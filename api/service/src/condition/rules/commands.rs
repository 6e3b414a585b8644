//! What people do with rules.

use super::queries;
use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::Checks,
};
use domain::{
    condition::rule::{Condition, Rule, RuleSettings},
    id::RuleId,
    reason::Refusal,
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{Tx, condition::rules},
};

/// More rules than this are more than anybody can keep in mind.
const MAX_RULES: usize = 500;

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleInput {
    /// The version that was edited; needed for a change.
    #[serde(default)]
    pub version: Option<i64>,
    pub settings: RuleSettings,
}

pub async fn create(deps: &Deps, mut cx: Context, input: RuleInput) -> Result<Rule, CommandError> {
    check(&input.settings)?;
    let tx = match cx.begin(&deps.records, "rules.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(rule) => return Ok(rule),
    };
    queries::may_write(&tx, cx.scope(), &input.settings).await?;
    if matches!(input.settings.condition, Condition::DownUnplanned) {
        return Err(CommandError::Refused(Refusal::RuleBuiltInKind));
    }
    if rules::all(&tx).await?.len() >= MAX_RULES {
        return Err(CommandError::Refused(Refusal::RuleLimit));
    }
    let rule = Rule {
        id: RuleId::generate(),
        version: 1,
        settings: input.settings,
        built_in: false,
        created_at: cx.at,
        updated_at: cx.at,
    };
    rules::insert(&tx, &rule).await?;
    cx.finish(tx, rule).await
}

/// Every edit makes the next version. Standing alerts go on where it says the same as before, and are withdrawn where
/// it does not.
pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: RuleId,
    input: RuleInput,
) -> Result<Rule, CommandError> {
    check(&input.settings)?;
    let tx = match cx.begin(&deps.records, "rules.update", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(rule) => return Ok(rule),
    };
    let rule = queries::one(&tx, cx.scope(), id).await?;
    let rule = save(&tx, &cx, rule, input).await?;
    cx.finish(tx, rule).await
}

pub async fn set_enabled(
    deps: &Deps,
    mut cx: Context,
    id: RuleId,
    enabled: bool,
) -> Result<Rule, CommandError> {
    let tx = match cx.begin(&deps.records, "rules.set_enabled", &(id, enabled)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(rule) => return Ok(rule),
    };
    let rule = queries::one(&tx, cx.scope(), id).await?;
    let settings = RuleSettings { enabled, ..rule.settings.clone() };
    let rule = save(&tx, &cx, rule, RuleInput { version: None, settings }).await?;
    cx.finish(tx, rule).await
}

async fn save(tx: &Tx, cx: &Context, rule: Rule, input: RuleInput) -> Result<Rule, CommandError> {
    queries::may_write(tx, cx.scope(), &rule.settings).await?;
    queries::may_write(tx, cx.scope(), &input.settings).await?;
    if input.version.is_some_and(|version| version != rule.version) {
        return Err(StoreError::Conflict("rules.version".into()).into());
    }
    let kind = |condition: &Condition| matches!(condition, Condition::DownUnplanned);
    if kind(&rule.settings.condition) != kind(&input.settings.condition) {
        return Err(CommandError::Refused(Refusal::RuleBuiltInKind));
    }
    if rule.settings == input.settings {
        return Ok(rule);
    }
    Ok(rules::update(tx, Rule { settings: input.settings, ..rule }, cx.at).await?)
}

/// Whether this can be a rule, also one that is only tried.
pub fn check(settings: &RuleSettings) -> Result<(), CommandError> {
    let mut checks = Checks::default();
    for (field, reason) in settings.problems() {
        checks.add(format!("settings.{field}"), reason);
    }
    checks.finish()
}
