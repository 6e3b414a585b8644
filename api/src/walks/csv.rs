//! Every list that offers a file, asked for it.

use crate::{
    testing::{Client, TestApp},
    walks::scope::rows::Pair,
};
use domain::fleet::customer::Buyer;
use domain::people::party::Address;
use domain::{
    Currency, clock::from_micros, fleet::customer::Customer, id::CustomerId, people::account::Role,
};
use store::records::fleet::customers;

#[tokio::test]
async fn the_file_of_sixty_customers_has_sixty_rows_and_of_more_than_a_page_all() {
    let app = TestApp::new().await;
    let tx = app.deps.records.begin().await.expect("begin");
    for number in 0..1_001 {
        customers::insert(&tx, &customer(number)).await.expect("customer");
    }
    tx.commit().await.expect("commit");
    let manager = app.as_role(Role::ServiceManager);
    let all = rows(&manager, "/customers?format=csv").await;
    let numbered = |number: usize| format!("\"Customer {number:04}\"");
    assert_eq!(all.len(), 1_001);
    assert!(all.iter().enumerate().all(|(number, row)| row.starts_with(&numbered(number))), "{all:?}");
    assert_eq!(rows(&manager, "/customers?format=csv&q=1000").await.len(), 1, "what matches");
    assert_eq!(rows(&manager, "/customers?format=csv&limit=10").await.len(), 1_001);
}

fn customer(number: usize) -> Customer {
    Customer {
        id: CustomerId::generate(),
        name: format!("Customer {number:04}"),
        tax_id: None,
        billing_address: Address::default(),
        buyer: Buyer::default(),
        email: None,
        phone: None,
        currency: Currency::EUR,
        created_at: from_micros(0),
    }
}

/// The lines of a file below its head.
async fn rows(client: &Client<'_>, path: &str) -> Vec<String> {
    let file = client.get(path).await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8"), "{path}");
    assert!(file.header("content-disposition").starts_with("attachment"), "{path}");
    file.text().lines().skip(1).map(str::to_owned).collect()
}

#[tokio::test]
async fn no_list_cuts_its_file_to_the_rows_of_one_page() {
    let app = TestApp::new().await;
    Pair::new(&app).await;
    let admin = app.as_role(Role::Admin);
    let price = serde_json::json!({ "amount": "1.00", "currency": "EUR" });
    let part = serde_json::json!({ "number": "1", "name": "Seal", "unit_price": price, "unit_cost": price });
    assert_eq!(app.bearer(Role::Admin).post_json("/api/v1/parts", &part).await.status, 201);
    let everything =
        ["/invoices?status=all", "/invoices?status=ready", "/alerts?show=all", "/contracts?status=all"]
            .map(String::from);
    let routes = crate::routes();
    let plain = routes.endpoints().iter().filter(|e| e.method == "GET" && !e.path.contains('{'));
    let plain: Vec<_> = plain.map(|endpoint| endpoint.path.to_owned()).collect();
    let mut long = Vec::new();
    for path in plain.into_iter().chain(everything) {
        // A stream never ends, and the program's endpoints have no link.
        if path == "/events" || path.starts_with("/api/") {
            continue;
        }
        let page = admin.get(&path).await;
        if !page.text().contains("format=csv") || page.text().contains("/telemetry?format=csv") {
            continue;
        }
        let ask = |query: &str| format!("{path}{}{query}", if path.contains('?') { "&" } else { "?" });
        let whole = rows(&admin, &ask("format=csv")).await;
        assert_eq!(rows(&admin, &ask("limit=1&format=csv")).await, whole, "{path}");
        if whole.len() > 1 {
            long.push(path);
        }
    }
    for list in [
        "/assets",
        "/customers",
        "/sites",
        "/models",
        "/devices",
        "/parts",
        "/tickets",
        "/work-orders",
        "/kpis",
        "/alerts?show=all",
        "/contracts?status=all",
        "/invoices?status=all",
        "/invoices?status=ready",
        "/quarantine",
    ] {
        assert!(long.iter().any(|path| path == list), "{list} has no file of two rows or more: {long:?}");
    }
}
