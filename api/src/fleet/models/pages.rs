//! Models for people: the list and the form.

use super::metrics;
use crate::fleet::customers::pages::may_write;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{fleet::model::Model, id::ModelId};
use maud::{Markup, html};
use service::{
    fleet::models::commands::{self, ModelInput},
    scope,
};
use store::records::fleet::{model_metrics, models};
use uuid::Uuid;
use web::{
    csv::{self, Listed},
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
    table::{self, Column},
};

/// Manufacturer and name, as people call the type.
pub fn model_name(lang: Lang, model: &Model) -> String {
    format!("{} {}", model.manufacturer, lang.phrase(&model.name))
}

const COLUMNS: [Column; 3] =
    [Column::text("models-name"), Column::text("models-manufacturer"), Column::text("models-equipment-type")];

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let filter = models::Filter { text: query.get("q").map(Into::into) };
    if query.wants_csv()? {
        return file(Listed { deps, view, filter }).await;
    }
    let page = models::list(deps.records.read(), view.scope(), &filter, &query.page()?).await?;
    let lang = view.lang;
    let rows: Vec<Markup> = page
        .items
        .iter()
        .map(|model| {
            html! { tr {
                td { @if may_write(&view) { a href={ "/models/" (model.id) } { b { (lang.phrase(&model.name)) } } } @else { b { (lang.phrase(&model.name)) } } }
                td { (model.manufacturer) }
                td { (lang.equipment_type(&model.equipment_type)) }
            } }
        })
        .collect();
    let form = Form::filled([("q", query.get("q").unwrap_or(""))]);
    let fields = form.fields(lang);
    Ok(layout::page(
        &view,
        &lang.t("models-title"),
        &html! {
            div.top {
                h1 { (lang.t("models-title")) }
                @if may_write(&view) { a.btn href="/models/new" { (icon("plus")) (lang.t("models-new")) } }
            }
            (table::filters(lang, &query, &html! { (fields.input("search", "q", "models-search")) }))
            (table::table(lang, "models-title", &COLUMNS, &rows, "models-none"))
            (table::next_page(lang, &query, page.next_cursor.as_deref()))
        },
    )
    .into_response())
}

async fn file(list: Listed<models::Filter>) -> PageResult {
    let heads = csv::heads(list.view.lang, COLUMNS.map(|column| column.label()));
    csv::file("models.csv", heads, list, |list, page| {
        Box::pin(async move {
            let (db, lang) = (list.deps.records.read(), list.view.lang);
            let found = models::list(db, list.view.scope(), &list.filter, &page).await?;
            Ok(found.map(|model| {
                vec![lang.phrase(&model.name), model.manufacturer, lang.equipment_type(&model.equipment_type)]
            }))
        })
    })
    .await
}

pub async fn new(view: View) -> Markup {
    draw(&view, &Form::blank(), "/models", "models-new")
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    match commands::create(&deps, form.context(cx), read(&form)).await {
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
    match commands::update(&deps, form.context(cx), ModelId(id), read(&form)).await {
        Ok(_) => Ok(see_other("/models")),
        Err(error) => form.again(error, |form| draw(&view, form, &format!("/models/{id}"), "models-edit")),
    }
}

fn read(form: &Form) -> ModelInput {
    ModelInput {
        manufacturer: form.value("manufacturer").into(),
        name: form.kept("name").into(),
        equipment_type: form.kept("equipment_type").into(),
        metrics: Some(metrics::read(form.value("metrics"))),
    }
}

fn draw(view: &View, form: &Form, action: &str, title: &str) -> Markup {
    let lang = view.lang;
    let f = form.fields(lang);
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { h1 { (lang.t(title)) } }
            form.card.pad.stack method="post" action=(action) {
                (f.start())
                (f.text("manufacturer", "models-manufacturer").required())
                (f.text("name", "models-name").required())
                (f.text("equipment_type", "models-equipment-type").required().hint("models-equipment-type-hint"))
                (f.area("metrics", "models-metrics").hint("models-metrics-hint").attribute("rows", "6"))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/models" { (lang.t("cancel")) } }
            }
        },
    )
}
