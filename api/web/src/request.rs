//! What a handler may ask of its request: the signed-in user, the view (language, zone, formats), a command context.

use super::{i18n::Lang, session};
use crate::{deps::Deps, problem::Problem};
use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts, OptionalFromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    Timestamp,
    calendar::{Zone, date_of, last_day},
    people::account::{Actor, Scope, Source},
};
use service::command::Context;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// The language chosen before signing in.
pub const LANGUAGE_COOKIE: &str = "mainstay_language";

/// Who is signed in. Put into the request's extensions by the session layer.
#[derive(Clone, Debug)]
pub struct User {
    pub actor: Actor,
    pub name: String,
    pub lang: Lang,
    /// When something happened is shown in this zone.
    pub zone: Zone,
    /// The organisation's zone: the days of contracts, invoices and payments are days there, whoever reads.
    pub civil: Zone,
    /// Whether this caller's commands may name an earlier time.
    pub may_backdate: bool,
}

impl User {
    /// Which rows this user sees.
    pub fn scope(&self) -> Scope {
        self.actor.scope()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthenticated)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// How this reader sees things: language, zone, and who it is. Every page takes one.
#[derive(Clone, Debug)]
pub struct View {
    pub lang: Lang,
    /// The reader's, for what happened at an instant.
    pub zone: Zone,
    /// The organisation's, for what was agreed for a day.
    pub civil: Zone,
    pub user: Option<User>,
    /// Path of this request, to mark the current page.
    pub path: String,
}

impl View {
    /// Which rows this reader sees.
    pub fn scope(&self) -> Scope {
        self.user.as_ref().map_or_else(Scope::nothing, User::scope)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for View {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user = parts.extensions.get::<User>().cloned();
        let accepted = || {
            let chosen = session::cookie(&parts.headers, LANGUAGE_COOKIE).and_then(Lang::parse);
            let header = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            chosen.unwrap_or_else(|| Lang::negotiate(header.unwrap_or("")))
        };
        Ok(Self {
            lang: user.as_ref().map_or_else(accepted, |user| user.lang),
            zone: user.as_ref().map_or(Zone::UTC, |user| user.zone),
            civil: user.as_ref().map_or(Zone::UTC, |user| user.civil),
            path: parts.uri.path().into(),
            user,
        })
    }
}

impl View {
    /// The day of the organisation's calendar on which `at` falls: of an invoice, a payment, the start of a contract.
    pub fn day(&self, at: Timestamp) -> String {
        self.lang.day(date_of(at, self.civil))
    }
    /// The last day of a term that ends before `end`.
    pub fn last_day(&self, end: Timestamp) -> String {
        self.lang.day(last_day(end, self.civil))
    }
}

/// Who calls, as the circumstances of a command: actor, time, source, and the key from the `Idempotency-Key` header.
/// Forms pass their hidden `_key` on with [`Context::new`]'s key field.
pub struct Caller(pub Context);

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Deps: FromRef<S>,
{
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let user = <User as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let key = idempotency_key(&parts.headers)?;
        let source = if parts.uri.path().starts_with("/api/") {
            Source::Api
        } else if parts.uri.path().starts_with("/my-day") {
            Source::Mobile
        } else {
            Source::Desktop
        };
        let effective = effective_at(&parts.headers, &user)?;
        let now = Context::new(user.actor, Deps::from_ref(state).now(), source, key);
        match effective {
            None => Ok(Self(now)),
            Some(at) => {
                Ok(Self(now.effective_at(at).map_err(|why| Problem::effective_at(&why.to_string()))?))
            }
        }
    }
}

/// The key that makes a repetition harmless. One that cannot be kept is refused before anything happens.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let text = line.to_str().ok().filter(|text| is_key(text) && lines.next().is_none());
    text.map(|text| Some(text.to_owned())).ok_or_else(Problem::idempotency_key)
}

/// When the command happened, where history from another system is recorded. Passed over, it would happen now.
fn effective_at(headers: &HeaderMap, user: &User) -> Result<Option<Timestamp>, Problem> {
    let mut lines = headers.get_all("effective-at").iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if !user.may_backdate {
        return Err(Problem::backdating_not_allowed());
    }
    let unreadable = || Problem::effective_at("send one instant as RFC 3339 writes it");
    let text = line.to_str().ok().filter(|_| lines.next().is_none()).ok_or_else(unreadable)?;
    text.parse().map(Some).map_err(|_| unreadable())
}

/// Whether a command can be kept under `key`: 1 to 200 printable characters of ASCII.
pub fn is_key(key: &str) -> bool {
    (1..=200).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// True for requests that want JSON rather than a page.
pub fn is_program(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/health/") || path == "/metrics" || path == "/events"
}

/// Answers a request that its endpoint's access rule does not admit.
pub fn refuse(request: &Request) -> Response {
    let signed_in = request.extensions().get::<User>().is_some();
    match (is_program(request.uri().path()), signed_in) {
        (true, false) => Problem::unauthenticated().into_response(),
        (true, true) => Problem::forbidden().into_response(),
        (false, false) => Redirect::to(&sign_in_address(request)).into_response(),
        (false, true) => StatusCode::FORBIDDEN.into_response(),
    }
}

/// The sign-in page, which leads back to what was asked for.
fn sign_in_address(request: &Request) -> String {
    let wanted = request.uri().path_and_query().map_or("/", |uri| uri.as_str());
    if !request.method().is_safe() || wanted == "/" {
        return "/sign-in".into();
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish();
    format!("/sign-in?{query}")
}

/// Where a request comes from, for limits: the client of a trusted proxy, else the other end of the socket. The
/// loopback address where no socket is known (tests).
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl<S> FromRequestParts<S> for Peer
where
    S: Send + Sync,
    Deps: FromRef<S>,
{
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = known.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        Ok(Self(Deps::from_ref(state).proxies.client(peer, &parts.headers)))
    }
}
