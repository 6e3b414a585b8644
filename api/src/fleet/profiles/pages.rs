//! Profiles for people: which there are, and the form of one.

use super::{profile_name, provisioning, written};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    fleet::{device::DeviceProfile, profile::Profile},
    id::{DeviceId, ProfileId},
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    fleet::profiles::{
        commands,
        input::{DescribedShape, ProfileInput},
        queries,
    },
    scope,
};
use store::records::fleet::profiles;
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, hidden, select, text, written},
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
    table::{self, Column},
};

pub async fn list(State(deps): State<Deps>, view: View) -> PageResult {
    scope::house(view.scope())?;
    let db = deps.records.read();
    let (all, unreadable) = profiles::all(db).await?;
    let counts = profiles::counts(db).await?;
    let lang = view.lang;
    let own = |profile: &Profile| {
        html! { tr {
            td { a href={ "/profiles/" (profile.id) } { b { (profile.name) } } }
            td { (profile_name(lang, profile.speaks)) }
            td.n { (profile.meaning.metrics.len()) }
            td.n { (counts.get(&profile.id).copied().unwrap_or(0)) }
        } }
    };
    let own_columns = [
        Column::text("profiles-name"),
        Column::text("profiles-speaks"),
        Column::number("profiles-metrics"),
        Column::number("devices-title"),
    ];
    let rows = all.iter().map(own).collect();
    let rows = table::with_unreadable(lang, own_columns.len(), rows, &unreadable);
    let built_in = |profile: DeviceProfile| {
        html! { tr {
            td { (profile_name(lang, profile)) }
            td { @for topic in profile.topics() { div { code { (topic) } } } }
        } }
    };
    let columns = [Column::text("profiles-name"), Column::text("quarantine-topic")];
    let content = html! {
        div.top {
            div {
                p.crumb { a href="/devices" { (lang.t("devices-title")) } }
                h1 { (lang.t("profiles-title")) }
                p.sub { (lang.t("profiles-intro")) }
            }
            div.act { a.btn href="/profiles/new" { (icon("plus")) (lang.t("profiles-new")) } }
        }
        div.stack {
            (table::table(lang, "profiles-own", &own_columns, &rows, "profiles-none"))
            h2 { (lang.t("profiles-built-in")) }
            (table::table(lang, "profiles-built-in", &columns, &DeviceProfile::ALL.map(built_in), "profiles-none"))
        }
    };
    Ok(layout::page(&view, &lang.t("profiles-title"), &content).into_response())
}

/// Empty, or what the first messages of a device suggest.
pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    scope::house(view.scope())?;
    let Some(id) = query.id::<DeviceId>("device_id")? else {
        let form = Form::filled([("speaks", DeviceProfile::Json.as_str())]);
        return Ok(draw(&view, &form, None, &html! {}).into_response());
    };
    let device = scope::device(deps.records.read(), view.scope(), id).await?;
    let suggested = queries::suggested(&deps, &device).await?;
    let metrics: Vec<_> = suggested.iter().map(DescribedShape::from).collect();
    let form = Form::filled([
        ("name", device.name),
        ("speaks", device.profile.as_str().to_owned()),
        ("metrics", written::metrics(&metrics)),
        ("device_id", id.to_string()),
    ]);
    Ok(draw(&view, &form, None, &html! {}).into_response())
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    scope::house(view.scope())?;
    let made = match inputs(view.lang).read(&form, &view) {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(_) if !form.value("device_id").is_empty() => {
            Ok(see_other(&format!("/devices/{}", form.value("device_id"))))
        }
        Ok(_) => Ok(see_other("/profiles")),
        Err(error) => form.again(error, |form| draw(&view, form, None, &html! {})),
    }
}

pub async fn edit(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> Result<Markup, PageError> {
    scope::house(view.scope())?;
    let profile = profiles::get(deps.records.read(), ProfileId(id)).await?.ok_or(CommandError::NotFound)?;
    let shown = ProfileInput::from(&profile);
    let form = Form::filled([
        ("name", shown.name),
        ("speaks", shown.speaks),
        ("zone", shown.zone.unwrap_or_default()),
        ("routes", written::routes(&shown.routes)),
        ("metrics", written::metrics(&shown.metrics)),
    ]);
    let known = provisioning::known(deps.records.read(), profile.id).await?;
    let registers = provisioning::card(&view, id, &known, &provisioning::form_of(&known));
    Ok(draw(&view, &form, Some(id), &registers))
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    scope::house(view.scope())?;
    profiles::get(deps.records.read(), ProfileId(id)).await?.ok_or(CommandError::NotFound)?;
    let saved = match inputs(view.lang).without("device_id").read(&form, &view) {
        Ok(input) => commands::update(&deps, form.context(cx), ProfileId(id), input).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(see_other("/profiles")),
        Err(error) => form.again(error, |form| draw(&view, form, Some(id), &html! {})),
    }
}

pub async fn delete(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::delete(&deps, form.context(cx), ProfileId(id)).await?;
    Ok(see_other("/profiles"))
}

fn inputs(lang: Lang) -> Inputs {
    let speaks = |profile: DeviceProfile| (profile.as_str().to_owned(), profile_name(lang, profile));
    Inputs::new([
        text("name", "profiles-name").required(),
        select("speaks", "profiles-speaks", DeviceProfile::ALL.map(speaks).into()),
        text("zone", "profiles-zone").hint("profiles-zone-hint").if_any(),
        written("metrics", "profiles-metrics", "12", written::read_metrics)
            .hint("profiles-metrics-hint")
            .attribute("spellcheck", "false"),
        written("routes", "profiles-routes", "4", written::read_routes)
            .hint("profiles-routes-hint")
            .attribute("spellcheck", "false"),
        hidden("device_id").if_any(),
    ])
}

/// `registers`: how its devices register themselves.
fn draw(view: &View, form: &Form, id: Option<Uuid>, registers: &Markup) -> Markup {
    let lang = view.lang;
    let title = if id.is_some() { "profiles-edit" } else { "profiles-new" };
    let action = id.map_or_else(|| "/profiles/new".into(), |id| format!("/profiles/{id}"));
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { div { p.crumb { a href="/profiles" { (lang.t("profiles-title")) } } h1 { (lang.t(title)) } } }
            div.stack {
                form.card.pad.stack method="post" action=(action) {
                    @if !form.value("device_id").is_empty() { p.hint { (lang.t("profiles-suggested")) } }
                    (inputs(lang).draw(form.fields(lang)))
                    div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/profiles" { (lang.t("cancel")) } }
                }
                (registers)
                @if let Some(id) = id {
                    form method="post" action={ "/profiles/" (id) "/delete" } {
                        (Form::blank().fields(lang).start())
                        button.btn2 type="submit" { (lang.t("profiles-delete")) }
                    }
                }
            }
        },
    )
}
