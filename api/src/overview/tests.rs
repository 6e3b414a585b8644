use crate::{
    billing::tests::{approved_job, place, react},
    testing::TestApp,
};
use domain::account::Role;

#[tokio::test]
async fn the_overview_shows_what_was_recorded() {
    let app = TestApp::new().await;
    let place = place(&app, app.customer, "Nordmill").await;
    approved_job(&app, &place, "WO-1").await;
    react(&app).await;
    for role in
        [Role::Admin, Role::ServiceManager, Role::Dispatcher, Role::Agent, Role::Billing, Role::Warehouse]
    {
        let page = app.as_role(role).get("/").await;
        assert_eq!(page.status, 200, "{role}: {}", page.text());
        assert!(page.text().contains("Nordmill site") && page.text().contains("180.00"), "{}", page.text());
    }
    let panel = app.as_role(Role::Admin).get("/overview/intake?since=0&samples=0").await;
    assert!(panel.status == 200 && panel.text().contains("overview-intake"));
}

#[tokio::test]
async fn technicians_and_customers_are_led_to_their_own_home() {
    let app = TestApp::new().await;
    assert_eq!(app.as_role(Role::Technician).get("/").await.location(), "/my-day");
    assert_eq!(app.as_role(Role::Customer).get("/").await.location(), "/portal");
    assert_eq!(app.as_role(Role::Customer).get("/overview/intake").await.status, 403);
}
