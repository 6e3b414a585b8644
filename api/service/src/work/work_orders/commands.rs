//! What people do with work orders as a whole. Lines stand in [`super::lines`], visits in [`crate::work::visits`].

use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    input::{Checks, MAX_DESCRIPTION, MAX_NAME, MAX_SUBJECT, MAX_TEXT},
    scope,
    work::tickets::commands::{self as ticket_commands, Remark},
};
use domain::{
    Timestamp,
    condition::alert::Verdict,
    event::DomainEvent,
    id::{AssetId, ChecklistItemId, InvoiceId, TicketId, WorkOrderId},
    lifecycle::InvalidTransition,
    people::account::{Actor, Identity},
    reason::{Reason, Refusal},
    work::{
        Priority,
        checklist::{self, ChecklistItem},
        ticket::{Resolution, TicketState},
        visit::Outcome,
        work_order::{Finding, Standing, WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{
        Connection, Tx,
        engine::{counters, outbox, transitions::Circumstances},
        fleet::assets,
        money::invoices,
        people::organisation,
        work::{
            checklists, lines, tickets, visits,
            work_orders::{self, Signature},
        },
    },
};

/// Longest name of a skill.
pub const MAX_SKILL: usize = 60;
/// Items of a checklist, and how long each may be.
const MAX_ITEMS: usize = 50;
const MAX_ITEM: usize = 300;
/// Longest name of what failed and why.
const MAX_CAUSE: usize = 200;
/// A signature drawing may be so long as a data URL.
const MAX_SIGNATURE: usize = 200_000;

/// A job that somebody plans.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkOrder {
    #[schema(value_type = uuid::Uuid)]
    pub asset_id: AssetId,
    #[schema(value_type = String, example = "preventive")]
    pub kind: WorkOrderKind,
    pub subject: String,
    #[serde(default)]
    pub description: String,
    #[schema(value_type = String, example = "medium")]
    pub priority: Priority,
    #[serde(default)]
    pub plan: Plan,
}

/// What the dispatcher needs to know of a job.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    pub required_skill: Option<String>,
    pub estimated_minutes: u32,
    pub requires_signature: bool,
    /// The items to tick off, in their order; the standard ones of the kind when absent. An empty list is none.
    pub checklist: Option<Vec<String>>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { required_skill: None, estimated_minutes: 60, requires_signature: true, checklist: None }
    }
}

impl Plan {
    fn check(&self) -> Result<(), CommandError> {
        let mut checks = Checks::default();
        let minutes = Some(&self.estimated_minutes);
        checks.within("estimated_minutes", minutes, &(5..=10_080), Reason::WorkOrdersMinutesRange);
        checks.optional("required_skill", self.required_skill.as_deref(), MAX_SKILL);
        checks.texts("checklist", self.checklist.as_deref().unwrap_or_default(), MAX_ITEMS, MAX_ITEM);
        checks.finish()
    }
}

pub async fn create(deps: &Deps, mut cx: Context, input: NewWorkOrder) -> Result<WorkOrder, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    input.plan.check().map_err(|error| error.under("plan"))?;
    let mut checks = Checks::default();
    let subject = checks.required("subject", &input.subject, MAX_SUBJECT);
    let description = checks.text("description", &input.description, MAX_DESCRIPTION);
    checks.finish()?;
    let asset = assets::find(&tx, cx.scope(), input.asset_id)
        .await?
        .ok_or(CommandError::field("asset_id", Reason::UnknownAsset))?;
    let work = WorkOrder {
        id: WorkOrderId::generate(),
        number: counters::next(&tx, "WO").await?,
        ticket_id: None,
        asset_id: asset.id,
        customer_id: asset.customer_id,
        site_id: asset.site_id,
        kind: input.kind,
        priority: input.priority,
        subject,
        description,
        required_skill: skill_word(input.plan.required_skill.as_deref()),
        estimated_minutes: input.plan.estimated_minutes,
        requires_signature: input.plan.requires_signature,
        alert_group_id: None,
        finding: None,
        misuse: false,
        signed_at: None,
        created_at: cx.at,
        state: WorkOrderState::Unscheduled,
        version: 0,
    };
    insert(&tx, &circumstances(&cx, None)?, &work, input.plan.checklist.as_deref()).await?;
    cx.finish(tx, work).await
}

