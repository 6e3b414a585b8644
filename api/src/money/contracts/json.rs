//! Contracts and warranties for programs.

use super::list::Contracts;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    Date, Money, Timestamp,
    calendar::date_of,
    id::ContractId,
    money::{
        contract::{Contract, CoveredAssets, Used, billing::Billing},
        warranty::Warranty,
    },
};
use serde::{Deserialize, Serialize};
use service::{
    money::{
        billing::periods::{self as billing, Planned, Standing},
        contracts::commands::{self, ContractInput, WarrantyInput},
    },
    scope,
};
use store::records::{
    money::{contracts, warranties},
    people::organisation,
};
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

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ContractView {
    id: Uuid,
    customer_id: Uuid,
    number: String,
    tier: &'static str,
    /// Null: all assets of the customer.
    asset_ids: Option<Vec<Uuid>>,
    /// Half open.
    start: String,
    end: String,
    /// `not_yet_started`, `active` or `expired`, now.
    #[schema(value_type = String)]
    state: domain::money::contract::ContractState,
    labour_share: String,
    travel_share: String,
    parts_share: String,
    included_hours: Option<String>,
    used_hours: String,
    included_visits: Option<u32>,
    used_visits: usize,
    included_parts: Option<Money>,
    used_parts: Money,
    response_hours: Option<u32>,
    restore_hours: Option<u32>,
    price: Money,
    /// How the price is invoiced; null: not here.
    billing: Option<Billing>,
    availability_guarantee: Option<String>,
    version: i64,
}

impl ContractView {
    fn new(contract: Contract, used: &Used, now: Timestamp) -> Self {
        Self {
            id: contract.id.into(),
            customer_id: contract.customer_id.into(),
            state: contract.state(now),
            tier: contract.tier.as_str(),
            asset_ids: match &contract.covers_assets {
                CoveredAssets::All => None,
                CoveredAssets::Listed(ids) => Some(ids.iter().map(|id| Uuid::from(*id)).collect()),
            },
            start: rfc3339(contract.start),
            end: rfc3339(contract.end),
            labour_share: contract.shares.labour.to_string(),
            travel_share: contract.shares.travel.to_string(),
            parts_share: contract.shares.parts.to_string(),
            included_hours: contract.limits.hours.map(|hours| hours.to_string()),
            used_hours: used.hours.normalize().to_string(),
            included_visits: contract.limits.visits,
            used_visits: used.visits.len(),
            included_parts: contract.limits.parts,
            used_parts: Money::new(used.parts_minor, contract.price.currency),
            response_hours: contract.response_hours,
            restore_hours: contract.restore_hours,
            price: contract.price,
            billing: contract.billing,
            availability_guarantee: contract.availability_guarantee.map(|guarantee| guarantee.to_string()),
            number: contract.number,
            version: contract.version,
        }
    }
}

/// A stretch of the term that is invoiced as one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PeriodView {
    /// First and last day, both included.
    #[schema(value_type = String)]
    from: Date,
    #[schema(value_type = String)]
    to: Date,
    /// The day from which it is invoiced.
    #[schema(value_type = String)]
    due_on: Date,
    /// Before tax.
    amount: Money,
    /// `invoiced` (also on a draft), `due`, `later`, or `elsewhere` when it is not invoiced here.
    standing: &'static str,
    invoice_id: Option<Uuid>,
}

impl From<Planned> for PeriodView {
    fn from(planned: Planned) -> Self {
        let invoice_id = match planned.standing {
            Standing::Invoiced(invoice) => Some(invoice.into()),
            _ => None,
        };
        let (period, standing) = (planned.period, planned.standing.as_str());
        Self {
            from: period.from,
            to: period.to,
            due_on: period.due,
            amount: period.amount,
            standing,
            invoice_id,
        }
    }
}

/// The periods in which a contract's price is invoiced, and where each stands today.
#[utoipa::path(get, path = "/api/v1/contracts/{id}/periods", tag = "contracts", params(("id" = Uuid, Path)),
    responses((status = 200, body = Items<PeriodView>), (status = 404, body = Problem)))]
pub async fn periods(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<Items<PeriodView>>, Problem> {
    let db = deps.records.read();
    let contract = scope::contract(db, user.scope(), ContractId(id)).await?;
    let organisation = organisation::get(db).await?.ok_or_else(Problem::not_found)?;
    let today = date_of(deps.now(), organisation.zone());
    let plan = billing::plan(db, &contract, &organisation, today).await?;
    Ok(Json(Items {
        items: plan.into_iter().map(Into::into).collect(),
        next_cursor: None,
        unreadable: Vec::new(),
    }))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftView {
    /// Of the draft.
    invoice_id: Uuid,
}

/// Makes a draft invoice of every period that is due and on no invoice. Mainstay does the same by itself.
#[utoipa::path(post, path = "/api/v1/contracts/{id}/invoices", tag = "contracts", params(("id" = Uuid, Path)),
    responses((status = 201, body = DraftView), (status = 404, body = Problem), (status = 409, description = "no_period_due", body = Problem)))]
