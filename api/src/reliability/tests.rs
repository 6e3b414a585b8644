use crate::{alerts::tests::case, testing::TestApp};
use chrono::TimeDelta;
use domain::{
    account::Role,
    condition::{EquipmentState, state::Stretch},
    id::CustomerId,
};
use store::records::states;

#[tokio::test]
async fn figures_come_with_exposure_and_coverage() {
    let app = TestApp::new().await;
    let own = case(&app, app.customer).await;
    let foreign = case(&app, CustomerId::generate()).await;
    let now = app.now();
    let stretch = |from: i64, to: Option<i64>, state| Stretch {
        from: now - TimeDelta::hours(from),
        to: to.map(|to| now - TimeDelta::hours(to)),
        state,
        cause: None,
    };
    let log = [
        stretch(20, Some(10), EquipmentState::Up),
        stretch(10, Some(5), EquipmentState::DownUnplanned),
        stretch(5, None, EquipmentState::Up),
    ];
    let tx = app.deps.records.begin().await.expect("begin");
    states::replace(&tx, own.asset.id, &[], &log).await.expect("log");
    tx.commit().await.expect("commit");

    let customer = app.bearer(Role::Customer);
    let from = (now - TimeDelta::hours(25)).timestamp_millis();
    let path = format!("/api/v1/assets/{}/reliability?from={from}", own.asset.id);
    let answer = customer.get(&path).await.json();
    assert_eq!(answer["up_hours"].as_f64(), Some(15.0));
    assert_eq!(answer["technical_availability"].as_f64(), Some(0.75));
    assert_eq!(answer["known_coverage"].as_f64(), Some(0.8));
    assert_eq!(answer["failure_frequency"]["exposure_hours"].as_f64(), Some(15.0));
    let states = customer.get(&format!("/api/v1/assets/{}/states", own.asset.id)).await.json();
    assert_eq!(states["items"].as_array().map(Vec::len), Some(3));

    assert_eq!(customer.get(&format!("/api/v1/assets/{}/states", foreign.asset.id)).await.status, 404);
    assert_eq!(customer.get(&format!("{path}&to=nonsense")).await.status, 422);
    let technician = app.bearer(Role::Technician);
    assert_eq!(
        technician.get(&format!("/api/v1/models/{}/reliability", own.asset.model_id)).await.status,
        403
    );
}
