//! One asset: what it is, how it is now, how it did, and live charts of everything it measures.

use super::{history, work};
use crate::{
    fleet::{customers::pages::may_write, devices::pages::device_card, models::pages::model_name},
    telemetry::samples::charts::{self, Charts, Window},
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    condition::EquipmentState,
    fleet::{asset::Asset, customer::Customer, device::Device, model::Model, site::Site},
    id::AssetId,
    people::account::Role,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    condition::reliability::queries::{self as figures, Reliability, last_days},
    demo,
    fleet::{
        assets::{
            queries,
            usage::{self, Usage, Used},
        },
        devices::queries::facts,
    },
    scope,
};
use store::records::{
    condition::states,
    fleet::{customers, devices, models, sites},
};
use uuid::Uuid;
use web::{
    chart::{spans, state_pill, state_strip},
    deps::Deps,
    icon::icon,
    layout,
    list::ListQuery,
    request::View,
    response::PageResult,
};

const DAYS: i64 = 30;

/// What the asset is, where it stands, and whose it is.
struct Identity {
    asset: Asset,
    model: Model,
    site: Site,
    customer: Customer,
}

pub async fn show(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    query: ListQuery,
) -> PageResult {
    let Some(user) = &view.user else { return Err(CommandError::NotFound.into()) };
    let db = deps.records.read();
    let asset = scope::asset(db, user.scope(), AssetId(id)).await?;
    // Tickets and work orders have pages for these; the portal shows a customer its own.
    let service = !matches!(user.actor.role, Role::Customer | Role::Technician);
    let identity = identity(&deps, asset).await?;
    let asset = &identity.asset;
    let devices = devices::of_asset(db, asset.id).await?;
    let window = Window::choose(&query, charts::last_data(&deps, &devices).await?, deps.now())?;
    let charts = Charts::read(&deps, user.scope(), Some(asset), &devices, window, view.lang).await?;
    let period = last_days(deps.now(), DAYS);
    let log = states::of_asset(db, asset.id, period.from, period.to).await?;
    let figures = figures::asset(db, asset, period).await?;
    let usage = usage::usage(&deps, &devices, &log, period).await?;
    let title = format!("{} · {}", asset.name, model_name(view.lang, &identity.model));
    let main = html! {
        (head(&deps, &view, &identity).await?)
        div.cols.wide {
            div.stack {
                section.card.pad {
                    h2 { (view.lang.t("assets-strip")) }
                    (state_strip(&view, &spans(&log, period), period.from, period.to))
                }
                (reliability_card(&view, &figures))
                (usage_card(&view, usage))
                (charts_section(&view, &charts, window, id, &devices))
            }
            div.stack {
                (work::why_cards(&deps, &view, asset).await?)
                @if service { (work::open_work(&deps, &view, asset).await?) }
                @for device in &devices { (device_card(&view, device, &facts(&deps, device).await?, deps.now())) }
                @if devices.is_empty() { (no_device(&view, id)) }
                (history::card(&deps, &view, asset, service).await?)
            }
        }
    };
    Ok(layout::page(&view, &title, &main).into_response())
}

async fn identity(deps: &Deps, asset: Asset) -> Result<Identity, CommandError> {
    let db = deps.records.read();
    Ok(Identity {
        model: models::get(db, asset.model_id).await?.ok_or(CommandError::NotFound)?,
        site: sites::get(db, asset.site_id).await?.ok_or(CommandError::NotFound)?,
        customer: customers::get(db, asset.customer_id).await?.ok_or(CommandError::NotFound)?,
        asset,
    })
}

async fn head(deps: &Deps, view: &View, identity: &Identity) -> Result<Markup, CommandError> {
    let Identity { asset, model, site, customer } = identity;
    let lang = view.lang;
    let now = queries::state_now(deps, asset.id).await?;
    let coverage = work::coverage(deps, view, asset).await?;
    let of_demo = demo::has_made(deps, "customer", customer.id).await?;
    Ok(html! {
        div.top {
            div {
                p.crumb {
                    (customer.name) " / " (site.name)
                    @if let Some(place) = &asset.functional_location { " / " (lang.phrase(place)) }
                }
                h1 {
                    (asset.name)
                    (state_pill(view, now.map_or(EquipmentState::Unknown, |now| now.state)))
                    @if of_demo { span.pill { (lang.t("customers-demo")) } }
                }
                p.sub {
                    (model_name(lang, model)) " · " (lang.equipment_type(&model.equipment_type))
                    @if !asset.serial_number.is_empty() { " · " (lang.t("assets-serial-short")) " " (asset.serial_number) }
                    " · " (lang.t("assets-criticality")) ": " (lang.t(&format!("assets-criticality-{}", asset.criticality.as_str())))
                    @if let Some(now) = now { " · " (lang.with("assets-state-since", &[("at", lang.date_time(now.since, view.zone).into())])) }
                    " · " span.live data-live={ "asset:" (asset.id) } { (lang.t("live")) }
                }
                p.sub { (coverage) }
            }
            div.act {
                a.btn2 href="#history" { (icon("clock")) (lang.t("assets-history")) }
                a.btn2 href={ "/api/v1/assets/" (asset.id) "/telemetry?format=csv" } download { (icon("download")) "CSV" span.sr { (lang.t("assets-export")) } }
                @if may_write(view) { a.btn2 href={ "/assets/" (asset.id) "/edit" } { (icon("pen")) (lang.t("assets-edit")) } }
            }
        }
    })
}