pub async fn invoice(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<(StatusCode, Json<DraftView>), Problem> {
    let draft = billing::create_draft(&deps, cx, ContractId(id)).await?;
    Ok((StatusCode::CREATED, Json(DraftView { invoice_id: draft.id.into() })))
}

async fn view(deps: &Deps, contract: Contract) -> Result<ContractView, Problem> {
    let used = contracts::used(deps.records.read(), contract.id, None).await?;
    Ok(ContractView::new(contract, &used, deps.now()))
}

/// Contracts with their balances, by number.
#[utoipa::path(get, path = "/api/v1/contracts", tag = "contracts",
    params(("customer_id" = Option<Uuid>, Query), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<ContractView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<ContractView>>, Problem> {
    let page = listing::find::<Contracts>(&deps, &user, &query).await?;
    let (db, now) = (deps.records.read(), deps.now());
    let mut used = contracts::used_by(db, page.items.iter().map(|contract| contract.id), None).await?;
    let items = page.items.into_iter().map(|contract| {
        let used = used.remove(&contract.id).unwrap_or_default();
        ContractView::new(contract, &used, now)
    });
    let unreadable = page.unreadable.into_iter().map(Into::into).collect();
    Ok(Json(Items { items: items.collect(), next_cursor: page.next_cursor, unreadable }))
}

/// One contract with its balance.
#[utoipa::path(get, path = "/api/v1/contracts/{id}", tag = "contracts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContractView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    user: User,
) -> Result<Json<ContractView>, Problem> {
    let contract = scope::contract(deps.records.read(), user.scope(), ContractId(id)).await?;
    Ok(Json(view(&deps, contract).await?))
}

/// Adds a contract.
#[utoipa::path(post, path = "/api/v1/contracts", tag = "contracts", request_body = ContractInput,
    responses((status = 201, body = ContractView), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<ContractInput>,
) -> Result<(StatusCode, Json<ContractView>), Problem> {
    let contract = commands::create(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(view(&deps, contract).await?)))
}

/// What is typed, with the version of what was read.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ContractChange {
    version: i64,
    #[serde(flatten)]
    contract: ContractInput,
}

/// Changes a contract; 409 when somebody changed it meanwhile. Decisions already kept with lines do not change.
#[utoipa::path(put, path = "/api/v1/contracts/{id}", tag = "contracts", params(("id" = Uuid, Path)), request_body = ContractChange,
    responses((status = 200, body = ContractView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    Json(change): Json<ContractChange>,
) -> Result<Json<ContractView>, Problem> {
    let contract = commands::update(&deps, cx, ContractId(id), change.version, change.contract).await?;
    Ok(Json(view(&deps, contract).await?))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WarrantyView {
    id: Uuid,
    asset_id: Uuid,
    /// Half open.
    start: String,
    end: String,
    #[schema(value_type = Vec<String>)]
    covers: Vec<domain::work::line::LineKind>,
    supplier: Option<String>,
}

impl From<Warranty> for WarrantyView {
    fn from(warranty: Warranty) -> Self {
        Self {
            id: warranty.id.into(),
            asset_id: warranty.asset_id.into(),
            start: rfc3339(warranty.start),
            end: rfc3339(warranty.end),
            covers: warranty.covers.into_iter().collect(),
            supplier: warranty.supplier,
        }
    }
}

/// Warranties, the newest first.
#[utoipa::path(get, path = "/api/v1/warranties", tag = "contracts",
    params(("asset_id" = Option<Uuid>, Query), ("customer_id" = Option<Uuid>, Query), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<WarrantyView>)))]
pub async fn warranties(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<WarrantyView>>, Problem> {
    let customer = query.id("customer_id")?;
    let filter = warranties::Filter { asset: query.id("asset_id")?, customer };
    let page = warranties::list(deps.records.read(), user.scope(), &filter, &query.page()?).await?;
    Ok(Json(page.map(WarrantyView::from).into()))
}

/// Adds a warranty of an asset.
#[utoipa::path(post, path = "/api/v1/warranties", tag = "contracts", request_body = WarrantyInput,
    responses((status = 201, body = WarrantyView), (status = 422, body = Problem)))]
pub async fn create_warranty(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<WarrantyInput>,
) -> Result<(StatusCode, Json<WarrantyView>), Problem> {
    let warranty = commands::create_warranty(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(warranty.into())))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, periods, invoice, create, update, warranties, create_warranty))]
pub struct Api;
