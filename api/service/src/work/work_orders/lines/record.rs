//! What a job used, as people and programs say it: one input for every kind of line.

use super::{NewLine, UsedPart, add, use_part};
use crate::{
    command::{CommandError, Context},
    deps::Deps,
    input::Checks,
};
use domain::{
    Money, Timestamp,
    id::{PartId, StockLocationId, VisitId, WorkOrderId},
    reason::Reason,
    work::line::{Line, LineKind},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Records what was used. A part leaves its stock in the same transaction. What a technician worked and travelled
/// comes from their visits, not from here.
pub async fn record(
    deps: &Deps,
    cx: Context,
    id: WorkOrderId,
    input: LineInput,
) -> Result<Vec<Line>, CommandError> {
    input.check()?;
    let LineInput { kind, quantity, description, unit_price, unit_cost, at, .. } = input;
    if kind != LineKind::Part {
        if cx.actor.technician_scope().is_some() && kind != LineKind::Expense {
            return Err(CommandError::Forbidden);
        }
        let line = NewLine { kind, description, quantity, unit_price, unit_cost, at };
        return add(deps, cx, id, line).await;
    }
    let part_id = input.part_id.ok_or(CommandError::field("part_id", Reason::Required))?;
    let (stock_location_id, visit_id, serial_number) =
        (input.stock_location_id, input.visit_id, input.serial_number);
    let used = UsedPart { part_id, quantity, stock_location_id, visit_id, serial_number, at };
    Ok(vec![use_part(deps, cx, id, used).await?])
}

/// A part from the catalogue, or labour, travel or an expense.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
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
    #[schema(value_type = Option<uuid::Uuid>)]
    pub part_id: Option<PartId>,
    /// Where the part was taken from; the technician's van when absent.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub stock_location_id: Option<StockLocationId>,
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
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
    #[serde(default, deserialize_with = "crate::input::instant_if_any")]
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
