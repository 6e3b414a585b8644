//! What is done to a rule, on its page and by programs, besides editing it.

use super::{PEOPLE, PROGRAMS, json, page::RulePage};
use web::{
    actions::{Action, Actions},
    inputs::Inputs,
    operation::{Call, Operation, press},
    routes::Access,
};

pub fn actions() -> Actions<RulePage> {
    let switch = |path, means, call: Call, label| {
        let operation = Operation::post(path, Access::Roles(PROGRAMS), means, call);
        Action::<RulePage>::new(operation.refusals(&[("404", "")]))
            .people(Access::Roles(PEOPLE), label)
            .asks(|_| Inputs::default())
    };
    let list = vec![
        switch(
            "/api/v1/rules/{id}/enable",
            "Switches a rule on: its next version.",
            press::<json::RuleView, _, _>(json::enable),
            "rules-enable",
        )
        .when(|page| !page.rule.settings.enabled),
        switch(
            "/api/v1/rules/{id}/disable",
            "Switches a rule off: its next version.",
            press::<json::RuleView, _, _>(json::disable),
            "rules-disable",
        )
        .when(|page| page.rule.settings.enabled),
    ];
    Actions::new("rules", list)
}