fn charts_section(view: &View, charts: &Charts, window: Window, id: Uuid, devices: &[Device]) -> Markup {
    let lang = view.lang;
    html! {
        section.stack #charts aria-label=(lang.t("assets-charts")) {
            div.rangebar {
                (window.chooser(view, &format!("/assets/{id}")))
                @if !window.live { span.hint { (lang.with("assets-data-ended", &[("at", lang.date_time(window.to, view.zone).into())])) } }
            }
            @if !devices.is_empty() { (charts.draw(view)) }
            @if charts.has_some() { p.hint { (lang.t("chart-hint")) } }
        }
    }
}

fn no_device(view: &View, id: Uuid) -> Markup {
    html! {
        section.card {
            header { h2 { (view.lang.t("assets-devices")) } }
            ul.rows { li { div { p { (view.lang.t("assets-no-device")) } }
                @if may_write(view) { a.btn.sm href={ "/connect?asset=" (id) } { (icon("plug")) (view.lang.t("nav-connect")) } } } }
        }
    }
}

/// Run hours and starts, each with where it comes from.
fn usage_card(view: &View, usage: Usage) -> Markup {
    let lang = view.lang;
    let fact = |label: &str, used: Option<Used>, unit: &str, digits: usize| {
        let shown = |value: f64| format!("{}{unit}", lang.number(value, digits));
        html! {
            div {
                dt { (lang.t(label)) }
                dd { @match used { Some(used) => { (shown(used.in_period)) } None => { "–" } } }
                @match used {
                    Some(Used { reading: Some(reading), .. }) => {
                        dd.hint { (lang.with("assets-usage-reading", &[("reading", shown(reading).into())])) }
                    }
                    Some(used) if !used.is_counted => { dd.hint { (lang.t("assets-usage-log")) } }
                    _ => {}
                }
            }
        }
    };
    html! {
        section.card {
            header { h2 { (lang.count("assets-usage", DAYS)) } }
            dl.facts.wide-facts {
                (fact("assets-usage-hours", usage.run_hours, "\u{a0}h", 1))
                (fact("assets-usage-starts", usage.starts, "", 0))
            }
        }
    }
}

/// Uptime and failure frequency, each with what it rests on.
fn reliability_card(view: &View, figures: &Reliability) -> Markup {
    let lang = view.lang;
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "–".into(), |share| format!("{} %", lang.number(share * 100.0, 2)))
    };
    let number =
        |value: Option<f64>, digits| value.map_or_else(|| "–".into(), |value| lang.number(value, digits));
    let hours = |value: Option<f64>, digits| {
        value.map_or_else(|| "–".into(), |value| format!("{}\u{a0}h", lang.number(value, digits)))
    };
    let uptime = figures.uptime;
    let frequency = &figures.frequency;
    let outside = i64::try_from(figures.failures_out_of_service.len()).unwrap_or(i64::MAX);
    html! {
        section.card {
            header { h2 { (lang.count("assets-reliability", DAYS)) } }
            dl.facts.wide-facts {
                div {
                    dt { (lang.t("assets-uptime")) }
                    dd { (percent(uptime.and_then(|uptime| uptime.technical()))) }
                    @if let Some((low, high)) = uptime.and_then(|uptime| uptime.bounds()) {
                        dd.hint { (lang.with("assets-uptime-bounds", &[("low", percent(Some(low)).into()), ("high", percent(Some(high)).into())])) }
                    }
                }
                div {
                    dt { (lang.t("assets-unknown-share")) }
                    dd { (percent(uptime.and_then(|uptime| uptime.coverage()).map(|known| 1.0 - known))) }
                    dd.hint { (lang.t("assets-unknown-hint")) }
                }
                div {
                    dt { (lang.t("assets-failures")) }
                    dd { (frequency.failures) }
                    dd.hint { (lang.with("assets-exposure", &[("hours", lang.number(frequency.exposure_hours, 0).into())])) }
                    @if outside > 0 { dd.hint { (lang.count("assets-failures-out-of-service", outside)) } }
                }
                div {
                    dt { (lang.t("assets-failures-per-year")) }
                    dd { (number(frequency.per_year, 2)) }
                    @if let (Some(low), Some(high)) = (frequency.per_year_lower, frequency.per_year_upper) {
                        dd.hint {
                            (lang.with("assets-bounds", &[
                                ("low", lang.number(low, 2).into()),
                                ("high", lang.number(high, 2).into()),
                                ("confidence", lang.number(frequency.confidence * 100.0, 0).into()),
                            ]))
                        }
                    }
                }
                div {
                    dt { (lang.t("assets-mtbf")) }
                    dd { (hours(frequency.mtbf_hours, 0)) }
                }
                div {
                    dt { (lang.t("assets-restoration")) }
                    dd { (hours(figures.restoration.mean_hours, 1)) }
                    @if figures.restoration.open > 0 { dd.hint { (lang.count("assets-restoration-open", figures.restoration.open.cast_signed())) } }
                }
            }
        }
    }
}
