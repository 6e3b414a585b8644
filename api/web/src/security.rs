//! What every answer says to browsers, and the check that a change was asked for by our own pages.

use super::session::Credential;
use crate::problem::Problem;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Scripts and styles come from us alone; only `style=""` attributes may be inline (bars, markers).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
    manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts the security headers on every answer that does not bring its own. Answers to signed-in people are not kept
/// by shared caches.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=(self)"),
        (header::CACHE_CONTROL, "private, no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Refuses changes that another site's page asked a browser for. A bearer token is proof enough: browsers do not
/// attach it by themselves.
pub async fn same_origin(request: Request, next: Next) -> Response {
    let bearer = request.extensions().get::<Credential>() == Some(&Credential::Bearer);
    if request.method().is_safe() || bearer || asked_by_us(request.headers()) {
        return next.run(request).await;
    }
    tracing::warn!(path = request.uri().path(), "refused a change asked for by another site");
    Problem::new(StatusCode::FORBIDDEN, "cross_site", "this change was asked for by another site's page")
        .into_response()
}

/// Browsers send `Sec-Fetch-Site` from secure origins and `Origin` with every post. A request with neither comes from
/// no browser page, or from one so old that `SameSite` must do.
fn asked_by_us(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let host = text(header::HOST).unwrap_or("");
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| !host.is_empty() && authority.eq_ignore_ascii_case(host))
}

/// A path as logs may have it: what looks like a secret is left out.
pub fn without_secrets(path: &str) -> String {
    path.split('/').map(without_secret).collect::<Vec<_>>().join("/")
}

fn without_secret(segment: &str) -> &str {
    let id = uuid::Uuid::try_parse(segment).is_ok();
    if segment.len() >= 20 && !id { "..." } else { segment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_ask() {
        let ask = |pairs: &[(&'static str, &'static str)]| {
            asked_by_us(
                &pairs
                    .iter()
                    .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                    .collect(),
            )
        };
        assert!(ask(&[("sec-fetch-site", "same-origin")]));
        assert!(!ask(&[("sec-fetch-site", "cross-site")]));
        assert!(!ask(&[("sec-fetch-site", "same-site")]));
        assert!(ask(&[("origin", "http://plant:8080"), ("host", "plant:8080")]));
        assert!(!ask(&[("origin", "http://evil:8080"), ("host", "plant:8080")]));
        assert!(!ask(&[("origin", "null"), ("host", "plant:8080")]));
        assert!(ask(&[]));
    }
}
