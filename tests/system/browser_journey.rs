//! From the automatic ticket to the paid invoice in a browser: the manager at a desk, the technician on a phone that
//! loses its connection on site.

use crate::{
    job,
    workshop::{MANAGER_EMAIL, PASSWORD, TECHNICIAN_EMAIL, Workshop},
};
use serde_json::{Value, json};
use whole_system::{
    browser::{Browser, DESKTOP, PHONE},
    http::id,
    product::{Demo, Mainstay},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_and_a_technician_carry_a_fault_to_its_payment() {
    let mut product = Mainstay::start(Demo::Off).await;
    let site = format!("http://{}", product.http);
    let Some(desk) = Browser::open(&site, DESKTOP).await else { return };
    let Some(phone) = Browser::open(&site, PHONE).await else { return };
    let workshop = Workshop::open(&product).await;
    let ticket = job::bearing_starts_to_fail(&product, &workshop).await;

    let work_order = plan(&desk, &ticket).await;
    on_site(&phone, &mut product, &workshop, &work_order).await;
    nothing_is_lost_and_nothing_doubled(&workshop, &work_order).await;
    bill(&desk, &work_order).await;
}

/// Sees the ticket that opened by itself with its evidence, makes the work order, books the visit. Answers the id of
/// the work order.
async fn plan(desk: &Browser, ticket: &Value) -> String {
    desk.sign_in(MANAGER_EMAIL, PASSWORD).await;
    desk.go("/tickets").await;
    desk.submit(&format!("main tbody a[href='/tickets/{}']", id(ticket))).await;
    desk.sees("CH-1").await;
    desk.holds("the frozen chart", "return document.querySelector('.evidence figure svg') !== null").await;
    desk.submit(&format!("form[action='/tickets/{}/work-order'] button", id(ticket))).await;
    let path = desk.path().await;
    let work_order = path.strip_prefix("/work-orders/").expect("the new work order opens").to_owned();

    desk.go("/dispatch").await;
    let job = "article.job form.assign";
    desk.pick(&format!("{job} [name=technician_id]"), "Tess").await;
    desk.submit(&format!("{job} button[type=submit]")).await;
    desk.holds("the visit on the board", "return document.querySelectorAll('.lane .blk').length === 1").await;
    work_order
}

/// Travels while online; everything on site happens while the product cannot be reached.
async fn on_site(phone: &Browser, product: &mut Mainstay, workshop: &Workshop, work_order: &str) {
    phone.sign_in(TECHNICIAN_EMAIL, PASSWORD).await;
    assert_eq!(phone.path().await, "/my-day", "a technician's first page");
    phone.submit("main .agenda a").await;
    phone.holds("the page to be kept for later", "return (async () => (await caches.match(location.pathname)) !== undefined || (navigator.serviceWorker.controller !== null))()").await;
    phone.submit("form[data-press=travel] button").await;
    assert_eq!(visit_status(workshop, work_order).await, "traveling");

    assert!(product.stop().await.success());
    phone.click("form[data-press=arrive] button").await;
    waiting(phone, 1).await;
    let items = phone
        .ask("return document.querySelectorAll('#checklist form').length")
        .await
        .as_u64()
        .expect("a number");
    for number in 1..=items {
        phone.click(&format!("#checklist li:nth-child({number}) button")).await;
    }
    phone.choose("#parts [name=part_id]", "Bearing 6310").await;
    phone.click("#parts form[data-part-form] button").await;
    phone.choose("#finding [name=verdict]", "right").await;
    phone.fill("failure_mode", "bearing wear").await;
    phone.click("#finding form button").await;
    phone.fill("name", "R. Ortega").await;
    phone.draw_on("#signature canvas").await;
    phone.click("#signature form button[type=submit]").await;
    waiting(phone, 4 + items).await;

    // Closed and opened again without a connection: the page and what was pressed are still there.
    phone.page.refresh().await.expect("the page comes from the phone's own store");
    waiting(phone, 4 + items).await;
    let ticked =
        format!("return document.querySelectorAll('#checklist [aria-pressed=true]').length === {items}");
    phone.holds("the ticks to be kept", &ticked).await;
    phone.click("#finish form button[type=submit]").await;
    waiting(phone, 5 + items).await;

    product.start_again().await;
    phone
        .holds(
            "the outbox to be empty",
            "return Object.keys(localStorage).filter(key => key.startsWith('mainstay-outbox:')).reduce((sum, key) => sum + JSON.parse(localStorage.getItem(key)).length, 0) === 0",
        )
        .await;
    phone.go("/my-day").await;
    phone.sees("Done").await;
}

/// The phone says how many presses it keeps.
async fn waiting(phone: &Browser, count: u64) {
    let script = format!(
        "return Object.keys(localStorage).filter(key => key.startsWith('mainstay-outbox:')).reduce((sum, key) => sum + JSON.parse(localStorage.getItem(key)).length, 0) === {count} \
        && (document.querySelector('.offline-bar')?.textContent || '').includes('{count}')"
    );
    phone.holds(&format!("{count} presses to be kept"), &script).await;
}

async fn visit_status(workshop: &Workshop, work_order: &str) -> Value {
    workshop.api.get(&format!("/work-orders/{work_order}")).await["visits"][0]["status"].clone()
}

async fn nothing_is_lost_and_nothing_doubled(workshop: &Workshop, work_order: &str) {
    let done = workshop.api.get(&format!("/work-orders/{work_order}")).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["finding"]["verdict"], "right", "{done}");
    assert!(done["signed_at"].is_string(), "{done}");
    let items = done["checklist"].as_array().expect("a list");
    assert!(!items.is_empty() && items.iter().all(|item| item["done_at"].is_string()), "{done}");
    let lines = done["lines"].as_array().expect("a list");
    assert_eq!(lines.iter().filter(|line| line["kind"] == "part").count(), 1, "{done}");
    let part = workshop.api.get(&format!("/parts/{}", id(&workshop.part))).await;
    assert_eq!(part["stock"][0]["quantity"], json!("2"), "one of three was used: {part}");
}

