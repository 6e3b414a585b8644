//! Who may sign in, and which programs hold a token.

use domain::people::account::{Account, ApiToken, Scope};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::people::{accounts, api_tokens};
use web::{
    deps::Deps,
    form::Form,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
    time::rfc3339,
};

pub struct Accounts;

impl Listing for Accounts {
    type Filter = ();
    type By = accounts::By;
    type Item = Account;
    type Row = Account;
    const TITLE: &'static str = "accounts-title";
    const NONE: &'static str = "accounts-none";
    const FILE: &'static str = "accounts.csv";
    const FIELDS: &'static [&'static str] = &[];

    fn filter(_: &Deps, _: &User, _: &ListQuery) -> Result<(), CommandError> {
        Ok(())
    }
    async fn find(deps: &Deps, _: Scope, (): &(), page: &Page<Self>) -> Read<Account> {
        Ok(accounts::list(deps.records.read(), page).await?)
    }
    async fn rows(_: &Deps, _: &View, items: Vec<Account>) -> Rows<Account> {
        Ok(items)
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("accounts-name", |_, account| html! { b { (account.name) } })
                .file(|_, account| account.name.clone())
                .by(accounts::By::Name),
            Column::<Self>::text("accounts-email", |_, account| account.email.clone())
                .by(accounts::By::Email),
            Column::<Self>::drawn("accounts-role", |view, account| {
                html! { (view.lang.t(&format!("role-{}", account.role))) }
            })
            .file(|_, account| account.role.to_string())
            .by(accounts::By::Role),
            Column::<Self>::drawn("accounts-status", standing)
                .file(|_, account| account.disabled_at.map(rfc3339).unwrap_or_default()),
            Column::<Self>::drawn("accounts-actions", |view, account| {
                let (action, label) = match account.disabled_at {
                    None => ("disable", "accounts-disable"),
                    Some(_) => ("enable", "accounts-enable"),
                };
                let address = format!("/settings/accounts/{}/{action}", account.id);
                button(view, &address, label, &account.name)
            }),
        ]
    }
}

fn standing(view: &View, account: &Account) -> Markup {
    let lang = view.lang;
    html! {
        @match account.disabled_at {
            None => { span.pill.ok { (lang.t("accounts-active")) } }
            Some(at) => { span.pill { (lang.t("accounts-disabled")) " " (lang.date(at, view.zone)) } }
        }
    }
}

fn button(view: &View, address: &str, label: &str, name: &str) -> Markup {
    let label = view.lang.t(label);
    html! {
        form method="post" action=(address) {
            (Form::blank().fields(view.lang).start())
            button.mini type="submit" aria-label={ (label) ": " (name) } { (label) }
        }
    }
}

pub struct Tokens;

impl Listing for Tokens {
    type Filter = ();
    type By = api_tokens::By;
    type Item = ApiToken;
    type Row = ApiToken;
    const TITLE: &'static str = "tokens-title";
    const NONE: &'static str = "tokens-none";
    const FILE: &'static str = "tokens.csv";
    const FIELDS: &'static [&'static str] = &[];

    fn filter(_: &Deps, _: &User, _: &ListQuery) -> Result<(), CommandError> {
        Ok(())
    }
    async fn find(deps: &Deps, _: Scope, (): &(), page: &Page<Self>) -> Read<ApiToken> {
        Ok(api_tokens::list(deps.records.read(), page).await?)
    }
    async fn rows(_: &Deps, _: &View, items: Vec<ApiToken>) -> Rows<ApiToken> {
        Ok(items)
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("accounts-name", |_, token| html! { b { (token.name) } })
                .file(|_, token| token.name.clone())
                .by(api_tokens::By::Name),
            Column::<Self>::drawn("accounts-role", |view, token| {
                html! {
                    (view.lang.t(&format!("role-{}", token.role)))
                    @if token.may_backdate { " " span.pill { (view.lang.t("tokens-backdates")) } }
                }
            })
            .file(|_, token| token.role.to_string())
            .by(api_tokens::By::Role),
            Column::<Self>::drawn("tokens-created", |view, token| {
                html! { (view.lang.date(token.created_at, view.zone)) }
            })
            .file(|_, token| rfc3339(token.created_at))
            .by(api_tokens::By::Created),
            Column::<Self>::drawn("accounts-actions", |view, token| match token.revoked_at {
                Some(at) => html! {
                    span.pill { (view.lang.t("tokens-revoked")) " " (view.lang.date(at, view.zone)) }
                },
                None => {
                    let address = format!("/settings/tokens/{}/revoke", token.id);
                    button(view, &address, "tokens-revoke", &token.name)
                }
            }),
        ]
    }
}
