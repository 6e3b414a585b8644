//! The administrator's pages: who may sign in, and which programs hold a token.

use super::list::{Accounts, Tokens};
use crate::{choices, people::settings};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    id::{AccountId, ApiTokenId},
    people::account::Role,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    people::accounts::commands::{self, NewAccount, NewToken},
};
use uuid::Uuid;
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Input, Inputs, checkbox, choose, email, secret, select, text},
    layout,
    list::ListQuery,
    listing::{self, Found},
    offers,
    request::{Caller, View},
    response::{PageResult, see_other},
};

/// The rows to which an account or token is bound.
const CHOSEN: [(&str, Kind); 2] = [("customer_id", Kind::Customers), ("technician_id", Kind::Technicians)];

pub async fn accounts(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Accounts>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            div.top {
                h1 { (lang.t("accounts-title")) }
                div.act { a.btn href="/settings/accounts/new" { (icon("plus")) (lang.t("accounts-new")) } }
            }
            (settings::tabs(lang, "/settings/accounts"))
            (list.table)
        }
    })
    .await
}

pub async fn new_account(view: View) -> PageResult {
    let form = Form::filled([
        ("language", view.lang.code()),
        ("time_zone", view.zone.name()),
        ("role", Role::Dispatcher.as_str()),
    ]);
    Ok(draw_new(&view, &form).into_response())
}

pub async fn create_account(
    State(deps): State<Deps>,
    view: View,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let (form, inputs) = (choices::settle(&deps, &view, form, &CHOSEN).await?, account(view.lang));
    let made = match inputs.read::<NewAccount>(&form, &view) {
        Ok(input) => {
            commands::create_account(&deps.records, &deps.memory.hashing, form.context(cx), input).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(_) => Ok(see_other("/settings/accounts")),
        Err(error) => form.again(error, |form| draw_new(&view, form)),
    }
}

fn account(lang: Lang) -> Inputs {
    let quiet = |input: Input| input.required().attribute("autocomplete", "off");
    Inputs::new([
        quiet(text("name", "accounts-name")),
        quiet(email("email", "accounts-email")),
        secret("password", "accounts-password")
            .required()
            .hint("accounts-password-hint")
            .attribute("autocomplete", "new-password"),
    ])
    .with(scope(lang))
    .with([
        select("language", "accounts-language", offers::languages()),
        select("time_zone", "accounts-time-zone", offers::time_zones()),
    ])
}

pub async fn disable(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::set_enabled(&deps.records, form.context(cx), AccountId(id), false).await?;
    Ok(see_other("/settings/accounts"))
}

pub async fn enable(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::set_enabled(&deps.records, form.context(cx), AccountId(id), true).await?;
    Ok(see_other("/settings/accounts"))
}

pub async fn tokens(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    if query.wants_csv()? {
        return listing::file::<Tokens>(deps, view, &query).await;
    }
    let form = Form::filled([("role", Role::Integration.as_str())]);
    let main = tokens_page(&deps, &view, &query, &form, None).await?;
    Ok(main.into_response())
}

pub async fn create_token(
    State(deps): State<Deps>,
    view: View,
    query: ListQuery,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let (form, inputs) = (choices::settle(&deps, &view, form, &CHOSEN).await?, token(view.lang));
    let made = match inputs.read::<NewToken>(&form, &view) {
        Ok(input) => commands::create_token(&deps.records, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        // Not a redirect: the secret must be shown now or never.
        Ok((_, Some(secret))) => {
            let blank = Form::filled([("role", Role::Integration.as_str())]);
            Ok(tokens_page(&deps, &view, &query, &blank, Some(&secret)).await?.into_response())
        }
        Ok((_, None)) => Ok(see_other("/settings/tokens")),
        Err(error) => {
            let list = Found::<Tokens>::read(&deps, &view, &query).await?.draw(&view, &query);
            form.again(error, |form| draw_tokens(&view, &list, form, None))
        }
    }
}

fn token(lang: Lang) -> Inputs {
    let name = text("name", "accounts-name").required();
    let dated = checkbox("may_backdate", "tokens-may-backdate").hint("tokens-may-backdate-hint");
    Inputs::new([name]).with(scope(lang)).with([dated])
}

pub async fn revoke_token(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    commands::revoke_token(&deps.records, form.context(cx), ApiTokenId(id)).await?;
    Ok(see_other("/settings/tokens"))
}

async fn tokens_page(
    deps: &Deps,
    view: &View,
    query: &ListQuery,
    form: &Form,
    secret: Option<&str>,
) -> Result<Markup, CommandError> {
    let list = Found::<Tokens>::read(deps, view, query).await?.draw(view, query);
    Ok(draw_tokens(view, &list, form, secret))
}

/// What an account or token may do, and whose rows it sees.
fn scope(lang: Lang) -> [Input; 3] {
    let roles = Role::ALL.map(|role| (role.to_string(), lang.t(&format!("role-{role}"))));
    let bound = |input: Input| input.attribute("placeholder", lang.t("accounts-scope-none"));
    [
        select("role", "accounts-role", roles.into()),
        bound(choose("customer_id", "accounts-customer", Kind::Customers)).hint("accounts-customer-hint"),
        bound(choose("technician_id", "accounts-technician", Kind::Technicians))
            .hint("accounts-technician-hint"),
    ]
}

fn draw_new(view: &View, form: &Form) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
    let title = lang.t("accounts-new");
    layout::page(
        view,
        &title,
        &html! {
            div.top { h1 { (title) } }
            (settings::tabs(lang, "/settings/accounts"))
            form.card.pad.stack.narrow method="post" action="/settings/accounts" {
                (account(lang).draw(f))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/settings/accounts" { (lang.t("cancel")) } }
            }
        },
    )
}

fn draw_tokens(view: &View, list: &Markup, form: &Form, secret: Option<&str>) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
    let title = lang.t("tokens-title");
    layout::page(
        view,
        &title,
        &html! {
            div.top { div { h1 { (title) } p.sub { (lang.t("tokens-lead")) } } }
            (settings::tabs(lang, "/settings/tokens"))
            @if let Some(secret) = secret {
                div.card.pad.stack role="status" {
                    p { (lang.t("tokens-shown-once")) }
                    div.code { pre { (secret) } button.mini type="button" data-copy data-copied=(lang.t("copied")) { (lang.t("copy")) } }
                }
            }
            div.cols.stacked {
                div { (list) }
                form.card.pad.stack method="post" action="/settings/tokens" {
                    h2 { (lang.t("tokens-new")) }
                    (token(lang).draw(f))
                    button.btn type="submit" { (icon("key")) (lang.t("tokens-create")) }
                }
            }
        },
    )
}
