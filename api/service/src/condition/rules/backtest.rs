//! A rule tried on what is stored, before it may open tickets.

use crate::{command::CommandError, deps::Deps};
use domain::{
    condition::{
        backtest::Tested,
        reliability::Period,
        rule::{Condition, RuleSettings, Scope},
    },
    people::account,
    reason::{Reason, Refusal},
};
use store::records::fleet::assets;

pub async fn run(
    deps: &Deps,
    seen: account::Scope,
    rule: &RuleSettings,
    period: Period,
) -> Result<Tested, CommandError> {
    if matches!(rule.condition, Condition::DownUnplanned) {
        return Err(CommandError::Refused(Refusal::RuleNoBacktest));
    }
    if let Scope::Asset(id) = rule.scope
        && assets::find(deps.records.read(), seen, id).await?.is_none()
    {
        return Err(CommandError::field("settings.scope.value", Reason::UnknownChoice));
    }
    Ok(deps.backtest.run(seen, rule, period).await?)
}
