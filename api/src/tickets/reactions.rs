//! From alert to ticket. What a ticket must be follows from the alerts of its group as they are now, not from the order
//! in which their events are read: whatever is delivered twice, late, or restarted in between, a group has at most one
//! ticket, and it is open while one of its alerts needs somebody.

use super::commands::{self, Draft};
use crate::{command::CommandError, deps::Deps};
use domain::{
    Timestamp,
    account::{Actor, Source},
    condition::alert::{Alert, ClearReason},
    event::{DomainEvent, Recorded},
    id::{AlertGroupId, AlertId},
    service::ticket::{PriorityReason, Resolution, Ticket, TicketSource, TicketState, assess},
};
use futures::future::BoxFuture;
use store::{
    StoreError,
    records::{Tx, alerts, assets, evidence, tickets, transitions::Circumstances, work_orders},
};

/// For [`crate::jobs::REACTIONS`].
pub fn run<'a>(
    deps: &'a Deps,
    tx: &'a Tx,
    recorded: &'a Recorded,
) -> BoxFuture<'a, Result<(), CommandError>> {
    Box::pin(follow_alerts(tx, recorded, deps.now()))
}

/// Opens, annotates, resolves or reopens tickets as alerts come and go. `at` is when Mainstay reacts.
pub async fn follow_alerts(tx: &Tx, recorded: &Recorded, at: Timestamp) -> Result<(), CommandError> {
    match &recorded.event {
        DomainEvent::AlertRaised { alert, group, .. } => follow(tx, *group, Some(*alert), at).await,
        DomainEvent::AlertGroupCleared { group, .. } => follow(tx, *group, None, at).await,
        DomainEvent::AlertGroupsMerged { from, into, .. } => merge(tx, *from, *into, at).await,
        _ => Ok(()),
    }
}

/// Brings the ticket of `group` up to date. `raised` is the alert that was just told of.
async fn follow(
    tx: &Tx,
    group: AlertGroupId,
    raised: Option<AlertId>,
    at: Timestamp,
) -> Result<(), CommandError> {
    let all = alerts::of_group(tx, group).await?;
    let ticket = match tickets::find_by_alert_group(tx, group).await? {
        Some(ticket) => ticket,
        None => match all.iter().find(|alert| alert.asks_for_ticket()) {
            Some(first) => open(tx, first, &all, at).await?,
            None => return Ok(()),
        },
    };
    let ticket = hold_open(tx, ticket, &all, at).await?;
    if !ticket.state.is_open() {
        return Ok(());
    }
    match raised {
        // That it has cleared since is told by an event of its own.
        Some(id) => match all.iter().find(|alert| alert.id == id) {
            Some(alert) => annotate(tx, ticket, alert, &all, at).await.map(drop),
            None => Ok(()),
        },
        None if all.iter().all(|alert| alert.cleared_at.is_some()) => cleared(tx, &ticket, &all, at).await,
        None => Ok(()),
    }
}

/// Opened for the first alert of the group that asks for it, as urgent as the worst.
async fn open(tx: &Tx, first: &Alert, all: &[Alert], at: Timestamp) -> Result<Ticket, CommandError> {
    let asset = assets::get(tx, first.asset_id).await?.ok_or(CommandError::NotFound)?;
    let asking = all.iter().filter(|alert| alert.asks_for_ticket());
    let severity = asking.map(|alert| alert.severity).max().unwrap_or(first.severity);
    // Evidence that cannot be read costs the ticket its name, not its being.
    let rule = match evidence::get(tx, first.id).await {
        Err(StoreError::Corrupt(error)) => {
            tracing::error!(alert = %first.id, error, "a ticket is opened without the evidence of its alert");
            None
        }
        found => found?.map(|evidence| evidence.rule.name),
    };
    let draft = Draft {
        asset: asset.id,
        subject: rule.unwrap_or_else(|| asset.name.clone()),
        description: String::new(),
        source: TicketSource::Automatic,
        alert_group: Some(first.group_id),
        priority: assess(severity, asset.criticality, asset.downtime_cost_per_hour),
        reason: PriorityReason::Computed {
            severity,
            criticality: asset.criticality,
            downtime_cost_per_hour: asset.downtime_cost_per_hour,
        },
        fault_at: Some(first.raised_at),
        reported_at: first.noticed_at,
        note: Some("note-opened-by-rule"),
    };
    let ticket = commands::open_within(tx, &how(Source::System, at, at), draft).await?;
    alerts::ticket_opened(tx, first.group_id, ticket.id).await?;
    Ok(ticket)
}

