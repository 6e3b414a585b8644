//! Every page in a real browser: nothing that axe objects to, at desktop and phone width, light and dark, and nothing
//! wider than a phone.

use crate::{site::Site, workshop::PASSWORD};
use std::path::Path;
use whole_system::{
    browser::{Browser, DESKTOP, PHONE},
    product::{Demo, Mainstay},
    services,
};

#[tokio::test(flavor = "multi_thread")]
async fn no_page_breaks_a_rule_of_accessibility() {
    let Some(axe) = services::file("MAINSTAY_AXE") else { return };
    let site = Site::open().await;
    // Side by side: a page waits for the browser most of the time.
    let (desk, phone) = futures::join!(look_at_all(&site, DESKTOP, &axe), look_at_all(&site, PHONE, &axe));
    let broken: Vec<String> = desk.into_iter().chain(phone).collect();
    assert!(broken.is_empty(), "{}\n{} in all", broken.join("\n"), broken.len());
}

async fn look_at_all(site: &Site, window: (u32, u32), axe: &Path) -> Vec<String> {
    let mut broken = Vec::new();
    for (email, pages) in &site.readers {
        let Some(browser) = Browser::open(&format!("http://{}", site.product.http), window).await else {
            return broken;
        };
        browser.go("/sign-in").await;
        broken.extend(look_at(&browser, "/sign-in", window, axe).await);
        browser.sign_in(email, PASSWORD).await;
        for path in pages {
            browser.go(path).await;
            broken.extend(look_at(&browser, path, window, axe).await);
        }
    }
    broken
}

async fn look_at(browser: &Browser, path: &str, window: (u32, u32), axe: &Path) -> Vec<String> {
    let width = window.0;
    let mut broken = browser.axe(axe).await;
    let status = browser.ask("return performance.getEntriesByType('navigation')[0].responseStatus").await;
    if status != 200 {
        broken.push(format!("is no page: {status}"));
    }
    let wide = browser.overflow().await;
    if !wide.is_empty() {
        broken.push(format!("is too wide: {}", wide.join(" ")));
    }
    broken.into_iter().map(|line| format!("{path} at {width}: {line}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_page_makes_the_administrator_and_leads_on() {
    let product = Mainstay::start(Demo::Off).await;
    let Some(browser) = Browser::open(&format!("http://{}", product.http), DESKTOP).await else { return };
    browser.go("/").await;
    assert_eq!(browser.path().await, "/first-run");
    if let Some(axe) = services::file("MAINSTAY_AXE") {
        assert_eq!(look_at(&browser, "/first-run", DESKTOP, &axe).await, Vec::<String>::new());
    }
    browser.fill("your_name", "Ada").await;
    browser.fill("email", "ada@example.com").await;
    browser.fill("name", "Harbour Service").await;
    browser.fill("password", PASSWORD).await;
    browser.fill("again", "something else").await;
    browser.submit("main button[type=submit]").await;
    assert_eq!(browser.path().await, "/first-run", "the two passwords differ");
    let kept = browser.ask("return document.querySelector('[name=your_name]').value").await;
    assert_eq!(kept, "Ada", "what was typed is kept");
    browser.fill("password", PASSWORD).await;
    browser.fill("again", PASSWORD).await;
    browser.submit("main button[type=submit]").await;
    assert_eq!(browser.path().await, "/first-run/next");
    browser.submit("main a[href='/connect']").await;
    assert_eq!(browser.path().await, "/connect");
    browser.fill("name", "My first device").await;
    browser.submit("main form[method=post] button[type=submit]").await;
    browser.sees("mosquitto_pub").await;
}
