//! Technicians for programs.

use super::{MANAGERS, READERS};
use domain::work::technician::Technician;
use serde::Serialize;
use service::screens::dispatch::commands;
use store::records::work::technicians;
use uuid::Uuid;
use web::{
    deps::Deps,
    list::{Items, ListQuery},
    operation::{self, Operation, making},
    problem::Problem,
    request::User,
};

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TechnicianJson {
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub skills: Vec<String>,
    pub territory_id: Option<Uuid>,
    pub van_id: Option<Uuid>,
}

impl From<Technician> for TechnicianJson {
    fn from(technician: Technician) -> Self {
        Self {
            id: technician.id.0,
            territory_id: technician.territory_id.map(|id| id.0),
            van_id: technician.van_id.map(|id| id.0),
            name: technician.name,
            email: technician.email,
            phone: technician.phone,
            skills: technician.skills,
        }
    }
}

pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "/api/v1/technicians",
            READERS,
            "Everybody who can be sent, by name.",
            operation::ask_all(technicians),
        )
        .named("technicians")
        .refusals(&[]),
        Operation::post(
            "/api/v1/technicians",
            MANAGERS,
            "",
            making::<TechnicianJson, _, _>(commands::create_technician),
        )
        .named("create_technician")
        .creates(),
    ]
}

async fn technicians(deps: &Deps, _: &User, _: ListQuery) -> Result<Items<TechnicianJson>, Problem> {
    let (people, unreadable) = technicians::active_and_unreadable(deps.records.read()).await?;
    Ok(Items::whole(people.into_iter().map(Into::into).collect(), unreadable))
}
