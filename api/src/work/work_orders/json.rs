//! Work orders for programs. Costs are left out for those who may not see them.

use super::list::WorkOrders;
use crate::work::visits::json::VisitJson;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    Money, Timestamp,
    id::{ChecklistItemId, LineId, PartId, StockLocationId, VisitId, WorkOrderId},
    money::coverage::CoverageDecision,
    reason::Reason,
    work::{
        checklist::ChecklistItem,
        line::{Line, LineKind},
        work_order::{Finding, WorkOrder, WorkOrderState},
    },
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use service::{
    command::CommandError,
    input::Checks,
    work::{
        tickets::commands::Remark,
        work_orders::{
            commands::{self, Ending, NewFinding, NewSignature, NewWorkOrder},
            lines::{self as line_commands, LineChange, NewLine, UsedPart},
        },
    },
};
use store::records::work::{checklists, lines as line_records, visits};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
    time::rfc3339,
};

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WorkOrderJson {
    pub id: Uuid,
    pub number: String,
    pub ticket_id: Option<Uuid>,
    pub asset_id: Uuid,
    pub customer_id: Uuid,
    pub site_id: Uuid,
    /// `corrective`, `preventive`, `installation` or `inspection`.
    pub kind: String,
    pub priority: String,
    pub subject: String,
    pub description: String,
    pub required_skill: Option<String>,
    pub estimated_minutes: u32,
    pub requires_signature: bool,
    pub alert_group_id: Option<Uuid>,
    pub finding: Option<Finding>,
    pub misuse: bool,
    pub signed_at: Option<String>,
    pub created_at: String,
    pub status: String,
    pub completed_at: Option<String>,
    pub invoice_id: Option<Uuid>,
    pub version: i64,
}

impl From<WorkOrder> for WorkOrderJson {
    fn from(work: WorkOrder) -> Self {
        let invoice_id = match &work.state {
            WorkOrderState::Invoiced { invoice_id, .. } => Some(invoice_id.0),
            _ => None,
        };
        Self {
            id: work.id.0,
            ticket_id: work.ticket_id.map(|id| id.0),
            asset_id: work.asset_id.0,
            customer_id: work.customer_id.0,
            site_id: work.site_id.0,
            kind: work.kind.as_str().into(),
            priority: work.priority.as_str().into(),
            alert_group_id: work.alert_group_id.map(|id| id.0),
            signed_at: work.signed_at.map(rfc3339),
            created_at: rfc3339(work.created_at),
            status: work.state.as_str().into(),
            completed_at: work.state.completed_at().map(rfc3339),
            invoice_id,
            number: work.number,
            subject: work.subject,
            description: work.description,
            required_skill: work.required_skill,
            estimated_minutes: work.estimated_minutes,
            requires_signature: work.requires_signature,
            finding: work.finding,
            misuse: work.misuse,
            version: work.version,
        }
    }
}

/// One work order with all that belongs to it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WorkOrderDetail {
    #[serde(flatten)]
    pub work_order: WorkOrderJson,
    pub checklist: Vec<ChecklistItemJson>,
    pub visits: Vec<VisitJson>,
    pub lines: Vec<LineJson>,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ChecklistItemJson {
    pub id: Uuid,
    /// A standard word such as `lock_out`, or text.
    pub text: String,
    pub done_at: Option<String>,
}

