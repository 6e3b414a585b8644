use crate::{money::billing::tests::place, testing::TestApp};
use domain::{id::CustomerId, people::account::Role};
use store::records::work::tickets;

#[tokio::test]
async fn a_customer_sees_own_equipment_and_reports_a_fault_once() {
    let app = TestApp::new().await;
    let own = place(&app, app.customer, "Own").await;
    let other = place(&app, CustomerId::generate(), "Other").await;
    let customer = app.as_role(Role::Customer);
    let home = customer.get("/portal").await;
    assert_eq!(home.status, 200, "{}", home.text());
    assert!(home.text().contains("CH-Own") && !home.text().contains("CH-Other"));
    assert_eq!(customer.get(&format!("/portal/assets/{}", other.asset.id)).await.status, 404);
    let foreign = format!("/portal/assets/{}/report", other.asset.id);
    assert_eq!(customer.post_form(&foreign, &[("subject", "Noise")]).await.status, 404);
    let path = format!("/portal/assets/{}/report", own.asset.id);
    assert_eq!(
        customer.post_form(&path, &[("subject", ""), ("description", "since noon")]).await.status,
        422
    );
    for _ in 0..2 {
        let sent = customer.post_form(&path, &[("subject", "Loud noise"), ("_key", "same-key")]).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
    }
    let found = tickets::open_for_asset(
        app.deps.records.read(),
        domain::people::account::Actor::system().scope(),
        own.asset.id,
    )
    .await
    .expect("tickets");
    assert_eq!(found.len(), 1);
    assert!(customer.get("/portal").await.text().contains("Loud noise"));
    assert_eq!(app.as_role(Role::Admin).get("/portal").await.status, 403);
}
