//! A service organisation with something on every page: one job that is paid, one that a technician has before them.

use crate::{
    job,
    workshop::{MANAGER_EMAIL, PASSWORD, TECHNICIAN_EMAIL, Workshop},
};
use serde_json::json;
use whole_system::{
    device::Device,
    http::{Api, id},
    product::{Demo, Mainstay},
};

pub const ADMIN_EMAIL: &str = "ada@example.com";
pub const CUSTOMER_EMAIL: &str = "olga@example.com";

pub struct Site {
    pub product: Mainstay,
    /// Who signs in, and the pages that they see.
    pub readers: Vec<(&'static str, Vec<String>)>,
}

/// Lists and forms of an administrator, without an id in their address.
const GENERAL: &[&str] = &[
    "/",
    "/alerts",
    "/tickets",
    "/tickets/new",
    "/work-orders",
    "/work-orders/new",
    "/dispatch",
    "/assets",
    "/assets/new",
    "/customers",
    "/customers/new",
    "/sites",
    "/sites/new",
    "/models",
    "/models/new",
    "/devices",
    "/profiles",
    "/profiles/new",
    "/parts",
    "/contracts",
    "/contracts/new",
    "/invoices",
    "/invoices?status=open",
    "/rules",
    "/rules/new",
    "/kpis",
    "/kpis/K8",
    "/connect",
    "/quarantine",
    "/settings",
    "/settings/accounts",
    "/settings/accounts/new",
    "/settings/tokens",
    "/account",
    "/menu",
];

impl Site {
    pub async fn open() -> Self {
        let product = Mainstay::start(Demo::Off).await;
        let workshop = Workshop::open(&product).await;
        let api = &workshop.api;
        product.create_account(ADMIN_EMAIL, "admin", PASSWORD, &[]);
        let customer = id(&workshop.customer);
        product.create_account(CUSTOMER_EMAIL, "customer", PASSWORD, &["--customer", customer]);

        let ticket = job::bearing_starts_to_fail(&product, &workshop).await;
        let paid = job::plan(&workshop, &ticket).await;
        job::work(&workshop, &paid).await;
        let invoice = job::invoice(&workshop, &paid).await;
        job::pay(&workshop, &invoice).await;

        let asset = id(&workshop.asset);
        let report = json!({"asset_id": asset, "subject": "Noise at night", "description": "Since Monday"});
        let second = api.post("/tickets", report).await;
        let open = job::plan(&workshop, &second).await;
        let waiting = json!({"asset_id": asset, "subject": "Yearly service", "kind": "preventive", "priority": "medium"});
        api.post("/work-orders", waiting).await;
        let warranty = json!({"asset_id": asset, "starts_on": "2024-01-01", "ends_on": "2024-12-31", "covers": ["part"]});
        api.post("/warranties", warranty).await;
        refuse_something(&product, &workshop).await;

        let alert = api.all("/alerts?show=all").await.remove(0);
        let invoice = format!("/invoices/{}", id(&invoice));
        let details = [
            format!("/alerts/{}", id(&alert)),
            format!("/tickets/{}", id(&ticket)),
            format!("/tickets/{}", id(&second)),
            format!("/work-orders/{}", paid.job),
            format!("/work-orders/{}", open.job),
            format!("/dispatch/visits/{}", open.id),
            format!("/assets/{asset}"),
            format!("/assets/{asset}/edit"),
            format!("/customers/{customer}"),
            format!("/customers/{customer}/edit"),
            format!("/sites/{}", id(&workshop.site)),
            format!("/models/{}", id(&workshop.model)),
            format!("/devices/{}", id(&workshop.device)),
            format!("/parts/{}", id(&workshop.part)),
            format!("/contracts/{}", id(&workshop.contract)),
            format!("/contracts/{}/edit", id(&workshop.contract)),
            format!("/rules/{}", id(&workshop.rule)),
            format!("/rules/{}/edit", id(&workshop.rule)),
            format!("{invoice}/print"),
            invoice,
        ];
        let office = GENERAL.iter().map(ToString::to_string).chain(details).collect();
        let phone =
            ["/my-day".into(), format!("/my-day/visits/{}", open.id), format!("/my-day/visits/{}", paid.id)];
        let portal = ["/portal".into(), format!("/portal/assets/{asset}")];
        let readers = vec![
            (ADMIN_EMAIL, office),
            (TECHNICIAN_EMAIL, phone.into()),
            (CUSTOMER_EMAIL, portal.into()),
            (MANAGER_EMAIL, vec!["/".into()]),
        ];
        Self { product, readers }
    }
}

async fn refuse_something(product: &Mainstay, workshop: &Workshop) {
    let mut device = Device::connect(product.mqtt, workshop.token(), "ch-1").await.expect("admitted");
    assert!(device.publish_raw(whole_system::device::TELEMETRY, b"{\"temperature\": 21".to_vec()).await);
    device.disconnect().await;
    seen_in_quarantine(&workshop.api, id(&workshop.device), "malformed_json").await;
}

/// Waits until the quarantine of `device` holds a refusal with this reason.
pub async fn seen_in_quarantine(api: &Api, device: &str, reason: &str) -> serde_json::Value {
    let path = format!("/quarantine?device_id={device}");
    whole_system::wait::until(
        &format!("{reason} in quarantine"),
        std::time::Duration::from_secs(10),
        || async { api.all(&path).await.into_iter().find(|item| item["reason"] == reason) },
    )
    .await
}
