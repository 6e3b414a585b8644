//! A part is typed once: its movement leaves the van, its price and cost come from the catalogue, and who pays is decided,
//! all in one transaction.

use super::{
    accepts_lines, bounded, coverage, load, move_error, quantity_error, tell_of_change, time, undecided,
};
use crate::{
    command::{Begun, CommandError, Context, circumstances},
    deps::Deps,
    input::{Checks, MAX_NAME},
};
use domain::{
    Timestamp,
    id::{LineId, PartId, StockLocationId, StockMovementId, TechnicianId, VisitId, WorkOrderId},
    reason::Reason,
    work::{
        line::{Line, LineKind},
        stock::{MovementReason, Part, StockMovement, check_quantity},
        technician::Technician,
        visit::Visit,
        work_order::WorkOrder,
    },
};
use rust_decimal::Decimal;
use serde::Serialize;
use store::records::{
    Tx,
    people::organisation,
    work::{lines, parts, stock, technicians, visits},
};

/// A part that was used.
#[derive(Clone, Debug, Serialize)]
pub struct UsedPart {
    pub part_id: PartId,
    pub quantity: Decimal,
    /// Where it was taken from; a technician's own van when absent.
    pub stock_location_id: Option<StockLocationId>,
    pub visit_id: Option<VisitId>,
    pub serial_number: Option<String>,
    pub at: Option<Timestamp>,
}

pub async fn use_part(
    deps: &Deps,
    mut cx: Context,
    id: WorkOrderId,
    input: UsedPart,
) -> Result<Line, CommandError> {
    let tx = match cx.begin(&deps.records, "work_orders.use_part", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(line) => return Ok(line),
    };
    let work = load(&tx, &cx.actor, id, None).await?;
    accepts_lines(&work, &cx.actor, "use_part")?;
    let taken = Taken::read(&tx, &cx, &work, input).await?;
    let mut line = taken.line(&work);
    bounded(&line)?;
    line.coverage = coverage(&tx, &work, &line, None).await?;
    lines::insert(&tx, &line).await?;
    stock::insert(&tx, &taken.movement(&cx, &work, &line)).await.map_err(move_error)?;
    tell_of_change(&tx, &work, cx.at).await?;
    cx.finish(tx, line).await
}

/// What was taken: all that the line and its movement are made of.
struct Taken {
    part: Part,
    quantity: Decimal,
    serial_number: Option<String>,
    from: StockLocationId,
    visit: Option<VisitId>,
    technician: Option<TechnicianId>,
    at: Timestamp,
}

impl Taken {
    async fn read(tx: &Tx, cx: &Context, work: &WorkOrder, input: UsedPart) -> Result<Self, CommandError> {
        let at = time::of_work(tx, cx, work, input.at).await?;
        let quantity = check_quantity(input.quantity).map_err(|_| quantity_error())?;
        let mut checks = Checks::default();
        let serial_number = checks.optional("serial_number", input.serial_number.as_deref(), MAX_NAME);
        checks.finish()?;
        let part = of_catalogue(tx, input.part_id).await?;
        let visit = visit_of(tx, work, input.visit_id).await?;
        let technician = match cx.actor.technician_scope().or(visit.as_ref().map(|visit| visit.technician_id))
        {
            Some(id) => technicians::get(tx, id).await?,
            None => None,
        };
        let from = place(cx, &input, technician.as_ref())?;
        if stock::find_location(tx, cx.scope(), from).await?.is_none() {
            return Err(CommandError::field("stock_location_id", Reason::PlaceRequired));
        }
        let (visit, technician) = (visit.map(|visit| visit.id), technician.map(|technician| technician.id));
        Ok(Self { part, quantity, serial_number, from, visit, technician, at })
    }

    fn line(&self, work: &WorkOrder) -> Line {
        Line {
            id: LineId::generate(),
            work_order_id: work.id,
            visit_id: self.visit,
            technician_id: self.technician,
            kind: LineKind::Part,
            description: format!("{} {}", self.part.number, self.part.name),
            part_id: Some(self.part.id),
            stock_location_id: Some(self.from),
            serial_number: self.serial_number.clone(),
            quantity: self.quantity,
            time_us: None,
            unit_price: self.part.unit_price,
            unit_cost: self.part.unit_cost,
            at: self.at,
            coverage: undecided(),
            invoiced: false,
        }
    }

    fn movement(&self, cx: &Context, work: &WorkOrder, line: &Line) -> StockMovement {
        StockMovement {
            id: StockMovementId::generate(),
            part_id: self.part.id,
            from: Some(self.from),
            to: None,
            quantity: self.quantity,
            reason: MovementReason::Use,
            line_id: Some(line.id),
            note: work.number.clone(),
            at: circumstances(cx, Some(self.at)).map_or(cx.at, |how| how.at),
        }
    }
}

/// A part that is sold, in our currency.
async fn of_catalogue(tx: &Tx, id: PartId) -> Result<Part, CommandError> {
    let part = parts::get(tx, id).await?.filter(|part| part.active);
    let part = part.ok_or(CommandError::field("part_id", Reason::PartsNoSuchPart))?;
    if organisation::get(tx).await?.is_some_and(|ours| ours.currency != part.unit_price.currency) {
        return Err(CommandError::field("part_id", Reason::WorkOrdersPartCurrency));
    }
    Ok(part)
}

async fn visit_of(tx: &Tx, work: &WorkOrder, visit: Option<VisitId>) -> Result<Option<Visit>, CommandError> {
    let Some(id) = visit else { return Ok(None) };
    let visit = visits::get(tx, id).await?.filter(|visit| visit.work_order_id == work.id);
    visit.map(Some).ok_or(CommandError::NotFound)
}

/// A technician takes from their own van only; the office says from where.
fn place(
    cx: &Context,
    input: &UsedPart,
    technician: Option<&Technician>,
) -> Result<StockLocationId, CommandError> {
    let van = technician.and_then(|technician| technician.van_id);
    let chosen = input.stock_location_id.or(van);
    if cx.actor.technician_scope().is_some() && chosen != van {
        return Err(CommandError::Forbidden);
    }
    chosen.ok_or(CommandError::field("stock_location_id", Reason::PlaceRequired))
}