/// A job that solves a ticket: subject, text, asset, priority and evidence go along.
pub async fn create_from_ticket(
    deps: &Deps,
    mut cx: Context,
    ticket_id: TicketId,
    plan: Plan,
) -> Result<WorkOrder, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.from_ticket", &(ticket_id, &plan)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    plan.check()?;
    let ticket = ticket_commands::load(&tx, &cx.actor, ticket_id, None).await?;
    let work = WorkOrder {
        id: WorkOrderId::generate(),
        number: counters::next(&tx, "WO").await?,
        ticket_id: Some(ticket.id),
        asset_id: ticket.asset_id,
        customer_id: ticket.customer_id,
        site_id: ticket.site_id,
        kind: WorkOrderKind::Corrective,
        priority: ticket.priority,
        subject: ticket.subject.clone(),
        description: ticket.description.clone(),
        required_skill: skill_word(plan.required_skill.as_deref()),
        estimated_minutes: plan.estimated_minutes,
        requires_signature: plan.requires_signature,
        alert_group_id: ticket.alert_group_id,
        finding: None,
        misuse: false,
        signed_at: None,
        created_at: cx.at,
        state: WorkOrderState::Unscheduled,
        version: 0,
    };
    let how = circumstances(&cx, None)?;
    let opened = ticket.clone().open_work_order(work.id, cx.at)?;
    let opened = if cx.actor.identity == Identity::System { opened } else { opened.responded(cx.at) };
    insert(&tx, &how, &work, plan.checklist.as_deref()).await?;
    ticket_commands::save(&tx, &how, &ticket, &opened, Some(&work.number)).await?;
    cx.finish(tx, work).await
}

/// Spaces and capitals aside, a skill is a word: `F gas` and `f_gas` are one.
pub fn skill_word(skill: Option<&str>) -> Option<String> {
    let word = skill?.trim().to_lowercase().replace([' ', '-'], "_");
    Some(word).filter(|word| !word.is_empty())
}

async fn insert(
    tx: &Tx,
    how: &Circumstances,
    work: &WorkOrder,
    items: Option<&[String]>,
) -> Result<(), CommandError> {
    work_orders::insert(tx, work).await?;
    let items = items.map_or_else(|| checklist::standard_items(work.kind), <[String]>::to_vec);
    let items = items.iter().map(|text| text.trim().to_string()).filter(|text| !text.is_empty());
    for (position, text) in (1..).zip(items) {
        let id = ChecklistItemId::generate();
        let item = ChecklistItem { id, work_order_id: work.id, position, text, done: None };
        checklists::insert(tx, &item).await?;
    }
    how.record(tx, "work_order", work.id, None, work.state.as_str(), None).await?;
    outbox::push(tx, &DomainEvent::WorkOrderCreated { work_order: work.id }, how.at).await?;
    Ok(())
}

pub async fn hold(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.required()?;
    let reason = input.note.trim().to_string();
    change(deps, cx, "work_orders.hold", id, input, |work, standing, at| work.hold(standing, reason, at))
        .await
}

pub async fn resume(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    change(deps, cx, "work_orders.resume", id, input, |work, standing, at| work.resume(standing, at)).await
}

/// Why work ends without being completed, and what of it is charged.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The reason, which stays in the trail.
    pub note: String,
    #[serde(default)]
    pub version: Option<i64>,
    /// `as_recorded` (the default): what was worked and used is billed by its lines, which the office may still
    /// change before it approves. `nothing`: all of it is borne by us as goodwill.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub charge: Charge,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    #[default]
    AsRecorded,
    Nothing,
}

/// Cancels the job and its planned visits; its ticket is back with the desk.
pub async fn cancel(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Ending,
) -> Result<WorkOrder, CommandError> {
    let reason = input.note.trim().to_string();
    end(deps, cx, "work_orders.cancel", id, input, |work, _, at| work.cancel(reason, at)).await
}

/// Gives the job up, for a reason the customer hears; its ticket is back with the desk.
pub async fn give_up(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Ending,
) -> Result<WorkOrder, CommandError> {
    let reason = input.note.trim().to_string();
    end(deps, cx, "work_orders.give_up", id, input, |work, standing, at| work.give_up(standing, reason, at))
        .await
}

