//! Claiming a device, for whoever stands before it: its name, its secret, and the equipment that it reports for.

use crate::choices;
use axum::{extract::State, response::IntoResponse};
use maud::{Markup, html};
use service::fleet::devices::claims;
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    icon::icon,
    inputs::{Inputs, choose, text},
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageResult, see_other},
};

/// The equipment may be chosen already: the page of a machine leads here.
pub async fn form(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let form = Form::filled([("asset_id", query.id_text("asset_id")?)]);
    let form = choices::settle(&deps, &view, form, &inputs().chosen()).await?;
    Ok(draw(&view, &form).into_response())
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let inputs = inputs();
    let form = choices::settle(&deps, &view, form, &inputs.chosen()).await?;
    let claimed = match inputs.read(&form, &view) {
        Ok(input) => claims::claim(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match claimed {
        Ok(device) => Ok(see_other(&format!("/devices/{}", device.id))),
        Err(error) => form.again(error, |form| draw(&view, form)),
    }
}

fn inputs() -> Inputs {
    Inputs::new([
        text("name", "devices-name").required().hint("devices-claim-name-hint"),
        text("secret", "devices-claim-secret").required().attribute("autocomplete", "off"),
        choose("asset_id", "devices-asset", Kind::Assets).required(),
    ])
}

fn draw(view: &View, form: &Form) -> Markup {
    let lang = view.lang;
    layout::page(
        view,
        &lang.t("devices-claim"),
        &html! {
            div.top { div {
                p.crumb { a href="/devices" { (lang.t("devices-title")) } }
                h1 { (lang.t("devices-claim")) }
                p.sub { (lang.t("devices-claim-intro")) }
            } }
            form.card.pad.stack.narrow method="post" action="/devices/claim" {
                (inputs().draw(form.fields(lang)))
                div.act { button.btn type="submit" { (icon("plug")) (lang.t("devices-claim")) } a.btn2 href="/devices" { (lang.t("cancel")) } }
            }
        },
    )
}
