//! The pages of the first run.

use crate::people::settings;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    people::{
        account::{Actor, Role, Source},
        organisation::Organisation,
    },
    reason::{Reason, Refusal},
};
use maud::{Markup, html};
use serde_json::json;
use service::{
    command::{CommandError, Context},
    people::accounts::commands::NewAccount,
    screens::first_run::commands,
};
use web::{
    deps::{DemoStatus, Deps},
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Input, Inputs, email, fixed, secret, select, text},
    layout, offers,
    request::View,
    response::{PageError, PageResult, see_other},
    session,
};

pub async fn page(State(deps): State<Deps>, view: View) -> PageResult {
    if !super::is_due(&deps).await? {
        return Ok(see_other("/"));
    }
    let organisation = service::people::settings::commands::defaults("UTC", view.lang.code());
    let form = settings::pages::fill(&organisation, view.lang)
        .with("language", view.lang.code())
        .with("time_zone", "UTC");
    Ok(draw(&view, &form).into_response())
}

pub async fn create(State(deps): State<Deps>, view: View, form: Form) -> PageResult {
    match set_up(&deps, &view, &form).await {
        Ok(answer) => Ok(answer),
        Err(CommandError::Refused(Refusal::FirstRunDone)) => Ok(see_other("/sign-in")),
        Err(error) => form.again(error, |form| draw(&view, form)),
    }
}

async fn set_up(deps: &Deps, view: &View, form: &Form) -> Result<Response, CommandError> {
    let (administrator, organisation) = read(form, view)?;
    let cx = Context::new(Actor::system(), deps.now(), Source::Desktop, None);
    let (tx, account) =
        commands::create(&deps.records, &deps.memory.hashing, &cx, administrator, organisation).await?;
    let cookie = session::start(&tx, deps, account.id).await?;
    tx.commit().await?;
    deps.shell.mark_set_up();
    tracing::info!("the first administrator was created");
    let mut answer = see_other("/first-run/next");
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(answer)
}

/// The administrator that the form describes.
fn administrator() -> Inputs {
    let quiet = |input: Input, fill: &'static str| input.required().attribute("autocomplete", fill);
    let zones = select("time_zone", "accounts-time-zone", offers::time_zones());
    Inputs::new([
        quiet(text("your_name", "accounts-name"), "name").at("name"),
        quiet(email("email", "accounts-email"), "username"),
        quiet(secret("password", "accounts-password"), "new-password").hint("accounts-password-hint"),
        select("language", "accounts-language", offers::languages()),
        zones.attribute("data-guess-time-zone", ""),
        fixed("role", Role::Admin.as_str()),
    ])
}

/// Of the organisation nothing is asked that invoices need: the address behind `email` is the administrator's.
fn organisation(form: &Form, lang: Lang) -> Inputs {
    settings::pages::inputs(form, lang).without("email").with([fixed("address", json!({}))])
}

