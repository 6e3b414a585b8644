//! Devices for people: the list, one with its three facts and live charts, and its credentials.

use super::{CLAIM, list::Devices};
use crate::{
    choices,
    fleet::{customers::pages::may_write, profiles::profile_name},
    telemetry::samples::charts::{self, Charts, Window},
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    fleet::{
        asset::Asset,
        device::{Device, DeviceProfile},
        profile::Profile,
    },
    id::DeviceId,
    telemetry::{DeviceEvent, DeviceEventKind},
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    fleet::devices::{
        commands,
        queries::{Facts, facts},
    },
    scope,
};
use std::sync::Arc;
use store::records::{
    Db, PageRequest,
    fleet::{assets, device_attributes, devices, profiles, provisionings},
    telemetry::{device_events, quarantine},
};
use uuid::Uuid;
use web::{
    chart::state_pill,
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, checkbox, choose, select, text},
    layout,
    list::ListQuery,
    listing,
    request::{Caller, View},
    response::{PageResult, see_other},
    time::{ago, rfc3339},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Devices>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            div.top {
                h1 { (lang.t("devices-title")) }
                @if !may_write(view) && may_claim(view) {
                    div.act { a.btn2 href="/devices/claim" { (icon("plug")) (lang.t("devices-claim")) } }
                }
                @if may_write(view) {
                    div.act {
                        a.btn2 href="/devices/claim" { (lang.t("devices-claim")) }
                        a.btn2 href="/profiles" { (lang.t("profiles-title")) }
                        a.btn2 href="/quarantine" { (icon("inbox")) (lang.t("quarantine-title")) }
                        a.btn href="/connect" { (icon("plug")) (lang.t("nav-connect")) }
                    }
                }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
}

fn may_claim(view: &View) -> bool {
    view.user.as_ref().is_some_and(|user| CLAIM.contains(&user.actor.role))
}

pub async fn show(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    query: ListQuery,
) -> PageResult {
    let device = scope::device(deps.records.read(), view.scope(), DeviceId(id)).await?;
    let page = Page::load(&deps, &view, device, &query).await?;
    let device = &page.device;
    let form = Form::filled([
        ("name", device.name.clone()),
        ("asset_id", device.asset_id.map_or_else(String::new, |id| id.to_string())),
        ("profile", device.profile_id.map_or_else(|| device.profile.as_str().into(), |id| id.to_string())),
    ]);
    let form = if page.facts.clock.is_corrected { form.with("corrects_clock", "true") } else { form };
    let form = choices::settle(&deps, &view, form, &inputs(view.lang, &[]).chosen()).await?;
    Ok(page.draw(&view, &form).into_response())
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let inputs = inputs(view.lang, &[]);
    let form = choices::settle(&deps, &view, form, &inputs.chosen()).await?;
    let changed = match inputs.read(&form, &view) {
        Ok(input) => commands::update(&deps, form.context(cx), DeviceId(id), input).await,
        Err(error) => Err(error),
    };
    let Err(error) = changed else { return Ok(see_other(&format!("/devices/{id}"))) };
    let device = scope::device(deps.records.read(), view.scope(), DeviceId(id)).await?;
    let page = Page::load(&deps, &view, device, &ListQuery::default()).await?;
    form.again(error, |form| page.draw(&view, form))
}

pub async fn revoke(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::revoke(&deps, form.context(cx), DeviceId(id)).await?;
    Ok(see_other(&format!("/devices/{id}")))
}

/// What the page of one device shows.
struct Page {
    device: Device,
    asset: Option<Asset>,
    window: Window,
    charts: Charts,
    facts: Facts,
    /// What the device says of itself.
    attributes: Vec<device_attributes::Attribute>,
    /// What it said last that is no number, the newest first.
    said: Vec<DeviceEvent>,
    /// By the key of its profile.
    registered_itself: bool,
    /// Through which it speaks.
    gateway: Option<Device>,
    /// The profiles that people made, for those who may choose one.
    profiles: Vec<Profile>,
    /// How often it was refused, by reason.
    refused: Vec<quarantine::Count>,
    now: Timestamp,
}

/// Words of which the page shows the newest.
const SAID: u64 = 12;

async fn said(db: &Db, device: DeviceId) -> Result<Vec<DeviceEvent>, CommandError> {
    use DeviceEventKind::{Connection, Error, Failure, Maintenance, Text, Warning};
    let kinds = vec![Connection, Error, Failure, Maintenance, Text, Warning];
    let filter = device_events::Filter { device: Some(device), kinds, ..Default::default() };
    Ok(device_events::list(db, &filter, &PageRequest::first(SAID)).await?.items)
}