async fn end(
    deps: &Deps,
    mut cx: Context,
    command: &'static str,
    id: WorkOrderId,
    input: Ending,
    step: impl FnOnce(WorkOrder, Standing, Timestamp) -> Result<WorkOrder, InvalidTransition>,
) -> Result<WorkOrder, CommandError> {
    Remark { note: input.note.clone(), version: input.version }.required()?;
    let tx = match cx.begin(&deps.records, command, &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    let visits = visits::of_work_order(&tx, id).await?;
    let after = step(before.clone(), Standing::of(&visits), cx.at)?;
    if input.charge == Charge::Nothing {
        super::lines::waive(&tx, id).await?;
    }
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

/// The office has checked times, lines and coverage: it may be invoiced.
pub async fn approve(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.check()?;
    let mut cx = cx;
    let tx = match cx.begin(&deps.records, "work_orders.approve", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    // Without rates the labour of its visits is not on its lines yet: see [`super::lines::catch_up`].
    let ours = organisation::get(&tx).await?.ok_or(CommandError::Refused(Refusal::NoOrganisation))?;
    let mut has_lines = false;
    for line in lines::of_work_order(&tx, id).await?.iter().filter(|line| !line.invoiced) {
        super::lines::can_be_billed(line, ours.currency)?;
        has_lines = true;
    }
    if !has_lines
        && matches!(before.state, WorkOrderState::Canceled { .. } | WorkOrderState::CannotComplete { .. })
    {
        return Err(CommandError::Refused(Refusal::NothingToInvoice));
    }
    let after = before.clone().approve(has_lines, cx.at)?;
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

/// A mistake was seen after approval: back to where lines can be corrected. What stands on an invoice is credited
/// first, and a draft is discarded first.
pub async fn withdraw_approval(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.required()?;
    let tx = match cx.begin(&deps.records, "work_orders.withdraw_approval", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    if matches!(before.state, WorkOrderState::Invoiced { .. }) {
        return Err(CommandError::Refused(Refusal::InvoicedWork));
    }
    if invoices::live_lines(&tx, &[id]).await?.iter().any(|live| live.draft) {
        return Err(CommandError::Refused(Refusal::WorkOnADraft));
    }
    let after = before.clone().withdraw_approval()?;
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

/// Called by billing within the transaction that makes the invoice.
pub async fn mark_invoiced(
    tx: &Tx,
    how: &Circumstances,
    id: WorkOrderId,
    invoice: InvoiceId,
) -> Result<WorkOrder, CommandError> {
    let before = work_orders::get(tx, id).await?.ok_or(CommandError::NotFound)?;
    let after = before.clone().invoice(invoice, how.at)?;
    save(tx, how, &before, &after, None).await
}

pub async fn add_note(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: Remark,
) -> Result<WorkOrder, CommandError> {
    input.required()?;
    change(deps, cx, "work_orders.note", id, input, |work, _, _| Ok(work)).await
}

/// Ticks an item off, or open again.
pub async fn tick(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    item: ChecklistItemId,
    done: bool,
    at: Option<Timestamp>,
) -> Result<ChecklistItem, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.tick", &(id, item, done)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(item) => return Ok(item),
    };
    let how = circumstances(&cx, at)?;
    let work = load(&tx, &cx.actor, id, None).await?;
    editable(&work, &cx.actor, "tick")?;
    let item = checklists::get(&tx, item).await?.filter(|item| item.work_order_id == id);
    let item = item.ok_or(CommandError::NotFound)?.set(done, cx.actor.technician_scope(), how.at);
    checklists::update(&tx, &item).await?;
    cx.finish(tx, item).await
}

/// What the technician found. The verdict goes to the alert group too, where rules are judged by it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewFinding {
    #[schema(value_type = Option<String>, example = "right")]
    pub verdict: Option<Verdict>,
    pub failure_mode: Option<String>,
    pub cause: Option<String>,
    pub note: String,
    pub misuse: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub at: Option<Timestamp>,
}

impl NewFinding {
    fn check(&self, has_alert: bool) -> Result<(), CommandError> {
        if has_alert && self.verdict.is_none() {
            return Err(CommandError::field("verdict", Reason::Required));
        }
        let mut checks = Checks::default();
        checks.optional("failure_mode", self.failure_mode.as_deref(), MAX_CAUSE);
        checks.optional("cause", self.cause.as_deref(), MAX_CAUSE);
        checks.text("note", &self.note, MAX_TEXT);
        checks.finish()
    }
}

pub async fn record_finding(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    input: NewFinding,
) -> Result<WorkOrder, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.finding", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let how = circumstances(&cx, input.at)?;
    let before = load(&tx, &cx.actor, id, None).await?;
    editable(&before, &cx.actor, "record_finding")?;
    input.check(before.alert_group_id.is_some())?;
    let filled = |text: Option<String>| text.map(|t| t.trim().to_string()).filter(|t| !t.is_empty());
    let finding = Finding {
        verdict: input.verdict.filter(|_| before.alert_group_id.is_some()),
        failure_mode: filled(input.failure_mode),
        cause: filled(input.cause),
        note: input.note.trim().into(),
        at: how.at,
    };
    let after = WorkOrder { finding: Some(finding.clone()), misuse: input.misuse, ..before.clone() };
    let saved = work_orders::update(&tx, &after).await?;
    if let (Some(group), Some(verdict)) = (after.alert_group_id, finding.verdict) {
        let found =
            finding.failure_mode.clone().or_else(|| Some(finding.note.clone()).filter(|n| !n.is_empty()));
        let by = match &cx.actor.identity {
            Identity::Account(account) => Some(*account),
            _ => None,
        };
        crate::condition::alerts::commands::verdict(&tx, group, verdict, found, by, how.at).await?;
    }
    if before.misuse != after.misuse {
        super::lines::decide_again(&tx, &saved).await?;
    }
    let note = finding.failure_mode.as_deref().unwrap_or(&finding.note);
    how.record(&tx, "work_order", id, Some(after.state.as_str()), after.state.as_str(), Some(note)).await?;
    cx.finish(tx, saved).await
}

/// The customer's name, and the drawing as a PNG data URL when they drew one.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignature {
    pub name: String,
    #[serde(default)]
    pub image: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub at: Option<Timestamp>,
}

impl NewSignature {
    fn check(&self) -> Result<(), CommandError> {
        let mut checks = Checks::default();
        checks.required("name", &self.name, MAX_NAME);
        checks.finish()?;
        let Some(image) = &self.image else { return Ok(()) };
        let base64 = image.strip_prefix("data:image/png;base64,");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if !base64.is_some_and(|data| data.starts_with("iVBORw0KGgo") && data.bytes().all(plain)) {
            return Err(CommandError::field("image", Reason::InvalidImage));
        }
        if image.len() > MAX_SIGNATURE {
            return Err(CommandError::field("image", Reason::TooLong));
        }
        Ok(())
    }
}

pub async fn sign(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    input: NewSignature,
) -> Result<WorkOrder, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.sign", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    input.check()?;
    let how = circumstances(&cx, input.at)?;
    let before = load(&tx, &cx.actor, id, None).await?;
    editable(&before, &cx.actor, "sign")?;
    let signature = Signature { name: input.name.trim().into(), image: input.image, at: how.at };
    work_orders::sign(&tx, id, &signature).await?;
    let after = WorkOrder { signed_at: Some(how.at), ..before };
    let saved = work_orders::update(&tx, &after).await?;
    how.record(
        &tx,
        "work_order",
        id,
        Some(after.state.as_str()),
        after.state.as_str(),
        Some(&signature.name),
    )
    .await?;
    cx.finish(tx, saved).await
}

