//! Sites for people: the list and the form.

use super::list::Sites;
use crate::{choices, fleet::customers::pages::may_write};
use axum::extract::{Path, State};
use domain::id::SiteId;
use maud::{Markup, html};
use service::{command::CommandError, fleet::sites::commands, scope};
use store::records::fleet::territories;
use uuid::Uuid;
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    icon::icon,
    inputs::{Inputs, area, choose, degrees, select, text},
    layout,
    list::ListQuery,
    listing,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Sites>(deps, view, query, |view, list| {
        html! {
            div.top {
                h1 { (view.lang.t("sites-title")) }
                @if may_write(view) { a.btn href="/sites/new" { (icon("plus")) (view.lang.t("sites-new")) } }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
}

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> Result<Markup, PageError> {
    let form = Form::filled([("customer_id", query.id_text("customer_id")?)]);
    let form = choices::settle(&deps, &view, form, &inputs(&[]).chosen()).await?;
    let areas = territories(&deps, &view).await?;
    Ok(draw(&view, &form, &areas, "/sites", "sites-new"))
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let form = choices::settle(&deps, &view, form, &inputs(&[]).chosen()).await?;
    let made = match inputs(&[]).read(&form, &view) {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(site) => Ok(see_other(&format!("/customers/{}", site.customer_id))),
        Err(error) => {
            let areas = territories(&deps, &view).await?;
            form.again(error, |form| draw(&view, form, &areas, "/sites", "sites-new"))
        }
    }
}

pub async fn edit(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> Result<Markup, PageError> {
    let site = scope::site(deps.records.read(), view.scope(), SiteId(id)).await?;
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| view.lang.show_float(value));
    let form = Form::filled([
        ("customer_id", site.customer_id.to_string()),
        ("name", site.name),
        ("address", site.address),
        ("territory_id", site.territory_id.map_or_else(String::new, |id| id.to_string())),
        ("latitude", number(site.latitude)),
        ("longitude", number(site.longitude)),
        ("time_zone", site.time_zone),
        ("access_notes", site.access_notes.unwrap_or_default()),
    ])
    .translated(view.lang, &["access_notes"]);
    let form = choices::settle(&deps, &view, form, &inputs(&[]).chosen()).await?;
    let areas = territories(&deps, &view).await?;
    Ok(draw(&view, &form, &areas, &format!("/sites/{id}"), "sites-edit"))
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let form = choices::settle(&deps, &view, form, &inputs(&[]).chosen()).await?;
    let changed = match inputs(&[]).read(&form, &view) {
        Ok(input) => commands::update(&deps, form.context(cx), SiteId(id), input).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(site) => Ok(see_other(&format!("/customers/{}", site.customer_id))),
        Err(error) => {
            let areas = territories(&deps, &view).await?;
            form.again(error, |form| draw(&view, form, &areas, &format!("/sites/{id}"), "sites-edit"))
        }
    }
}

fn inputs(areas: &[(String, String)]) -> Inputs {
    Inputs::new([
        choose("customer_id", "sites-customer", Kind::Customers).required(),
        text("name", "sites-name").required(),
        area("address", "sites-address", ""),
        select("territory_id", "sites-territory", areas.to_vec()),
        degrees("latitude", "sites-latitude"),
        degrees("longitude", "sites-longitude"),
        text("time_zone", "sites-time-zone").hint("sites-time-zone-hint").if_any(),
        area("access_notes", "sites-access-notes", "").if_any(),
    ])
}

/// All of them: they are parts of a country.
async fn territories(deps: &Deps, view: &View) -> Result<Vec<(String, String)>, CommandError> {
    let all = territories::all(deps.records.read()).await?;
    let none = (String::new(), view.lang.t("sites-no-territory"));
    Ok(std::iter::once(none).chain(all.into_iter().map(|t| (t.id.to_string(), t.name))).collect())
}

fn draw(view: &View, form: &Form, areas: &[(String, String)], action: &str, title: &str) -> Markup {
    let lang = view.lang;
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { h1 { (lang.t(title)) } }
            form.card.pad.stack method="post" action=(action) {
                (inputs(areas).draw(form.fields(lang)))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/sites" { (lang.t("cancel")) } }
            }
        },
    )
}
