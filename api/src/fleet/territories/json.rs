//! Territories for programs.

use crate::fleet::customers::{READ, WRITE};
use domain::fleet::territory::Territory;
use serde::Serialize;
use service::fleet::territories::commands;
use store::records::fleet::territories;
use uuid::Uuid;
use web::{
    deps::Deps,
    list::{Items, ListQuery},
    operation::{self, Operation, making},
    problem::Problem,
    request::User,
    routes::Access,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TerritoryView {
    id: Uuid,
    name: String,
}

impl From<Territory> for TerritoryView {
    fn from(territory: Territory) -> Self {
        Self { id: territory.id.into(), name: territory.name }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    let path = "/api/v1/territories";
    vec![
        Operation::get(path, read, "All territories, by name.", operation::ask_all(all))
            .named("list")
            .refusals(&[]),
        Operation::create(path, write, "Adds a territory.", making::<TerritoryView, _, _>(commands::create)),
    ]
}

async fn all(deps: &Deps, _: &User, _: ListQuery) -> Result<Items<TerritoryView>, Problem> {
    let all = territories::all(deps.records.read()).await?;
    Ok(Items::whole(all.into_iter().map(Into::into).collect(), Vec::new()))
}