/// The work order, if this actor may see it; a conflict when they saw another version.
pub async fn load(
    db: &impl Connection,
    actor: &Actor,
    id: WorkOrderId,
    seen: Option<i64>,
) -> Result<WorkOrder, CommandError> {
    let work = scope::work_order(db, actor.scope(), id).await?;
    if seen.is_some_and(|seen| seen != work.version) {
        return Err(StoreError::Conflict(format!("work order {} changed meanwhile", work.number)).into());
    }
    Ok(work)
}

/// Lines may be changed until the office approves, however the work ended; by a technician only while it is open.
pub fn accepts_lines(work: &WorkOrder, actor: &Actor, transition: &'static str) -> Result<(), CommandError> {
    if work.state.is_open() || (work.state.accepts_lines() && actor.technician_scope().is_none()) {
        return Ok(());
    }
    Err(InvalidTransition { thing: "work_order", transition, state: work.state.as_str() }.into())
}

/// Tells the figures of money that `work`, which has ended, changed.
pub async fn tell_of_change(tx: &Tx, work: &WorkOrder, at: Timestamp) -> Result<(), CommandError> {
    if work.state.ended().is_some() {
        outbox::push(tx, &DomainEvent::WorkOrderChanged { work_order: work.id }, at).await?;
    }
    Ok(())
}

/// A technician changes open work only; the office also corrects what is completed, until it approves.
pub fn editable(work: &WorkOrder, actor: &Actor, transition: &'static str) -> Result<(), CommandError> {
    if work.state.is_open() || (work.state.is_editable() && actor.technician_scope().is_none()) {
        return Ok(());
    }
    Err(InvalidTransition { thing: "work_order", transition, state: work.state.as_str() }.into())
}

