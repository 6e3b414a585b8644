//! Contracts and warranties for programs.

use super::{EDITORS_OR_PROGRAM, MAX_BODY_BYTES, READERS, list::Contracts};
use domain::{
    Date, Money, Timestamp,
    calendar::date_of,
    id::ContractId,
    money::{
        contract::{Contract, CoveredAssets, Used, billing::Billing},
        invoice::Invoice,
        warranty::Warranty,
    },
};
use serde::{Deserialize, Serialize};
use service::{
    command::{CommandError, Context},
    deps::Deps as Needs,
    money::{
        billing::periods::{self as billing, Planned, Standing},
        contracts::commands::{self, ContractInput},
    },
    scope,
};
use store::records::{
    PageRequest,
    money::{
        contracts::{self, By},
        warranties,
    },
    people::organisation,
};
use uuid::Uuid;
use web::{
    deps::Deps,
    list::{Items, ListQuery},
    operation::{self, Operation, call, id, listed_as, making, press},
    problem::Problem,
    request::User,
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

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftView {
    /// Of the draft.
    invoice_id: Uuid,
}

impl From<Invoice> for DraftView {
    fn from(draft: Invoice) -> Self {
        Self { invoice_id: draft.id.into() }
    }
}

/// What is typed, with the version of what was read.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ContractChange {
    version: i64,
    #[serde(flatten)]
    contract: ContractInput,
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

pub fn operations() -> Vec<Operation> {
    let contracts = listed_as::<Contracts, ContractView>(all);
    vec![
        Operation::pages::<By>(
            "/api/v1/contracts",
            READERS,
            "Contracts with their balances, by number.",
            vec![id("customer_id")],
            contracts,
        ),
        Operation::get(
            "/api/v1/contracts/{id}",
            READERS,
            "One contract with its balance.",
            operation::read(one),
        ),
        Operation::create(
            "/api/v1/contracts",
            EDITORS_OR_PROGRAM,
            "Adds a contract.",
            making::<ContractView, _, _>(create),
        )
        .large(MAX_BODY_BYTES),
        Operation::update(
            "/api/v1/contracts/{id}",
            EDITORS_OR_PROGRAM,
            "Changes a contract; 409 when somebody changed it meanwhile. Decisions already kept with lines do not change.",
            call::<ContractView, _, _, _>(update),
        )
        .refusals(&[("404", ""), ("409", ""), ("422", "")])
        .large(MAX_BODY_BYTES),
        Operation::get(
            "/api/v1/contracts/{id}/periods",
            READERS,
            "The periods in which a contract's price is invoiced, and where each stands today.",
            operation::read_all(periods),
        )
        .named("periods"),
        Operation::post(
            "/api/v1/contracts/{id}/invoices",
            EDITORS_OR_PROGRAM,
            "Makes a draft invoice of every period that is due and on no invoice. Mainstay does the same by itself.",
            press::<DraftView, _, _>(billing::create_draft),
        )
        .named("invoice")
        .creates()
        .refusals(&[("404", ""), ("409", "no_period_due")]),
        Operation::pages::<warranties::By>(
            "/api/v1/warranties",
            READERS,
            "Warranties, the newest first.",
            vec![id("asset_id"), id("customer_id")],
            operation::ask_all(warranties),
        )
        .named("warranties"),
        Operation::create(
            "/api/v1/warranties",
            EDITORS_OR_PROGRAM,
            "Adds a warranty of an asset.",
            making::<WarrantyView, _, _>(commands::create_warranty),
        )
        .named("create_warranty"),
    ]
}

async fn all(deps: &Deps, _: &User, found: Vec<Contract>) -> Result<Vec<ContractView>, Problem> {
    let (db, now) = (deps.records.read(), deps.now());
    let mut used = contracts::used_by(db, found.iter().map(|contract| contract.id), None).await?;
    let seen = found.into_iter().map(|contract| {
        let used = used.remove(&contract.id).unwrap_or_default();
        ContractView::new(contract, &used, now)
    });
    Ok(seen.collect())
}

async fn one(deps: &Deps, user: &User, id: ContractId) -> Result<ContractView, Problem> {
    let contract = scope::contract(deps.records.read(), user.scope(), id).await?;
    Ok(view(deps, contract).await?)
}

async fn create(deps: &Needs, cx: Context, input: ContractInput) -> Result<ContractView, CommandError> {
    view(deps, commands::create(deps, cx, input).await?).await
}

async fn update(
    deps: &Needs,
    cx: Context,
    id: ContractId,
    change: ContractChange,
) -> Result<ContractView, CommandError> {
    view(deps, commands::update(deps, cx, id, change.version, change.contract).await?).await
}

async fn view(deps: &Needs, contract: Contract) -> Result<ContractView, CommandError> {
    let used = contracts::used(deps.records.read(), contract.id, None).await?;
    Ok(ContractView::new(contract, &used, deps.now()))
}

async fn periods(deps: &Deps, user: &User, id: ContractId) -> Result<Items<PeriodView>, Problem> {
    let db = deps.records.read();
    let contract = scope::contract(db, user.scope(), id).await?;
    let organisation = organisation::get(db).await?.ok_or_else(Problem::not_found)?;
    let today = date_of(deps.now(), organisation.zone());
    let plan = billing::plan(db, &contract, &organisation, today).await?;
    Ok(Items::whole(plan.into_iter().map(Into::into).collect(), Vec::new()))
}

async fn warranties(deps: &Deps, user: &User, query: ListQuery) -> Result<Items<WarrantyView>, Problem> {
    let customer = query.id("customer_id")?;
    let filter = warranties::Filter { asset: query.id("asset_id")?, customer };
    let page = PageRequest { order: query.sorted()?, ..query.page()? };
    let page = warranties::list(deps.records.read(), user.scope(), &filter, &page).await?;
    Ok(page.map(WarrantyView::from).into())
}
