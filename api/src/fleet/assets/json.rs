//! Assets for programs.

use super::pages::list::Assets;
use crate::fleet::customers::WRITE;
use domain::{Money, fleet::asset::Asset, id::AssetId, people::account::Role};
use serde::Serialize;
use service::{
    command::{CommandError, Context},
    deps::Deps as Needs,
    fleet::assets::commands::{self, AssetInput},
    scope,
};
use store::records::fleet::assets::By;
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation, call, id, listed_as, making, words},
    problem::Problem,
    request::User,
    routes::Access,
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssetView {
    id: Uuid,
    customer_id: Uuid,
    site_id: Uuid,
    model_id: Uuid,
    name: String,
    serial_number: String,
    functional_location: Option<String>,
    criticality: &'static str,
    in_service_from: String,
    in_service_to: Option<String>,
    /// Null for roles that see no costs.
    downtime_cost_per_hour: Option<Money>,
    version: i64,
}

impl AssetView {
    fn new(asset: Asset, role: Role) -> Self {
        Self {
            id: asset.id.into(),
            customer_id: asset.customer_id.into(),
            site_id: asset.site_id.into(),
            model_id: asset.model_id.into(),
            name: asset.name,
            serial_number: asset.serial_number,
            functional_location: asset.functional_location,
            criticality: asset.criticality.as_str(),
            in_service_from: rfc3339(asset.in_service_from),
            in_service_to: asset.in_service_to.map(rfc3339),
            downtime_cost_per_hour: asset.downtime_cost_per_hour.filter(|_| role.sees_costs()),
            version: asset.version,
        }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::SignedIn, Access::Roles(WRITE));
    let filters = vec![
        id("customer_id"),
        id("site_id"),
        id("model_id"),
        words("q", "Text in name, serial number or place"),
    ];
    let list = listed_as::<Assets, AssetView>(all);
    let means = "Assets that the caller may see, by name.";
    vec![
        Operation::pages::<By>("/api/v1/assets", read, means, filters, list),
        Operation::get("/api/v1/assets/{id}", read, "One asset.", operation::read(one)),
        Operation::create("/api/v1/assets", write, "Adds an asset.", making::<AssetView, _, _>(create)),
        Operation::update(
            "/api/v1/assets/{id}",
            write,
            "Changes an asset; 409 when somebody changed it meanwhile.",
            call::<AssetView, _, _, _>(update),
        )
        .refusals(&[("404", ""), ("409", ""), ("422", "")]),
    ]
}

async fn all(_: &Deps, user: &User, assets: Vec<Asset>) -> Result<Vec<AssetView>, Problem> {
    Ok(assets.into_iter().map(|asset| AssetView::new(asset, user.actor.role)).collect())
}

async fn one(deps: &Deps, user: &User, id: AssetId) -> Result<AssetView, Problem> {
    let asset = scope::asset(deps.records.read(), user.scope(), id).await?;
    Ok(AssetView::new(asset, user.actor.role))
}

async fn create(deps: &Needs, cx: Context, input: AssetInput) -> Result<AssetView, CommandError> {
    let role = cx.actor.role;
    Ok(AssetView::new(commands::create(deps, cx, input).await?, role))
}

async fn update(
    deps: &Needs,
    cx: Context,
    id: AssetId,
    input: AssetInput,
) -> Result<AssetView, CommandError> {
    let role = cx.actor.role;
    Ok(AssetView::new(commands::update(deps, cx, id, input).await?, role))
}