/// A ticket that went away by itself comes back with the condition. One that a person ended stays as they left it: what
/// is raised after that is another group.
async fn hold_open(tx: &Tx, ticket: Ticket, all: &[Alert], at: Timestamp) -> Result<Ticket, CommandError> {
    // One that came and went again since the machine was last well counts too, however late this is read.
    let again = |alert: &Alert| {
        alert.asks_for_ticket() && ticket.restored_at.is_some_and(|restored| alert.raised_at > restored)
    };
    let needed = all.iter().filter(|alert| alert.needs_ticket() || again(alert));
    let Some(newest) = needed.map(|alert| alert.raised_at).max() else { return Ok(ticket) };
    let how = how(Source::Machine, newest.min(at), at);
    if went_away(&ticket) {
        let again = ticket.clone().reopen(at)?;
        let again = commands::save(tx, &how, &ticket, &again, Some("note-alert-again")).await?;
        if let Some(group) = again.alert_group_id {
            alerts::ticket_opened(tx, group, again.id).await?;
        }
        return Ok(again);
    }
    // The machine was well, and is no longer.
    if ticket.state.is_open() && ticket.restored_at.is_some_and(|restored| restored < newest) {
        let relapsed = ticket.clone().relapsed();
        return commands::save(tx, &how, &ticket, &relapsed, Some("note-alert-again")).await;
    }
    Ok(ticket)
}

/// Nobody ended it: it went away by itself.
fn went_away(ticket: &Ticket) -> bool {
    matches!(
        ticket.state,
        TicketState::Resolved { resolution: Resolution::SelfCleared | Resolution::Withdrawn, .. }
    )
}

/// Another alert of the same group: a note on the open ticket, and a higher priority when it is worse and nobody has
/// decided otherwise.
async fn annotate(
    tx: &Tx,
    ticket: Ticket,
    alert: &Alert,
    all: &[Alert],
    at: Timestamp,
) -> Result<Ticket, CommandError> {
    let first = all.iter().find(|alert| alert.asks_for_ticket());
    if first.is_none_or(|first| first.id == alert.id) {
        return Ok(ticket);
    }
    let Some(asset) = assets::get(tx, alert.asset_id).await? else { return Ok(ticket) };
    let reason = PriorityReason::Computed {
        severity: alert.severity,
        criticality: asset.criticality,
        downtime_cost_per_hour: asset.downtime_cost_per_hour,
    };
    let worse = reason.computed().filter(|priority| *priority > ticket.priority);
    let decided = matches!(ticket.priority_reason, PriorityReason::Overridden { .. });
    let ticket = match worse.filter(|_| !decided) {
        Some(priority) => {
            tickets::update(tx, &Ticket { priority, priority_reason: reason, ..ticket }).await?
        }
        None => ticket,
    };
    let how = how(Source::Machine, alert.raised_at.min(at), at);
    let state = ticket.state.as_str();
    how.record(tx, "ticket", ticket.id, Some(state), state, Some("note-alert-joined")).await?;
    Ok(ticket)
}

/// No alert of the group stands any more. Only the machine can say that it is well again: when a rule was changed, or
/// late data disproved an alert, nothing is known of it. A ticket that nobody was sent for is resolved.
async fn cleared(tx: &Tx, ticket: &Ticket, all: &[Alert], at: Timestamp) -> Result<(), CommandError> {
    let held = || all.iter().filter(|alert| alert.clear_reason != Some(ClearReason::LateData));
    let by_machine = |alert: &Alert| matches!(alert.clear_reason, None | Some(ClearReason::Condition));
    let restored = held().filter_map(|alert| alert.cleared_at).max().filter(|_| held().all(by_machine));
    let note = match held().find_map(|alert| alert.clear_reason.filter(|_| !by_machine(alert))) {
        Some(ClearReason::DeviceMoved) => "note-device-moved",
        Some(_) => "note-rule-changed",
        None if restored.is_none() => "note-alert-disproved",
        None => "note-alert-cleared",
    };
    let after = match restored {
        Some(restored) => ticket.clone().restored(restored),
        None => ticket.clone(),
    };
    let resolution = if restored.is_some() { Resolution::SelfCleared } else { Resolution::Withdrawn };
    let sent_for = work_orders::sent_for(tx, ticket).await?;
    let after = if sent_for { after } else { after.resolve(resolution, at)? };
    if after == *ticket {
        return Ok(());
    }
    let how = how(Source::Machine, restored.unwrap_or(at).min(at), at);
    commands::save(tx, &how, ticket, &after, Some(note)).await?;
    Ok(())
}

/// Late data connected two cases. The ticket of the later one goes with its alerts, or says the same as the other.
async fn merge(tx: &Tx, from: AlertGroupId, into: AlertGroupId, at: Timestamp) -> Result<(), CommandError> {
    let Some(later) = tickets::find_by_alert_group(tx, from).await? else {
        return follow(tx, into, None, at).await;
    };
    match tickets::find_by_alert_group(tx, into).await? {
        None => {
            let ticket = Ticket { alert_group_id: Some(into), ..later };
            let ticket = tickets::update(tx, &ticket).await?;
            alerts::ticket_opened(tx, into, ticket.id).await?;
        }
        Some(earlier) => {
            // Where somebody is on the way for the later one, or has ended it, it stays a ticket of its own.
            let idle = if went_away(&later) { later.clone().reopen(at)? } else { later.clone() };
            if let Ok(duplicate) = idle.mark_duplicate(&earlier, at) {
                let how = how(Source::System, at, at);
                commands::save(tx, &how, &later, &duplicate, Some("note-cases-merged")).await?;
            }
        }
    }
    follow(tx, into, None, at).await
}

fn how(source: Source, at: Timestamp, recorded_at: Timestamp) -> Circumstances {
    Circumstances { at, recorded_at, source, actor: Actor::system(), place: None }
}