impl From<ChecklistItem> for ChecklistItemJson {
    fn from(item: ChecklistItem) -> Self {
        Self { id: item.id.0, done_at: item.done.map(|tick| rfc3339(tick.at)), text: item.text }
    }
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LineJson {
    pub id: Uuid,
    pub visit_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    #[schema(value_type = String)]
    pub kind: LineKind,
    pub description: String,
    pub part_id: Option<Uuid>,
    pub stock_location_id: Option<Uuid>,
    pub serial_number: Option<String>,
    #[schema(value_type = String, example = "1.5")]
    pub quantity: Decimal,
    /// Labour and travel: the exact time that is billed; `quantity` says it in hours.
    pub seconds: Option<f64>,
    pub unit_price: Money,
    /// Absent for those who may not see costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<Money>,
    pub at: String,
    /// Who pays which share, and why.
    pub coverage: CoverageDecision,
    /// What the customer is billed, before tax.
    pub billable: Money,
    pub invoiced: bool,
    /// When one entry of time reached across the end of a contract or warranty: the lines beyond it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub further_lines: Vec<LineJson>,
}

impl LineJson {
    pub fn new(line: Line, sees_costs: bool) -> Result<Self, CommandError> {
        Ok(Self {
            id: line.id.0,
            visit_id: line.visit_id.map(|id| id.0),
            technician_id: line.technician_id.map(|id| id.0),
            kind: line.kind,
            part_id: line.part_id.map(|id| id.0),
            stock_location_id: line.stock_location_id.map(|id| id.0),
            quantity: line.quantity,
            seconds: line.time_us.map(|us| us as f64 / 1e6),
            unit_price: line.unit_price,
            unit_cost: sees_costs.then_some(line.unit_cost),
            at: rfc3339(line.at),
            billable: line.billable()?,
            invoiced: line.invoiced,
            description: line.description,
            serial_number: line.serial_number,
            coverage: line.coverage,
            further_lines: vec![],
        })
    }
    /// What one entry became.
    fn first(lines: Vec<Line>, sees_costs: bool) -> Result<Self, CommandError> {
        let mut lines = lines.into_iter();
        let first = lines.next().ok_or(CommandError::NotFound)?;
        let further = lines.map(|line| Self::new(line, sees_costs)).collect::<Result<_, _>>()?;
        Ok(Self { further_lines: further, ..Self::new(first, sees_costs)? })
    }
}

type Answer = Result<Json<WorkOrderJson>, Problem>;

/// Newest first.
#[utoipa::path(get, path = "/api/v1/work-orders", tag = "work orders",
    params(("status" = Option<String>, Query, pattern = "^(unscheduled|scheduled|in_progress|on_hold|completed|approved|invoiced|closed|canceled|cannot_complete|open|ended)$", description = "A status, `open` or `ended`"),
        ("priority" = Option<String>, Query, pattern = "^(critical|high|medium|low)$"), ("kind" = Option<String>, Query, pattern = "^(corrective|preventive|installation|inspection)$"), ("asset_id" = Option<Uuid>, Query),
        ("customer_id" = Option<Uuid>, Query), ("ticket_id" = Option<Uuid>, Query), ("technician_id" = Option<Uuid>, Query),
        ("q" = Option<String>, Query, description = "Text in number or subject"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<WorkOrderJson>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<WorkOrderJson>>, Problem> {
    listing::json::<WorkOrders, _>(&deps, &user, &query).await
}

/// Plans a job without a ticket.
#[utoipa::path(post, path = "/api/v1/work-orders", tag = "work orders", request_body = NewWorkOrder,
    responses((status = 201, body = WorkOrderJson), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewWorkOrder>,
) -> Result<(StatusCode, Json<WorkOrderJson>), Problem> {
    Ok((StatusCode::CREATED, Json(commands::create(&deps, cx, input).await?.into())))
}

/// A work order with its checklist, visits and lines.
#[utoipa::path(get, path = "/api/v1/work-orders/{id}", tag = "work orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = WorkOrderDetail), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    user: User,
    Path(id): Path<WorkOrderId>,
) -> Result<Json<WorkOrderDetail>, Problem> {
    let db = deps.records.read();
    let work = commands::load(db, &user.actor, id, None).await?;
    let checklist = checklists::of_work_order(db, id).await?.into_iter().map(Into::into).collect();
    let visits = visits::of_work_order(db, id).await?.into_iter().map(Into::into).collect();
    Ok(Json(WorkOrderDetail {
        work_order: work.into(),
        checklist,
        visits,
        lines: lines_of(&deps, &user, id).await?,
    }))
}

async fn lines_of(deps: &Deps, user: &User, id: WorkOrderId) -> Result<Vec<LineJson>, CommandError> {
    let lines = line_records::of_work_order(deps.records.read(), id).await?;
    lines.into_iter().map(|line| LineJson::new(line, user.actor.role.sees_costs())).collect()
}

macro_rules! transitions {
    ($input:ident: $($(#[$doc:meta])* $name:ident = $command:ident at $path:tt;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "work orders", params(("id" = Uuid, Path)), request_body = $input,
            responses((status = 200, body = WorkOrderJson), (status = 409, body = Problem)))]
        pub async fn $name(
            State(deps): State<Deps>,
            Caller(cx): Caller,
            Path(id): Path<WorkOrderId>,
            Json(input): Json<$input>,
        ) -> Answer {
            Ok(Json(commands::$command(&deps, cx, id, input).await?.into()))
        }
    )*};
}

transitions! { Remark:
    /// Waits; the note says for what.
    hold = hold at "/api/v1/work-orders/{id}/hold";
    /// Goes on after waiting.
    resume = resume at "/api/v1/work-orders/{id}/resume";
    /// Approves a work order that has ended for billing.
    /// However it ended; one without lines to bill is closed.
    approve = approve at "/api/v1/work-orders/{id}/approve";
    /// Takes an approval back, so that lines can be corrected and approved again; the note says why.
    withdraw_approval = withdraw_approval at "/api/v1/work-orders/{id}/withdraw-approval";
    /// Adds a note.
    note = add_note at "/api/v1/work-orders/{id}/notes";
}

transitions! { Ending:
    /// Cancels it with its planned visits; the note says why.
    cancel = cancel at "/api/v1/work-orders/{id}/cancel";
    /// It cannot be completed; the note says why.
    give_up = give_up at "/api/v1/work-orders/{id}/give-up";
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TickInput {
    pub done: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "service::input::instant_if_any")]
    pub at: Option<Timestamp>,
}

