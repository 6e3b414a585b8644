//! Tickets through the real router, and from alerts: at most one a group.

use crate::work::work_orders::tests::{Plant, id};
use domain::{
    Timestamp,
    condition::{
        Severity,
        alert::{Alert, AlertGroup, ClearReason},
    },
    event::{DomainEvent, Recorded},
    id::{AlertGroupId, AlertId, DeviceId, EventId, RuleId},
    people::account::Role::{Agent, Customer, Technician},
    work::ticket::{Resolution, Ticket, TicketState},
};
use serde_json::json;
use service::work::tickets::reactions::follow_alerts;
use store::records::{condition::alerts, work::tickets};

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
        (refused.status, refused.json()["fields"]["asset_id"]["code"].as_str()),
        (422, Some("unknown_asset"))
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

pub(crate) fn raised(plant: &Plant, group: AlertGroupId, severity: Severity) -> (Alert, Recorded) {
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
        clear_reason: None,
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

pub(crate) async fn group(plant: &Plant) -> AlertGroupId {
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

pub(super) async fn react(plant: &Plant, alert: Option<&Alert>, recorded: &Recorded) {
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
    assert_eq!(
        tickets::count(db, domain::people::account::Actor::system().scope(), &tickets::Filter::default())
            .await
            .expect("count"),
        1
    );
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
        let tx = plant.app.deps.records.begin().await.expect("begin");
        let cleared = alert.clear(at, ClearReason::Condition).expect("it stands");
        alerts::update(&tx, &cleared).await.expect("cleared");
        tx.commit().await.expect("commit");
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

/// What analytics does, as far as tickets see it, and the events that wait for the reaction.
struct Analytics<'a> {
    plant: &'a Plant,
    group: AlertGroupId,
    waiting: std::collections::VecDeque<Recorded>,
}

impl<'a> Analytics<'a> {
    async fn new(plant: &'a Plant) -> Self {
        Self { plant, group: group(plant).await, waiting: std::collections::VecDeque::new() }
    }
    async fn alerts(&self) -> Vec<Alert> {
        alerts::of_group(self.plant.app.deps.records.read(), self.group).await.expect("read")
    }
    async fn raise(&mut self) {
        self.plant.app.clock.advance(chrono::TimeDelta::minutes(1));
        let (alert, event) = raised(self.plant, self.group, Severity::Major);
        let alert = Alert { raised_at: self.plant.app.now(), ..alert };
        let tx = self.plant.app.deps.records.begin().await.expect("begin");
        alerts::insert(&tx, &alert).await.expect("alert");
        let row = alerts::group(&tx, self.group).await.expect("read").expect("group");
        let row = AlertGroup { cleared_at: None, closed_at: None, ticket_open: true, ..row };
        alerts::update_group(&tx, &row).await.expect("group");
        tx.commit().await.expect("commit");
        self.waiting.push_back(event);
    }
    /// Clears the oldest that stands.
    async fn clear(&mut self, reason: ClearReason) {
        self.plant.app.clock.advance(chrono::TimeDelta::minutes(1));
        let Some(alert) = self.alerts().await.into_iter().find(|alert| alert.cleared_at.is_none()) else {
            return;
        };
        let at = self.plant.app.now();
        let alert = alert.clear(at, reason).expect("it stands");
        let tx = self.plant.app.deps.records.begin().await.expect("begin");
        alerts::update(&tx, &alert).await.expect("cleared");
        tx.commit().await.expect("commit");
        let event = DomainEvent::AlertCleared { alert: alert.id, group: self.group, asset: self.plant.asset };
        self.waiting.push_back(Recorded { id: EventId::generate(), at, event });
        if self.alerts().await.iter().all(|alert| alert.cleared_at.is_some()) {
            clear(self.plant, self.group, at).await;
            self.waiting.push_back(all_clear(self.plant, self.group, at));
        }
    }
    async fn react(&mut self) {
        if let Some(event) = self.waiting.pop_front() {
            react(self.plant, None, &event).await;
        }
    }
    async fn ticket(&self) -> Option<Ticket> {
        let db = self.plant.app.deps.records.read();
        tickets::find_by_alert_group(db, self.group).await.expect("read")
    }
}

#[tokio::test]
async fn an_open_alert_always_has_an_open_ticket() {
    for seed in 1..=25_u64 {
        let plant = Plant::new().await;
        let mut analytics = Analytics::new(&plant).await;
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (state >> 33) % 4 {
                0 => analytics.raise().await,
                1 => analytics.clear(ClearReason::Condition).await,
                _ => analytics.react().await,
            }
        }
        while !analytics.waiting.is_empty() {
            analytics.react().await;
        }
        let all = analytics.alerts().await;
        let stands = all.iter().any(|alert| alert.cleared_at.is_none());
        let ticket = analytics.ticket().await;
        assert_eq!(ticket.is_some(), !all.is_empty(), "seed {seed}");
        let Some(ticket) = ticket else { continue };
        assert_eq!(ticket.state.is_open(), stands, "seed {seed}");
        let last = all.iter().filter_map(|alert| alert.cleared_at).max();
        assert_eq!(ticket.restored_at, last.filter(|_| !stands), "seed {seed}");
    }
}

#[tokio::test]
async fn values_hot_and_cool_by_turns_leave_one_open_ticket() {
    for react_at_once in [false, true] {
        let plant = Plant::new().await;
        let mut analytics = Analytics::new(&plant).await;
        for turn in 0..17 {
            if turn % 2 == 0 {
                analytics.raise().await;
            } else {
                analytics.clear(ClearReason::Condition).await;
            }
            while react_at_once && !analytics.waiting.is_empty() {
                analytics.react().await;
            }
        }
        while !analytics.waiting.is_empty() {
            analytics.react().await;
        }
        let ticket = analytics.ticket().await.expect("one");
        assert!(ticket.state.is_open() && ticket.restored_at.is_none());
        let db = plant.app.deps.records.read();
        assert_eq!(
            tickets::count(db, domain::people::account::Actor::system().scope(), &tickets::Filter::default())
                .await
                .expect("count"),
            1
        );
    }
}

#[tokio::test]
async fn an_edited_rule_or_late_data_restores_nothing() {
    for reason in [ClearReason::RuleChanged, ClearReason::DeviceMoved, ClearReason::LateData] {
        let plant = Plant::new().await;
        let mut analytics = Analytics::new(&plant).await;
        analytics.raise().await;
        analytics.react().await;
        analytics.clear(reason).await;
        while !analytics.waiting.is_empty() {
            analytics.react().await;
        }
        let ticket = analytics.ticket().await.expect("one");
        assert_eq!((ticket.state.as_str(), ticket.restored_at), ("resolved", None), "{reason:?}");
        assert_eq!(ticket.state.resolution(), Some(Resolution::Withdrawn));
    }
}

#[tokio::test]
async fn two_cases_that_late_data_connects_have_one_ticket() {
    let plant = Plant::new().await;
    let mut first = Analytics::new(&plant).await;
    let mut second = Analytics::new(&plant).await;
    for analytics in [&mut first, &mut second] {
        analytics.raise().await;
        analytics.react().await;
    }
    let tx = plant.app.deps.records.begin().await.expect("begin");
    alerts::move_group(&tx, second.group, first.group).await.expect("moved");
    tx.commit().await.expect("commit");
    let (from, into, asset) = (second.group, first.group, plant.asset);
    let event = DomainEvent::AlertGroupsMerged { from, into, asset };
    react(&plant, None, &Recorded { id: EventId::generate(), at: plant.app.now(), event }).await;
    let (kept, other) = (first.ticket().await.expect("kept"), second.ticket().await.expect("other"));
    assert!(kept.state.is_open());
    assert!(matches!(other.state, TicketState::Duplicate { of, .. } if of == kept.id));
}
