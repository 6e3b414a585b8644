//! What a job used: parts (see [`parts`]), labour and travel that come from the visit's timestamps (see [`time`]), and
//! what the office adds, corrects and takes off.

mod parts;
mod record;
mod time;

use super::commands::{accepts_lines, load, tell_of_change};
use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    input::{Checks, MAX_MINOR},
    money::contracts::coverage::decide,
};
use domain::{
    Currency, Money, Timestamp,
    id::{LineId, StockMovementId, WorkOrderId},
    money::coverage::{CoverageDecision, CoverageReason, Payer, Work},
    people::organisation::Organisation,
    reason::{Reason, Refusal},
    work::{
        line::{Line, LineKind},
        stock::{MovementReason, StockError, StockMovement, check_quantity},
        work_order::WorkOrder,
    },
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use store::records::{
    Tx,
    people::organisation,
    work::{
        lines,
        stock::{self, MoveError},
    },
};

pub use parts::{UsedPart, use_part};
pub use record::{LineInput, record};
pub use time::{catch_up, from_visit, waive};

/// Refuses what no invoice could carry, with what to change. Asked at approval too, so that nothing is approved that
/// can then never be invoiced.
pub fn can_be_billed(line: &Line, ours: Currency) -> Result<(), CommandError> {
    if line.unit_price.currency != ours || line.unit_cost.currency != ours {
        return Err(CommandError::Refused(Refusal::LineInAnotherCurrency));
    }
    if line.can_be_billed().is_err() {
        return Err(CommandError::Refused(Refusal::NegativeLine));
    }
    line.billable()?;
    Ok(())
}

/// Longest description of a line.
pub const MAX_LINE: usize = 300;

/// Labour, travel or an expense that the office adds.
#[derive(Clone, Debug, Serialize)]
struct NewLine {
    pub kind: LineKind,
    pub description: String,
    pub quantity: Decimal,
    /// The organisation's rate when absent; expenses need one.
    pub unit_price: Option<Money>,
    pub unit_cost: Option<Money>,
    /// When the work was done (labour and travel: when it began): cover of that time counts. The job's own time when
    /// absent.
    pub at: Option<Timestamp>,
}

/// What the office may change of a line before approval.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
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

/// Adds labour, travel or an expense. Time across the end of a cover becomes one line for each side of it.
async fn add(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    input: NewLine,
) -> Result<Vec<Line>, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.add_line", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(lines) => return Ok(lines),
    };
    let work = load(&tx, &cx.actor, id, None).await?;
    accepts_lines(&work, &cx.actor, "add_line")?;
    let ours = organisation::get(&tx).await?.ok_or(CommandError::Refused(Refusal::NotSetUp))?;
    let (unit_price, unit_cost) = prices(&input, &ours)?;
    let line = Line {
        id: LineId::generate(),
        work_order_id: id,
        visit_id: None,
        technician_id: cx.actor.technician_scope(),
        kind: input.kind,
        description: described(&input.description)?,
        part_id: None,
        stock_location_id: None,
        serial_number: None,
        quantity: check_quantity(input.quantity).map_err(|_| quantity_error())?,
        time_us: None,
        unit_price,
        unit_cost,
        at: time::of_work(&tx, &cx, &work, input.at).await?,
        coverage: undecided(),
        invoiced: false,
    };
    bounded(&line)?;
    let lines = time::insert(&tx, &work, line).await?;
    tell_of_change(&tx, &work, cx.at).await?;
    cx.finish(tx, lines).await
}

fn prices(input: &NewLine, ours: &Organisation) -> Result<(Money, Money), CommandError> {
    let zero = Money::zero(ours.currency);
    let (price, cost) = match input.kind {
        LineKind::Labour => (Some(ours.labour_rate_per_hour), ours.labour_cost_per_hour),
        LineKind::Travel => (Some(ours.travel_rate_per_hour), ours.labour_cost_per_hour),
        LineKind::Expense => (None, input.unit_price.unwrap_or(zero)),
        LineKind::Part => return Err(CommandError::field("kind", Reason::WorkOrdersPartByCatalogue)),
    };
    let price = input.unit_price.or(price).ok_or(CommandError::field("unit_price", Reason::Required))?;
    let cost = input.unit_cost.unwrap_or(cost);
    Ok((
        billable_price("unit_price", price, ours.currency)?,
        billable_price("unit_cost", cost, ours.currency)?,
    ))
}

/// What could never stand on an invoice is refused where it is typed.
fn billable_price(field: &'static str, price: Money, ours: Currency) -> Result<Money, CommandError> {
    if price.currency != ours {
        return Err(CommandError::field(field, Reason::WorkOrdersOurCurrency));
    }
    if price.minor < 0 {
        return Err(CommandError::field(field, Reason::WorkOrdersPriceNegative));
    }
    let mut checks = Checks::default();
    checks.price(field, Some(price));
    checks.finish()?;
    Ok(price)
}

