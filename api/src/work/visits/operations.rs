//! What programs do with visits; the phone's presses are carried out by the same calls.

use super::{
    PLANNERS, WORKERS,
    json::{self, VisitJson},
};
use domain::{id::VisitId, work::visit::Visit};
use service::work::visits::commands::{self, Press};
use web::operation::{Call, Command, Operation, call as told};

pub fn operations() -> Vec<Operation> {
    let plan = |path, means, call| {
        Operation::post(path, PLANNERS, means, call).refusals(&[("409", "technician_booked")])
    };
    let press =
        |path, access, means, call| Operation::post(path, access, means, call).refusals(&[("409", "")]);
    vec![
        json::reading(),
        plan(
            "/api/v1/work-orders/{id}/visits",
            "Books a technician for a work order.",
            told::<VisitJson, _, _, _>(commands::book),
        )
        .named("book")
        .creates(),
        plan(
            "/api/v1/visits/{id}/schedule",
            "Moves a booking to another time or technician.",
            told::<VisitJson, _, _, _>(commands::schedule),
        ),
        press("/api/v1/visits/{id}/dispatch", PLANNERS, "Tells the technician.", pressed(commands::dispatch)),
        press("/api/v1/visits/{id}/accept", WORKERS, "The technician will come.", pressed(commands::accept)),
        press(
            "/api/v1/visits/{id}/decline",
            WORKERS,
            "The technician does not come, turns back, or leaves without having worked; the note says why.",
            pressed(commands::decline),
        ),
        press(
            "/api/v1/visits/{id}/travel",
            WORKERS,
            "On the way: the work order is in progress.",
            pressed(commands::travel),
        ),
        press(
            "/api/v1/visits/{id}/arrive",
            WORKERS,
            "On site: travel ends, labour begins.",
            pressed(commands::arrive),
        ),
        press("/api/v1/visits/{id}/pause", WORKERS, "Takes a break.", pressed(commands::pause)),
        press("/api/v1/visits/{id}/resume", WORKERS, "Ends the break.", pressed(commands::resume)),
        press(
            "/api/v1/visits/{id}/cancel",
            PLANNERS,
            "Calls a visit off, also one under way; the note says why.",
            pressed(commands::cancel),
        ),
        Operation::post(
            "/api/v1/visits/{id}/finish",
            WORKERS,
            "Ends a visit. `fixed` and `no_fault_found` need the checklist, the verdict and the signature.",
            told::<VisitJson, _, _, _>(commands::finish),
        )
        .refusals(&[("409", "checklist_open, verdict_missing or signature_missing")]),
    ]
}

/// The call that the document names `name`.
pub fn call(name: &str) -> Option<Call> {
    let found = operations().into_iter().find(|operation| operation.is_called(name));
    found?.call().cloned()
}

fn pressed(command: impl for<'a> Command<'a, VisitId, Press, Out = Visit>) -> Call {
    told::<VisitJson, _, _, _>(command)
}
