//! Tickets through the real router, and from alerts: at most one a group.

use super::reactions::follow_alerts;
use crate::work_orders::tests::{Plant, id};
use domain::{
    Timestamp,
    account::Role::{Agent, Customer, Technician},
    condition::{
        Severity,
        alert::{Alert, AlertGroup},
    },
    event::{DomainEvent, Recorded},
    id::{AlertGroupId, AlertId, DeviceId, EventId, RuleId},
};
use serde_json::json;
use store::records::{alerts, tickets};

#[tokio::test]
async fn a_ticket_is_opened_triaged_resolved_closed_and_reopened() {
    let plant = Plant::new().await;
    let desk = plant.app.as_role(Agent);
    let asset = plant.asset.to_string();
    let typed = [("asset_id", asset.as_str()), ("subject", ""), ("description", "It hums")];
    let refused = desk.post_form("/tickets", &typed).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("It hums") && refused.text().contains("Please fill in this field."));
    let form = [("asset_id", asset.as_str()), ("subject", "It hums"), ("priority", "high")];
    let made = desk.post_form("/tickets", &form).await;
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.location().to_string();
    let page = desk.get(&path).await;
    assert!(page.status == 200 && page.text().contains("T-1001") && page.text().contains("CH-204"));
    for (action, status) in [("triage", 303), ("triage", 409), ("wait-parts", 303), ("close", 409)] {
        assert_eq!(desk.post_form(&format!("{path}/{action}"), &[]).await.status, status, "{action}");
    }
    let blind = desk.post_form(&format!("{path}/resolve"), &[("note", "kept text")]).await;
    assert!(blind.status == 422 && blind.text().contains("kept text"));
    assert_eq!(desk.post_form(&format!("{path}/resolve"), &[("resolution", "remote")]).await.status, 303);
    assert_eq!(desk.post_form(&format!("{path}/close"), &[]).await.status, 303);
    assert_eq!(desk.post_form(&format!("{path}/reopen"), &[("note", "again")]).await.status, 303);
    let json = desk.get(&format!("/api/v1{path}")).await.json();
    assert_eq!(
        (json["status"].as_str(), json["reopened_at"].as_array().map(Vec::len)),
        (Some("reopened"), Some(1))
    );
    assert!(json["first_response_at"].is_string());
    let list = desk.get("/tickets?status=open&priority=high").await.text();
    assert!(list.contains("T-1001"));
    assert!(desk.get("/tickets?status=closed").await.text().contains("No tickets match."));
}

#[tokio::test]
async fn a_customer_sees_and_opens_own_tickets_only() {
    let plant = Plant::new().await;
    let body = json!({"asset_id": plant.asset, "subject": "Too warm"});
    let own = plant.app.bearer(Customer).post_json("/api/v1/tickets", &body).await;
    assert_eq!((own.status, own.json()["source"].as_str()), (201, Some("customer")));
    assert_eq!(
        plant.app.bearer(Customer).get(&format!("/api/v1/tickets/{}", id(&own.json()))).await.status,
        200
    );
    let triage = format!("/api/v1/tickets/{}/triage", id(&own.json()));
    assert_eq!(plant.app.bearer(Customer).post_json(&triage, &json!({})).await.status, 403);
    assert_eq!(plant.app.bearer(Technician).get("/api/v1/tickets").await.status, 403);

    // The signed-in customer owns nothing in another product.
    let other = Plant::new().await;
    let elsewhere = json!({"asset_id": uuid::Uuid::now_v7(), "subject": "Not mine"});
    let refused = other.app.bearer(Customer).post_json("/api/v1/tickets", &elsewhere).await;
    assert_eq!(
        (refused.status, refused.json()["fields"]["asset_id"].as_str()),
        (422, Some("service-no-asset"))
    );
}

#[tokio::test]
async fn priority_is_overridden_with_a_reason_and_the_change_is_kept() {
    let plant = Plant::new().await;
    let desk = plant.app.as_role(Agent);
    let made =
        desk.post_json("/api/v1/tickets", &json!({"asset_id": plant.asset, "subject": "x"})).await.json();
    let path = format!("/tickets/{}/priority", id(&made));
    assert_eq!(desk.post_form(&path, &[("priority", "critical")]).await.status, 422, "a reason is needed");
    assert_eq!(
        desk.post_form(&path, &[("priority", "critical"), ("note", "operating theatre")]).await.status,
        303
    );
    let page = desk.get(&format!("/tickets/{}", id(&made))).await.text();
    assert!(page.contains("medium → critical: operating theatre"));
}

fn raised(plant: &Plant, group: AlertGroupId, severity: Severity) -> (Alert, Recorded) {
    let at = plant.app.now();
    let alert = Alert {
        id: AlertId::generate(),
        group_id: group,
        asset_id: plant.asset,
        device_id: DeviceId::generate(),
        rule_id: RuleId::generate(),
        rule_version: 1,
        severity,
        raised_at: at - chrono::TimeDelta::minutes(10),
        noticed_at: at,
        cleared_at: None,
        acknowledged: None,
        dismissed: None,
        historical: false,
        suppressed: false,
        opens_ticket: true,
        failure_id: None,
        money_at_risk: None,
    };
    let event = DomainEvent::AlertRaised { alert: alert.id, group, asset: plant.asset, opens_ticket: true };
    (alert, Recorded { id: EventId::generate(), at, event })
}

