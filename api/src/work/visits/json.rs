//! Visits for programs.

use super::WORKERS;
use domain::{
    Timestamp,
    id::VisitId,
    work::visit::{Span, Visit, VisitState},
};
use serde::Serialize;
use service::scope;
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation},
    problem::Problem,
    request::User,
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

async fn one(deps: &Deps, user: &User, id: VisitId) -> Result<VisitJson, Problem> {
    Ok(scope::visit(deps.records.read(), user.scope(), id).await?.into())
}

/// One visit.
pub fn reading() -> Operation {
    Operation::get("/api/v1/visits/{id}", WORKERS, "One visit.", operation::read(one))
}
