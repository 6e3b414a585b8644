//! What is shown once and copied: credentials, and lines that use them at the address where they hold.

use crate::{assets::href, deps::Deps, request::View};
use axum::http::{HeaderMap, header};
use maud::{Markup, html};
use std::net::SocketAddr;

/// Where machines reach us.
pub struct Place {
    /// Of the MQTT front.
    pub host: String,
    pub port: u16,
    /// Scheme and host of this page.
    pub web: String,
}

impl Place {
    pub fn of(deps: &Deps, headers: &HeaderMap) -> Self {
        let web = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8080");
        let (host, port) = reachable(deps.mqtt_address, web);
        let scheme = if deps.secure_cookies { "https" } else { "http" };
        Self { host, port, web: format!("{scheme}://{web}") }
    }
}

/// The address to type on the device. A front that listens on every address is reached like the web page, whose `Host`
/// is `web`.
fn reachable(mqtt: SocketAddr, web: &str) -> (String, u16) {
    if !mqtt.ip().is_unspecified() {
        return (mqtt.ip().to_string(), mqtt.port());
    }
    let host = match web.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => web,
    };
    (host.trim_matches(['[', ']']).into(), mqtt.port())
}

pub fn copyable(view: &View, text: &str) -> Markup {
    html! { div.code { pre tabindex="0" { (text) } button.mini type="button" data-copy { (view.lang.t("copy")) } } }
}

/// Makes the buttons copy.
pub fn script() -> Markup {
    html! { script src=(href("connect.js")) defer {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_address_can_be_reached() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(reachable(at("127.0.0.1:1883"), "x:8080"), ("127.0.0.1".into(), 1883));
        assert_eq!(reachable(at("0.0.0.0:1884"), "plant.example:8080"), ("plant.example".into(), 1884));
        assert_eq!(reachable(at("0.0.0.0:1883"), "plant.example"), ("plant.example".into(), 1883));
        assert_eq!(reachable(at("[::]:1883"), "[fd00::1]:8080"), ("fd00::1".into(), 1883));
    }
}
