//! The organisation for programs.

use axum::extract::State;
use domain::{
    Money,
    people::{
        organisation::{Organisation, Seller},
        party::Address,
    },
    reason::Reason,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use service::{command::CommandError, people::settings::commands};
use store::records::people::organisation;
use utoipa::{OpenApi, ToSchema};
use web::{
    deps::Deps,
    json::Json,
    problem::Problem,
    request::{Caller, User},
};

#[derive(OpenApi)]
#[openapi(paths(get, put))]
pub struct Api;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationJson {
    pub name: String,
    /// In its parts, or as text.
    pub address: Address,
    pub tax_id: Option<String>,
    #[serde(default)]
    pub seller: Seller,
    /// ISO 4217.
    pub currency: String,
    pub time_zone: String,
    pub language: String,
    pub labour_rate_per_hour: Money,
    pub travel_rate_per_hour: Money,
    /// Labour and travel are billed in started steps of so many minutes; 0 (the default) bills the exact time.
    #[serde(default)]
    pub labour_step_minutes: u32,
    #[serde(default)]
    pub travel_step_minutes: u32,
    /// Absent for those who may not see costs; required when saving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labour_cost_per_hour: Option<Money>,
    /// A fraction: 0.21 is 21 %.
    #[schema(value_type = String)]
    pub tax_rate: Decimal,
    pub payment_terms_days: u32,
}

fn shown(kept: Organisation, user: &User) -> OrganisationJson {
    OrganisationJson {
        name: kept.name,
        address: kept.address,
        tax_id: kept.tax_id,
        seller: kept.seller,
        currency: kept.currency.to_string(),
        time_zone: kept.time_zone,
        language: kept.language,
        labour_rate_per_hour: kept.labour_rate_per_hour,
        travel_rate_per_hour: kept.travel_rate_per_hour,
        labour_step_minutes: kept.labour_step_minutes,
        travel_step_minutes: kept.travel_step_minutes,
        labour_cost_per_hour: user.actor.role.sees_costs().then_some(kept.labour_cost_per_hour),
        tax_rate: kept.tax_rate,
        payment_terms_days: kept.payment_terms_days,
    }
}

/// The service organisation
#[utoipa::path(get, path = "/api/v1/organisation", tag = "settings",
    responses((status = 200, body = OrganisationJson), (status = 404, body = Problem)))]
pub async fn get(State(deps): State<Deps>, user: User) -> Result<Json<OrganisationJson>, Problem> {
    let kept = organisation::get(deps.records.read()).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(shown(kept, &user)))
}

/// Change the service organisation
#[utoipa::path(put, path = "/api/v1/organisation", tag = "settings", request_body = OrganisationJson,
    responses((status = 200, body = OrganisationJson), (status = 422, body = Problem)))]
pub async fn put(
    State(deps): State<Deps>,
    user: User,
    Caller(cx): Caller,
    Json(input): Json<OrganisationJson>,
) -> Result<Json<OrganisationJson>, Problem> {
    let currency = input.currency.parse();
    let currency = currency.map_err(|_| CommandError::field("currency", Reason::SettingsCurrencyInvalid))?;
    let cost = input.labour_cost_per_hour;
    let input = Organisation {
        name: input.name,
        address: input.address,
        tax_id: input.tax_id,
        seller: input.seller,
        currency,
        time_zone: input.time_zone,
        language: input.language,
        labour_rate_per_hour: input.labour_rate_per_hour,
        travel_rate_per_hour: input.travel_rate_per_hour,
        labour_step_minutes: input.labour_step_minutes,
        travel_step_minutes: input.travel_step_minutes,
        labour_cost_per_hour: cost.ok_or(CommandError::field("labour_cost_per_hour", Reason::Required))?,
        tax_rate: input.tax_rate,
        payment_terms_days: input.payment_terms_days,
        set_up_at: None,
    };
    let saved = commands::save(&deps.records, cx, input).await?;
    Ok(Json(shown(saved, &user)))
}