/// One transition in one transaction, with what follows from it.
async fn change(
    deps: &Deps,
    mut cx: Context,
    command: &'static str,
    id: WorkOrderId,
    input: Remark,
    step: impl FnOnce(WorkOrder, Standing, Timestamp) -> Result<WorkOrder, InvalidTransition>,
) -> Result<WorkOrder, CommandError> {
    input.check()?;
    let tx = match cx.begin(&deps.records, command, &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(work) => return Ok(work),
    };
    let before = load(&tx, &cx.actor, id, input.version).await?;
    let visits = visits::of_work_order(&tx, id).await?;
    let after = step(before.clone(), Standing::of(&visits), cx.at)?;
    let work = save(&tx, &circumstances(&cx, None)?, &before, &after, Some(input.note.trim())).await?;
    cx.finish(tx, work).await
}

/// Saves `after` with its transition and all that follows: completing resolves the ticket, giving up returns it and
/// cancels what was planned, and the other rooms hear of it.
pub async fn save(
    tx: &Tx,
    how: &Circumstances,
    before: &WorkOrder,
    after: &WorkOrder,
    note: Option<&str>,
) -> Result<WorkOrder, CommandError> {
    let saved = work_orders::update(tx, after).await?;
    let (from, to) = (before.state.as_str(), after.state.as_str());
    how.record(tx, "work_order", after.id, Some(from), to, note).await?;
    if from == to {
        return Ok(saved);
    }
    let work_order = after.id;
    let ends = before.state.is_open();
    match after.state {
        WorkOrderState::Completed { .. } if ends => {
            resolve_ticket(tx, how, after).await?;
            outbox::push(tx, &DomainEvent::WorkOrderCompleted { work_order }, how.at).await?;
        }
        WorkOrderState::Approved { .. } | WorkOrderState::Closed { .. } => {
            outbox::push(tx, &DomainEvent::WorkOrderApproved { work_order }, how.at).await?;
        }
        WorkOrderState::Canceled { .. } | WorkOrderState::CannotComplete { .. } if ends => {
            cancel_visits(tx, how, after).await?;
            return_ticket(tx, how, after).await?;
            outbox::push(tx, &DomainEvent::WorkOrderChanged { work_order }, how.at).await?;
        }
        _ if !ends => {
            outbox::push(tx, &DomainEvent::WorkOrderChanged { work_order }, how.at).await?;
        }
        _ => {}
    }
    Ok(saved)
}

async fn resolve_ticket(tx: &Tx, how: &Circumstances, work: &WorkOrder) -> Result<(), CommandError> {
    let Some(id) = work.ticket_id else { return Ok(()) };
    let ticket = tickets::get(tx, id).await?.ok_or(CommandError::NotFound)?;
    if !matches!(&ticket.state, TicketState::WorkOrderOpen { work_order_id, .. } if *work_order_id == work.id)
    {
        return Ok(());
    }
    let visits = visits::of_work_order(tx, work.id).await?;
    let fixed = visits.iter().any(|visit| visit.state.outcome() == Some(Outcome::Fixed));
    let resolution = if fixed { Resolution::OnSite } else { Resolution::NoFaultFound };
    let restored = ticket.restored_at.unwrap_or(how.at);
    let resolved = ticket.clone().resolve(resolution, how.at)?.restored(restored);
    ticket_commands::save(tx, how, &ticket, &resolved, Some(&work.number)).await?;
    Ok(())
}

async fn return_ticket(tx: &Tx, how: &Circumstances, work: &WorkOrder) -> Result<(), CommandError> {
    let Some(id) = work.ticket_id else { return Ok(()) };
    let ticket = tickets::get(tx, id).await?.ok_or(CommandError::NotFound)?;
    if !matches!(&ticket.state, TicketState::WorkOrderOpen { work_order_id, .. } if *work_order_id == work.id)
    {
        return Ok(());
    }
    let returned = ticket.clone().return_from_work_order(how.at)?;
    ticket_commands::save(tx, how, &ticket, &returned, Some("note-returned")).await?;
    Ok(())
}

async fn cancel_visits(tx: &Tx, how: &Circumstances, work: &WorkOrder) -> Result<(), CommandError> {
    for visit in visits::of_work_order(tx, work.id).await? {
        if !visit.state.is_booked() {
            continue;
        }
        let from = visit.state.as_str();
        let canceled = visit.cancel(work.number.clone(), how.at)?;
        let canceled = visits::update(tx, &canceled).await?;
        how.record(tx, "visit", canceled.id, Some(from), canceled.state.as_str(), None).await?;
        let event = DomainEvent::VisitChanged { visit: canceled.id, work_order: work.id };
        outbox::push(tx, &event, how.at).await?;
    }
    Ok(())
}
