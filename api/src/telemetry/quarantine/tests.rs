use crate::{fleet::assets::fixture::of_customer, testing::TestApp};
use domain::{
    fleet::device::{Device, DeviceProfile},
    people::account::Role,
    telemetry::{Rejection, quarantine::Quarantined},
};
use store::records::{fleet::devices, telemetry::quarantine};

async fn refused(app: &TestApp) -> (Quarantined, crate::fleet::assets::fixture::Fleet) {
    let fleet = of_customer(app, app.customer, "own").await;
    let payload = br#"{"ts": 1, "values": {"<b>": 1}}"#;
    let old = Rejection::TooOld { ts: "1970".into() };
    let row = Quarantined::new(Some(fleet.device.id), "v1/devices/me/telemetry", payload, &old, app.now());
    let tx = app.deps.records.begin().await.unwrap();
    quarantine::insert(&tx, std::slice::from_ref(&row)).await.unwrap();
    tx.commit().await.unwrap();
    (row, fleet)
}

#[tokio::test]
async fn refused_messages_are_shown_with_a_reason_people_understand() {
    let app = TestApp::new().await;
    let (_, fleet) = refused(&app).await;
    let manager = app.as_role(Role::ServiceManager);
    let text = manager.get("/quarantine").await.text();
    assert!(text.contains("Time is before the year 2000") && text.contains(&fleet.device.name), "{text}");
    assert!(text.contains("&lt;b&gt;") && !text.contains("<b>\""), "payloads are escaped: {text}");
    assert!(manager.get("/quarantine?reason=too_large").await.text().contains("Nothing here"));
    assert!(manager.get("/quarantine?format=csv").await.text().contains("1970"));
    assert_eq!(app.as_role(Role::Customer).get("/quarantine").await.status, 403);
}

#[tokio::test]
async fn a_message_is_sent_through_again_once() {
    let app = TestApp::new().await;
    let (row, fleet) = refused(&app).await;
    let manager = app.as_role(Role::ServiceManager);
    for press in ["first", "the same again"] {
        let answer = manager.post_form(&format!("/quarantine/{}/replay", row.id), &[("_key", "k")]).await;
        assert_eq!((answer.status, answer.location()), (303, "/quarantine"), "{press}");
    }
    let sent: Vec<_> =
        app.ingest.0.lock().iter().map(|m| (m.device, m.received_at, m.payload.clone())).collect();
    assert_eq!(sent, [(fleet.device.id, row.received_at, row.payload.clone())]);
    assert_eq!(quarantine::get(app.deps.records.read(), row.id).await.unwrap(), None);
    let again = manager.post_form(&format!("/quarantine/{}/replay", row.id), &[]).await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn a_message_is_thrown_away_but_stays_counted() {
    let app = TestApp::new().await;
    let (row, fleet) = refused(&app).await;
    let answer = app.as_role(Role::Admin).post_form(&format!("/quarantine/{}/discard", row.id), &[]).await;
    assert_eq!(answer.status, 303);
    let db = app.deps.records.read();
    assert_eq!(quarantine::get(db, row.id).await.unwrap(), None);
    assert_eq!(
        quarantine::counts(db, domain::people::account::Actor::system().scope(), Some(fleet.device.id))
            .await
            .unwrap()[0]
            .count,
        1
    );
    assert!(app.ingest.0.lock().is_empty());
}

#[tokio::test]
async fn bytes_that_are_no_text_are_shown_as_bytes() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let alias = Rejection::UnknownAlias("9".into());
    let row =
        Quarantined::new(Some(fleet.device.id), "spBv1.0/G/NDATA/E", &[0x12, 0x02, 0xff], &alias, app.now());
    let tx = app.deps.records.begin().await.unwrap();
    quarantine::insert(&tx, &[row]).await.unwrap();
    tx.commit().await.unwrap();
    let page = app.as_role(Role::ServiceManager).get("/quarantine").await.text();
    assert!(page.contains("12 02 ff") && page.contains("no birth certificate"), "{page}");
}

#[tokio::test]
async fn a_large_message_is_kept_whole_and_any_number_goes_through_again() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let unknown = Rejection::UnknownTopic("odd".into());
    let large = vec![b'x'; 100_000];
    let row = || Quarantined::new(Some(fleet.device.id), "odd", &large, &unknown, app.now());
    let rows: Vec<_> = (0..45).map(|_| row()).collect();
    let tx = app.deps.records.begin().await.unwrap();
    quarantine::insert(&tx, &rows).await.unwrap();
    tx.commit().await.unwrap();
    let program = app.bearer(Role::Integration);
    let listed = program.get("/api/v1/quarantine").await.json();
    assert_eq!(listed["items"][0]["payload"].as_str().unwrap().len(), 16 * 1024, "its beginning");
    let one = program.get(&format!("/api/v1/quarantine/{}", rows[0].id)).await.json();
    assert_eq!(one["payload"].as_str().unwrap().len(), 100_000);
    let body = serde_json::json!({ "device_id": fleet.device.id });
    let answer = program.post_json("/api/v1/quarantine/replay", &body).await;
    assert_eq!(answer.json(), serde_json::json!({ "sent": 45, "left": 0 }));
    assert_eq!(app.ingest.0.lock().iter().filter(|message| message.payload == large).count(), 45);
}

#[tokio::test]
async fn all_of_a_device_goes_through_again_by_the_profile_that_it_has_now() {
    let app = TestApp::new().await;
    let fleet = of_customer(&app, app.customer, "own").await;
    let other = of_customer(&app, domain::id::CustomerId::generate(), "other").await;
    let unknown = Rejection::UnknownTopic("tele/x".into());
    let row = |device, payload: &[u8]| {
        Quarantined::new(Some(device), "tele/x/SENSOR", payload, &unknown, app.now())
    };
    let cut = Quarantined { payload_bytes: 99, ..row(fleet.device.id, b"{}") };
    let rows =
        [row(fleet.device.id, b"first"), row(fleet.device.id, b"second"), cut, row(other.device.id, b"x")];
    let tx = app.deps.records.begin().await.unwrap();
    quarantine::insert(&tx, &rows).await.unwrap();
    devices::update(&tx, &Device { profile: DeviceProfile::Tasmota, ..fleet.device.clone() }).await.unwrap();
    tx.commit().await.unwrap();
    let program = app.bearer(Role::Integration);
    let body = serde_json::json!({ "device_id": fleet.device.id, "reason": "unknown_topic" });
    let answer = program.post_json("/api/v1/quarantine/replay", &body).await;
    assert_eq!(answer.json(), serde_json::json!({ "sent": 2, "left": 1 }));
    let sent: Vec<_> = app.ingest.0.lock().iter().map(|m| (m.profile, m.payload.clone())).collect();
    assert_eq!(
        sent,
        [(DeviceProfile::Tasmota, b"first".to_vec()), (DeviceProfile::Tasmota, b"second".to_vec())]
    );

    let manager = app.as_role(Role::ServiceManager);
    let (path, id) = (format!("/quarantine?device_id={}", other.device.id), other.device.id.to_string());
    assert!(manager.get(&path).await.text().contains("Send all of this device through again"));
    for press in ["first", "the same again"] {
        let fields = [("device_id", id.as_str()), ("_key", "k")];
        let answer = manager.post_form("/quarantine/replay", &fields).await;
        assert_eq!((answer.status, answer.location()), (303, path.as_str()), "{press}");
    }
    assert!(manager.get(&path).await.text().contains("Nothing here"));
    assert_eq!(app.ingest.0.lock().len(), 3, "once each");
}
