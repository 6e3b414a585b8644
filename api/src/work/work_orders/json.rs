//! Work orders for programs. Costs are left out for those who may not see them.

use super::{PLANNERS_AND_PROGRAMS, READERS, WORKERS, list::WorkOrders};
use crate::work::visits::json::VisitJson;
use domain::{
    Money,
    id::WorkOrderId,
    money::coverage::CoverageDecision,
    work::{
        Priority,
        checklist::ChecklistItem,
        line::{Line, LineKind},
        work_order::{Finding, WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use rust_decimal::Decimal;
use serde::Serialize;
use service::{
    command::CommandError,
    work::work_orders::{commands, lines as line_commands},
};
use store::records::work::{checklists, lines as line_records, visits};
use uuid::Uuid;
use web::{
    deps::Deps,
    list::Items,
    operation::{self, Operation, id, making, one_of, press_silently, words},
    problem::Problem,
    request::User,
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
    pub fn first(lines: Vec<Line>, sees_costs: bool) -> Result<Self, CommandError> {
        let mut lines = lines.into_iter();
        let first = lines.next().ok_or(CommandError::NotFound)?;
        let further = lines.map(|line| Self::new(line, sees_costs)).collect::<Result<_, _>>()?;
        Ok(Self { further_lines: further, ..Self::new(first, sees_costs)? })
    }
}

pub fn operations() -> Vec<Operation> {
    let states = WorkOrderState::WORDS.into_iter().chain(["open", "ended"]);
    let filters = vec![
        one_of("status", "A status, `open` or `ended`", states),
        one_of("priority", "", Priority::ALL.map(Priority::as_str)),
        one_of("kind", "", WorkOrderKind::ALL.map(WorkOrderKind::as_str)),
        id("asset_id"),
        id("customer_id"),
        id("ticket_id"),
        id("technician_id"),
        words("q", "Text in number or subject"),
    ];
    vec![
        Operation::list::<WorkOrders, WorkOrderJson>(
            "/api/v1/work-orders",
            READERS,
            "Newest first.",
            filters,
        ),
        Operation::create(
            "/api/v1/work-orders",
            PLANNERS_AND_PROGRAMS,
            "Plans a job without a ticket.",
            making::<WorkOrderJson, _, _>(commands::create),
        ),
        Operation::get(
            "/api/v1/work-orders/{id}",
            READERS,
            "A work order with its checklist, visits and lines.",
            operation::read(one),
        ),
        Operation::get("/api/v1/work-orders/{id}/lines", READERS, "", operation::read_all(lines))
            .named("lines")
            .refusals(&[]),
        Operation::delete(
            "/api/v1/work-orders/{id}/lines/{line}",
            WORKERS,
            "Takes a line off; its parts go back to where they came from.",
            press_silently(line_commands::remove),
        )
        .named("remove_line")
        .silent(),
    ]
}

async fn one(deps: &Deps, user: &User, id: WorkOrderId) -> Result<WorkOrderDetail, Problem> {
    let db = deps.records.read();
    let work = commands::load(db, &user.actor, id, None).await?;
    let checklist = checklists::of_work_order(db, id).await?.into_iter().map(Into::into).collect();
    let visits = visits::of_work_order(db, id).await?.into_iter().map(Into::into).collect();
    let lines = lines_of(deps, user, id).await?;
    Ok(WorkOrderDetail { work_order: work.into(), checklist, visits, lines })
}

async fn lines(deps: &Deps, user: &User, id: WorkOrderId) -> Result<Items<LineJson>, Problem> {
    commands::load(deps.records.read(), &user.actor, id, None).await?;
    Ok(Items::whole(lines_of(deps, user, id).await?, Vec::new()))
}

async fn lines_of(deps: &Deps, user: &User, id: WorkOrderId) -> Result<Vec<LineJson>, CommandError> {
    let lines = line_records::of_work_order(deps.records.read(), id).await?;
    lines.into_iter().map(|line| LineJson::new(line, user.actor.role.sees_costs())).collect()
}
