//! Visits for programs.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    Timestamp,
    id::{VisitId, WorkOrderId},
    work::visit::{Outcome, Span, Visit, VisitState},
};
use serde::{Deserialize, Serialize};
use service::{
    scope,
    work::visits::commands::{self, Booking, Press},
};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    problem::Problem,
    request::{Caller, User},
    time::rfc3339,
};

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct VisitJson {
    pub id: Uuid,
    pub work_order_id: Uuid,
    pub technician_id: Uuid,
    pub planned_start: String,
    pub planned_end: String,
    /// It was entered more than a day after it was to begin.
    pub entered_late: bool,
    pub status: String,
    /// `fixed`, `partial`, `no_access`, `parts_missing`, `wrong_skill` or `no_fault_found`, once done.
    pub outcome: Option<String>,
    pub travel_started_at: Option<String>,
    pub arrived_at: Option<String>,
    pub finished_at: Option<String>,
    /// Travel, labour and breaks that are over.
    pub times: Vec<SpanJson>,
    pub version: i64,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SpanJson {
    pub kind: String,
    pub from: String,
    pub to: String,
}

impl From<Span> for SpanJson {
    fn from(span: Span) -> Self {
        Self { kind: span.kind.as_str().into(), from: rfc3339(span.from), to: rfc3339(span.to) }
    }
}

impl From<Visit> for VisitJson {
    fn from(visit: Visit) -> Self {
        let finished_at = match &visit.state {
            VisitState::Done { at, .. } => Some(rfc3339(*at)),
            VisitState::Declined { at, .. } | VisitState::Canceled { at, .. } => {
                visit.state.begun().map(|_| rfc3339(*at))
            }
            _ => None,
        };
        // Nothing runs yet at the beginning of time, so only what is over is listed.
        let times = visit.spans(Timestamp::MIN_UTC).into_iter().map(Into::into).collect();
        Self {
            id: visit.id.0,
            work_order_id: visit.work_order_id.0,
            technician_id: visit.technician_id.0,
            planned_start: rfc3339(visit.planned_start),
            planned_end: rfc3339(visit.planned_end),
            entered_late: visit.entered_late,
            status: visit.state.as_str().into(),
            outcome: visit.state.outcome().map(|outcome| outcome.as_str().into()),
            travel_started_at: visit.state.travel_started_at().map(rfc3339),
            arrived_at: visit.state.trip().map(|trip| rfc3339(trip.arrived_at)),
            finished_at,
            times,
            version: visit.version,
        }
    }
}

type Answer = Result<Json<VisitJson>, Problem>;

#[utoipa::path(get, path = "/api/v1/visits/{id}", tag = "visits", params(("id" = Uuid, Path)),
    responses((status = 200, body = VisitJson), (status = 404, body = Problem)))]
pub async fn get(State(deps): State<Deps>, user: User, Path(id): Path<VisitId>) -> Answer {
    Ok(Json(scope::visit(deps.records.read(), user.scope(), id).await?.into()))
}

/// Books a technician for a work order.
#[utoipa::path(post, path = "/api/v1/work-orders/{id}/visits", tag = "visits", params(("id" = Uuid, Path)),
    request_body = Booking, responses((status = 201, body = VisitJson),
        (status = 409, description = "technician_booked", body = Problem)))]
pub async fn book(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<WorkOrderId>,
    Json(input): Json<Booking>,
) -> Result<(StatusCode, Json<VisitJson>), Problem> {
    Ok((StatusCode::CREATED, Json(commands::book(&deps, cx, id, input).await?.into())))
}

/// Moves a booking to another time or technician.
#[utoipa::path(post, path = "/api/v1/visits/{id}/schedule", tag = "visits", params(("id" = Uuid, Path)),
    request_body = Booking, responses((status = 200, body = VisitJson),
        (status = 409, description = "technician_booked", body = Problem)))]
pub async fn schedule(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<VisitId>,
    Json(input): Json<Booking>,
) -> Answer {
    Ok(Json(commands::schedule(&deps, cx, id, input).await?.into()))
}

macro_rules! presses {
    ($($(#[$doc:meta])* $name:ident at $path:tt;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "visits", params(("id" = Uuid, Path)), request_body = Press,
            responses((status = 200, body = VisitJson), (status = 409, body = Problem)))]
        pub async fn $name(
            State(deps): State<Deps>,
            Caller(cx): Caller,
            Path(id): Path<VisitId>,
            Json(input): Json<Press>,
        ) -> Answer {
            Ok(Json(commands::$name(&deps, cx, id, input).await?.into()))
        }
    )*};
}

presses! {
    /// Tells the technician.
    dispatch at "/api/v1/visits/{id}/dispatch";
    /// The technician will come.
    accept at "/api/v1/visits/{id}/accept";
    /// The technician does not come, turns back, or leaves without having worked; the note says why.
    decline at "/api/v1/visits/{id}/decline";
    /// On the way: the work order is in progress.
    travel at "/api/v1/visits/{id}/travel";
    /// On site: travel ends, labour begins.
    arrive at "/api/v1/visits/{id}/arrive";
    /// Takes a break.
    pause at "/api/v1/visits/{id}/pause";
    /// Ends the break.
    resume at "/api/v1/visits/{id}/resume";
    /// Calls a visit off, also one under way; the note says why.
    cancel at "/api/v1/visits/{id}/cancel";
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// `fixed`, `partial`, `no_access`, `parts_missing`, `wrong_skill` or `no_fault_found`.
    #[schema(value_type = String)]
    pub outcome: Outcome,
    #[serde(default)]
    pub note: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "service::input::instant_if_any")]
    pub at: Option<Timestamp>,
    #[serde(default)]
    pub latitude: Option<f64>,
    #[serde(default)]
    pub longitude: Option<f64>,
}

/// Ends a visit. `fixed` and `no_fault_found` need the checklist, the verdict and the signature.
#[utoipa::path(post, path = "/api/v1/visits/{id}/finish", tag = "visits", params(("id" = Uuid, Path)),
    request_body = Finish,
    responses((status = 200, body = VisitJson),
        (status = 409, description = "checklist_open, verdict_missing or signature_missing", body = Problem)))]
pub async fn finish(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<VisitId>,
    Json(input): Json<Finish>,
) -> Answer {
    let press =
        Press { at: input.at, latitude: input.latitude, longitude: input.longitude, note: input.note };
    Ok(Json(commands::finish(&deps, cx, id, input.outcome, press).await?.into()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    get, book, schedule, finish, dispatch, accept, decline, travel, arrive, pause, resume, cancel
))]
pub struct Api;
