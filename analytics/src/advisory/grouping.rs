//! Which alerts are one case. Decided by their own times alone: a replay, a restart or a slow reaction groups the same.
//!
//! Alerts of one asset belong together when no more than [`SAME_CASE`] of good time lies between them. While somebody is
//! on the way to the asset, everything that it says belongs to that visit's case; once a person has ended a case, what
//! comes later is a new one.

use super::Case;
use domain::{
    Timestamp,
    condition::alert::{Alert, AlertGroup},
    event::DomainEvent,
    id::AlertGroupId,
    work::ticket::{Resolution, TicketState},
};
use store::{
    StoreError,
    records::{
        Tx,
        condition::alerts,
        engine::outbox,
        work::{tickets, work_orders},
    },
};

const SAME_CASE: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// The group that the alert joins: the one of its case, or a new one.
pub async fn join(
    tx: &Tx,
    case: &Case<'_>,
    historical: bool,
    opens_ticket: bool,
) -> Result<AlertGroupId, StoreError> {
    let severity = case.rule.settings.severity;
    let Some(group) = find(tx, case, historical).await? else {
        let group = AlertGroup {
            id: AlertGroupId::generate(),
            asset_id: case.asset.id,
            opened_at: case.at,
            severity,
            historical,
            cleared_at: None,
            closed_at: None,
            ticket_id: None,
            // A ticket is on its way: until it is closed, or declined, the group stays open.
            ticket_open: opens_ticket,
            verdict: None,
        };
        alerts::insert_group(tx, &group).await?;
        return Ok(group.id);
    };
    let joined = AlertGroup {
        opened_at: group.opened_at.min(case.at),
        severity: group.severity.max(severity),
        cleared_at: None,
        closed_at: None,
        ticket_open: group.ticket_open || opens_ticket,
        ..group
    };
    alerts::update_group(tx, &joined).await?;
    Ok(joined.id)
}

async fn find(tx: &Tx, case: &Case<'_>, historical: bool) -> Result<Option<AlertGroup>, StoreError> {
    let around = (case.at - SAME_CASE, case.at + SAME_CASE);
    let mut near = Vec::new();
    for group in alerts::groups_within(tx, case.asset.id, historical, around).await? {
        if !ended_by_a_person(tx, &group).await? {
            near.push(group);
        }
    }
    let mut near = near.into_iter();
    let Some(first) = near.next() else { return under_way(tx, case, historical).await };
    let mut joined = first;
    for other in near {
        joined = merge(tx, joined, other, case.now).await?;
    }
    Ok(Some(joined))
}

/// The case that somebody was sent for and that is not done yet, however long ago it was quiet.
async fn under_way(tx: &Tx, case: &Case<'_>, historical: bool) -> Result<Option<AlertGroup>, StoreError> {
    if let Some(group) = alerts::newest_group(tx, case.asset.id, historical).await?
        && group.opened_at <= case.at
        && let Some(ticket) = tickets::find_by_alert_group(tx, group.id).await?
        && ticket.state.is_open()
        && work_orders::sent_for(tx, &ticket).await?
    {
        return Ok(Some(group));
    }
    Ok(None)
}

/// Somebody resolved, closed or struck out its ticket. What went away by itself may come back.
async fn ended_by_a_person(tx: &Tx, group: &AlertGroup) -> Result<bool, StoreError> {
    let ticket = tickets::find_by_alert_group(tx, group.id).await?;
    Ok(ticket.is_some_and(|ticket| match ticket.state {
        TicketState::Resolved { resolution, .. } => {
            !matches!(resolution, Resolution::SelfCleared | Resolution::Withdrawn)
        }
        state => !state.is_open(),
    }))
}

/// Late data connected two cases: the later one is part of the earlier.
async fn merge(
    tx: &Tx,
    into: AlertGroup,
    from: AlertGroup,
    now: Timestamp,
) -> Result<AlertGroup, StoreError> {
    alerts::move_group(tx, from.id, into.id).await?;
    let latest = |a: Option<Timestamp>, b: Option<Timestamp>| a.zip(b).map(|(a, b)| a.max(b));
    let merged = AlertGroup {
        opened_at: into.opened_at.min(from.opened_at),
        severity: into.severity.max(from.severity),
        cleared_at: latest(into.cleared_at, from.cleared_at),
        closed_at: latest(into.closed_at, from.closed_at),
        ticket_open: into.ticket_open || from.ticket_open,
        verdict: into.verdict.clone().or_else(|| from.verdict.clone()),
        ..into
    };
    alerts::update_group(tx, &merged).await?;
    let ended = AlertGroup { cleared_at: from.cleared_at.or(Some(now)), closed_at: Some(now), ..from };
    alerts::update_group(tx, &ended).await?;
    let event = DomainEvent::AlertGroupsMerged { from: ended.id, into: merged.id, asset: merged.asset_id };
    outbox::push(tx, &event, now).await?;
    Ok(merged)
}

