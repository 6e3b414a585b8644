//! Who can be sent.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
    scope,
    work::work_orders::commands::{MAX_SKILL, skill_word},
};
use domain::{
    Money,
    id::{StockLocationId, TechnicianId, TerritoryId},
    reason::Reason,
    work::technician::Technician,
};
use serde::{Deserialize, Serialize};
use store::records::{
    fleet::territories,
    people::organisation,
    work::{stock, technicians},
};

/// More skills than this has nobody.
const MAX_SKILLS: usize = 50;

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTechnician {
    pub name: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub skills: Vec<String>,
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub territory_id: Option<TerritoryId>,
    /// The stock location of the van.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub van_id: Option<StockLocationId>,
    /// The organisation's standard cost when absent.
    #[serde(default)]
    pub cost_per_hour: Option<Money>,
}

pub async fn create_technician(
    deps: &Deps,
    mut cx: Context,
    input: NewTechnician,
) -> Result<Technician, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "technicians.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(technician) => return Ok(technician),
    };
    let mut checks = Checks::default();
    let name = checks.required("name", &input.name, MAX_NAME);
    let email = checks.optional("email", input.email.as_deref(), MAX_NAME);
    let phone = checks.optional("phone", input.phone.as_deref(), MAX_NAME);
    checks.texts("skills", &input.skills, MAX_SKILLS, MAX_SKILL);
    checks.price("cost_per_hour", input.cost_per_hour);
    checks.finish()?;
    if let Some(id) = input.territory_id
        && territories::get(&tx, id).await?.is_none()
    {
        return Err(CommandError::field("territory_id", Reason::UnknownChoice));
    }
    if let Some(id) = input.van_id
        && stock::location(&tx, id).await?.is_none()
    {
        return Err(CommandError::field("van_id", Reason::UnknownChoice));
    }
    let ours = organisation::get(&tx).await?.map(|ours| ours.currency);
    if input.cost_per_hour.is_some_and(|cost| Some(cost.currency) != ours) {
        return Err(CommandError::field("cost_per_hour", Reason::WorkOrdersOurCurrency));
    }
    let technician = Technician {
        id: TechnicianId::generate(),
        name,
        email,
        phone,
        skills: input.skills.iter().filter_map(|skill| skill_word(Some(skill))).collect(),
        territory_id: input.territory_id,
        van_id: input.van_id,
        cost_per_hour: input.cost_per_hour,
        active: true,
        version: 0,
    };
    technicians::insert(&tx, &technician).await?;
    cx.finish(tx, technician).await
}