/// Ticks a checklist item off, or open again.
#[utoipa::path(post, path = "/api/v1/work-orders/{id}/checklist/{item}", tag = "work orders",
    params(("id" = Uuid, Path), ("item" = Uuid, Path)), request_body = TickInput,
    responses((status = 200, body = ChecklistItemJson)))]
pub async fn tick(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path((id, item)): Path<(WorkOrderId, ChecklistItemId)>,
    Json(input): Json<TickInput>,
) -> Result<Json<ChecklistItemJson>, Problem> {
    Ok(Json(commands::tick(&deps, cx, id, item, input.done, input.at).await?.into()))
}

/// What was found: the verdict on the alert, how it failed and why.
#[utoipa::path(post, path = "/api/v1/work-orders/{id}/finding", tag = "work orders", params(("id" = Uuid, Path)),
    request_body = NewFinding, responses((status = 200, body = WorkOrderJson)))]
pub async fn finding(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<WorkOrderId>,
    Json(input): Json<NewFinding>,
) -> Answer {
    Ok(Json(commands::record_finding(&deps, cx, id, input).await?.into()))
}

/// The customer's signature.
#[utoipa::path(post, path = "/api/v1/work-orders/{id}/signature", tag = "work orders", params(("id" = Uuid, Path)),
    request_body = NewSignature, responses((status = 200, body = WorkOrderJson)))]
pub async fn sign(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<WorkOrderId>,
    Json(input): Json<NewSignature>,
) -> Answer {
    Ok(Json(commands::sign(&deps, cx, id, input).await?.into()))
}

#[utoipa::path(get, path = "/api/v1/work-orders/{id}/lines", tag = "work orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<LineJson>)))]
pub async fn lines(
    State(deps): State<Deps>,
    user: User,
    Path(id): Path<WorkOrderId>,
) -> Result<Json<Items<LineJson>>, Problem> {
    commands::load(deps.records.read(), &user.actor, id, None).await?;
    Ok(Json(Items { items: lines_of(&deps, &user, id).await?, next_cursor: None, unreadable: Vec::new() }))
}

/// A part from the catalogue, or labour, travel or an expense.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineInput {
    /// `part`, `labour`, `travel` or `expense`.
    #[schema(value_type = String)]
    pub kind: LineKind,
    /// Pieces, hours, or 1.
    #[schema(value_type = String, example = "1.5")]
    pub quantity: Decimal,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub part_id: Option<PartId>,
    /// Where the part was taken from; the technician's van when absent.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub stock_location_id: Option<StockLocationId>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub visit_id: Option<VisitId>,
    #[serde(default)]
    pub serial_number: Option<String>,
    #[serde(default)]
    pub unit_price: Option<Money>,
    #[serde(default)]
    pub unit_cost: Option<Money>,
    /// When it was used or done; of labour and travel, when it began. Cover of that time counts. The job's own time
    /// when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "service::input::instant_if_any")]
    pub at: Option<Timestamp>,
}

