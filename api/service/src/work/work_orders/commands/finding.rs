//! What the technician ticks off, finds and has signed.

use super::{MAX_CAUSE, MAX_SIGNATURE, editable, load};
use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    input::{Checks, MAX_NAME, MAX_TEXT},
};
use domain::{
    Timestamp,
    condition::alert::Verdict,
    id::{ChecklistItemId, WorkOrderId},
    people::account::Identity,
    reason::Reason,
    work::{
        checklist::ChecklistItem,
        work_order::{Finding, WorkOrder},
    },
};
use serde::{Deserialize, Serialize};
use store::records::work::{
    checklists,
    work_orders::{self, Signature},
};

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TickInput {
    pub done: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
    pub at: Option<Timestamp>,
}

/// Ticks an item off, or open again.
pub async fn tick(
    deps: &Deps,
    mut cx: Context,
    (id, item): (WorkOrderId, ChecklistItemId),
    TickInput { done, at }: TickInput,
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
        super::super::lines::decide_again(&tx, &saved).await?;
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
