//! What people and reactions do with tickets.

use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    input::{Checks, MAX_DESCRIPTION, MAX_SUBJECT, MAX_TEXT},
    scope,
};
use domain::{
    Timestamp,
    event::DomainEvent,
    id::{AlertGroupId, AssetId, TicketId},
    people::account::{Actor, Identity},
    reason::{Reason, Refusal},
    work::{
        Priority,
        ticket::{PriorityReason, Resolution, Ticket, TicketSource, TicketState, WaitingFor},
    },
};
use serde::{Deserialize, Serialize};
use store::records::{
    Tx,
    condition::alerts,
    engine::{counters, outbox, transitions::Circumstances},
    fleet::assets,
    work::tickets,
};

/// A ticket as it is reported.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    #[schema(value_type = uuid::Uuid)]
    pub asset_id: AssetId,
    pub subject: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "high")]
    pub priority: Option<Priority>,
    /// When the fault began, as far as is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub fault_at: Option<Timestamp>,
    /// When it was reported, if that was before now.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub reported_at: Option<Timestamp>,
}

impl NewTicket {
    fn check(&self, now: Timestamp) -> Result<(), CommandError> {
        let mut checks = Checks::default();
        checks.required("subject", &self.subject, MAX_SUBJECT);
        checks.text("description", &self.description, MAX_DESCRIPTION);
        for (field, at) in [("fault_at", self.fault_at), ("reported_at", self.reported_at)] {
            if at.is_some_and(|at| at > now) {
                checks.add(field, Reason::ServiceAtFuture);
            }
        }
        checks.finish()
    }
}

/// A note, and the version that the writer saw; a newer one is a conflict.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Remark {
    pub note: String,
    pub version: Option<i64>,
}

impl Remark {
    pub fn required(&self) -> Result<(), CommandError> {
        let mut checks = Checks::default();
        checks.required("note", &self.note, MAX_TEXT);
        checks.finish()
    }
    pub fn check(&self) -> Result<(), CommandError> {
        let mut checks = Checks::default();
        checks.text("note", &self.note, MAX_TEXT);
        checks.finish()
    }
}

pub async fn open(deps: &Deps, mut cx: Context, input: NewTicket) -> Result<Ticket, CommandError> {
    let tx = match cx.begin(&deps.records, "tickets.open", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(ticket) => return Ok(ticket),
    };
    input.check(cx.at)?;
    let source = match (cx.actor.customer_scope(), cx.actor.technician_scope()) {
        (Some(_), _) => TicketSource::Customer,
        (_, Some(_)) => TicketSource::Technician,
        _ => TicketSource::Agent,
    };
    let draft = Draft {
        asset: input.asset_id,
        subject: input.subject.trim().into(),
        description: input.description.trim().into(),
        source,
        alert_group: None,
        priority: input.priority.unwrap_or(Priority::Medium),
        reason: PriorityReason::Given,
        fault_at: input.fault_at,
        reported_at: input.reported_at.unwrap_or(cx.at),
        note: None,
    };
    let ticket = open_within(&tx, &circumstances(&cx, None)?, draft).await?;
    cx.finish(tx, ticket).await
}

/// Everything a new ticket is made of, whoever opens it.
pub struct Draft {
    pub asset: AssetId,
    pub subject: String,
    pub description: String,
    pub source: TicketSource,
    pub alert_group: Option<AlertGroupId>,
    pub priority: Priority,
    pub reason: PriorityReason,
    pub fault_at: Option<Timestamp>,
    pub reported_at: Timestamp,
    pub note: Option<&'static str>,
}