/// Both halves are looked at before anything is said, so that the reader corrects all in one go.
fn read(form: &Form, view: &View) -> Result<(NewAccount, Organisation), CommandError> {
    let own = form
        .clone()
        .with("organisation_time_zone", form.value("time_zone"))
        .with("organisation_language", form.value("language"));
    let administrator = administrator().read(form, view).and_then(|administrator| {
        let same = form.raw("password") == form.raw("again");
        if same { Ok(administrator) } else { Err(CommandError::field("again", Reason::PasswordDiffers)) }
    });
    match (administrator, organisation(form, view.lang).read(&own, view)) {
        (Ok(administrator), Ok(organisation)) => Ok((administrator, organisation)),
        (Err(CommandError::Invalid(mut mine)), Err(CommandError::Invalid(theirs))) => {
            mine.extend(theirs);
            Err(CommandError::Invalid(mine))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// The two ways on.
pub async fn next(State(deps): State<Deps>, view: View) -> PageResult {
    let demo = deps.demo.status().await?;
    let lang = view.lang;
    let title = lang.t("first-run-next-title");
    let main = html! {
        div.door.wide {
            p.brand { span.logo aria-hidden="true" {} b { "Mainstay" } }
            h1 { (title) }
            div.choices {
                section.card.pad.stack {
                    h2 { (icon("plug")) (lang.t("first-run-connect")) }
                    p { (lang.t("first-run-connect-lead")) }
                    a.btn href="/connect" { (lang.t("first-run-connect")) }
                }
                form.card.pad.stack method="post" action="/first-run/demo" {
                    (Form::blank().fields(lang).start())
                    h2 { (icon("boxes")) (lang.t("first-run-demo")) }
                    p { (lang.t("first-run-demo-lead")) }
                    button.btn2 type="submit" disabled[demo == DemoStatus::Loaded] { (lang.t("first-run-demo")) }
                }
            }
            p { a href="/" { (lang.t("first-run-skip")) } }
        }
    };
    Ok(layout::bare_page(&view, &title, &main).into_response())
}

pub async fn load_demo(State(deps): State<Deps>) -> PageResult {
    deps.demo.start().await?;
    Ok(see_other("/first-run/demo"))
}

/// Refreshes itself while the demo loads, with or without JavaScript.
pub async fn demo_progress(State(deps): State<Deps>, view: View) -> PageResult {
    let status = deps.demo.status().await.map_err(PageError)?;
    let lang = view.lang;
    let title = lang.t("first-run-demo");
    let main = html! {
        div.door.wide {
            p.brand { span.logo aria-hidden="true" {} b { "Mainstay" } }
            h1 { (title) }
            div.card.pad.stack role="status" {
                @match &status {
                    DemoStatus::Absent => { p { (lang.t("first-run-demo-absent")) } p { a.btn2 href="/first-run/next" { (lang.t("first-run-back")) } } }
                    DemoStatus::Loading { percent, step } => {
                        p { (lang.t(step)) }
                        progress max="100" value=(percent) aria-label=(title) { (percent) " %" }
                    }
                    DemoStatus::Loaded => { p { (lang.t("first-run-demo-loaded")) } p { a.btn href="/" { (lang.t("first-run-open")) } } }
                    DemoStatus::Failed(reason) => { p { (lang.t("first-run-demo-failed")) } pre { (reason) } p { a.btn2 href="/first-run/next" { (lang.t("first-run-back")) } } }
                }
            }
        }
    };
    let page = layout::bare_page(&view, &title, &main);
    let loading = matches!(status, DemoStatus::Loading { .. });
    Ok(if loading { ([(header::REFRESH, "1")], page).into_response() } else { page.into_response() })
}

fn draw(view: &View, form: &Form) -> Markup {
    let (lang, f, administrator) = (view.lang, form.fields(view.lang), administrator());
    let title = lang.t("first-run-title");
    layout::bare_page(
        view,
        &title,
        &html! {
            div.door.wide {
                p.brand { span.logo aria-hidden="true" {} b { "Mainstay" } }
                h1 { (title) }
                p.sub { (lang.t("first-run-lead")) }
                form.stack method="post" action="/first-run" {
                    (f.start())
                    section.card.pad.stack {
                        h2 { (lang.t("first-run-administrator")) }
                        (administrator.one(f, "your_name"))
                        (administrator.one(f, "email"))
                        div.pair {
                            (administrator.one(f, "password"))
                            (f.input("password", "again", "accounts-password-again").required().attribute("autocomplete", "new-password"))
                        }
                        (administrator.pair(f, ["language", "time_zone"]))
                    }
                    section.card.pad.stack {
                        h2 { (lang.t("settings-organisation")) }
                        (f.text("name", "settings-name").required().attribute("autocomplete", "organization"))
                        (settings::pages::draw_prices(&organisation(form, lang), f))
                    }
                    button.btn type="submit" { (lang.t("first-run-submit")) }
                }
            }
        },
    )
}
