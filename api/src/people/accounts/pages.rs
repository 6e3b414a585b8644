//! The administrator's pages: who may sign in, and which programs hold a token.

use crate::{choices, people::settings};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    id::{AccountId, ApiTokenId},
    people::account::{Account, ApiToken, Role},
    reason::Reason,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    people::accounts::commands::{self, NewAccount, NewToken},
};
use store::records::people::{accounts, api_tokens};
use uuid::Uuid;
use web::{
    chooser::Kind,
    deps::Deps,
    form::{Fields, Form},
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    offers,
    request::{Caller, View},
    response::{PageResult, see_other},
    table::{self, Column},
};

/// The rows to which an account or token is bound.
const CHOSEN: [(&str, Kind); 2] = [("customer_id", Kind::Customers), ("technician_id", Kind::Technicians)];

pub async fn accounts(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let page = accounts::list(deps.records.read(), &query.page()?).await?;
    let lang = view.lang;
    let title = lang.t("accounts-title");
    let rows: Vec<Markup> = page.items.iter().map(|account| account_row(&view, account)).collect();
    let columns = [
        Column::text("accounts-name"),
        Column::text("accounts-email"),
        Column::text("accounts-role"),
        Column::text("accounts-status"),
        Column::text("accounts-actions"),
    ];
    let main = html! {
        div.top {
            h1 { (title) }
            div.act { a.btn href="/settings/accounts/new" { (icon("plus")) (lang.t("accounts-new")) } }
        }
        (settings::tabs(lang, "/settings/accounts"))
        (table::table(lang, "accounts-title", &columns, &table::with_unreadable(lang, columns.len(), rows, &page.unreadable), "accounts-none"))
        (table::next_page(lang, &query, page.next_cursor.as_deref()))
    };
    Ok(layout::page(&view, &title, &main).into_response())
}

fn account_row(view: &View, account: &Account) -> Markup {
    let lang = view.lang;
    let (action, label) = match account.disabled_at {
        None => ("disable", "accounts-disable"),
        Some(_) => ("enable", "accounts-enable"),
    };
    html! {
        tr {
            td { b { (account.name) } }
            td { (account.email) }
            td { (lang.t(&format!("role-{}", account.role))) }
            td {
                @match account.disabled_at {
                    None => { span.pill.ok { (lang.t("accounts-active")) } }
                    Some(at) => { span.pill { (lang.t("accounts-disabled")) " " (lang.date(at, view.zone)) } }
                }
            }
            td {
                form method="post" action={ "/settings/accounts/" (account.id) "/" (action) } {
                    (Form::blank().fields(lang).start())
                    button.mini type="submit" aria-label={ (lang.t(label)) ": " (account.name) } { (lang.t(label)) }
                }
            }
        }
    }
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
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let made = match read_account(&form, view.lang) {
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

fn read_account(form: &Form, lang: Lang) -> Result<NewAccount, CommandError> {
    let mut check = form.check(lang);
    let name = check.required("name", 120);
    let email = check.required("email", 254);
    let role = check.parse::<Role>("role", Reason::UnknownChoice);
    let customer_id = check.parse_optional("customer_id", Reason::UnknownChoice);
    let technician_id = check.parse_optional("technician_id", Reason::UnknownChoice);
    check.finish()?;
    Ok(NewAccount {
        email,
        name,
        role: role.expect("invariant: checked"),
        customer_id,
        technician_id,
        language: form.value("language").into(),
        time_zone: form.value("time_zone").into(),
        password: form.raw("password").into(),
    })
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
    let form = choices::settle(&deps, &view, form, &CHOSEN).await?;
    let made = match read_token(&form, view.lang) {
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
            let list = token_list(&deps, &view, &query).await?;
            form.again(error, |form| draw_tokens(&view, &list, form, None))
        }
    }
}

fn read_token(form: &Form, lang: Lang) -> Result<NewToken, CommandError> {
    let mut check = form.check(lang);
    let name = check.required("name", 120);
    let role = check.parse::<Role>("role", Reason::UnknownChoice);
    let customer_id = check.parse_optional("customer_id", Reason::UnknownChoice);
    let technician_id = check.parse_optional("technician_id", Reason::UnknownChoice);
    check.finish()?;
    let may_backdate = form.checked("may_backdate");
    Ok(NewToken { name, role: role.expect("invariant: checked"), customer_id, technician_id, may_backdate })
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
    let list = token_list(deps, view, query).await?;
    Ok(draw_tokens(view, &list, form, secret))
}

async fn token_list(deps: &Deps, view: &View, query: &ListQuery) -> Result<Markup, CommandError> {
    let lang = view.lang;
    let page = api_tokens::list(deps.records.read(), &query.page()?).await?;
    let rows: Vec<Markup> = page.items.iter().map(|token| token_row(view, token)).collect();
    let columns = [
        Column::text("accounts-name"),
        Column::text("accounts-role"),
        Column::text("tokens-created"),
        Column::text("accounts-actions"),
    ];
    Ok(html! {
        (table::table(lang, "tokens-title", &columns, &table::with_unreadable(lang, columns.len(), rows, &page.unreadable), "tokens-none"))
        (table::next_page(lang, query, page.next_cursor.as_deref()))
    })
}

fn token_row(view: &View, token: &ApiToken) -> Markup {
    let lang = view.lang;
    html! {
        tr {
            td { b { (token.name) } }
            td {
                (lang.t(&format!("role-{}", token.role)))
                @if token.may_backdate { " " span.pill { (lang.t("tokens-backdates")) } }
            }
            td { (lang.date(token.created_at, view.zone)) }
            td {
                @if let Some(at) = token.revoked_at {
                    span.pill { (lang.t("tokens-revoked")) " " (lang.date(at, view.zone)) }
                } @else {
                    form method="post" action={ "/settings/tokens/" (token.id) "/revoke" } {
                        (Form::blank().fields(lang).start())
                        button.mini type="submit" aria-label={ (lang.t("tokens-revoke")) ": " (token.name) } { (lang.t("tokens-revoke")) }
                    }
                }
            }
        }
    }
}

/// What an account or token may do, and whose rows it sees.
fn scope_fields(lang: Lang, f: Fields<'_>) -> Markup {
    let roles = Role::ALL.map(|role| (role.to_string(), lang.t(&format!("role-{role}"))));
    let none = lang.t("accounts-scope-none");
    html! {
        (f.select("role", "accounts-role", &roles))
        (f.choose("customer_id", "accounts-customer", Kind::Customers).placeholder(&none).hint("accounts-customer-hint"))
        (f.choose("technician_id", "accounts-technician", Kind::Technicians).placeholder(&none).hint("accounts-technician-hint"))
    }
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
                (f.start())
                (f.text("name", "accounts-name").required().attribute("autocomplete", "off"))
                (f.input("email", "email", "accounts-email").required().attribute("autocomplete", "off"))
                (f.input("password", "password", "accounts-password").required().hint("accounts-password-hint").attribute("autocomplete", "new-password"))
                (scope_fields(lang, f))
                (f.select("language", "accounts-language", &offers::languages()))
                (f.select("time_zone", "accounts-time-zone", &offers::time_zones()))
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
                    (f.start())
                    (f.text("name", "accounts-name").required())
                    (scope_fields(lang, f))
                    (f.checkbox("may_backdate", "tokens-may-backdate").hint("tokens-may-backdate-hint"))
                    button.btn type="submit" { (icon("key")) (lang.t("tokens-create")) }
                }
            }
        },
    )
}