impl LineInput {
    /// What this kind of line does not have is refused: it would be passed over.
    fn check(&self) -> Result<(), CommandError> {
        let catalogue = [
            ("description", !self.description.trim().is_empty()),
            ("unit_price", self.unit_price.is_some()),
            ("unit_cost", self.unit_cost.is_some()),
        ];
        let parts = [
            ("part_id", self.part_id.is_some()),
            ("stock_location_id", self.stock_location_id.is_some()),
            ("visit_id", self.visit_id.is_some()),
            ("serial_number", self.serial_number.is_some()),
        ];
        let (said, reason) = match self.kind {
            LineKind::Part => (&catalogue[..], Reason::FromCatalogue),
            LineKind::Labour | LineKind::Travel | LineKind::Expense => (&parts[..], Reason::OnlyOfAPart),
        };
        let mut checks = Checks::default();
        said.iter().filter(|(_, given)| *given).for_each(|(field, _)| checks.add(*field, reason));
        checks.finish()
    }
}

/// Records what was used. A part leaves its stock in the same transaction.
#[utoipa::path(post, path = "/api/v1/work-orders/{id}/lines", tag = "work orders", params(("id" = Uuid, Path)),
    request_body = LineInput,
    responses((status = 201, body = LineJson), (status = 409, description = "insufficient_stock", body = Problem)))]
pub async fn add_line(
    State(deps): State<Deps>,
    user: User,
    Caller(cx): Caller,
    Path(id): Path<WorkOrderId>,
    Json(input): Json<LineInput>,
) -> Result<(StatusCode, Json<LineJson>), Problem> {
    input.check()?;
    let lines = if input.kind == LineKind::Part {
        let part_id = input.part_id.ok_or(CommandError::field("part_id", Reason::Required))?;
        let used = UsedPart {
            part_id,
            quantity: input.quantity,
            stock_location_id: input.stock_location_id,
            visit_id: input.visit_id,
            serial_number: input.serial_number,
            at: input.at,
        };
        vec![line_commands::use_part(&deps, cx, id, used).await?]
    } else {
        if user.actor.technician_scope().is_some() && input.kind != LineKind::Expense {
            return Err(Problem::forbidden());
        }
        let line = NewLine {
            kind: input.kind,
            description: input.description,
            quantity: input.quantity,
            unit_price: input.unit_price,
            unit_cost: input.unit_cost,
            at: input.at,
        };
        line_commands::add(&deps, cx, id, line).await?
    };
    Ok((StatusCode::CREATED, Json(LineJson::first(lines, user.actor.role.sees_costs())?)))
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineChangeInput {
    pub description: String,
    #[schema(value_type = String)]
    pub quantity: Decimal,
    pub unit_price: Money,
    /// Borne by us as goodwill.
    #[serde(default)]
    pub goodwill: bool,
}

/// Corrects a line before approval; who pays is decided again.
#[utoipa::path(post, path = "/api/v1/work-orders/{id}/lines/{line}", tag = "work orders",
    params(("id" = Uuid, Path), ("line" = Uuid, Path)), request_body = LineChangeInput,
    responses((status = 200, body = LineJson)))]
pub async fn change_line(
    State(deps): State<Deps>,
    user: User,
    Caller(cx): Caller,
    Path((id, line)): Path<(WorkOrderId, LineId)>,
    Json(input): Json<LineChangeInput>,
) -> Result<Json<LineJson>, Problem> {
    let change = LineChange {
        description: input.description,
        quantity: input.quantity,
        unit_price: input.unit_price,
        goodwill: input.goodwill,
    };
    let lines = line_commands::change(&deps, cx, id, line, change).await?;
    Ok(Json(LineJson::first(lines, user.actor.role.sees_costs())?))
}

/// Takes a line off; its parts go back to where they came from.
#[utoipa::path(delete, path = "/api/v1/work-orders/{id}/lines/{line}", tag = "work orders",
    params(("id" = Uuid, Path), ("line" = Uuid, Path)), responses((status = 204)))]
pub async fn remove_line(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path((id, line)): Path<(WorkOrderId, LineId)>,
) -> Result<StatusCode, Problem> {
    line_commands::remove(&deps, cx, id, line).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list,
    create,
    get,
    tick,
    finding,
    sign,
    lines,
    add_line,
    change_line,
    remove_line,
    hold,
    resume,
    cancel,
    give_up,
    approve,
    withdraw_approval,
    note
))]
pub struct Api;