async fn group(plant: &Plant) -> AlertGroupId {
    let id = AlertGroupId::generate();
    let group = AlertGroup {
        id,
        asset_id: plant.asset,
        opened_at: plant.app.now(),
        severity: Severity::Warning,
        historical: false,
        cleared_at: None,
        closed_at: None,
        ticket_id: None,
        ticket_open: false,
        verdict: None,
    };
    let tx = plant.app.deps.records.begin().await.expect("begin");
    alerts::insert_group(&tx, &group).await.expect("group");
    tx.commit().await.expect("commit");
    id
}

async fn react(plant: &Plant, alert: Option<&Alert>, recorded: &Recorded) {
    let tx = plant.app.deps.records.begin().await.expect("begin");
    if let Some(alert) = alert {
        alerts::insert(&tx, alert).await.expect("alert");
    }
    follow_alerts(&tx, recorded, plant.app.now()).await.expect("reaction");
    tx.commit().await.expect("commit");
}

#[tokio::test]
async fn an_alert_group_opens_one_ticket_whatever_is_delivered_twice() {
    let plant = Plant::new().await;
    let group = group(&plant).await;
    let (first, event) = raised(&plant, group, Severity::Info);
    react(&plant, Some(&first), &event).await;
    react(&plant, None, &event).await;
    let (second, worse) = raised(&plant, group, Severity::Critical);
    react(&plant, Some(&second), &worse).await;
    let db = plant.app.deps.records.read();
    assert_eq!(tickets::count(db, &tickets::Filter::default()).await.expect("count"), 1);
    let ticket = tickets::find_by_alert_group(db, group).await.expect("read").expect("ticket");
    assert_eq!((ticket.fault_at, ticket.priority.as_str()), (Some(first.raised_at), "critical"));
    let known = alerts::group(db, group).await.expect("read").expect("group");
    assert_eq!((known.ticket_id, known.ticket_open), (Some(ticket.id), true));
    let page = plant.app.as_role(Agent).get(&format!("/tickets/{}", ticket.id)).await.text();
    assert!(page.contains("an hour of downtime costs") && page.contains("Another alert of the same group"));
}

fn all_clear(plant: &Plant, group: AlertGroupId, at: Timestamp) -> Recorded {
    let event = DomainEvent::AlertGroupCleared { group, asset: plant.asset, at };
    Recorded { id: EventId::generate(), at, event }
}

/// What analytics does before it says that all is clear.
async fn clear(plant: &Plant, id: AlertGroupId, at: Timestamp) {
    let tx = plant.app.deps.records.begin().await.expect("begin");
    let group = alerts::group(&tx, id).await.expect("read").expect("group");
    alerts::update_group(&tx, &AlertGroup { cleared_at: Some(at), ..group }).await.expect("clear");
    tx.commit().await.expect("commit");
}

#[tokio::test]
async fn a_condition_that_goes_away_resolves_only_a_ticket_that_nobody_was_sent_for() {
    let plant = Plant::new().await;
    let db = plant.app.deps.records.read();
    for sent in [false, true] {
        let group = group(&plant).await;
        let (alert, event) = raised(&plant, group, Severity::Major);
        react(&plant, Some(&alert), &event).await;
        let ticket = tickets::find_by_alert_group(db, group).await.expect("read").expect("ticket");
        if sent {
            let path = format!("/api/v1/tickets/{}/work-order", ticket.id);
            let made = plant.app.as_role(Agent).post_json(&path, &json!({})).await;
            assert_eq!(made.status, 201, "{}", made.text());
        }
        let at = plant.app.now();
        clear(&plant, group, at).await;
        react(&plant, None, &all_clear(&plant, group, at)).await;
        let ticket = tickets::find_by_alert_group(db, group).await.expect("read").expect("ticket");
        let expected = if sent { "work_order_open" } else { "resolved" };
        assert_eq!((ticket.state.as_str(), ticket.restored_at), (expected, Some(at)));
    }
}

#[tokio::test]
async fn two_tickets_never_are_duplicates_of_each_other_and_a_wrong_mark_is_taken_back() {
    let plant = Plant::new().await;
    let desk = plant.app.as_role(Agent);
    let mut made = vec![];
    for subject in ["Noise", "It hums", "Loud"] {
        let body = json!({"asset_id": plant.asset, "subject": subject});
        made.push(desk.post_json("/api/v1/tickets", &body).await.json());
    }
    let mark = async |one: usize, other: usize| {
        let path = format!("/api/v1/tickets/{}/duplicate", id(&made[one]));
        desk.post_json(&path, &json!({"of": made[other]["number"]})).await
    };
    assert_eq!(mark(0, 1).await.status, 200);
    let circle = mark(1, 0).await;
    assert_eq!((circle.status, circle.json()["code"].as_str()), (409, Some("duplicate_of_duplicate")));
    assert_eq!(mark(1, 2).await.status, 200);
    assert_eq!(mark(2, 0).await.status, 409, "a longer circle is one too");
    assert_eq!(mark(2, 2).await.status, 422);

    let page = desk.get(&format!("/tickets/{}", id(&made[0]))).await.text();
    assert!(page.contains("It is no duplicate"));
    let undo = format!("/api/v1/tickets/{}/undo-duplicate", id(&made[0]));
    let undone = desk.post_json(&undo, &json!({})).await;
    assert_eq!(
        (undone.status, undone.json()["status"].as_str()),
        (200, Some("triaged")),
        "{}",
        undone.text()
    );
    assert!(undone.json()["duplicate_of"].is_null());
    assert_eq!(desk.post_json(&undo, &json!({})).await.status, 409);
}
