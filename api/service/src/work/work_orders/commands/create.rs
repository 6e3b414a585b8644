//! Making work orders, of a ticket or without one.

use super::{MAX_ITEM, MAX_ITEMS, MAX_SKILL};
use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    input::{Checks, MAX_DESCRIPTION, MAX_SUBJECT},
    work::tickets::commands::{self as ticket_commands},
};
use domain::{
    event::DomainEvent,
    id::{AssetId, ChecklistItemId, TicketId, WorkOrderId},
    people::account::Identity,
    reason::Reason,
    work::{
        Priority,
        checklist::{self, ChecklistItem},
        work_order::{WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use serde::{Deserialize, Serialize};
use store::records::{
    Tx,
    engine::{counters, outbox, transitions::Circumstances},
    fleet::assets,
    work::{checklists, work_orders},
};

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
