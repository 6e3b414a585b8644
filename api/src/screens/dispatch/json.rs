//! Technicians for programs.

use axum::{extract::State, http::StatusCode};
use domain::work::technician::Technician;
use serde::Serialize;
use service::screens::dispatch::commands::{self, NewTechnician};
use store::records::work::technicians;
use uuid::Uuid;
use web::{deps::Deps, json::Json, list::Items, problem::Problem, request::Caller};

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

/// Everybody who can be sent, by name.
#[utoipa::path(get, path = "/api/v1/technicians", tag = "dispatch", responses((status = 200, body = Items<TechnicianJson>)))]
pub async fn technicians(State(deps): State<Deps>) -> Result<Json<Items<TechnicianJson>>, Problem> {
    let (people, unreadable) = technicians::active_and_unreadable(deps.records.read()).await?;
    Ok(Json(Items::whole(people.into_iter().map(Into::into).collect(), unreadable)))
}

#[utoipa::path(post, path = "/api/v1/technicians", tag = "dispatch", request_body = NewTechnician,
    responses((status = 201, body = TechnicianJson)))]
pub async fn create_technician(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewTechnician>,
) -> Result<(StatusCode, Json<TechnicianJson>), Problem> {
    Ok((StatusCode::CREATED, Json(commands::create_technician(&deps, cx, input).await?.into())))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(technicians, create_technician))]
pub struct Api;