/// Opens a ticket within the caller's transaction, of an asset that the actor sees.
pub async fn open_within(tx: &Tx, how: &Circumstances, draft: Draft) -> Result<Ticket, CommandError> {
    let asset = assets::find(tx, how.actor.scope(), draft.asset)
        .await?
        .ok_or(CommandError::field("asset_id", Reason::UnknownAsset))?;
    let ticket = Ticket {
        id: TicketId::generate(),
        number: counters::next(tx, "T").await?,
        asset_id: asset.id,
        customer_id: asset.customer_id,
        site_id: asset.site_id,
        subject: draft.subject,
        description: draft.description,
        source: draft.source,
        alert_group_id: draft.alert_group,
        priority: draft.priority,
        priority_reason: draft.reason,
        fault_at: draft.fault_at,
        reported_at: draft.reported_at,
        opened_at: how.at,
        first_response_at: None,
        restored_at: None,
        reopened_at: vec![],
        state: TicketState::New,
        version: 0,
    };
    tickets::insert(tx, &ticket).await?;
    how.record(tx, "ticket", ticket.id, None, ticket.state.as_str(), draft.note).await?;
    outbox::push(tx, &DomainEvent::TicketOpened { ticket: ticket.id }, how.at).await?;
    Ok(ticket)
}

pub async fn triage(deps: &Deps, cx: Context, id: TicketId, input: Remark) -> Result<Ticket, CommandError> {
    change(deps, cx, "tickets.triage", id, input, |ticket, at| Ok(ticket.triage(at)?)).await
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// `customer` or `parts`.
    #[schema(value_type = String)]
    pub waiting_for: WaitingFor,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub version: Option<i64>,
}

pub async fn wait(
    deps: &Deps,
    cx: Context,
    id: TicketId,
    Wait { waiting_for: what, note, version }: Wait,
) -> Result<Ticket, CommandError> {
    let input = Remark { note, version };
    let command = match what {
        WaitingFor::Customer => "tickets.wait_customer",
        WaitingFor::Parts => "tickets.wait_parts",
    };
    change(deps, cx, command, id, input, |ticket, at| Ok(ticket.wait(what, at)?)).await
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// `remote`, `no_fault_found` or `self_cleared`; `on_site` comes from a visit.
    #[schema(value_type = String)]
    pub resolution: Resolution,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub version: Option<i64>,
}

pub async fn resolve(
    deps: &Deps,
    cx: Context,
    id: TicketId,
    Resolve { resolution, note, version }: Resolve,
) -> Result<Ticket, CommandError> {
    let input = Remark { note, version };
    let command = match resolution {
        Resolution::Remote => "tickets.resolve_remote",
        Resolution::OnSite => "tickets.resolve_on_site",
        Resolution::NoFaultFound => "tickets.resolve_no_fault_found",
        Resolution::SelfCleared => "tickets.resolve_self_cleared",
        Resolution::Withdrawn => return Err(CommandError::field("resolution", Reason::Required)),
    };
    change(deps, cx, command, id, input, |ticket, at| {
        // With a work order under way, its visits say how it ended.
        if matches!(ticket.state, TicketState::WorkOrderOpen { .. }) {
            return Err(CommandError::Refused(Refusal::WorkOrderOpen));
        }
        let restored = ticket.restored_at.unwrap_or(at);
        Ok(ticket.resolve(resolution, at)?.restored(restored))
    })
    .await
}

pub async fn close(deps: &Deps, cx: Context, id: TicketId, input: Remark) -> Result<Ticket, CommandError> {
    change(deps, cx, "tickets.close", id, input, |ticket, at| Ok(ticket.close(at)?)).await
}

