//! Signing in and out. A wrong password, an unknown address and a disabled account answer alike and take as long.

use super::password;
use crate::{
    command::CommandError,
    deps::Deps,
    web::{
        form::Form,
        layout,
        list::ListQuery,
        request::{Peer, View},
        response::{PageResult, see_other},
        session::{self, COOKIE},
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::account::{Account, Role};
use maud::{Markup, html};
use store::records::{accounts, sessions};

/// Failures within the window before attempts are refused: for one account from one address, for one address, and for
/// one account from anywhere.
const PER_ACCOUNT_AND_ADDRESS: u32 = 10;
const PER_ADDRESS: u32 = 60;
const PER_ACCOUNT: u32 = 100;

const HTML: &str = "text/html; charset=utf-8";

pub async fn page(view: View, query: ListQuery) -> Response {
    if let Some(user) = &view.user {
        return see_other(home(user.actor.role));
    }
    draw(&view, &Form::filled([("next", query.get("next").unwrap_or(""))])).into_response()
}

pub async fn sign_in(
    State(deps): State<Deps>,
    Peer(address): Peer,
    view: View,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    let (email, now) = (form.value("email").to_lowercase(), deps.now());
    let limits = [
        (format!("{address} {email}"), PER_ACCOUNT_AND_ADDRESS),
        (address.to_string(), PER_ADDRESS),
        (email.clone(), PER_ACCOUNT),
    ];
    if !limits.iter().all(|(key, limit)| deps.shell.sign_ins.admits(key, *limit, now)) {
        let page = form.again(CommandError::Refused { code: "too-many" }, |form| draw(&view, form))?;
        let headers = [(header::RETRY_AFTER, "900"), (header::CONTENT_TYPE, HTML)];
        return Ok((StatusCode::TOO_MANY_REQUESTS, headers, page.into_body()).into_response());
    }
    let Some(account) = authenticate(&deps, &email, form.raw("password")).await? else {
        for (key, _) in &limits {
            deps.shell.sign_ins.failed(key, now);
        }
        metrics::counter!("mainstay_sign_ins_refused_total").increment(1);
        let page = form.again(CommandError::Refused { code: "sign-in" }, |form| draw(&view, form))?;
        return Ok(
            (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, HTML)], page.into_body()).into_response()
        );
    };
    deps.shell.sign_ins.forget(&limits[0].0);
    let tx = deps.records.begin().await?;
    if let Some(old) = session::cookie(&headers, COOKIE) {
        sessions::end(&tx, &session::hash(old)).await?;
    }
    let cookie = session::start(&tx, &deps, account.id).await?;
    tx.commit().await?;
    let mut answer = see_other(&destination(form.value("next"), account.role));
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(answer)
}

async fn authenticate(deps: &Deps, email: &str, password: &str) -> Result<Option<Account>, CommandError> {
    let found = accounts::find_by_email(deps.records.read(), email).await?;
    let (account, kept) = found.unzip();
    let right = password::verify(deps.shell.clone(), password.into(), kept).await?;
    Ok(account.filter(|account| right && account.disabled_at.is_none()))
}

pub async fn sign_out(State(deps): State<Deps>, headers: HeaderMap) -> PageResult {
    if let Some(secret) = session::cookie(&headers, COOKIE) {
        let tx = deps.records.begin().await?;
        sessions::end(&tx, &session::hash(secret)).await?;
        tx.commit().await?;
    }
    let mut answer = see_other("/sign-in");
    answer.headers_mut().append(header::SET_COOKIE, session::set_cookie(&deps, COOKIE, "", 0));
    // What the phone kept for work without a network belongs to whoever was signed in.
    answer.headers_mut().insert("clear-site-data", header::HeaderValue::from_static("\"cache\""));
    Ok(answer)
}

/// Where a day begins.
pub fn home(role: Role) -> &'static str {
    match role {
        Role::Technician => "/my-day",
        Role::Customer => "/portal",
        _ => "/",
    }
}

/// Only a path on this site: a link must not lead people who sign in elsewhere.
fn destination(next: &str, role: Role) -> String {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r', '\t']);
    if ours { next.into() } else { home(role).into() }
}

fn draw(view: &View, form: &Form) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
    let title = lang.t("sign-in-title");
    layout::bare_page(
        view,
        &title,
        &html! {
            div.door {
                p.brand { span.logo aria-hidden="true" {} b { "Mainstay" } }
                h1 { (title) }
                form.card.pad.stack method="post" action="/sign-in" {
                    (f.start()) (f.hidden("next"))
                    (f.input("email", "email", "accounts-email").required().attribute("autocomplete", "username"))
                    (f.input("password", "password", "accounts-password").required().attribute("autocomplete", "current-password"))
                    button.btn type="submit" { (lang.t("sign-in-submit")) }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_only_to_our_own_pages() {
        assert_eq!(destination("/tickets?open=1", Role::Admin), "/tickets?open=1");
        for elsewhere in
            ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
        {
            assert_eq!(destination(elsewhere, Role::Technician), "/my-day");
        }
    }
}
