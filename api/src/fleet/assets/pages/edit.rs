//! The form of an asset.

use crate::choices;
use axum::extract::{Path, State};
use domain::{
    fleet::asset::Criticality,
    id::{AssetId, SiteId},
    people::account::Scope,
    reason::Reason,
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
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
    time,
};

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> Result<Markup, PageError> {
    let form = Form::filled([
        ("criticality", Criticality::Medium.as_str().to_owned()),
        ("site_id", query.id_text("site_id")?),
        ("model_id", query.id_text("model_id")?),
    ]);
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let lacking = lacks_places(&deps, view.scope()).await?;
    Ok(draw(&view, &form, lacking, "/assets", "assets-new"))
}

/// The rows that one chooses for an asset.
const CHOSEN: [(&str, Kind); 2] = [("site_id", Kind::Sites), ("model_id", Kind::Models)];

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
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
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
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
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let changed = match read(&deps, &form, &view).await {
        Ok(input) => commands::update(&deps, form.context(cx), AssetId(id), input).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&path)),
        Err(error) => form.again(error, |form| draw(&view, form, false, &path, "assets-edit")),
    }
}

async fn read(deps: &Deps, form: &Form, view: &View) -> Result<AssetInput, CommandError> {
    let mut check = form.check(view.lang);
    let site_id = check.parse::<Uuid>("site_id", Reason::UnknownChoice);
    let model_id = check.parse::<Uuid>("model_id", Reason::UnknownChoice);
    let version = check.parse_optional::<i64>("version", Reason::NotANumber);
    let mut instant =
        |name| check.optional(name, |check, name| check.instant(name, view.zone)).map(time::exact);
    let (in_service_from, in_service_to) = (instant("in_service_from"), instant("in_service_to"));
    let cost = match (site_id, form.optional("downtime_cost_per_hour")) {
        (Some(site), Some(_)) => {
            let currency = currency_of(deps.records.read(), view.scope(), SiteId(site)).await?;
            check.money("downtime_cost_per_hour", currency)
        }
        _ => None,
    };
    check.finish()?;
    let missing = |field| move || CommandError::field(field, Reason::Required);
    Ok(AssetInput {
        site_id: site_id.ok_or_else(missing("site_id"))?,
        model_id: model_id.ok_or_else(missing("model_id"))?,
        name: form.value("name").into(),
        serial_number: form.value("serial_number").into(),
        functional_location: Some(form.kept("functional_location"))
            .filter(|place| !place.is_empty())
            .map(Into::into),
        criticality: form.optional("criticality").map(Into::into),
        in_service_from,
        in_service_to,
        downtime_cost_per_hour: cost,
        version,
    })
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
    let f = form.fields(lang);
    let criticalities = Criticality::ALL
        .map(|word| (word.as_str().to_owned(), lang.t(&format!("assets-criticality-{}", word.as_str()))));
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
                (f.start())
                (f.hidden("version"))
                (f.text("name", "assets-name").required().hint("assets-name-hint"))
                (f.choose("site_id", "assets-site", Kind::Sites).required())
                (f.choose("model_id", "assets-model", Kind::Models).required())
                (f.text("serial_number", "assets-serial-number"))
                (f.text("functional_location", "assets-functional-location"))
                (f.select("criticality", "assets-criticality", &criticalities))
                (f.instant("in_service_from", "assets-in-service-from").hint("assets-in-service-hint"))
                (f.instant("in_service_to", "assets-in-service-to"))
                (f.number("downtime_cost_per_hour", "assets-downtime-cost"))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/assets" { (lang.t("cancel")) } }
            }
        },
    )
}
