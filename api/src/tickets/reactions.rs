//! From alert to ticket: one alert group opens at most one ticket, whatever is delivered twice or restarts in between.

use super::commands::{self, Draft};
use crate::{command::CommandError, deps::Deps};
use domain::{
    Timestamp,
    account::{Actor, Source},
    event::{DomainEvent, Recorded},
    id::{AlertGroupId, AlertId, AssetId},
    service::ticket::{PriorityReason, Resolution, Ticket, TicketSource, TicketState, assess},
};
use futures::future::BoxFuture;
use store::records::{Tx, alerts, assets, evidence, tickets, transitions::Circumstances, work_orders};

/// For [`crate::jobs::REACTIONS`].
pub fn run<'a>(
    deps: &'a Deps,
    tx: &'a Tx,
    recorded: &'a Recorded,
) -> BoxFuture<'a, Result<(), CommandError>> {
    Box::pin(follow_alerts(tx, recorded, deps.now()))
}

/// Opens, annotates or resolves tickets as alerts come and go. `at` is when Mainstay reacts.
pub async fn follow_alerts(tx: &Tx, recorded: &Recorded, at: Timestamp) -> Result<(), CommandError> {
    match &recorded.event {
        DomainEvent::AlertRaised { alert, group, asset, opens_ticket } => {
            raised(tx, *alert, *group, *asset, *opens_ticket, at).await
        }
        DomainEvent::AlertGroupCleared { group, at: cleared_at, .. } => {
            cleared(tx, *group, *cleared_at, at).await
        }
        _ => Ok(()),
    }
}

async fn raised(
    tx: &Tx,
    alert: AlertId,
    group: AlertGroupId,
    asset: AssetId,
    opens_ticket: bool,
    at: Timestamp,
) -> Result<(), CommandError> {
    let Some(alert) = alerts::get(tx, alert).await? else { return Ok(()) };
    let Some(asset) = assets::get(tx, asset).await? else { return Ok(()) };
    let reason = PriorityReason::Computed {
        severity: alert.severity,
        criticality: asset.criticality,
        downtime_cost_per_hour: asset.downtime_cost_per_hour,
    };
    if let Some(ticket) = tickets::find_by_alert_group(tx, group).await? {
        return annotate(tx, &ticket, reason, &how(Source::Machine, alert.raised_at, at)).await;
    }
    if !opens_ticket {
        return Ok(());
    }
    let rule = evidence::get(tx, alert.id).await?.map(|evidence| evidence.rule.name);
    let draft = Draft {
        asset: asset.id,
        subject: rule.unwrap_or_else(|| asset.name.clone()),
        description: String::new(),
        source: TicketSource::Automatic,
        alert_group: Some(group),
        priority: assess(alert.severity, asset.criticality, asset.downtime_cost_per_hour),
        reason,
        fault_at: Some(alert.raised_at),
        reported_at: alert.noticed_at,
        note: Some("note-opened-by-rule"),
    };
    let ticket = commands::open_within(tx, &how(Source::System, at, at), draft).await?;
    alerts::ticket_opened(tx, group, ticket.id).await?;
    Ok(())
}

/// Another alert of the same group: a note on the open ticket, and a higher priority when it is worse and nobody has
/// decided otherwise.
async fn annotate(
    tx: &Tx,
    ticket: &Ticket,
    reason: PriorityReason,
    how: &Circumstances,
) -> Result<(), CommandError> {
    if !ticket.state.is_open() {
        return Ok(());
    }
    let worse = reason.computed().filter(|priority| *priority > ticket.priority);
    let decided = matches!(ticket.priority_reason, PriorityReason::Overridden { .. });
    if let (Some(priority), false) = (worse, decided) {
        tickets::update(tx, &Ticket { priority, priority_reason: reason, ..ticket.clone() }).await?;
    }
    let state = ticket.state.as_str();
    how.record(tx, "ticket", ticket.id, Some(state), state, Some("note-alert-joined")).await?;
    Ok(())
}

/// The condition is gone: the machine says when it was well again. A ticket that nobody was sent for is resolved.
async fn cleared(
    tx: &Tx,
    group: AlertGroupId,
    cleared_at: Timestamp,
    at: Timestamp,
) -> Result<(), CommandError> {
    let Some(ticket) = tickets::find_by_alert_group(tx, group).await? else { return Ok(()) };
    if !ticket.state.is_open() {
        return Ok(());
    }
    let restored = ticket.clone().restored(cleared_at);
    let filter = work_orders::Filter { ticket: Some(ticket.id), ..work_orders::Filter::default() };
    let sent_for = matches!(ticket.state, TicketState::WorkOrderOpen { .. })
        || work_orders::count(tx, &filter).await? > 0;
    let after = if sent_for { restored } else { restored.resolve(Resolution::SelfCleared, at)? };
    let how = how(Source::Machine, cleared_at.min(at), at);
    commands::save(tx, &how, &ticket, &after, Some("note-alert-cleared")).await?;
    Ok(())
}

fn how(source: Source, at: Timestamp, recorded_at: Timestamp) -> Circumstances {
    Circumstances { at, recorded_at, source, actor: Actor::system(), place: None }
}
