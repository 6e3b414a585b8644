//! Sites for programs.

use super::list::Sites;
use crate::fleet::customers::{READ, WRITE};
use domain::{fleet::site::Site, id::SiteId};
use serde::Serialize;
use service::{fleet::sites::commands, scope};
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation, call, id, making, words},
    problem::Problem,
    request::User,
    routes::Access,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteView {
    id: Uuid,
    customer_id: Uuid,
    territory_id: Option<Uuid>,
    name: String,
    address: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    time_zone: String,
    access_notes: Option<String>,
}

impl From<Site> for SiteView {
    fn from(site: Site) -> Self {
        Self {
            id: site.id.into(),
            customer_id: site.customer_id.into(),
            territory_id: site.territory_id.map(Into::into),
            name: site.name,
            address: site.address,
            latitude: site.latitude,
            longitude: site.longitude,
            time_zone: site.time_zone,
            access_notes: site.access_notes,
        }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    let filters = vec![id("customer_id"), words("q", "Text in name or address")];
    vec![
        Operation::list::<Sites, SiteView>("/api/v1/sites", read, "Sites, by name.", filters),
        Operation::get("/api/v1/sites/{id}", read, "One site.", operation::read(one)),
        Operation::create("/api/v1/sites", write, "Adds a site.", making::<SiteView, _, _>(commands::create)),
        Operation::update(
            "/api/v1/sites/{id}",
            write,
            "Changes a site.",
            call::<SiteView, _, _, _>(commands::update),
        ),
    ]
}

async fn one(deps: &Deps, user: &User, id: SiteId) -> Result<SiteView, Problem> {
    Ok(scope::site(deps.records.read(), user.scope(), id).await?.into())
}
