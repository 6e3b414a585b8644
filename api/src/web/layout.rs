//! The frame of every page: navigation by role, language and theme, and the main region.

use super::{i18n::Lang, icon::icon, request::View};
use domain::account::Role;
use maud::{DOCTYPE, Markup, html};

struct Item {
    href: &'static str,
    icon: &'static str,
    label: &'static str,
    roles: &'static [Role],
}

use Role::{Admin, Agent, Billing, Customer, Dispatcher, ServiceManager, Technician, Warehouse};
const OFFICE: &[Role] = &[Admin, ServiceManager, Dispatcher, Agent, Billing, Warehouse];

/// The navigation, in the order of a service day.
const NAVIGATION: &[Item] = &[
    Item { href: "/", icon: "gauge", label: "nav-overview", roles: OFFICE },
    Item { href: "/my-day", icon: "route", label: "nav-my-day", roles: &[Technician] },
    Item { href: "/portal", icon: "boxes", label: "nav-portal", roles: &[Customer] },
    Item {
        href: "/alerts",
        icon: "bell",
        label: "nav-alerts",
        roles: &[Admin, ServiceManager, Dispatcher, Agent],
    },
    Item {
        href: "/tickets",
        icon: "ticket",
        label: "nav-tickets",
        roles: &[Admin, ServiceManager, Dispatcher, Agent],
    },
    Item {
        href: "/dispatch",
        icon: "board",
        label: "nav-dispatch",
        roles: &[Admin, ServiceManager, Dispatcher],
    },
    Item { href: "/work-orders", icon: "wrench", label: "nav-work-orders", roles: OFFICE },
    Item { href: "/assets", icon: "boxes", label: "nav-assets", roles: OFFICE },
    Item {
        href: "/parts",
        icon: "package",
        label: "nav-parts",
        roles: &[Admin, ServiceManager, Warehouse, Dispatcher],
    },
    Item {
        href: "/contracts",
        icon: "contract",
        label: "nav-contracts",
        roles: &[Admin, ServiceManager, Billing],
    },
    Item { href: "/invoices", icon: "file", label: "nav-invoices", roles: &[Admin, ServiceManager, Billing] },
    Item { href: "/rules", icon: "sliders", label: "nav-rules", roles: &[Admin, ServiceManager] },
    Item { href: "/connect", icon: "plug", label: "nav-connect", roles: &[Admin, ServiceManager] },
];

/// A whole page. `title` is already translated.
pub fn page(view: &View, title: &str, main: &Markup) -> Markup {
    let lang = view.lang;
    let role = view.user.as_ref().map(|user| user.actor.role);
    let current = NAVIGATION
        .iter()
        .filter(|item| is_under(&view.path, item.href))
        .map(|item| item.href)
        .max_by_key(|h| h.len());
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                title { (title) " · Mainstay" }
                link rel="icon" href="/a/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/a/app.css";
                script src="/a/app.js" defer {}
            }
            body {
                a.skip href="#main" { (lang.t("skip")) }
                nav.side aria-label=(lang.t("nav-label")) {
                    a.brand href="/" { span.logo aria-hidden="true" {} b { "Mainstay" } }
                    @for item in NAVIGATION {
                        @if role.is_some_and(|role| item.roles.contains(&role)) {
                            a href=(item.href) aria-current=[(current == Some(item.href)).then_some("page")] {
                                (icon(item.icon)) span { (lang.t(item.label)) }
                            }
                        }
                    }
                    div.grow {}
                    (languages(lang))
                }
                main #main { (main) }
            }
        }
    }
}

fn languages(current: Lang) -> Markup {
    html! {
        div.langs {
            @for lang in Lang::ALL {
                a href={ "/language/" (lang.code()) } lang=(lang.code()) aria-current=[(lang == current).then_some("true")] { (lang.name()) }
            }
        }
    }
}

fn is_under(path: &str, href: &str) -> bool {
    path == href || (href != "/" && path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
}
