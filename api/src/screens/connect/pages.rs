//! The Connect page: a form, then the token with lines to copy, then a panel that waits for the first message and says
//! in plain words what is missing.

use super::lines;
use crate::choices;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::IntoResponse,
};
use domain::{clock::from_micros, fleet::device::Device, id::DeviceId, reason::Reason};
use maud::{Markup, html};
use service::{
    command::CommandError,
    fleet::devices::{commands as devices, queries},
    input::MAX_NAME,
    scope,
    screens::connect::commands::{self, AtSite, Connect, StandsAt},
};
use store::records::telemetry::quarantine;
use uuid::Uuid;
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageError, PageResult},
    shown_once::{self, Place, copyable},
    time::ago,
};

const NEW: &str = "new";

pub async fn form(State(deps): State<Deps>, view: View, query: ListQuery) -> Result<Markup, PageError> {
    let form = Form::filled([("asset", query.id_text("asset")?)]);
    Ok(draw(&view, &choices::settle(&deps, &view, form, &CHOSEN).await?))
}

/// The rows that one may choose for a device.
const CHOSEN: [(&str, Kind); 2] = [("asset", Kind::Assets), ("site", Kind::Sites)];

pub async fn create(
    State(deps): State<Deps>,
    view: View,
    Caller(cx): Caller,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let made = match read(&form, &view) {
        Ok(input) => commands::connect(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        // The token is shown this once, so the answer is the page itself.
        Ok((device, token)) => Ok(connected(&deps, &view, &headers, &device, &token).into_response()),
        Err(error) => form.again(error, |form| draw(&view, form)),
    }
}

fn read(form: &Form, view: &View) -> Result<Connect, CommandError> {
    let mut check = form.check(view.lang);
    let device_name = check.required("name", MAX_NAME);
    let asset = check.parse_optional("asset", Reason::UnknownChoice);
    let stands_at = if form.value("stands_at") == NEW {
        if asset.is_some() {
            check.error("asset", Reason::AssetOrNew);
        }
        StandsAt::NewAsset {
            name: check.required("asset_name", MAX_NAME),
            site: match form.value("site") {
                "" => AtSite::New(check.required("customer_name", MAX_NAME)),
                _ => AtSite::Site(check.parse("site", Reason::UnknownChoice).unwrap_or_default()),
            },
            manufacturer: check.required("manufacturer", MAX_NAME),
            model: check.required("model", MAX_NAME),
        }
    } else {
        asset.map_or(StandsAt::Nothing, StandsAt::Asset)
    };
    check.finish()?;
    Ok(Connect { device_name, stands_at })
}

fn draw(view: &View, form: &Form) -> Markup {
    let lang = view.lang;
    let places = [("", "connect-known-asset"), (NEW, "connect-new-asset")];
    let places = places.map(|(word, key)| (word.to_owned(), lang.t(key)));
    let (no_asset, new_site) = (lang.t("connect-no-asset"), lang.t("connect-new-site"));
    let f = form.fields(lang);
    layout::page(
        view,
        &lang.t("connect-title"),
        &html! {
            div.top {
                div { h1 { (lang.t("connect-title")) } p.sub { (lang.t("connect-intro")) } }
                div.act { a.btn2 href="/devices" { (icon("radio")) (lang.t("devices-title")) } }
            }
            form.card.pad.stack.narrow method="post" action="/connect" {
                (f.start())
                (f.text("name", "connect-device-name").required().hint("connect-device-name-hint"))
                (f.select("stands_at", "connect-stands-at", &places))
                (f.choose("asset", "connect-asset", Kind::Assets).placeholder(&no_asset).hint("connect-asset-hint"))
                details open[form.value("stands_at") == NEW] data-new-asset {
                    summary { (lang.t("connect-new-asset-facts")) }
                    div.stack.pad {
                        (f.text("asset_name", "assets-name").needed())
                        (f.text("manufacturer", "models-manufacturer").needed())
                        (f.text("model", "models-name").needed())
                        (f.choose("site", "assets-site", Kind::Sites).placeholder(&new_site))
                        (f.text("customer_name", "connect-customer-name").needed().hint("connect-customer-name-hint"))
                    }
                }
                div.act { button.btn type="submit" { (icon("plug")) (lang.t("connect-create")) } }
            }
            (shown_once::script())
        },
    )
}

/// Another token for a device, shown as the first one was.
pub async fn rotate(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    let (device, token) = devices::rotate(&deps, form.context(cx), DeviceId(id)).await?;
    Ok(connected(&deps, &view, &headers, &device, &token).into_response())
}

/// After the device was made, or got another token: the token, lines to copy, and the panel that waits.
fn connected(deps: &Deps, view: &View, headers: &HeaderMap, device: &Device, token: &str) -> Markup {
    let lang = view.lang;
    let Place { host, port, web } = Place::of(deps, headers);
    layout::page(
        view,
        &lang.t("connect-title"),
        &html! {
            div.top { div { h1 { (device.name) } p.sub { (lang.t("connect-steps")) } } }
            ol.steps {
                li.card.done {
                    h2 { (lang.t("connect-step-token")) }
                    p { (lang.t("connect-token-once")) }
                    (copyable(view, token))
                }
                li.card {
                    h2 { (lang.t("connect-step-send")) }
                    p { (lang.t("connect-any-client")) }
                    (copyable(view, &lines::mosquitto(&host, port, token)))
                    details { summary { "Python (paho-mqtt)" } (copyable(view, &lines::paho(&host, port, token))) }
                    details { summary { "HTTP (curl)" } (copyable(view, &lines::curl(&web, token))) }
                }
                li.card data-waiting={ "/connect/" (device.id) "/status" } data-topic={ "device:" (device.id) } {
                    h2 { span.live data-live={ "device:" (device.id) } { (lang.t("connect-step-listen")) } }
                    p { (lang.t("connect-listen-hint")) }
                    pre.feed data-feed {}
                    div data-status aria-live="polite" { (waiting(view)) }
                }
            }
            p.act {
                a.btn2 href={ "/devices/" (device.id) } { (icon("radio")) (lang.t("connect-open-device")) }
                @if let Some(id) = device.asset_id { a.btn2 href={ "/assets/" (id) } { (icon("boxes")) (lang.t("connect-open-asset")) } }
            }
            (shown_once::script())
        },
    )
}

fn waiting(view: &View) -> Markup {
    html! { p.hint { (view.lang.t("connect-waiting")) } }
}

/// What the device has done so far, in words that say what to do next. A part of a page, fetched again and again.
pub async fn status(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> Result<Markup, PageError> {
    let db = deps.records.read();
    let device = scope::device(db, view.scope(), DeviceId(id)).await?;
    let facts = queries::facts(&deps, &device).await?;
    let refused = quarantine::counts(db, view.scope(), Some(device.id)).await?;
    let (lang, now) = (view.lang, deps.now());
    Ok(html! {
        @if !facts.latest.is_empty() {
            p.ok { (icon("check")) " " (lang.t("connect-arrived")) }
            table.list {
                caption.sr { (lang.t("connect-arrived")) }
                thead { tr { th scope="col" { (lang.t("connect-metric")) } th.n scope="col" { (lang.t("chart-value")) } th scope="col" { (lang.t("chart-time")) } } }
                tbody { @for (metric, point) in facts.latest.iter().take(20) {
                    tr { td { (metric) } td.n { (point.value) } td { (ago(&view, from_micros(point.ts_us), now)) } }
                } }
            }
        } @else if let Some(connection) = &facts.connection {
            @match &connection.ended {
                None => { p.hint { (lang.t("connect-connected-no-data")) } }
                Some(ended) => { p.hint { (lang.t("connect-gone")) " " (lang.t(&format!("devices-end-{}", ended.reason.as_str().replace('_', "-")))) } }
            }
        } @else {
            (waiting(&view))
        }
        @for count in &refused {
            p.warn {
                (icon("alert")) " " (lang.t("connect-refused")) " "
                (lang.t(&format!("quarantine-reason-{}", count.reason.replace('_', "-")))) " "
                a href={ "/quarantine?device_id=" (device.id) } { (lang.t("quarantine-title")) }
            }
        }
    })
}
