//! Every page in a real browser: nothing that axe objects to, at desktop and phone width, and pictures for the README.

use crate::workshop::{PASSWORD, Workshop};
use whole_system::{
    browser::{Browser, DESKTOP, PHONE},
    http::id,
    product::{Demo, Mainstay},
    services,
};

/// Pages that an administrator sees without an id in their address.
const PAGES: &[&str] = &[
    "/",
    "/alerts",
    "/tickets",
    "/tickets/new",
    "/work-orders",
    "/dispatch",
    "/assets",
    "/assets/new",
    "/customers",
    "/sites",
    "/models",
    "/parts",
    "/contracts",
    "/contracts/new",
    "/invoices",
    "/rules",
    "/rules/new",
    "/kpis",
    "/connect",
    "/quarantine",
    "/settings",
    "/settings/accounts",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_page_breaks_a_rule_of_accessibility() {
    let Some(axe) = services::file("MAINSTAY_AXE") else { return };
    let product = Mainstay::start(Demo::Off).await;
    let workshop = Workshop::open(&product).await;
    let admin = "ada@example.com";
    product.create_account(admin, "admin", PASSWORD, &[]);
    let asset = format!("/assets/{}", id(&workshop.asset));
    let device = format!("/devices/{}", id(&workshop.device));
    let mut broken = Vec::new();
    for window in [DESKTOP, PHONE] {
        let Some(browser) = Browser::open(&format!("http://{}", product.http), window).await else { return };
        browser.go("/sign-in").await;
        broken.extend(browser.axe(&axe).await.into_iter().map(|line| format!("/sign-in {line}")));
        browser.sign_in(admin, PASSWORD).await;
        for path in PAGES.iter().copied().chain([asset.as_str(), device.as_str()]) {
            browser.go(path).await;
            let title = browser.page.title().await.expect("a title");
            assert!(title.contains("Mainstay") && !title.starts_with("404"), "{path}: {title}");
            let width = window.0;
            broken
                .extend(browser.axe(&axe).await.into_iter().map(|line| format!("{path} at {width}: {line}")));
            let wide = "return document.documentElement.scrollWidth";
            let scroll =
                browser.page.execute(wide, vec![]).await.expect("a width").as_u64().expect("a number");
            if scroll > u64::from(width) {
                broken.push(format!("{path} at {width}: the page is {scroll} wide"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_page_makes_the_administrator_and_leads_on() {
    let product = Mainstay::start(Demo::Off).await;
    let Some(browser) = Browser::open(&format!("http://{}", product.http), DESKTOP).await else { return };
    browser.go("/").await;
    assert_eq!(browser.page.current_url().await.expect("a page").path(), "/first-run");
}
