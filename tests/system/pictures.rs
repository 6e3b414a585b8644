//! Pictures of the product with its demo, for the README: taken only when `MAINSTAY_SCREENSHOTS` names a folder.

use crate::{site::ADMIN_EMAIL, workshop::PASSWORD};
use std::time::Duration;
use whole_system::{
    browser::{Browser, DESKTOP, PHONE, pictures},
    http::id,
    product::{Demo, Mainstay},
    wait,
};

const DEMO_LIMIT: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_the_demo() {
    if pictures().is_none() {
        return;
    }
    let product = Mainstay::start(Demo::On).await;
    let api = product.api("admin");
    let ticket = wait::until("the demo's ticket", DEMO_LIMIT, || async {
        let open = api.get("/tickets?status=open&limit=100").await;
        open["items"].as_array()?.iter().find(|ticket| !ticket["alert_group_id"].is_null()).cloned()
    })
    .await;
    product.create_account(ADMIN_EMAIL, "admin", PASSWORD, &[]);
    let site = format!("http://{}", product.http);
    let Some(desk) = Browser::open(&site, DESKTOP).await else { return };
    desk.sign_in(ADMIN_EMAIL, PASSWORD).await;
    for (path, name) in [
        ("/".to_owned(), "overview"),
        (format!("/assets/{}", ticket["asset_id"].as_str().expect("an asset")), "asset"),
        (format!("/tickets/{}", id(&ticket)), "ticket"),
        ("/dispatch".to_owned(), "dispatch"),
    ] {
        desk.go(&path).await;
        desk.picture(name).await;
    }
    desk.go("/").await;
    desk.theme("dark").await;
    desk.picture("overview-dark").await;

    let Some(technician) = someone_with_a_day(&api).await else { return };
    let email = "tess@example.com";
    product.create_account(email, "technician", PASSWORD, &["--technician", &technician]);
    let Some(phone) = Browser::open(&site, PHONE).await else { return };
    phone.sign_in(email, PASSWORD).await;
    if phone.ask("return document.querySelector('main .agenda a') !== null").await == true {
        phone.submit("main .agenda a").await;
    }
    phone.picture("my-day").await;
}

/// A technician who has a visit today.
async fn someone_with_a_day(api: &whole_system::http::Api) -> Option<String> {
    for job in api.get("/work-orders?status=open&limit=100").await["items"].as_array()? {
        let job = api.get(&format!("/work-orders/{}", id(job))).await;
        let today = crate::job::now().date_naive().to_string();
        let visits = job["visits"].as_array()?.clone();
        let due = |visit: &&serde_json::Value| {
            visit["planned_start"].as_str().is_some_and(|at| at.starts_with(&today))
        };
        if let Some(visit) = visits.iter().find(due) {
            return visit["technician_id"].as_str().map(Into::into);
        }
    }
    None
}
