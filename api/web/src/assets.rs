//! Style, behaviour and icons, embedded in the binary. Pages link them with a version, so browsers keep them for good
//! and never see an old one.

use axum::{
    Router,
    extract::{Path, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal: $kind:expr),* $(,)?) => {
        const ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/", $name)),
        }),*];
    };
}

assets! {
    "app.css": "text/css; charset=utf-8",
    "app.js": JAVASCRIPT,
    "charts.js": JAVASCRIPT,
    "chooser.js": JAVASCRIPT,
    "connect.js": JAVASCRIPT,
    "phone.js": JAVASCRIPT,
    "theme.js": JAVASCRIPT,
    "icon.svg": "image/svg+xml",
    "manifest.webmanifest": "application/manifest+json",
}

/// The service worker stands at the root, because its scope is the folder it is served from.
const SERVICE_WORKER: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/sw.js"));

/// Changes with every change of an asset.
pub const VERSION: u64 = {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut index = 0;
    while index < ASSETS.len() {
        hash = fnv(hash, ASSETS[index].bytes);
        index += 1;
    }
    hash
};

const fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0100_0000_01b3);
        index += 1;
    }
    hash
}

/// The versioned address of an asset.
pub fn href(name: &str) -> String {
    format!("/a/{name}?v={VERSION:x}")
}

/// What every page's head loads. `theme.js` runs before the first paint, so that no page flashes in the wrong theme.
pub fn head() -> Markup {
    html! {
        link rel="icon" href=(href("icon.svg")) type="image/svg+xml";
        link rel="manifest" href=(href("manifest.webmanifest"));
        link rel="stylesheet" href=(href("app.css"));
        script src=(href("theme.js")) {}
        script src=(href("charts.js")) defer {}
        script src=(href("app.js")) defer {}
        script src=(href("chooser.js")) defer {}
        script src=(href("phone.js")) defer {}
    }
}

/// Readable by anyone; outside the session layer.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/a/{name}", get(asset)).route("/sw.js", get(service_worker)).route(
        "/favicon.ico",
        get(|headers: HeaderMap| async move { serve(&headers, find("icon.svg"), true) }),
    )
}

async fn asset(Path(name): Path<String>, request: Request) -> Response {
    let current = format!("v={VERSION:x}");
    let versioned = request.uri().query() == Some(&current);
    serve(request.headers(), find(&name), versioned)
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

fn serve(headers: &HeaderMap, asset: Option<&Asset>, versioned: bool) -> Response {
    let Some(asset) = asset else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{VERSION:x}\"");
    let cache = if versioned { "public, max-age=31536000, immutable" } else { "no-cache" };
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, cache)])
            .into_response();
    }
    let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, cache), (header::ETAG, &tag)];
    (headers, asset.bytes).into_response()
}

/// The worker with the version of the assets it keeps: a new version of the product brings a new worker.
async fn service_worker() -> Response {
    let source = String::from_utf8_lossy(SERVICE_WORKER).replace("__VERSION__", &format!("{VERSION:x}"));
    ([(header::CONTENT_TYPE, JAVASCRIPT), (header::CACHE_CONTROL, "no-cache")], source).into_response()
}