/// Approves, makes the invoice, issues it, takes the payment, looks at the paper.
async fn bill(desk: &Browser, work_order: &str) {
    desk.go(&format!("/work-orders/{work_order}")).await;
    desk.submit(&format!("form[action='/work-orders/{work_order}/approve'] button")).await;
    desk.go("/invoices?status=ready").await;
    desk.click(&format!("main input[value='{work_order}']")).await;
    desk.submit("main form[action='/invoices'] button[type=submit]").await;
    let invoice = desk.path().await;
    desk.submit(&format!("form[action='{invoice}/issue'] button")).await;
    desk.submit(&format!("form[action='{invoice}/payments'] button")).await;
    desk.sees("Paid").await;
    desk.go(&format!("{invoice}/print")).await;
    desk.sees("Bearing 6310").await;
    desk.sees("Harbour Hospital").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_opened_with_the_keyboard_alone() {
    let product = Mainstay::start(Demo::Off).await;
    let Some(desk) = Browser::open(&format!("http://{}", product.http), DESKTOP).await else { return };
    let workshop = Workshop::open(&product).await;
    desk.go("/sign-in").await;
    desk.tab_to("[name=email]").await;
    desk.type_keys(MANAGER_EMAIL).await;
    desk.tab_to("[name=password]").await;
    desk.type_keys(PASSWORD).await;
    desk.enter().await;

    desk.go("/tickets").await;
    desk.tab_to("main a[href='/tickets/new']").await;
    desk.enter().await;
    desk.tab_to("[name=asset_id]").await;
    desk.type_keys("CH-1").await;
    let offered = "return document.querySelector('[role=option]')?.textContent.startsWith('CH-1 ·') === true";
    desk.holds("what is found to be offered", offered).await;
    desk.type_keys("\u{e015}\u{e007}").await;
    let chosen = "const name = text => document.querySelector(`[name=asset_id${text}]`); \
        return [name('').getAttribute('aria-expanded'), name('').value === name('_seen').value, name('_exact').value]";
    assert_eq!(
        desk.ask(chosen).await,
        json!(["false", true, workshop.asset["id"]]),
        "arrow and Enter choose"
    );
    desk.tab_to("[name=subject]").await;
    desk.type_keys("Noise at night").await;
    desk.tab_to("main button[type=submit]").await;
    desk.enter().await;
    desk.sees("Noise at night").await;
    let tickets = workshop.api.all("/tickets").await;
    assert_eq!((tickets.len(), &tickets[0]["asset_id"]), (1, &workshop.asset["id"]), "{tickets:?}");
}