pub async fn reopen(deps: &Deps, cx: Context, id: TicketId, input: Remark) -> Result<Ticket, CommandError> {
    input.required()?;
    change(deps, cx, "tickets.reopen", id, input, |ticket, at| Ok(ticket.reopen(at)?)).await
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Duplicate {
    /// Number of the other ticket, such as `T-1001`.
    pub of: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub version: Option<i64>,
}

pub async fn mark_duplicate(
    deps: &Deps,
    mut cx: Context,
    id: TicketId,
    Duplicate { of, note, version }: Duplicate,
) -> Result<Ticket, CommandError> {
    let input = Remark { note, version };
    input.check()?;
    let tx = match cx.begin(&deps.records, "tickets.duplicate", &(id, of.trim(), &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(ticket) => return Ok(ticket),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    let original = tickets::find_by_number(&tx, cx.scope(), of.trim()).await?;
    let Some(original) = original.filter(|original| original.id != id) else {
        return Err(CommandError::field("of", Reason::UnknownTicket));
    };
    if matches!(original.state, TicketState::Duplicate { .. }) {
        return Err(CommandError::Refused(Refusal::DuplicateOfDuplicate));
    }
    let after = before.clone().mark_duplicate(&original, cx.at)?.responded(cx.at);
    let ticket = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, ticket).await
}

/// Takes the mark of a duplicate back.
pub async fn undo_duplicate(
    deps: &Deps,
    cx: Context,
    id: TicketId,
    input: Remark,
) -> Result<Ticket, CommandError> {
    change(deps, cx, "tickets.undo_duplicate", id, input, |ticket, at| Ok(ticket.undo_duplicate(at)?)).await
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPriority {
    #[schema(value_type = String)]
    pub priority: Priority,
    /// Why; kept with the change.
    pub note: String,
    #[serde(default)]
    pub version: Option<i64>,
}

/// Overrides the computed priority; why is kept.
pub async fn set_priority(
    deps: &Deps,
    mut cx: Context,
    id: TicketId,
    SetPriority { priority, note, version }: SetPriority,
) -> Result<Ticket, CommandError> {
    let input = Remark { note, version };
    input.required()?;
    let tx = match cx.begin(&deps.records, "tickets.priority", &(id, priority, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(ticket) => return Ok(ticket),
    };
    let ticket = load(&tx, &cx.actor, id, input.version).await?;
    let how = circumstances(&cx, None)?;
    let note = format!("{} → {}: {}", ticket.priority.as_str(), priority.as_str(), input.note.trim());
    let state = ticket.state.as_str();
    let ticket = ticket.override_priority(priority, input.note.trim().into()).responded(cx.at);
    let ticket = tickets::update(&tx, &ticket).await?;
    how.record(&tx, "ticket", id, Some(state), state, Some(&note)).await?;
    cx.finish(tx, ticket).await
}

pub async fn add_note(deps: &Deps, cx: Context, id: TicketId, input: Remark) -> Result<Ticket, CommandError> {
    input.required()?;
    change(deps, cx, "tickets.note", id, input, |ticket, _| Ok(ticket)).await
}

/// One transition in one transaction, with its row, its note and its event.
async fn change(
    deps: &Deps,
    mut cx: Context,
    command: &'static str,
    id: TicketId,
    input: Remark,
    step: impl FnOnce(Ticket, Timestamp) -> Result<Ticket, CommandError>,
) -> Result<Ticket, CommandError> {
    input.check()?;
    let tx = match cx.begin(&deps.records, command, &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(ticket) => return Ok(ticket),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    let after = step(before.clone(), cx.at)?;
    let after = if cx.actor.identity == Identity::System { after } else { after.responded(cx.at) };
    let ticket = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, ticket).await
}

/// The ticket, if this actor may see it; a conflict when they saw another version.
pub async fn load(tx: &Tx, actor: &Actor, id: TicketId, seen: Option<i64>) -> Result<Ticket, CommandError> {
    let ticket = scope::ticket(tx, actor.scope(), id).await?;
    if seen.is_some_and(|seen| seen != ticket.version) {
        return Err(store::StoreError::Conflict(format!("ticket {} changed meanwhile", ticket.number)).into());
    }
    Ok(ticket)
}

/// Saves `after` with its transition; resolving tells the other rooms.
pub async fn save(
    tx: &Tx,
    how: &Circumstances,
    before: &Ticket,
    after: &Ticket,
    note: Option<&str>,
) -> Result<Ticket, CommandError> {
    let saved = tickets::update(tx, after).await?;
    let (from, to) = (before.state.as_str(), after.state.as_str());
    how.record(tx, "ticket", after.id, Some(from), to, note).await?;
    if before.state.is_open() && !after.state.is_open() {
        outbox::push(tx, &DomainEvent::TicketResolved { ticket: after.id }, how.at).await?;
        if let Some(group) = after.alert_group_id {
            alerts::ticket_closed(tx, group, how.at).await?;
        }
    }
    Ok(saved)
}
