//! From alert to ticket. What a ticket must be follows from the alerts of its group as they are now, not from the order
//! in which their events are read: whatever is delivered twice, late, or restarted in between, a group has at most one
//! ticket, and it is open while one of its alerts needs somebody.

use super::commands::{self, Draft};
use crate::{command::CommandError, deps::Deps};
use domain::{
    Timestamp,
    condition::alert::{Alert, ClearReason},
    event::{DomainEvent, Recorded},
    fleet::asset::Asset,
    id::{AlertGroupId, AlertId},
    people::account::{Actor, Source},
    work::{
        Priority,
        ticket::{PriorityReason, Resolution, Ticket, TicketSource, TicketState, assess},
    },
};
use futures::future::BoxFuture;
use store::{
    StoreError,
    records::{
        Tx,
        condition::{alerts, evidence},
        engine::transitions::Circumstances,
        fleet::assets,
        work::{tickets, work_orders},
    },
};

/// For [`crate::jobs::REACTIONS`].
pub fn run<'a>(
    deps: &'a Deps,
    tx: &'a Tx,
    recorded: &'a Recorded,
) -> BoxFuture<'a, Result<(), CommandError>> {
    Box::pin(follow_alerts(tx, recorded, deps.now()))
}

/// Opens, annotates, corrects, resolves or reopens tickets as alerts come and go. `at` is when Mainstay reacts.
pub async fn follow_alerts(tx: &Tx, recorded: &Recorded, at: Timestamp) -> Result<(), CommandError> {
    match &recorded.event {
        DomainEvent::AlertRaised { alert, group, .. } => follow(tx, *group, Some(*alert), at).await,
        DomainEvent::AlertCleared { group, .. } | DomainEvent::AlertGroupCleared { group, .. } => {
            follow(tx, *group, None, at).await
        }
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
        None => match first(&all) {
            Some(first) => open(tx, first, &all, at).await?,
            None => return Ok(()),
        },
    };
    let ticket = hold_open(tx, ticket, &all, at).await?;
    let ticket = correct(tx, ticket, &all).await?;
    if !ticket.state.is_open() {
        return withdraw(tx, &ticket, &all, at).await;
    }
    match raised {
        // That it has cleared since is told by an event of its own.
        Some(id) => match all.iter().find(|alert| alert.id == id) {
            Some(alert) => annotate(tx, &ticket, alert, &all, at).await,
            None => Ok(()),
        },
        None if all.iter().all(|alert| alert.cleared_at.is_some()) => cleared(tx, &ticket, &all, at).await,
        None => Ok(()),
    }
}

/// The alert with which the fault began, of those that ask for a ticket.
fn first(all: &[Alert]) -> Option<&Alert> {
    let asking = all.iter().filter(|alert| alert.asks_for_ticket());
    asking.min_by_key(|alert| (alert.raised_at, alert.rule_id))
}

/// Those that late data has not disproved.
fn held(all: &[Alert]) -> impl Iterator<Item = &Alert> {
    all.iter().filter(|alert| !alert.is_disproved())
}

/// Since when the machine is well: only the machine can say it. When a rule was changed, nothing is known of it.
fn well_since(all: &[Alert]) -> Option<Timestamp> {
    let by_machine = |alert: &Alert| matches!(alert.clear_reason, None | Some(ClearReason::Condition));
    let last = held(all).map(|alert| alert.cleared_at).collect::<Option<Vec<_>>>()?.into_iter().max();
    last.filter(|_| held(all).all(by_machine))
}

async fn open(tx: &Tx, first: &Alert, all: &[Alert], at: Timestamp) -> Result<Ticket, CommandError> {
    let asset = assets::get(tx, first.asset_id).await?.ok_or(CommandError::NotFound)?;
    let (priority, reason) = urgency(&asset, first, all);
    let draft = Draft {
        asset: asset.id,
        subject: subject(tx, first).await?.unwrap_or_else(|| asset.name.clone()),
        description: String::new(),
        source: TicketSource::Automatic,
        alert_group: Some(first.group_id),
        priority,
        reason,
        fault_at: Some(first.raised_at),
        reported_at: first.noticed_at,
        note: Some("note-opened-by-rule"),
    };
    let ticket = commands::open_within(tx, &how(Source::System, at, at), draft).await?;
    alerts::ticket_opened(tx, first.group_id, ticket.id).await?;
    Ok(ticket)
}

