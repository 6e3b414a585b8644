//! Who asks: the session cookie of a browser or the bearer token of a program.

use super::{i18n::Lang, request::User};
use crate::{deps::Deps, problem::Problem};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use domain::{
    calendar::{self, Zone},
    id::{AccountId, SessionId},
    people::account::Account,
};
use service::people::accounts::secrets::{IDLE, LIFETIME, hash, random_secret};
use store::{
    StoreError,
    records::{
        Db,
        people::{api_tokens, organisation, sessions},
    },
};

pub const COOKIE: &str = "mainstay_session";
/// The last use is written no more often than this.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(10);

/// How the request proved who it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    Session(SessionId),
    Bearer,
}

/// Puts [`User`] and [`Credential`] into the request's extensions.
pub async fn identify(State(deps): State<Deps>, mut request: Request, next: Next) -> Response {
    match find(&deps, request.headers()).await {
        Ok(Some((user, credential))) => {
            request.extensions_mut().insert(user);
            request.extensions_mut().insert(credential);
        }
        Ok(None) => {}
        Err(error) => return Problem::from(error).into_response(),
    }
    next.run(request).await
}

async fn find(deps: &Deps, headers: &HeaderMap) -> Result<Option<(User, Credential)>, StoreError> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let Some(secret) = authorization.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")) else {
            return Ok(None);
        };
        let token = api_tokens::authenticate(deps.records.read(), &hash(secret.trim())).await?;
        let Some(token) = token else { return Ok(None) };
        let user = User {
            may_backdate: token.may_backdate,
            actor: token.actor(),
            name: token.name,
            lang: Lang::En,
            zone: Zone::UTC,
            civil: civil_zone(deps.records.read()).await?,
        };
        return Ok(Some((user, Credential::Bearer)));
    }
    let Some(secret) = cookie(headers, COOKIE) else { return Ok(None) };
    let Some((session, account)) = sessions::find_by_secret(deps.records.read(), &hash(secret)).await? else {
        return Ok(None);
    };
    let now = deps.now();
    let over = now - session.created_at >= LIFETIME || now - session.seen_at >= IDLE;
    if over || account.disabled_at.is_some() {
        return Ok(None);
    }
    if now - session.seen_at >= TOUCH_EVERY {
        let tx = deps.records.begin().await?;
        sessions::touch(&tx, session.id, now).await?;
        tx.commit_quietly().await?;
    }
    let civil = civil_zone(deps.records.read()).await?;
    Ok(Some((user_of(&account, civil), Credential::Session(session.id))))
}

/// The organisation's zone, in which its days begin; UTC before the first run.
pub async fn civil_zone(db: &Db) -> Result<Zone, StoreError> {
    Ok(organisation::get(db).await?.map_or(Zone::UTC, |organisation| organisation.zone()))
}

pub fn user_of(account: &Account, civil: Zone) -> User {
    User {
        may_backdate: false,
        actor: account.actor(),
        name: account.name.clone(),
        lang: Lang::parse(&account.language).unwrap_or(Lang::En),
        zone: calendar::zone(&account.time_zone).unwrap_or(Zone::UTC),
        civil,
    }
}

/// Makes a session in the caller's transaction and answers the cookie that carries it. Always a fresh secret: a
/// cookie that was there before signing in is worth nothing afterwards.
pub async fn start(tx: &Db, deps: &Deps, account: AccountId) -> Result<HeaderValue, StoreError> {
    let (secret, now) = (random_secret(), deps.now());
    let session =
        sessions::Session { id: SessionId::generate(), account_id: account, created_at: now, seen_at: now };
    sessions::insert(tx, &session, &hash(&secret)).await?;
    sessions::sweep(tx, now - LIFETIME, now - IDLE).await?;
    Ok(set_cookie(deps, COOKIE, &secret, LIFETIME.num_seconds()))
}

pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Not readable by scripts, not sent along by other sites' posts; `Secure` when the product is reached over TLS. The
/// value must be plain ASCII without separators.
pub fn set_cookie(deps: &Deps, name: &str, value: &str, max_age_s: i64) -> HeaderValue {
    let secure = if deps.secure_cookies { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).expect("invariant: cookie names and values are ours, plain ASCII")
}
