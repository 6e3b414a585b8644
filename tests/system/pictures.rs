//! Pictures of the product with its demo, for the README: taken only when `MAINSTAY_SCREENSHOTS` names a folder.

use crate::{
    site::ADMIN_EMAIL,
    workshop::{PASSWORD, TECHNICIAN_EMAIL},
};
use serde_json::{Value, json};
use std::time::Duration;
use whole_system::{
    browser::{Browser, DESKTOP, PHONE, pictures},
    http::id,
    product::{Demo, Mainstay},
    wait,
};

/// Loading takes seconds; the live fleet opens its first ticket within five minutes.
const DEMO_LIMIT: Duration = Duration::from_secs(330);

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_the_demo() {
    if pictures().is_none() {
        return;
    }
    let product = Mainstay::start(Demo::On).await;
    wait::until("the demo", DEMO_LIMIT, || async {
        product.log().contains("the demo is loaded").then_some(())
    })
    .await;
    let api = product.api("admin");
    let ticket = wait::until("a ticket of the live fleet", DEMO_LIMIT, || async {
        let open = api.get("/tickets?status=open&limit=100").await;
        let waits = |ticket: &&Value| ticket["source"] == "automatic" && ticket["work_order_id"].is_null();
        open["items"].as_array()?.iter().find(waits).cloned()
    })
    .await;
    product.create_account(ADMIN_EMAIL, "admin", PASSWORD, &[]);
    let site = format!("http://{}", product.http);
    let Some(desk) = Browser::open(&site, DESKTOP).await else { return };
    desk.sign_in(ADMIN_EMAIL, PASSWORD).await;
    let asset = ticket["asset_id"].as_str().expect("an asset");
    for (path, name) in [
        ("/".to_owned(), "overview"),
        (format!("/assets/{asset}"), "asset"),
        (format!("/tickets/{}", id(&ticket)), "ticket"),
    ] {
        desk.go(&path).await;
        desk.picture(name).await;
    }
    desk.go("/").await;
    desk.theme("dark").await;
    desk.picture("overview-dark").await;
    desk.theme("light").await;

    let technician = api.get("/technicians").await["items"][0]["id"].as_str().expect("an id").to_owned();
    let job = api.post(&format!("/tickets/{}/work-order", id(&ticket)), json!({})).await;
    let booking = json!({"technician_id": technician, "start": crate::job::now(), "minutes": 90});
    let visit = api.post(&format!("/work-orders/{}/visits", id(&job)), booking).await;
    desk.go("/dispatch").await;
    desk.picture("dispatch").await;
    product.create_account(TECHNICIAN_EMAIL, "technician", PASSWORD, &["--technician", &technician]);
    let Some(phone) = Browser::open(&site, PHONE).await else { return };
    phone.sign_in(TECHNICIAN_EMAIL, PASSWORD).await;
    phone.go(&format!("/my-day/visits/{}", id(&visit))).await;
    phone.picture("my-day").await;
}