impl Page {
    async fn load(deps: &Deps, view: &View, device: Device, query: &ListQuery) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let own = std::slice::from_ref(&device);
        let asset = match device.asset_id {
            Some(id) => assets::get(db, id).await?,
            None => None,
        };
        let window = Window::choose(query, charts::last_data(deps, own).await?, deps.now())?;
        Ok(Self {
            window,
            charts: Charts::read(deps, view.scope(), asset.as_ref(), own, window, view.lang).await?,
            facts: facts(deps, &device).await?,
            attributes: device_attributes::list(db, device.id).await?,
            said: said(db, device.id).await?,
            registered_itself: provisionings::entered_at(db, device.id).await?.is_some(),
            gateway: match device.gateway_id {
                Some(id) => devices::get(db, id).await?,
                None => None,
            },
            profiles: match view.scope().is_everything() {
                true => profiles::all(db).await?.0,
                false => profiles::of(db, own).await?.into_values().map(Arc::unwrap_or_clone).collect(),
            },
            refused: quarantine::counts(db, view.scope(), Some(device.id)).await?,
            now: deps.now(),
            asset,
            device,
        })
    }

    fn draw(&self, view: &View, form: &Form) -> Markup {
        let (lang, device) = (view.lang, &self.device);
        layout::page(
            view,
            &device.name,
            &html! {
                div.top {
                    div {
                        p.crumb {
                            a href="/devices" { (lang.t("devices-title")) }
                            @if let Some(asset) = &self.asset { " / " a href={ "/assets/" (asset.id) } { (asset.name) } }
                        }
                        h1 { (device.name) @if device.revoked_at.is_some() { span.pill.crit { (lang.t("devices-revoked")) } } }
                        p.sub { (lang.t("devices-created")) " " (lang.date(device.created_at, view.zone)) @if self.registered_itself { " · " (lang.t("devices-registered-itself")) } @if let Some(gateway) = &self.gateway { " · " (lang.t("devices-through")) " " a href={ "/devices/" (gateway.id) } { (gateway.name) } } " · " span.live data-live={ "device:" (device.id) } { (lang.t("live")) } }
                    }
                    div.act { @if may_write(view) { a.btn2 href={ "/devices/" (device.id) "/corrections" } { (icon("pen")) (lang.t("corrections-title")) } }
                        a.btn2 href={ "/api/v1/devices/" (device.id) "/telemetry?format=csv" } download { (icon("download")) "CSV" span.sr { (lang.t("assets-export")) } } }
                }
                div.cols.wide {
                    section.stack #charts aria-label=(lang.t("assets-charts")) {
                        div.rangebar { (self.window.chooser(view, &format!("/devices/{}", device.id))) }
                        (self.charts.draw(view))
                    }
                    div.stack {
                        (device_card(view, device, &self.facts, self.now))
                        (self.sayings(view))
                        @if may_write(view) { (self.settings(view, form)) }
                    }
                }
            },
        )
    }

    fn sayings(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            @if !self.attributes.is_empty() {
                section.card {
                    header { h2 { (lang.t("devices-attributes")) } }
                    dl.meter.plain { @for attribute in &self.attributes { div { dt { (attribute.name) } dd { (attribute.shown()) } } } }
                }
            }
            @if !self.said.is_empty() {
                section.card {
                    header { h2 { (lang.t("devices-said")) } }
                    ul.rows { @for event in &self.said { li { div { h3 { (what(lang, event)) } p { (event.text) } }
                        time datetime=(rfc3339(from_micros(event.ts_us))) { (lang.date_time(from_micros(event.ts_us), view.zone)) } } } }
                }
            }
            @if !self.refused.is_empty() {
                section.card {
                    header {
                        h2 { (lang.t("devices-refused")) }
                        @if may_write(view) { a href={ "/quarantine?device_id=" (self.device.id) } { (lang.t("quarantine-title")) } }
                    }
                    dl.meter.plain {
                        @for count in &self.refused {
                            div { dt { (lang.t(&format!("quarantine-reason-{}", count.reason.replace('_', "-")))) } dd { (count.count) } }
                        }
                    }
                }
            }
        }
    }

    fn settings(&self, view: &View, form: &Form) -> Markup {
        let (lang, id) = (view.lang, self.device.id);
        html! {
            section.card.pad.stack {
                h2 { (lang.t("devices-settings")) }
                form.stack method="post" action={ "/devices/" (id) } {
                    (inputs(lang, &self.profiles).draw(form.fields(lang)))
                    button.btn2 type="submit" { (lang.t("save")) }
                }
                @match self.device.profile_id {
                    _ if !view.scope().is_everything() => {}
                    Some(profile) => { p { a href={ "/profiles/" (profile) } { (lang.t("profiles-edit")) } } }
                    None => { p { a href={ "/profiles/new?device_id=" (id) } { (lang.t("profiles-of-device")) } } }
                }
                @if self.device.gateway_id.is_some() { p.hint { (lang.t("devices-no-credentials")) } } @else {
                h2 { (lang.t("devices-credentials")) }
                p.hint { (lang.t("devices-credentials-hint")) }
                div.duo {
                    form method="post" action={ "/devices/" (id) "/token" } {
                        (Form::blank().fields(lang).start())
                        button.btn2 type="submit" { (icon("plug")) (lang.t("devices-rotate")) }
                    }
                    @if self.device.revoked_at.is_none() {
                        form method="post" action={ "/devices/" (id) "/revoke" } {
                            (Form::blank().fields(lang).start())
                            button.btn2 type="submit" { (icon("stop")) (lang.t("devices-revoke")) }
                        }
                    }
                }
                }
            }
        }
    }
}

