//! What people do about alerts.

use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    scope,
    work::tickets::commands::{Draft, open_within},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    calendar::within_years,
    condition::alert::{Alert, Dismissal, GivenVerdict, Verdict},
    id::{AccountId, AlertGroupId, AlertId, TicketId},
    people::account::Identity,
    reason::Reason,
    work::ticket::{PriorityReason, TicketSource, assess},
};
use serde::{Deserialize, Serialize};
use store::records::{
    Db,
    condition::{alerts, evidence},
    fleet::assets,
    work::tickets,
};

/// Longest reason for a dismissal.
pub const MAX_REASON: usize = 500;

/// I know of it. An alert that is acknowledged already is answered as it is.
pub async fn acknowledge(deps: &Deps, mut cx: Context, id: AlertId) -> Result<Alert, CommandError> {
    let tx = match cx.begin(&deps.records, "alerts.acknowledge", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(alert) => return Ok(alert),
    };
    let alert = scope::alert(&tx, cx.scope(), id).await?;
    if alert.acknowledged.is_some() {
        return Ok(alert);
    }
    let alert = alert.acknowledge(account(&cx), cx.at)?;
    alerts::update(&tx, &alert).await?;
    cx.finish(tx, alert).await
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismiss {
    pub reason: String,
    /// Hidden until then; for good when neither this nor `hours` is there.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub until: Option<Timestamp>,
    /// Hidden for so long from now.
    #[serde(default)]
    pub hours: Option<u16>,
}

/// Not a problem: hides the alert, for a while or for good, with the reason.
pub async fn dismiss(
    deps: &Deps,
    mut cx: Context,
    id: AlertId,
    input: Dismiss,
) -> Result<Alert, CommandError> {
    let reason = input.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(CommandError::field("reason", Reason::Required));
    }
    if reason.chars().count() > MAX_REASON {
        return Err(CommandError::field("reason", Reason::TooLong));
    }
    let until = input.until.or_else(|| Some(cx.at + TimeDelta::hours(input.hours?.into())));
    if until.is_some_and(|until| until <= cx.at || within_years(until).is_none()) {
        return Err(CommandError::field("until", Reason::NotInTheFuture));
    }
    let tx = match cx.begin(&deps.records, "alerts.dismiss", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(alert) => return Ok(alert),
    };
    let alert = scope::alert(&tx, cx.scope(), id).await?;
    let dismissal = Dismissal { by: account(&cx), at: cx.at, reason, until };
    let alert = alert.dismiss(dismissal)?;
    alerts::update(&tx, &alert).await?;
    cx.finish(tx, alert).await
}

/// Keeps the technician's word on a group, as part of the caller's transaction. A later word replaces an earlier one.
pub async fn verdict(
    tx: &Db,
    group: AlertGroupId,
    verdict: Verdict,
    found: Option<String>,
    by: Option<AccountId>,
    at: Timestamp,
) -> Result<(), CommandError> {
    let Some(group) = alerts::group(tx, group).await? else { return Err(CommandError::NotFound) };
    let given = GivenVerdict { verdict, found: found.filter(|text| !text.trim().is_empty()), by, at };
    let group = domain::condition::alert::AlertGroup { verdict: Some(given), ..group };
    Ok(alerts::update_group(tx, &group).await?)
}

/// Opens a ticket for the alert's group, if none is there yet, and answers which it is.
pub async fn open_ticket(deps: &Deps, mut cx: Context, id: AlertId) -> Result<TicketId, CommandError> {
    let tx = match cx.begin(&deps.records, "alerts.open_ticket", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(ticket) => return Ok(ticket),
    };
    let alert = scope::alert(&tx, cx.scope(), id).await?;
    if let Some(ticket) = tickets::find_by_alert_group(&tx, alert.group_id).await? {
        return cx.finish(tx, ticket.id).await;
    }
    let asset = assets::get(&tx, alert.asset_id).await?.ok_or(CommandError::NotFound)?;
    let rule = evidence::get(&tx, alert.id).await?.map(|evidence| evidence.rule.name);
    let draft = Draft {
        asset: asset.id,
        subject: rule.unwrap_or_else(|| asset.name.clone()),
        description: String::new(),
        source: TicketSource::Agent,
        alert_group: Some(alert.group_id),
        priority: assess(alert.severity, asset.criticality, asset.downtime_cost_per_hour),
        reason: PriorityReason::Computed {
            severity: alert.severity,
            criticality: asset.criticality,
            downtime_cost_per_hour: asset.downtime_cost_per_hour,
        },
        fault_at: Some(alert.raised_at),
        reported_at: alert.noticed_at,
        note: None,
    };
    let ticket = open_within(&tx, &circumstances(&cx, None)?, draft).await?;
    alerts::ticket_opened(&tx, alert.group_id, ticket.id).await?;
    cx.finish(tx, ticket.id).await
}

fn account(cx: &Context) -> Option<AccountId> {
    match cx.actor.identity {
        Identity::Account(id) => Some(id),
        Identity::ApiToken(_) | Identity::System => None,
    }
}
