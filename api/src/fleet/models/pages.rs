//! Models for people: the list and the form.

use super::{list::Models, metrics};
use crate::fleet::customers::pages::may_write;
use axum::extract::{Path, State};
use domain::{fleet::model::Model, id::ModelId};
use maud::{Markup, html};
use service::{fleet::models::commands, scope};
use store::records::fleet::model_metrics;
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, text, written},
    layout,
    list::ListQuery,
    listing,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
};

/// Manufacturer and name, as people call the type.
pub fn model_name(lang: Lang, model: &Model) -> String {
    format!("{} {}", model.manufacturer, lang.phrase(&model.name))
}

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Models>(deps, view, query, |view, list| {
        html! {
            div.top {
                h1 { (view.lang.t("models-title")) }
                @if may_write(view) { a.btn href="/models/new" { (icon("plus")) (view.lang.t("models-new")) } }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
}

pub async fn new(view: View) -> Markup {
    draw(&view, &Form::blank(), "/models", "models-new")
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let made = match inputs().read(&form, &view) {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(_) => Ok(see_other("/models")),
        Err(error) => form.again(error, |form| draw(&view, form, "/models", "models-new")),
    }
}

pub async fn edit(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> Result<Markup, PageError> {
    let model = scope::model(deps.records.read(), view.scope(), ModelId(id)).await?;
    let metrics = metrics::show(&model_metrics::of_model(deps.records.read(), model.id).await?);
    let kind = view.lang.equipment_type(&model.equipment_type);
    let form =
        Form::filled([("manufacturer", model.manufacturer), ("name", model.name), ("metrics", metrics)])
            .translated(view.lang, &["name"])
            .showing("equipment_type", &kind, &model.equipment_type);
    Ok(draw(&view, &form, &format!("/models/{id}"), "models-edit"))
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let saved = match inputs().read(&form, &view) {
        Ok(input) => commands::update(&deps, form.context(cx), ModelId(id), input).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(see_other("/models")),
        Err(error) => form.again(error, |form| draw(&view, form, &format!("/models/{id}"), "models-edit")),
    }
}

fn inputs() -> Inputs {
    Inputs::new([
        text("manufacturer", "models-manufacturer").required(),
        text("name", "models-name").required(),
        text("equipment_type", "models-equipment-type").required().hint("models-equipment-type-hint"),
        written("metrics", "models-metrics", "6", |lines| serde_json::json!(metrics::read(lines)))
            .hint("models-metrics-hint"),
    ])
}

fn draw(view: &View, form: &Form, action: &str, title: &str) -> Markup {
    let lang = view.lang;
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { h1 { (lang.t(title)) } }
            form.card.pad.stack method="post" action=(action) {
                (inputs().draw(form.fields(lang)))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/models" { (lang.t("cancel")) } }
            }
        },
    )
}