/// Corrects a line before approval; who pays is decided again. The number of parts is corrected by taking the line
/// off, so that the stock ledger stays true. Time that is made longer may reach across the end of a cover: the further
/// lines come after the first.
pub async fn change(
    deps: &Deps,
    mut cx: Context,
    (id, line): (WorkOrderId, LineId),
    input: LineChangeInput,
) -> Result<Vec<Line>, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.change_line", &(id, line, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(lines) => return Ok(lines),
    };
    let work = load(&tx, &cx.actor, id, None).await?;
    accepts_lines(&work, &cx.actor, "change_line")?;
    let before = line_of(&tx, id, line).await?;
    let quantity = check_quantity(input.quantity).map_err(|_| quantity_error())?;
    if before.kind == LineKind::Part && quantity != before.quantity {
        return Err(CommandError::field("quantity", Reason::QuantityOfAPart));
    }
    let ours = organisation::get(&tx).await?.map_or(before.unit_price.currency, |ours| ours.currency);
    let unit_price = billable_price("unit_price", input.unit_price, ours)?;
    // What the form shows of exact time is its hours: unchanged, the time stays as exact as it was.
    let same = quantity == before.quantity;
    let unit_cost = if before.unit_cost.currency == ours { before.unit_cost } else { Money::zero(ours) };
    let after = Line {
        description: described(&input.description)?,
        quantity,
        time_us: before.time_us.filter(|_| same),
        unit_price,
        unit_cost,
        ..before
    };
    bounded(&after)?;
    let lines = if input.goodwill {
        vec![time::give(&tx, after).await?]
    } else if same {
        vec![decide_and_update(&tx, &work, after).await?]
    } else {
        time::replace(&tx, &work, after).await?
    };
    let how = circumstances(&cx, None)?;
    let state = work.state.as_str();
    let note = lines.first().map(|line| format!("{}: {} × {}", line.description, quantity, line.unit_price));
    how.record(&tx, "work_order", id, Some(state), state, note.as_deref()).await?;
    tell_of_change(&tx, &work, cx.at).await?;
    cx.finish(tx, lines).await
}

async fn decide_and_update(tx: &Tx, work: &WorkOrder, mut line: Line) -> Result<Line, CommandError> {
    line.coverage = coverage(tx, work, &line, Some(line.id)).await?;
    lines::update(tx, &line).await?;
    Ok(line)
}

/// Takes a line off; its parts go back to where they came from.
pub async fn remove(
    deps: &Deps,
    mut cx: Context,
    (id, line): (WorkOrderId, LineId),
) -> Result<(), CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.remove_line", &(id, line)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    let how = circumstances(&cx, None)?;
    let work = load(&tx, &cx.actor, id, None).await?;
    accepts_lines(&work, &cx.actor, "remove_line")?;
    let line = line_of(&tx, id, line).await?;
    let own = cx.actor.technician_scope().is_none_or(|technician| {
        line.technician_id == Some(technician) && matches!(line.kind, LineKind::Part | LineKind::Expense)
    });
    if !own {
        return Err(CommandError::Forbidden);
    }
    lines::delete(&tx, line.id).await?;
    if let (Some(part_id), Some(location)) = (line.part_id, line.stock_location_id) {
        let movement = StockMovement {
            id: StockMovementId::generate(),
            part_id,
            from: None,
            to: Some(location),
            quantity: line.quantity,
            reason: MovementReason::Return,
            line_id: Some(line.id),
            note: work.number.clone(),
            at: how.at,
        };
        stock::insert(&tx, &movement).await.map_err(move_error)?;
    }
    let state = work.state.as_str();
    how.record(&tx, "work_order", id, Some(state), state, Some(&format!("− {}", line.description))).await?;
    tell_of_change(&tx, &work, cx.at).await?;
    cx.finish(tx, ()).await
}

/// Decides anew who pays for every line that is not invoiced: the cause turned out to be another.
pub async fn decide_again(tx: &Tx, work: &WorkOrder) -> Result<(), CommandError> {
    for line in lines::of_work_order(tx, work.id).await? {
        if !line.invoiced && line.coverage.payer != Payer::Goodwill {
            decide_and_update(tx, work, line).await?;
        }
    }
    Ok(())
}

async fn coverage(
    tx: &Tx,
    work: &WorkOrder,
    line: &Line,
    except: Option<LineId>,
) -> Result<CoverageDecision, CommandError> {
    let question = Work {
        kind: line.kind,
        at: line.at,
        quantity: line.exact_quantity(),
        gross: line.gross()?,
        visit: line.visit_id,
        misuse: work.misuse,
    };
    Ok(decide(tx, work.asset_id, question, except).await?)
}

/// Stands in a new line until the decision is made, within the same function.
fn undecided() -> CoverageDecision {
    CoverageDecision {
        payer: Payer::Customer,
        covered_share: Decimal::ZERO,
        reason: CoverageReason::NoContractOrWarranty,
    }
}

async fn line_of(tx: &Tx, work_order: WorkOrderId, line: LineId) -> Result<Line, CommandError> {
    let line = lines::get(tx, line).await?.filter(|line| line.work_order_id == work_order);
    line.ok_or(CommandError::NotFound)
}

fn described(text: &str) -> Result<String, CommandError> {
    let mut checks = Checks::default();
    let text = checks.text("description", text, MAX_LINE);
    checks.finish()?;
    Ok(text)
}

/// What a line comes to is bounded as every price is: a quantity times a price may be far more than either.
fn bounded(line: &Line) -> Result<(), CommandError> {
    let gross = line.gross().ok().filter(|gross| gross.minor <= MAX_MINOR);
    gross.map(|_| ()).ok_or(CommandError::field("quantity", Reason::TooLarge))
}

fn quantity_error() -> CommandError {
    CommandError::field("quantity", Reason::InvalidQuantity)
}

pub fn move_error(error: MoveError) -> CommandError {
    match error {
        MoveError::Stock(StockError::Insufficient) => CommandError::Refused(Refusal::InsufficientStock),
        MoveError::Stock(StockError::NotAQuantity) => quantity_error(),
        MoveError::Stock(StockError::NoSuchWay) => CommandError::field("to", Reason::SamePlace),
        MoveError::Store(error) => error.into(),
    }
}