/// Brings the group up to date with its alerts. Answers when the last of them cleared, if none stands.
pub async fn renew(tx: &Tx, id: AlertGroupId, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let Some(group) = alerts::group(tx, id).await? else { return Ok(None) };
    let all = alerts::of_group(tx, id).await?;
    if all.is_empty() {
        alerts::delete_group(tx, &group).await?;
        return Ok(None);
    }
    let held: Vec<&Alert> = all.iter().filter(|alert| !alert.is_disproved()).collect();
    let cleared: Option<Vec<Timestamp>> = held.iter().map(|alert| alert.cleared_at).collect();
    let last = cleared.map(|times| times.into_iter().max().unwrap_or(group.opened_at));
    let renewed = AlertGroup {
        opened_at: held.iter().map(|alert| alert.raised_at).min().unwrap_or(group.opened_at),
        severity: held.iter().map(|alert| alert.severity).max().unwrap_or(group.severity),
        ticket_open: group.ticket_open
            || held.iter().any(|alert| alert.asks_for_ticket() && alert.cleared_at.is_none()),
        cleared_at: last,
        closed_at: group.closed_at.filter(|_| last.is_some()),
        ..group
    };
    alerts::update_group(tx, &renewed.settle(now)).await?;
    Ok(last)
}

/// The times of the group's alerts have changed: what is no longer of its case becomes a case of its own, and one that
/// it has come to touch becomes part of it. A case that somebody was sent for, or has ended, stays as it is. Answers the
/// alerts that are of another group now.
pub async fn regroup(tx: &Tx, id: AlertGroupId, now: Timestamp) -> Result<Vec<Alert>, StoreError> {
    let Some(group) = alerts::group(tx, id).await? else { return Ok(Vec::new()) };
    if in_hand(tx, &group).await? {
        return Ok(Vec::new());
    }
    let mut held = alerts::of_group(tx, id).await?;
    held.retain(|alert| !alert.is_disproved());
    // The first keeps the ticket.
    let apart = cases(held).into_iter().skip(1);
    let (mut moved, mut touched) = (Vec::new(), vec![id]);
    for case in apart {
        let ticket_open = case.iter().any(Alert::asks_for_ticket);
        let id = AlertGroupId::generate();
        let own = AlertGroup { id, ticket_id: None, ticket_open, verdict: None, ..group.clone() };
        alerts::insert_group(tx, &own).await?;
        for alert in case {
            alerts::update(tx, &Alert { group_id: id, ..alert.clone() }).await?;
            moved.push(alert.id);
        }
        touched.push(id);
    }
    for id in &touched {
        let cleared = renew(tx, *id, now).await?;
        if let Some(at) = cleared.filter(|_| !moved.is_empty()) {
            let event = DomainEvent::AlertGroupCleared { group: *id, asset: group.asset_id, at };
            outbox::push(tx, &event, now).await?;
        }
    }
    for id in touched {
        touch(tx, id, now).await?;
    }
    let mut elsewhere = Vec::new();
    for id in moved {
        elsewhere.extend(alerts::get(tx, id).await?);
    }
    Ok(elsewhere)
}

/// Somebody was sent for it, or has ended it.
async fn in_hand(tx: &Tx, group: &AlertGroup) -> Result<bool, StoreError> {
    let Some(ticket) = tickets::find_by_alert_group(tx, group.id).await? else { return Ok(false) };
    Ok(ended_by_a_person(tx, group).await? || work_orders::sent_for(tx, &ticket).await?)
}

/// `alerts`, oldest first, with no more than [`SAME_CASE`] of good time between two of one case.
fn cases(alerts: Vec<Alert>) -> Vec<Vec<Alert>> {
    let mut cases: Vec<Vec<Alert>> = Vec::new();
    let mut well_at = Some(Timestamp::MIN_UTC);
    for alert in alerts {
        let apart = well_at.is_some_and(|well_at| alert.raised_at - well_at > SAME_CASE);
        well_at = well_at.zip(alert.cleared_at).map(|(well_at, cleared)| well_at.max(cleared));
        match cases.last_mut().filter(|_| !apart) {
            Some(case) => case.push(alert),
            None => cases.push(vec![alert]),
        }
    }
    cases
}

/// Merges the group with those that it touches.
async fn touch(tx: &Tx, id: AlertGroupId, now: Timestamp) -> Result<(), StoreError> {
    let Some(group) = alerts::group(tx, id).await? else { return Ok(()) };
    if alerts::of_group(tx, id).await?.iter().all(Alert::is_disproved) {
        return Ok(());
    }
    let until = group.cleared_at.map_or(Timestamp::MAX_UTC, |at| at + SAME_CASE);
    let around = (group.opened_at - SAME_CASE, until);
    let mut joined: Option<AlertGroup> = None;
    for other in alerts::groups_within(tx, group.asset_id, group.historical, around).await? {
        if other.id != id && in_hand(tx, &other).await? {
            continue;
        }
        joined = Some(match joined {
            Some(first) => merge(tx, first, other, now).await?,
            None => other,
        });
    }
    Ok(())
}

/// A ticket is on its way for a group that had none.
pub async fn expect_ticket(tx: &Tx, id: AlertGroupId) -> Result<(), StoreError> {
    let Some(group) = alerts::group(tx, id).await? else { return Ok(()) };
    alerts::update_group(tx, &AlertGroup { ticket_open: true, closed_at: None, ..group }).await
}
