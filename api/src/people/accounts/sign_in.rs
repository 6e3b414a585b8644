//! Signing in and out. A wrong password, an unknown address and a disabled account answer alike and take as long.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    id::AccountId,
    people::account::{Account, Role},
    reason::Refusal,
};
use maud::{Markup, html};
use service::{command::CommandError, people::accounts::secrets};
use std::net::IpAddr;
use store::records::{
    Tx,
    people::{accounts, known_browsers, sessions},
};
use web::{
    deps::Deps,
    form::Form,
    layout,
    list::ListQuery,
    request::{Peer, View},
    response::{PageResult, see_other},
    session::{self, COOKIE},
};

/// Wrong passwords within the window before further attempts are refused: for one account from one address or known
/// browser, and for one account from all browsers that it has not signed in on before. There is no limit for an
/// address alone: behind one address may sit a whole company.
const PER_ACCOUNT_AND_ORIGIN: u32 = 10;
const PER_ACCOUNT: u32 = 100;

/// The cookie by which a browser is known again.
const BROWSER_COOKIE: &str = "mainstay_browser";
const BROWSER_KEPT_S: i64 = 400 * 24 * 60 * 60;

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
    let (account, kept) = accounts::find_by_email(deps.records.read(), &email).await?.unzip();
    let browser = known_browser(&deps, &headers, account.as_ref()).await?;
    let limits = match &browser {
        Some(known) => vec![(format!("browser {known} {email}"), PER_ACCOUNT_AND_ORIGIN)],
        None => vec![
            (format!("{} {email}", network(address)), PER_ACCOUNT_AND_ORIGIN),
            (email.clone(), PER_ACCOUNT),
        ],
    };
    let Some(attempt) = deps.shell.sign_ins.begin(&limits, now).await else {
        let page = form.again(CommandError::Refused(Refusal::TooMany), |form| draw(&view, form))?;
        let headers = [(header::RETRY_AFTER, "900"), (header::CONTENT_TYPE, HTML)];
        return Ok((StatusCode::TOO_MANY_REQUESTS, headers, page.into_body()).into_response());
    };
    let right = deps.memory.hashing.verify(form.raw("password").into(), kept).await?;
    let Some(account) = account.filter(|account| right && account.disabled_at.is_none()) else {
        attempt.failed();
        metrics::counter!("mainstay_sign_ins_refused_total").increment(1);
        let page = form.again(CommandError::Refused(Refusal::SignIn), |form| draw(&view, form))?;
        return Ok(
            (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, HTML)], page.into_body()).into_response()
        );
    };
    attempt.succeeded();
    let tx = deps.records.begin().await?;
    if let Some(old) = session::cookie(&headers, COOKIE) {
        sessions::end(&tx, &secrets::hash(old)).await?;
    }
    let cookie = session::start(&tx, &deps, account.id).await?;
    let known = remember_browser(&tx, &deps, &headers, account.id).await?;
    tx.commit().await?;
    let mut answer = see_other(&destination(form.value("next"), account.role));
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    answer.headers_mut().append(header::SET_COOKIE, known);
    Ok(answer)
}

/// What to count a browser's attempts under that `account` has signed in on before.
async fn known_browser(
    deps: &Deps,
    headers: &HeaderMap,
    account: Option<&Account>,
) -> Result<Option<String>, CommandError> {
    let (Some(secret), Some(account)) = (session::cookie(headers, BROWSER_COOKIE), account) else {
        return Ok(None);
    };
    let hash = secrets::hash(secret);
    let known = known_browsers::knows(deps.records.read(), &hash, account.id).await?;
    Ok(known.then_some(hash))
}

/// The browser keeps its cookie, which several accounts may share; a new one gets a fresh secret.
async fn remember_browser(
    tx: &Tx,
    deps: &Deps,
    headers: &HeaderMap,
    account: AccountId,
) -> Result<HeaderValue, CommandError> {
    let ours = |secret: &&str| secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    let kept = session::cookie(headers, BROWSER_COOKIE).filter(ours).map(String::from);
    let secret = kept.unwrap_or_else(secrets::random_secret);
    known_browsers::remember(tx, &secrets::hash(&secret), account, deps.now()).await?;
    Ok(session::set_cookie(deps, BROWSER_COOKIE, &secret, BROWSER_KEPT_S))
}

/// One customer of an IPv6 provider has a whole network of addresses.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

pub async fn sign_out(State(deps): State<Deps>, headers: HeaderMap) -> PageResult {
    if let Some(secret) = session::cookie(&headers, COOKIE) {
        let tx = deps.records.begin().await?;
        sessions::end(&tx, &secrets::hash(secret)).await?;
        tx.commit().await?;
    }
    let mut answer = see_other("/sign-in");
    answer.headers_mut().append(header::SET_COOKIE, session::set_cookie(&deps, COOKIE, "", 0));
    // What the phone kept for work without a network belongs to whoever was signed in.
    answer.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
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
