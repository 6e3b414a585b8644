//! The warehouse through the real router.

use crate::work::work_orders::tests::Plant;
use domain::people::account::Role::{Dispatcher, Technician, Warehouse};
use rust_decimal::Decimal;
use serde_json::json;
use store::records::work::stock;

#[tokio::test]
async fn stock_is_delivered_moved_and_counted_once() {
    let plant = Plant::new().await;
    let keeper = plant.app.as_role(Warehouse);
    let (store, van) = (plant.store.to_string(), plant.van.to_string());
    let path = format!("/parts/{}", plant.part);
    let delivery = [("_key", "d-1"), ("to", store.as_str()), ("quantity", "10")];
    for _ in 0..2 {
        assert_eq!(keeper.post_form(&format!("{path}/move"), &delivery).await.status, 303);
    }
    let level =
        async |place| stock::level(plant.app.deps.records.read(), place, plant.part).await.expect("level");
    assert_eq!(level(plant.store).await, Decimal::from(10));
    let transfer = [("from", store.as_str()), ("to", van.as_str()), ("quantity", "9")];
    assert_eq!(keeper.post_form(&format!("{path}/move"), &transfer).await.status, 303);
    assert_eq!((level(plant.store).await, level(plant.van).await), (Decimal::from(1), Decimal::from(13)));
    let page = keeper.get("/parts").await.text();
    assert!(page.contains("Order again"), "one is left, two is the reorder point");
    let short = keeper.post_form(&format!("{path}/move"), &transfer).await;
    assert_eq!(short.status, 409);
    assert!(short.text().contains("There is not enough") && short.text().contains("value=\"9\""));
    let counted = [("location_id", store.as_str()), ("counted", "0"), ("note", "broken")];
    assert_eq!(keeper.post_form(&format!("{path}/count"), &counted).await.status, 303);
    assert_eq!(level(plant.store).await, Decimal::ZERO);
    assert!(keeper.get(&path).await.text().contains("broken"));
}

#[tokio::test]
async fn costs_and_movements_are_not_for_everybody() {
    let plant = Plant::new().await;
    let seen = plant.app.bearer(Technician).get(&format!("/api/v1/parts/{}", plant.part)).await.json();
    assert!(seen.get("unit_cost").is_none() && seen["unit_price"]["amount"] == "48.50");
    assert_eq!(seen["stock"][0]["quantity"], "4");
    let body = json!({"part_id": plant.part, "to": plant.store, "quantity": "1"});
    assert_eq!(plant.app.bearer(Technician).post_json("/api/v1/stock-movements", &body).await.status, 403);
    assert_eq!(plant.app.bearer(Dispatcher).post_json("/api/v1/stock-movements", &body).await.status, 403);
    assert_eq!(plant.app.bearer(Warehouse).post_json("/api/v1/stock-movements", &body).await.status, 201);
    let nowhere = json!({"part_id": plant.part, "quantity": "1"});
    let refused = plant.app.bearer(Warehouse).post_json("/api/v1/stock-movements", &nowhere).await;
    assert_eq!(refused.status, 422);
    let taken = json!({"number": "6310-2RS", "name": "x", "unit_price": {"amount": "1.00", "currency": "EUR"},
        "unit_cost": {"amount": "1.00", "currency": "EUR"}});
    let refused = plant.app.bearer(Warehouse).post_json("/api/v1/parts", &taken).await;
    assert_eq!(
        (refused.status, refused.json()["fields"]["number"]["code"].as_str()),
        (422, Some("number_taken"))
    );
    let dollars = json!({"number": "NEW-1", "name": "x", "unit_price": {"amount": "1.00", "currency": "USD"},
        "unit_cost": {"amount": "1.00", "currency": "USD"}});
    let refused = plant.app.bearer(Warehouse).post_json("/api/v1/parts", &dollars).await;
    assert_eq!((refused.status, refused.json()["fields"]["unit_price"]["code"].is_string()), (422, true));
}