/// The name of the rule. Evidence that cannot be read costs the ticket its name, not its being.
async fn subject(tx: &Tx, first: &Alert) -> Result<Option<String>, StoreError> {
    match evidence::get(tx, first.id).await {
        Err(StoreError::Corrupt(error)) => {
            tracing::error!(alert = %first.id, error, "a ticket goes without the evidence of its alert");
            Ok(None)
        }
        found => Ok(found?.map(|evidence| evidence.rule.name)),
    }
}

/// As urgent as the worst.
fn urgency(asset: &Asset, first: &Alert, all: &[Alert]) -> (Priority, PriorityReason) {
    let severity = held(all).map(|alert| alert.severity).max().unwrap_or(first.severity);
    let reason = PriorityReason::Computed {
        severity,
        criticality: asset.criticality,
        downtime_cost_per_hour: asset.downtime_cost_per_hour,
    };
    (assess(severity, asset.criticality, asset.downtime_cost_per_hour), reason)
}

/// A ticket says what its alerts say now, in whatever order they became known: when the fault began, what was seen
/// first, how bad it is, and since when it is over. What people have decided stays.
async fn correct(tx: &Tx, ticket: Ticket, all: &[Alert]) -> Result<Ticket, CommandError> {
    let ours = ticket.source == TicketSource::Automatic && (ticket.state.is_open() || went_away(&ticket));
    let Some(first) = first(all).filter(|_| ours) else { return Ok(ticket) };
    let Some(asset) = assets::get(tx, ticket.asset_id).await? else { return Ok(ticket) };
    let mut told = Ticket { fault_at: Some(first.raised_at), ..ticket.clone() };
    if let Some(subject) = subject(tx, first).await? {
        told.subject = subject;
    }
    if matches!(ticket.priority_reason, PriorityReason::Computed { .. }) {
        (told.priority, told.priority_reason) = urgency(&asset, first, all);
    }
    if went_away(&ticket)
        && let Some(since) = well_since(all)
    {
        told = told.restored(since);
    }
    if told == ticket { Ok(ticket) } else { Ok(tickets::update(tx, &told).await?) }
}

/// A ticket that went away by itself comes back with the condition. One that a person ended stays as they left it: what
/// is raised after that is another group.
async fn hold_open(tx: &Tx, ticket: Ticket, all: &[Alert], at: Timestamp) -> Result<Ticket, CommandError> {
    // One that came and went again since the machine was last well counts too, however late this is read; so does one
    // that late data speaks for, after the ticket was withdrawn for another.
    let again = |alert: &Alert| match ticket.restored_at {
        Some(restored) => alert.asks_for_ticket() && alert.raised_at > restored,
        None => alert.asks_for_ticket() && withdrawn(&ticket) && well_since(all).is_some(),
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

fn withdrawn(ticket: &Ticket) -> bool {
    ticket.state.resolution() == Some(Resolution::Withdrawn)
}

/// Nobody ended it: it went away by itself.
fn went_away(ticket: &Ticket) -> bool {
    matches!(
        ticket.state,
        TicketState::Resolved { resolution: Resolution::SelfCleared | Resolution::Withdrawn, .. }
    )
}

/// Another alert of the same group: a note on the open ticket.
async fn annotate(
    tx: &Tx,
    ticket: &Ticket,
    alert: &Alert,
    all: &[Alert],
    at: Timestamp,
) -> Result<(), CommandError> {
    if first(all).is_none_or(|first| first.id == alert.id) {
        return Ok(());
    }
    let how = how(Source::Machine, alert.raised_at.min(at), at);
    let state = ticket.state.as_str();
    how.record(tx, "ticket", ticket.id, Some(state), state, Some("note-alert-joined")).await?;
    Ok(())
}

/// It went away by itself, and now none of its alerts is left to say that it ever was.
async fn withdraw(tx: &Tx, ticket: &Ticket, all: &[Alert], at: Timestamp) -> Result<(), CommandError> {
    if held(all).next().is_some() {
        return Ok(());
    }
    if let Ok(withdrawn) = ticket.clone().withdraw() {
        let how = how(Source::Machine, at, at);
        commands::save(tx, &how, ticket, &withdrawn, Some("note-alert-disproved")).await?;
    }
    Ok(())
}

/// No alert of the group stands any more. A ticket that nobody was sent for is resolved.
async fn cleared(tx: &Tx, ticket: &Ticket, all: &[Alert], at: Timestamp) -> Result<(), CommandError> {
    let restored = well_since(all);
    let reason =
        held(all).find_map(|alert| alert.clear_reason.filter(|reason| *reason != ClearReason::Condition));
    let note = match reason {
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
