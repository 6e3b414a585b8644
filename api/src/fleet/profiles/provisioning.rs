//! The key of a profile, for people: who may register themselves by it, and the key and the secret to put on devices.

use super::profile_name;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::IntoResponse,
};
use domain::{
    fleet::{
        profile::Profile,
        provisioning::{Provisioning, Strategy},
    },
    id::ProfileId,
    reason::Reason,
};
use maud::{Markup, html};
use service::{command::CommandError, fleet::profiles::keys, scope};
use store::{
    StoreError,
    records::{
        Db,
        fleet::{profiles, provisionings},
    },
};
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, select, whole},
    layout,
    request::{Caller, View},
    response::{PageResult, see_other},
    shown_once::{self, copyable},
};

/// What is known of it, beside the form of the profile.
#[derive(Default)]
pub struct Known {
    provisioning: Option<Provisioning>,
    devices: u64,
}

pub async fn known(db: &Db, profile: ProfileId) -> Result<Known, StoreError> {
    let provisioning = provisionings::of_profile(db, profile).await?;
    Ok(Known { provisioning, devices: provisionings::count(db, profile).await? })
}

/// The answer shows the secret, this once.
pub async fn open(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    scope::house(view.scope())?;
    let profile = profiles::get(deps.records.read(), ProfileId(id)).await?.ok_or(CommandError::NotFound)?;
    let opened = match inputs(view.lang).read(&form, &view) {
        Ok(input) => keys::open(&deps, form.context(cx), profile.id, input).await,
        Err(error) => Err(error),
    };
    match opened {
        Ok((provisioning, secret)) => {
            let place = shown_once::Place::of(&deps, &headers);
            Ok(shown(&view, &profile, &provisioning, &secret, &place).into_response())
        }
        Err(error) => {
            let known = known(deps.records.read(), profile.id).await?;
            let title = view.lang.t("provisioning-title");
            let crumb = html! { p.crumb { a href={ "/profiles/" (id) } { (profile.name) } } };
            form.again(error, |form| {
                layout::page(
                    &view,
                    &title,
                    &html! { div.top { div { (crumb) } } (card(&view, id, &known, form)) },
                )
            })
        }
    }
}

pub async fn close(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    keys::close(&deps, form.context(cx), ProfileId(id)).await?;
    Ok(see_other(&format!("/profiles/{id}")))
}

fn inputs(lang: Lang) -> Inputs {
    let strategies = Strategy::ALL.map(|strategy| {
        let word = strategy.as_str();
        (word.to_owned(), lang.t(&format!("provisioning-strategy-{word}")))
    });
    Inputs::new([
        select("strategy", "provisioning-strategy", strategies.into()),
        whole("max_devices", "provisioning-max-devices", Reason::ProfilesMaxDevices)
            .hint("provisioning-max-devices-hint")
            .if_any(),
    ])
}

/// A form with what holds now.
pub fn form_of(known: &Known) -> Form {
    match &known.provisioning {
        Some(Provisioning { strategy, max_devices, .. }) => Form::filled([
            ("strategy", strategy.as_str().to_owned()),
            ("max_devices", max_devices.to_string()),
        ]),
        None => Form::blank(),
    }
}

pub fn card(view: &View, id: Uuid, known: &Known, form: &Form) -> Markup {
    let lang = view.lang;
    html! {
        section.card.pad.stack #provisioning {
            h2 { (lang.t("provisioning-title")) }
            p.hint { (lang.t("provisioning-intro")) }
            @if let Some(provisioning) = &known.provisioning {
                dl.meter.plain {
                    div { dt { (lang.t("provisioning-key")) } dd { code { (provisioning.key) } } }
                    div { dt { (lang.t("provisioning-devices")) } dd { (lang.number(known.devices as f64, 0)) " / " (lang.number(provisioning.max_devices.into(), 0)) } }
                }
            }
            form.stack method="post" action={ "/profiles/" (id) "/provisioning" } {
                (inputs(lang).draw(form.fields(lang)))
                @if known.provisioning.is_some() { p.hint { (lang.t("provisioning-new-key-hint")) } }
                div.act { button.btn2 type="submit" { (icon("plug")) (lang.t(if known.provisioning.is_some() { "provisioning-new-key" } else { "provisioning-open" })) } }
            }
            @if known.provisioning.is_some() {
                form method="post" action={ "/profiles/" (id) "/provisioning/close" } {
                    (Form::blank().fields(lang).start())
                    button.btn2 type="submit" { (icon("stop")) (lang.t("provisioning-close")) }
                }
            }
        }
    }
}

fn shown(
    view: &View,
    profile: &Profile,
    provisioning: &Provisioning,
    secret: &str,
    place: &shown_once::Place,
) -> Markup {
    let lang = view.lang;
    let shown_once::Place { host, port, web } = place;
    let request = format!(
        "{{\"deviceName\": \"{}\",\n    \"provisionDeviceKey\": \"{}\",\n    \"provisionDeviceSecret\": \"{secret}\"}}",
        lang.t("provisioning-example-name"),
        provisioning.key
    );
    let mqtt = format!(
        "mosquitto_rr -V 311 -h {host} -p {port} -u provision -q 1 \\\n  -t /provision/request -e /provision/response -m '{request}'"
    );
    let http =
        format!("curl {web}/api/v1/provision \\\n  -H 'content-type: application/json' -d '{request}'");
    layout::page(
        view,
        &lang.t("provisioning-title"),
        &html! {
            div.top { div {
                p.crumb { a href={ "/profiles/" (profile.id) } { (profile.name) } }
                h1 { (lang.t("provisioning-title")) }
                p.sub { (profile_name(lang, profile.speaks)) }
            } }
            ol.steps {
                li.card.done {
                    h2 { (lang.t("provisioning-key")) }
                    (copyable(view, &provisioning.key))
                    h2 { (lang.t("provisioning-secret")) }
                    p { (lang.t("provisioning-secret-once")) }
                    (copyable(view, secret))
                }
                li.card {
                    h2 { (lang.t("provisioning-ask")) }
                    p { (lang.t("provisioning-ask-hint")) }
                    (copyable(view, &mqtt))
                    details { summary { "HTTP (curl)" } (copyable(view, &http)) }
                }
            }
            (shown_once::script())
        },
    )
}
