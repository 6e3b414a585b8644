//! What is done about an alert, on its page and by programs.

use super::{PEOPLE, PROGRAMS, json, page::AlertPage};
use domain::reason::Reason;
use web::{
    actions::{Action, Actions},
    i18n::Lang,
    inputs::{Inputs, area, select_number},
    operation::{Call, Operation, call, press},
    routes::Access,
};

pub fn actions() -> Actions<AlertPage> {
    let act = |path, means, call: Call| {
        let operation = Operation::post(path, Access::Roles(PROGRAMS), means, call);
        Action::<AlertPage>::new(operation.refusals(&[("404", ""), ("409", ""), ("422", "")]))
    };
    let people = Access::Roles(PEOPLE);
    let list = vec![
        act(
            "/api/v1/alerts/{id}/acknowledge",
            "I know of it.",
            press::<json::AlertDetail, _, _>(json::acknowledge),
        )
        .people(people, "alerts-acknowledge")
        .asks(|_| Inputs::default())
        .when(|page| page.alert.cleared_at.is_none() && page.alert.acknowledged.is_none()),
        act(
            "/api/v1/alerts/{id}/ticket",
            "Opens the ticket of the alert's group; the one that is there already is answered as it is.",
            press::<json::AlertDetail, _, _>(json::ticket),
        )
        .people(people, "alerts-create-ticket")
        .asks(|_| Inputs::default())
        .when(|page| page.alert.cleared_at.is_none() && page.ticket().is_none())
        .leads_to(|alert| Some(format!("/tickets/{}", alert["ticket_id"].as_str()?))),
        act(
            "/api/v1/alerts/{id}/dismiss",
            "Not a problem: hides the alert, for a while or for good.",
            call::<json::AlertDetail, _, _, _>(json::dismiss),
        )
        .people(people, "alerts-dismiss")
        .button("alerts-dismiss-now")
        .asks(dismissal)
        .when(|page| page.alert.cleared_at.is_none())
        .leads_to(|_| Some("/alerts".into())),
    ];
    Actions::new("alerts", list)
}

fn dismissal(lang: Lang) -> Inputs {
    let spans = [
        ("", "alerts-until-ever"),
        ("4", "alerts-until-hours"),
        ("24", "alerts-until-day"),
        ("168", "alerts-until-week"),
    ]
    .map(|(value, key)| (value.to_string(), lang.t(key)));
    Inputs::new([
        area("reason", "alerts-reason", "2").required(),
        // What cannot be read must not mean for good.
        select_number("until", "alerts-until", spans.into()).at("hours").wrong(Reason::UnknownChoice),
    ])
}
