//! The form of an asset.

use crate::{
    Deps,
    assets::commands::{self, AssetInput, currency_of},
    command::{CommandError, Context},
    models::pages::model_name,
    scope,
    web::{
        form::Form,
        i18n::Lang,
        layout,
        list::ListQuery,
        request::View,
        response::{PageError, PageResult, see_other},
        time,
    },
};
use axum::extract::{Path, State};
use domain::{
    account::Scope,
    asset::Criticality,
    id::{AssetId, SiteId},
};
use maud::{Markup, html};
use store::records::{PageRequest, models, sites};
use uuid::Uuid;

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> Result<Markup, PageError> {
    let form = Form::filled([
        ("criticality", Criticality::Medium.as_str().to_owned()),
        ("site_id", query.id_text("site_id")?),
        ("model_id", query.id_text("model_id")?),
    ]);
    let choices = Choices::load(&deps, view.scope(), view.lang).await?;
    Ok(draw(&view, &form, &choices, "/assets", "assets-new"))
}

pub async fn create(State(deps): State<Deps>, view: View, cx: Context, form: Form) -> PageResult {
    let made = match read(&deps, &form, &view).await {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(asset) => Ok(see_other(&format!("/assets/{}", asset.id))),
        Err(error) => {
            let choices = Choices::load(&deps, view.scope(), view.lang).await?;
            form.again(error, |form| draw(&view, form, &choices, "/assets", "assets-new"))
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
    let choices = Choices::load(&deps, view.scope(), view.lang).await?;
    Ok(draw(&view, &form, &choices, &format!("/assets/{id}"), "assets-edit"))
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    cx: Context,
    form: Form,
) -> PageResult {
    let path = format!("/assets/{id}");
    let changed = match read(&deps, &form, &view).await {
        Ok(input) => commands::update(&deps, form.context(cx), AssetId(id), input).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other(&path)),
        Err(error) => {
            let choices = Choices::load(&deps, view.scope(), view.lang).await?;
            form.again(error, |form| draw(&view, form, &choices, &path, "assets-edit"))
        }
    }
}

async fn read(deps: &Deps, form: &Form, view: &View) -> Result<AssetInput, CommandError> {
    let mut check = form.check(view.lang);
    let site_id = check.parse::<Uuid>("site_id", "form-choice");
    let model_id = check.parse::<Uuid>("model_id", "form-choice");
    let version = check.parse_optional::<i64>("version", "form-number");
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
    let missing = |field| move || CommandError::field(field, "form-required");
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

/// Sites and models to choose from.
pub struct Choices {
    pub sites: Vec<(String, String)>,
    pub models: Vec<(String, String)>,
}

impl Choices {
    pub async fn load(deps: &Deps, scope: Scope, lang: Lang) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let page = PageRequest::first(PageRequest::MAX_LIMIT);
        let places = sites::list(db, scope, &sites::Filter::default(), &page).await?.items;
        let owners =
            store::records::customers::by_ids(db, places.iter().map(|site| site.customer_id)).await?;
        let types = models::list(db, scope, &models::Filter::default(), &page).await?.items;
        let site_text = |site: &domain::asset::Site| match owners.get(&site.customer_id) {
            Some(owner) if owner.name != site.name => format!("{} · {}", owner.name, site.name),
            _ => site.name.clone(),
        };
        Ok(Self {
            sites: places.iter().map(|site| (site.id.to_string(), site_text(site))).collect(),
            models: types.into_iter().map(|model| (model.id.to_string(), model_name(lang, &model))).collect(),
        })
    }
}

fn draw(view: &View, form: &Form, choices: &Choices, action: &str, title: &str) -> Markup {
    let lang = view.lang;
    let f = form.fields(lang);
    let criticalities = Criticality::ALL
        .map(|word| (word.as_str().to_owned(), lang.t(&format!("assets-criticality-{}", word.as_str()))));
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { h1 { (lang.t(title)) } }
            @if choices.sites.is_empty() || choices.models.is_empty() {
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
                (f.select("site_id", "assets-site", &choices.sites).required())
                (f.select("model_id", "assets-model", &choices.models).required())
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
