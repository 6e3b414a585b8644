//! Every refusal in the form its reader expects: problem+json for programs, a page in their language for people.

use super::{
    layout,
    request::{View, is_program},
    response::Failure,
};
use crate::problem::Problem;
use axum::{
    body::to_bytes,
    extract::{FromRequestParts, Request},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::html;

/// A rejected extractor explains itself in a short text; more is not worth repeating.
const MAX_DETAIL: usize = 2000;

/// Draws refusals that have no body of their own yet: missing pages, wrong methods, rejected extractors, page errors.
pub async fn draw(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(view) = View::from_request_parts(&mut parts, &()).await;
    let accepts_html = parts
        .headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let program = is_program(&view.path);
    if kind.starts_with("text/html") || (program && kind.contains("json")) {
        return response;
    }
    if program {
        return as_problem(response).await;
    }
    // A script on a page may ask for a page's address and expect JSON.
    if kind.contains("json") && !accepts_html {
        return response;
    }
    as_page(&view, &response)
}

async fn as_problem(response: Response) -> Response {
    let (status, allow) = (response.status(), response.headers().get(header::ALLOW).cloned());
    let text = to_bytes(response.into_body(), MAX_DETAIL).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let (code, plain) = match status {
        StatusCode::BAD_REQUEST => ("bad_request", "the request cannot be read"),
        StatusCode::UNAUTHORIZED => return Problem::unauthenticated().into_response(),
        StatusCode::FORBIDDEN => return Problem::forbidden().into_response(),
        StatusCode::NOT_FOUND => return Problem::not_found().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "this address does not answer to this method")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the body is larger than this endpoint accepts"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "send application/json"),
        StatusCode::UNPROCESSABLE_ENTITY => ("invalid", "invalid input"),
        StatusCode::TOO_MANY_REQUESTS => ("too_many_requests", "wait a little and try again"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "try again"),
        _ => ("internal", "something went wrong on our side"),
    };
    let detail = if text.trim().is_empty() || status.is_server_error() { plain } else { text.trim() };
    let mut problem = Problem::new(status, code, detail).into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    problem
}

fn as_page(view: &View, response: &Response) -> Response {
    let (status, lang) = (response.status(), view.lang);
    let told = response.extensions().get::<Failure>();
    let parameter = told.and_then(|failure| failure.parameter);
    let message = told.map(|failure| failure.message.as_str()).unwrap_or(match status {
        StatusCode::NOT_FOUND => "error-not-found",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "error-forbidden",
        StatusCode::METHOD_NOT_ALLOWED => "error-method",
        StatusCode::PAYLOAD_TOO_LARGE => "error-too-large",
        StatusCode::CONFLICT => "error-conflict",
        StatusCode::TOO_MANY_REQUESTS => "error-too-many",
        StatusCode::SERVICE_UNAVAILABLE => "error-unavailable",
        status if status.is_client_error() => "error-invalid",
        _ => "error-internal",
    });
    let title = lang.t("error-title");
    let body = html! {
        div.top { div { h1 { (title) } p.sub { (status.as_u16()) } } }
        div.card.pad.stack {
            p { (lang.t(message)) @if let Some(name) = parameter { " " code { (name) } } }
            // The same page, as it is without what could not be read.
            @if parameter.is_some() { p { a.btn href=(view.path) { (lang.t("error-query-without")) } } }
            p { a.btn2 href="/" { (lang.t("error-home")) } }
        }
    };
    let mut page = (status, layout::page(view, &title, &body)).into_response();
    for name in [header::RETRY_AFTER, header::ALLOW, header::SET_COOKIE] {
        let kept: Vec<HeaderValue> = response.headers().get_all(&name).iter().cloned().collect();
        for value in kept {
            page.headers_mut().append(name.clone(), value);
        }
    }
    page
}
