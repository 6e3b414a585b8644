//! The form of an asset.

use crate::choices;
use axum::extract::{Path, State};
use domain::{
    fleet::asset::Criticality,
    id::{AssetId, SiteId},
    people::account::Scope,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    fleet::assets::commands::{self, AssetInput, currency_of},
    scope,
};
use store::records::{
    PageRequest,
    fleet::{models, sites},
};
use uuid::Uuid;
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    inputs::{Inputs, choose, instant, money, select, text, version},
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
};

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> Result<Markup, PageError> {
    let form = Form::filled([
        ("criticality", Criticality::Medium.as_str().to_owned()),
        ("site_id", query.id_text("site_id")?),
        ("model_id", query.id_text("model_id")?),
    ]);
    let form = choices::settle(&deps, &view, form, &inputs(view.lang).chosen()).await?;
    let lacking = lacks_places(&deps, view.scope()).await?;
    Ok(draw(&view, &form, lacking, "/assets", "assets-new"))
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let form = choices::settle(&deps, &view, form, &inputs(view.lang).chosen()).await?;
    let made = match read(&deps, &form, &view).await {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(asset) => Ok(see_other(&format!("/assets/{}", asset.id))),
        Err(error) => {
            let lacking = lacks_places(&deps, view.scope()).await?;
            form.again(error, |form| draw(&view, form, lacking, "/assets", "assets-new"))
        }
    }
}

pub async fn edit(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> Result<Markup, PageError> {
    let asset = scope::asset(deps.records.read(), view.scope(), AssetId(id)).await?;
    let form = Form::filled([
        ("site_id", asset.site_id.to_string()),
        ("model_id", asset.model_id.to_string()),
        ("name", asset.name),
        ("serial_number", asset.serial_number),
        ("functional_location", asset.functional_location.unwrap_or_default()),
        ("criticality", asset.criticality.as_str().into()),
        (
            "downtime_cost_per_hour",
            asset.downtime_cost_per_hour.map_or_else(String::new, |cost| view.lang.show_money(cost)),
        ),
        ("version", asset.version.to_string()),
    ])
    .translated(view.lang, &["functional_location"])
    .with_instant("in_service_from", asset.in_service_from, view.zone);
    let form = match asset.in_service_to {
        Some(to) => form.with_instant("in_service_to", to, view.zone),
        None => form,
    };
    let form = choices::settle(&deps, &view, form, &inputs(view.lang).chosen()).await?;
    Ok(draw(&view, &form, false, &format!("/assets/{id}"), "assets-edit"))
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let path = format!("/assets/{id}");
    let form = choices::settle(&deps, &view, form, &inputs(view.lang).chosen()).await?;
    let changed = match read(&deps, &form, &view).await {
        Ok(input) => commands::update(&deps, form.context(cx), AssetId(id), input).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&path)),
        Err(error) => form.again(error, |form| draw(&view, form, false, &path, "assets-edit")),
    }
}

fn inputs(lang: Lang) -> Inputs {
    let criticality = |word: Criticality| {
        (word.as_str().to_owned(), lang.t(&format!("assets-criticality-{}", word.as_str())))
    };
    Inputs::new([
        version(),
        text("name", "assets-name").required().hint("assets-name-hint"),
        choose("site_id", "assets-site", Kind::Sites).required(),
        choose("model_id", "assets-model", Kind::Models).required(),
        text("serial_number", "assets-serial-number"),
        text("functional_location", "assets-functional-location").if_any(),
        select("criticality", "assets-criticality", Criticality::ALL.map(criticality).into()),
        instant("in_service_from", "assets-in-service-from").hint("assets-in-service-hint"),
        instant("in_service_to", "assets-in-service-to"),
        money("downtime_cost_per_hour", "assets-downtime-cost"),
    ])
}

/// What was typed; its cost is in the currency of the owner.
async fn read(deps: &Deps, form: &Form, view: &View) -> Result<AssetInput, CommandError> {
    let currency = match form.kept("site_id").parse() {
        Ok(site) => Some(currency_of(deps.records.read(), view.scope(), SiteId(site)).await?),
        Err(_) => None,
    };
    inputs(view.lang).in_currency(currency).read(form, view)
}

/// Whether there is no site or no model yet, without which there is no asset.
async fn lacks_places(deps: &Deps, scope: Scope) -> Result<bool, CommandError> {
    let db = deps.records.read();
    let sites = sites::list(db, scope, &sites::Filter::default(), &PageRequest::first(1)).await?.items;
    let models = models::list(db, scope, &models::Filter::default(), &PageRequest::first(1)).await?.items;
    Ok(sites.is_empty() || models.is_empty())
}

fn draw(view: &View, form: &Form, lacks_places: bool, action: &str, title: &str) -> Markup {
    let lang = view.lang;
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { h1 { (lang.t(title)) } }
            @if lacks_places {
                p.card.pad {
                    (lang.t("assets-needs-site-and-model")) " "
                    a href="/customers/new" { (lang.t("customers-new")) } " · "
                    a href="/sites/new" { (lang.t("sites-new")) } " · "
                    a href="/models/new" { (lang.t("models-new")) }
                }
            }
            form.card.pad.stack method="post" action=(action) {
                (inputs(lang).draw(form.fields(lang)))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/assets" { (lang.t("cancel")) } }
            }
        },
    )
}
