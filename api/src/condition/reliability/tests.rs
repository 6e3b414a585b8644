use crate::{condition::alerts::tests::case, testing::TestApp};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    condition::{
        EquipmentState,
        failure::{DetectedBy, Failure},
        state::Stretch,
    },
    fleet::asset::Asset,
    id::{CustomerId, DeviceId, FailureId},
    people::account::Role,
};
use store::records::{
    condition::{failures, states},
    fleet::assets,
};

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
        resumes: false,
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
    assert_eq!(customer.get(&format!("{path}&to=nonsense")).await.status, 400);
    let technician = app.bearer(Role::Technician);
    assert_eq!(
        technician.get(&format!("/api/v1/models/{}/reliability", own.asset.model_id)).await.status,
        403
    );
}

#[tokio::test]
async fn a_failure_out_of_service_is_in_no_count_and_shown_apart() {
    let app = TestApp::new().await;
    let own = case(&app, app.customer).await;
    let now = app.now();
    let hours = |hours| now - TimeDelta::hours(hours);
    let asset = Asset { in_service_from: hours(30), in_service_to: Some(hours(10)), ..own.asset };
    let failure = |at: Timestamp| Failure {
        id: FailureId::generate(),
        asset_id: asset.id,
        device_id: DeviceId::generate(),
        at,
        restored_at: Some(at + TimeDelta::hours(2)),
        code: None,
        cause: None,
        detected_by: DetectedBy::StateReport,
    };
    let log = [Stretch { from: hours(50), to: None, state: EquipmentState::Up, cause: None, resumes: false }];
    let tx = app.deps.records.begin().await.expect("begin");
    assets::update(&tx, asset.clone()).await.expect("asset");
    states::replace(&tx, asset.id, &[], &log).await.expect("log");
    // Before, at the first instant, within, at the last instant, after.
    for at in [hours(31), hours(30), hours(20), hours(10), hours(5)] {
        failures::insert(&tx, &failure(at)).await.expect("failure");
    }
    tx.commit().await.expect("commit");

    let answer =
        app.bearer(Role::Customer).get(&format!("/api/v1/assets/{}/reliability", asset.id)).await.json();
    assert_eq!(answer["failure_frequency"]["failures"].as_u64(), Some(2));
    assert_eq!(answer["failure_frequency"]["exposure_hours"].as_f64(), Some(20.0));
    assert_eq!(answer["restoration"]["restored"].as_u64(), Some(2));
    assert_eq!(answer["failures"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["failures_out_of_service"].as_array().map(Vec::len), Some(3));

    let counted = app.bearer(Role::Admin).get("/api/v1/kpis/K1?days=7").await.json();
    assert_eq!(counted["cases"].as_i64(), Some(2), "nor in the indicators");
}
