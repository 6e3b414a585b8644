//! What is done with a refused message, on the page and by programs.

use super::list::Row;
use crate::fleet::customers::WRITE;
use service::telemetry::quarantine::commands;
use web::{
    actions::{Action, Actions},
    inputs::Inputs,
    operation::{Call, Operation, press_silently},
    routes::Access,
};

pub fn actions() -> Actions<Row> {
    let act = |path, means, call: Call, label| {
        let operation = Operation::post(path, Access::Roles(WRITE), means, call).silent();
        Action::<Row>::new(operation.refusals(&[("404", ""), ("409", "")]))
            .people(Access::Roles(WRITE), label)
            .asks(|_| Inputs::default())
            .leads_to(|_| Some("/quarantine".into()))
    };
    let list = vec![
        act(
            "/api/v1/quarantine/{id}/replay",
            "Sends a message through again, with its first time of receipt; refused again it comes back as a new row.",
            press_silently(commands::replay),
            "quarantine-replay",
        )
        .when(|row| row.kept.is_message()),
        act(
            "/api/v1/quarantine/{id}/discard",
            "Throws a message away; it stays counted.",
            press_silently(commands::discard),
            "quarantine-discard",
        ),
    ];
    Actions::new("quarantine", list)
}
