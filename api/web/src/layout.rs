//! The frame of every page: navigation by role, language and theme, and the main region.

use super::{assets, i18n::Lang, icon::icon, request::View};
use domain::people::account::Role;
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
    Item { href: "/settings", icon: "settings", label: "nav-settings", roles: &[Admin] },
];

/// How many destinations the phone's tab bar shows; the rest stand on the menu page.
const TABS: usize = 4;

/// A whole page. `title` is already translated.
pub fn page(view: &View, title: &str, main: &Markup) -> Markup {
    frame(view, title, &html! { (navigation(view)) main #main { (main) } }, view.user.is_none())
}

/// A page without navigation, for signing in and the first run.
pub fn bare_page(view: &View, title: &str, main: &Markup) -> Markup {
    frame(view, title, &html! { main #main { (main) } footer.foot { (languages(view.lang)) } }, true)
}

fn frame(view: &View, title: &str, body: &Markup, bare: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(view.lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                title { (title) " · Mainstay" }
                (assets::head())
            }
            body.bare[bare] data-time-zone=(view.zone.name()) {
                a.skip href="#main" { (view.lang.t("skip")) }
                (body)
            }
        }
    }
}

fn navigation(view: &View) -> Markup {
    let lang = view.lang;
    let items = items(view);
    let current = current(&items, &view.path);
    html! {
        nav.side aria-label=(lang.t("nav-label")) {
            a.brand href="/" { span.logo aria-hidden="true" {} b { "Mainstay" } }
            @for (index, item) in items.iter().enumerate() {
                a.extra[index >= TABS] href=(item.href) aria-current=[(current == Some(item.href)).then_some("page")] {
                    (icon(item.icon)) span { (lang.t(item.label)) }
                }
            }
            @if view.user.is_some() {
                a.menu href="/menu" aria-current=[(view.path == "/menu").then_some("page")] {
                    (icon("menu")) span { (lang.t("nav-menu")) }
                }
            }
            div.grow {}
            (preferences(view))
        }
    }
}

/// Everything that the tab bar of a phone has no room for.
pub fn menu(view: &View) -> Markup {
    let title = view.lang.t("nav-menu");
    page(
        view,
        &title,
        &html! {
            div.top { h1 { (title) } }
            nav.card.menu-list aria-label=(title) {
                @for item in items(view) { a href=(item.href) { (icon(item.icon)) span { (view.lang.t(item.label)) } } }
            }
            div.card.pad.menu-preferences { (preferences(view)) }
        },
    )
}

fn items(view: &View) -> Vec<&'static Item> {
    let role = view.user.as_ref().map(|user| user.actor.role);
    NAVIGATION.iter().filter(|item| role.is_some_and(|role| item.roles.contains(&role))).collect()
}

fn current(items: &[&Item], path: &str) -> Option<&'static str> {
    items.iter().filter(|item| is_under(path, item.href)).map(|item| item.href).max_by_key(|href| href.len())
}

/// Who is signed in, light or dark, language, and the way out.
fn preferences(view: &View) -> Markup {
    let lang = view.lang;
    html! {
        div.prefs {
            @if let Some(user) = &view.user {
                a.who-am-i href="/account" { (icon("user")) span { (user.name) small { (lang.t(&format!("role-{}", user.actor.role))) } } }
            }
            button.ghost type="button" data-theme-toggle hidden { (icon("moon")) span { (lang.t("theme")) } }
            @if view.user.is_some() {
                form method="post" action="/sign-out" {
                    button.ghost type="submit" { (icon("out")) span { (lang.t("sign-out")) } }
                }
            }
            (languages(lang))
        }
    }
}

fn languages(current: Lang) -> Markup {
    html! {
        form.langs method="post" action="/language" {
            @for lang in Lang::ALL {
                button type="submit" name="code" value=(lang.code()) lang=(lang.code()) aria-pressed=(lang == current) { (lang.name()) }
            }
        }
    }
}

fn is_under(path: &str, href: &str) -> bool {
    path == href || (href != "/" && path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
}
