use super::{
    feed::{tell, topics_of},
    *,
};
use crate::{
    testing::TestApp,
    walks::scope::rows::{Pair, Rows},
};
use axum::{body::Body, http::Method};
use domain::fleet::customer::Buyer;
use domain::people::party::Address;
use domain::{
    Currency, Timestamp,
    event::DomainEvent,
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        device::{Device, DeviceProfile},
        model::Model,
        site::Site,
    },
    id::{AlertGroupId, ApiTokenId, AssetId, CustomerId, ModelId, SiteId, VisitId},
    people::account::{Actor, Identity, Scope},
    telemetry::{Batch, Sample},
};
use std::{collections::HashSet, time::Instant};
use store::{
    records::fleet::{assets, customers, models},
    telemetry::append,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

fn everything() -> Scope {
    Actor::system().scope()
}

#[test]
fn between_one_and_many_topics_are_read_each_once() {
    assert!(read_topics(vec![]).is_err());
    assert_eq!(
        read_topics(vec!["tickets", "tickets", "", "alerts"]).map(|topics| topics.len()).ok(),
        Some(2)
    );
}

/// A customer's asset with one device.
async fn device_of(app: &TestApp, customer: CustomerId) -> (AssetId, DeviceId) {
    let tx = app.deps.records.begin().await.expect("begin");
    let at: Timestamp = app.now();
    let owner = Customer {
        id: customer,
        name: "Owner".into(),
        email: None,
        phone: None,
        tax_id: None,
        billing_address: Address::default(),
        buyer: Buyer::default(),
        currency: Currency::EUR,
        created_at: at,
    };
    customers::insert(&tx, &owner).await.expect("customer");
    let model = Model {
        id: ModelId::generate(),
        manufacturer: "M".into(),
        name: "One".into(),
        equipment_type: "pump".into(),
    };
    models::insert(&tx, &model).await.expect("model");
    let site = Site {
        id: SiteId::generate(),
        customer_id: customer,
        territory_id: None,
        name: "Plant".into(),
        address: String::new(),
        latitude: None,
        longitude: None,
        time_zone: "UTC".into(),
        access_notes: None,
    };
    store::records::fleet::sites::insert(&tx, &site).await.expect("site");
    let asset = Asset {
        id: AssetId::generate(),
        customer_id: customer,
        site_id: site.id,
        model_id: model.id,
        name: "P-1".into(),
        serial_number: "1".into(),
        functional_location: None,
        criticality: Criticality::Medium,
        in_service_from: at,
        in_service_to: None,
        downtime_cost_per_hour: None,
        version: 1,
    };
    assets::insert(&tx, &asset).await.expect("asset");
    let device = Device {
        id: DeviceId::generate(),
        asset_id: Some(asset.id),
        name: "d".into(),
        profile: DeviceProfile::Thingsboard,
        profile_id: None,
        gateway_id: None,
        created_at: at,
        revoked_at: None,
    };
    devices::insert(&tx, &device, "hash".into()).await.expect("device");
    tx.commit().await.expect("commit");
    (asset.id, device.id)
}

async fn next_text(body: &mut (impl Stream<Item = Result<bytes::Bytes, axum::Error>> + Unpin)) -> String {
    let next = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect("an event in time");
    String::from_utf8(next.expect("not ended").expect("no error").to_vec()).expect("UTF-8")
}

#[tokio::test]
async fn samples_and_changes_reach_the_open_page_at_once() {
    let app = TestApp::new().await;
    let (asset, device) = device_of(&app, app.customer).await;
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(run(app.deps.clone(), stop.clone()));
    tokio::task::yield_now().await;

    let path = format!("/events?topics=asset:{asset},tickets");
    let request =
        app.as_role(Role::Customer).request(Method::GET, &path).body(Body::empty()).expect("request");
    let response = app.open(request).await;
    assert_eq!(response.status(), 200);
    let mut body = response.into_body().into_data_stream();
    assert!(next_text(&mut body).await.contains("event: hello"));

    let began = Instant::now();
    let sample = Sample { device, metric: "temperature".into(), ts_us: 1_000_000, value: 21.5 };
    append(&*app.deps.telemetry, Batch { samples: vec![sample], ..Batch::default() }).await.expect("append");
    let told = next_text(&mut body).await;
    let waited = began.elapsed();
    assert!(waited < Duration::from_secs(2), "live values must not wait for a poll: {waited:?}");
    println!("from append to event: {waited:?}");
    assert!(told.contains(&format!("event: asset:{asset}")), "{told}");
    assert!(told.contains(r#""samples":[["temperature",1000,21.5]]"#), "{told}");

    let ticket = serde_json::json!({ "asset_id": asset.to_string(), "subject": "Hot" });
    assert_eq!(app.bearer(Role::Admin).post_json("/api/v1/tickets", &ticket).await.status, 201);
    let told = next_text(&mut body).await;
    assert!(told.contains("event: tickets") && told.contains("ticket_opened"), "{told}");

    stop.cancel();
    tasks.join_next().await.expect("one task").expect("no panic");
    let end = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect("in time");
    assert!(end.is_none(), "streams end when the product stops");
}

#[tokio::test]
async fn nobody_hears_what_they_may_not_see() {
    let app = TestApp::new().await;
    let (asset, device) = device_of(&app, CustomerId::generate()).await;
    let customer = app.as_role(Role::Customer);
    assert_eq!(customer.get(&format!("/events?topics=asset:{asset}")).await.status, 404);
    assert_eq!(customer.get(&format!("/events?topics=device:{device}")).await.status, 404);
    let technician = app.as_role(Role::Technician);
    assert_eq!(technician.get(&format!("/events?topics=asset:{asset}")).await.status, 404);
    assert_eq!(technician.get(&format!("/events?topics=device:{device}")).await.status, 404);
    assert_eq!(customer.get("/events?topics=overview").await.status, 403);
    assert_eq!(customer.get("/events?topics=nonsense").await.status, 400);
    assert_eq!(app.anonymous().get("/events?topics=tickets").await.status, 401);
}

/// Every kind of event, about the rows of one customer.
fn events_about(rows: &Rows) -> Vec<DomainEvent> {
    let (alert, asset, group) =
        (rows.alert.parse().expect("id"), rows.asset.parse().expect("id"), AlertGroupId::generate());
    let (ticket, invoice) = (rows.ticket.parse().expect("id"), rows.invoice.parse().expect("id"));
    let work_order = rows.work.parse().expect("id");
    vec![
        DomainEvent::AlertRaised { alert, group, asset, opens_ticket: true },
        DomainEvent::AlertCleared { alert, group, asset },
        DomainEvent::AlertGroupCleared { group, asset, at: Timestamp::default() },
        DomainEvent::AlertGroupsMerged { from: group, into: group, asset },
        DomainEvent::TicketOpened { ticket },
        DomainEvent::TicketResolved { ticket },
        DomainEvent::WorkOrderCreated { work_order },
        DomainEvent::WorkOrderCompleted { work_order },
        DomainEvent::WorkOrderApproved { work_order },
        DomainEvent::WorkOrderChanged { work_order },
        DomainEvent::VisitChanged { visit: VisitId::generate(), work_order },
        DomainEvent::InvoiceChanged { invoice },
        DomainEvent::InvoiceIssued { invoice },
        DomainEvent::InvoicePaid { invoice },
        DomainEvent::InvoiceCredited { invoice },
    ]
}

#[tokio::test]
async fn a_bound_reader_hears_nothing_of_what_happens_to_a_stranger() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let of_role = |role, customer, technician| {
        Actor { identity: Identity::ApiToken(ApiTokenId::generate()), role, customer, technician }.scope()
    };
    let program = of_role(Role::Integration, Some(app.customer), None);
    let customer = of_role(Role::Customer, Some(app.customer), None);
    let technician = of_role(Role::Technician, None, Some(app.technician));
    let lists = [Topic::Alerts, Topic::Tickets, Topic::WorkOrders, Topic::Invoices, Topic::Overview];
    let live = &app.deps.shell.live;
    let mut heard = HashSet::new();
    for (who, scope) in [
        ("everybody", everything()),
        ("program", program),
        ("customer", customer),
        ("technician", technician),
    ] {
        let mut stream = live.subscribe(scope, &lists, &[]).expect("room");
        for (rows, own) in [(&pair.theirs, false), (&pair.ours, true)] {
            for event in events_about(rows) {
                tell(&app.deps, &event).await.expect("told");
                let told = std::iter::from_fn(|| stream.messages.try_recv().ok()).count();
                let expected = topics_of(&event).iter().filter(|topic| lists.contains(topic)).count();
                match who {
                    "everybody" => assert_eq!(told, expected, "{event:?}"),
                    _ if !own => assert_eq!(told, 0, "a {who} hears of {event:?}"),
                    "technician" => {}
                    _ => assert_eq!(told, expected, "a {who} does not hear of {event:?}"),
                }
                if told > 0 {
                    heard.insert((who, own, event.kind()));
                }
            }
        }
    }
    assert!(heard.contains(&("technician", true, "visit_changed")), "{heard:?}");
}
