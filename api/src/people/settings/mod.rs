//! The organisation's own facts: who issues invoices, at which prices; and the demo's removal.

pub mod json;
pub mod pages;
#[cfg(test)]
mod tests;

use domain::people::account::Role;
use maud::{Markup, html};
use web::{
    i18n::Lang,
    routes::{Access, Routes},
};

const ADMIN: Access = Access::Roles(&[Role::Admin]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/settings", ADMIN, pages::page)
        .post("/settings", ADMIN, pages::save)
        .post("/settings/demo/remove", ADMIN, pages::remove_demo)
        .get("/api/v1/organisation", Access::SignedIn, json::get)
        .put("/api/v1/organisation", ADMIN, json::put)
}

/// The links between the settings pages.
pub fn tabs(lang: Lang, current: &str) -> Markup {
    let pages = [
        ("/settings", "settings-organisation"),
        ("/settings/accounts", "accounts-title"),
        ("/settings/tokens", "tokens-title"),
        ("/settings/jobs", "jobs-title"),
    ];
    html! {
        nav.tabs aria-label=(lang.t("nav-settings")) {
            @for (href, label) in pages {
                a href=(href) aria-current=[(href == current).then_some("page")] { (lang.t(label)) }
            }
        }
    }
}
