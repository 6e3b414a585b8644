use crate::testing::TestApp;
use domain::people::account::Role;
use serde_json::json;

#[tokio::test]
async fn customers_sites_and_models_are_made_and_changed_by_programs() {
    let app = TestApp::new().await;
    let manager = app.bearer(Role::Integration);
    let customer =
        manager.post_json("/api/v1/customers", &json!({ "name": " Nordmill ", "currency": "RON" })).await;
    assert_eq!(customer.status, 201, "{}", customer.text());
    assert_eq!(customer.json()["name"], "Nordmill");
    let id = customer.json()["id"].clone();
    let site = json!({ "customer_id": id, "name": "Brasov", "time_zone": "Europe/Bucharest" });
    let made = manager.post_json("/api/v1/sites", &site).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let taken = manager.post_json("/api/v1/sites", &site).await;
    assert_eq!(taken.json()["fields"]["name"]["code"], "name_taken");
    let zone = json!({ "customer_id": id, "name": "Cluj", "time_zone": "Mars/Olympus" });
    assert_eq!(
        manager.post_json("/api/v1/sites", &zone).await.json()["fields"]["time_zone"]["code"],
        "unknown_time_zone"
    );
    let model = json!({ "manufacturer": "Carrier", "name": "30XW", "equipment_type": "chiller" });
    assert_eq!(manager.post_json("/api/v1/models", &model).await.status, 201);
    assert_eq!(manager.post_json("/api/v1/models", &model).await.status, 422, "there is one already");
    let path = format!("/api/v1/customers/{}", id.as_str().unwrap());
    let changed = manager.put_json(&path, &json!({ "name": "Nordmill SA" })).await.json();
    assert_eq!((changed["name"].clone(), changed["currency"].clone()), (json!("Nordmill SA"), json!("RON")));
    assert_eq!(
        manager.post_json("/api/v1/customers", &json!({ "name": "X", "currency": "euro" })).await.status,
        422
    );
    assert_eq!(app.bearer(Role::Customer).get("/api/v1/customers").await.status, 403);
    assert_eq!(app.bearer(Role::Warehouse).post_json("/api/v1/models", &model).await.status, 403);
}

#[tokio::test]
async fn the_pages_of_master_data_open_and_save() {
    let app = TestApp::new().await;
    let manager = app.as_role(Role::ServiceManager);
    let made = manager.post_form("/customers", &[("name", "Mercato"), ("email", "a@b.it")]).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.location().to_owned();
    assert!(manager.get(&path).await.text().contains("a@b.it"));
    let edit = manager.get(&format!("{path}/edit")).await.text();
    assert!(edit.contains("Mercato"), "{edit}");
    assert_eq!(manager.post_form(&path, &[("name", "Mercato"), ("email", "nonsense")]).await.status, 422);
    let customer = path.rsplit('/').next().unwrap();
    let site = manager
        .post_form("/sites", &[("customer_id", customer), ("name", "Torino"), ("latitude", "45,o7")])
        .await;
    assert_eq!(site.status, 422, "a latitude is a number");
    assert!(site.text().contains("45,o7"));
    let site = manager.post_form("/sites", &[("customer_id", customer), ("name", "Torino")]).await;
    assert_eq!(site.status, 303, "{}", site.text());
    let fields = [("manufacturer", "Daikin"), ("name", "EWAD"), ("equipment_type", "chiller")];
    assert_eq!(manager.post_form("/models", &fields).await.status, 303);
    for (path, part) in [("/customers", "Mercato"), ("/sites", "Torino"), ("/models", "EWAD")] {
        assert!(manager.get(path).await.text().contains(part), "{path}");
        assert!(manager.get(&format!("{path}?format=csv")).await.text().contains(part), "{path}");
        assert_eq!(manager.get(&format!("{path}/new")).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn an_address_is_kept_in_its_parts_and_what_was_typed_stays_when_one_is_wrong() {
    let app = TestApp::new().await;
    let manager = app.as_role(Role::ServiceManager);
    let typed = |country: &'static str| {
        [
            ("name", "Officine"),
            ("street", "Via dei Tornitori 45"),
            ("postal_code", "10156"),
            ("city", "Torino"),
            ("country", country),
            ("scheme", "0201"),
            ("identifier", "ABC1234"),
            ("category", "reverse_charge"),
        ]
    };
    let refused = manager.post_form("/customers", &typed("Italia")).await;
    assert_eq!(refused.status, 422);
    for kept in [r#"value="Italia""#, r#"value="0201""#, "Via dei Tornitori 45", "two letters of a country"] {
        assert!(refused.text().contains(kept), "{kept}: {}", refused.text());
    }
    let made = manager.post_form("/customers", &typed("it")).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.location().to_owned();
    let edit = manager.get(&format!("{path}/edit")).await.text();
    assert!(edit.contains(r#"value="IT""#) && edit.contains(r#"value="ABC1234""#), "{edit}");
    let kept = manager.get(&format!("/api/v1{path}")).await.json();
    let address = json!({ "street": "Via dei Tornitori 45", "city": "Torino", "postal_code": "10156", "region": "", "country": "IT" });
    assert_eq!(
        (&kept["billing_address"], &kept["buyer"]["tax"]["category"]),
        (&address, &json!("reverse_charge"))
    );
    // A program may still send the whole as text.
    let program = app.bearer(Role::Integration);
    let text = json!({ "name": "Officine", "billing_address": "Via 1\nTorino" });
    assert_eq!(
        program.put_json(&format!("/api/v1{path}"), &text).await.json()["billing_address"]["street"],
        "Via 1\nTorino"
    );
    let wrong =
        json!({ "name": "Officine", "buyer": { "electronic_address": { "scheme": "x", "identifier": "" } } });
    let wrong = program.put_json(&format!("/api/v1{path}"), &wrong).await.json();
    assert_eq!(wrong["fields"]["buyer.electronic_address.scheme"]["code"], "invalid_scheme");
    assert_eq!(wrong["fields"]["buyer.electronic_address.identifier"]["code"], "required");
}