/// `own` are the profiles that people made.
fn inputs(lang: Lang, own: &[Profile]) -> Inputs {
    let built_in = |profile: DeviceProfile| (profile.as_str().to_owned(), profile_name(lang, profile));
    let own = own.iter().map(|profile| (profile.id.to_string(), profile.name.clone()));
    Inputs::new([
        text("name", "devices-name").required(),
        choose("asset_id", "devices-asset", Kind::Assets)
            .attribute("placeholder", lang.t("devices-no-asset")),
        select("profile", "devices-profile", own.chain(DeviceProfile::ALL.map(built_in)).collect()),
        checkbox("corrects_clock", "devices-corrects-clock").hint("devices-corrects-clock-hint"),
    ])
}

/// What an event is about, in words where there are some.
fn what(lang: Lang, event: &DeviceEvent) -> String {
    match event.kind {
        DeviceEventKind::Connection => lang.t("devices-said-connection"),
        _ => lang.metric(&event.code),
    }
}

/// A clock is right as long as messages take.
const RIGHT_US: i64 = 5_000_000;

fn clock(lang: Lang, behind_us: i64) -> String {
    let off = lang.duration(TimeDelta::microseconds(behind_us.saturating_abs()));
    let key = match behind_us {
        us if us.abs() <= RIGHT_US => return lang.t("devices-clock-right"),
        us if us > 0 => "devices-clock-behind",
        _ => "devices-clock-ahead",
    };
    lang.with(key, &[("off", off.into())])
}

/// The three facts, which never imply one another.
pub fn device_card(view: &View, device: &Device, facts: &Facts, now: Timestamp) -> Markup {
    let lang = view.lang;
    html! {
        section.card {
            header { h2 { (icon("radio")) a href={ "/devices/" (device.id) } { (device.name) } } }
            dl.meter.plain {
                div {
                    dt { (lang.t("devices-connection")) }
                    dd {
                        @match &facts.connection {
                            None if device.gateway_id.is_some() => { span.pill { (lang.t("devices-by-gateway")) } }
                            None => { span.pill { (lang.t("devices-never-connected")) } }
                            Some(connection) => {
                                @if let Some(ended) = &connection.ended {
                                    span.pill { (lang.t("devices-not-connected")) } " " (ago(view, ended.at, now))
                                    " · " (lang.t(&format!("devices-end-{}", ended.reason.as_str().replace('_', "-"))))
                                } @else {
                                    span.pill.ok { (lang.t("devices-connected")) } " " (ago(view, connection.connected_at, now))
                                }
                            }
                        }
                    }
                }
                div {
                    dt { (lang.t("devices-last-data")) }
                    dd { @match facts.last_data_at() { Some(at) => { (ago(view, at, now)) } None => { (lang.t("assets-never-seen")) } } }
                }
                @if let Some(behind_us) = facts.clock.behind_us {
                    div {
                        dt { (lang.t("devices-clock")) }
                        dd { (clock(lang, behind_us)) @if facts.clock.is_corrected { " · " (lang.t("devices-clock-corrected")) } }
                    }
                }
                div {
                    dt { (lang.t("devices-equipment-state")) }
                    dd {
                        @match &facts.equipment {
                            Some(equipment) => { (state_pill(view, equipment.state)) " " (ago(view, equipment.since, now)) }
                            None => { (state_pill(view, domain::condition::EquipmentState::Unknown)) }
                        }
                    }
                }
            }
        }
    }
}
