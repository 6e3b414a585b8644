//! A product with a few machines and a rule for each kind of fault, and what it tells of them.

use super::stream::Message;
use crate::job::now;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::task::JoinSet;
use whole_system::{
    device::Device,
    http::{Api, id},
    product::{Demo, Mainstay},
    wait,
};

const LIMIT: Duration = Duration::from_secs(60);
/// Longer ago than everything that is sent: nothing of it is history.
const MONTH_SECONDS: u32 = 30 * 24 * 3600;
/// Machines that say one thing each, once all before it has been sent.
const ENDS: [&str; 2] = ["End 1", "End 2"];

pub struct Fleet {
    product: Mainstay,
    api: Api,
    /// Tokens of the devices.
    machines: Vec<String>,
    ends: Vec<String>,
    /// Names by id, of assets and rules.
    names: BTreeMap<String, String>,
    rule: Value,
}

/// What people see. Ids, numbers and the time at which somebody noticed aside, it follows from the readings alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    pub alerts: BTreeSet<Alert>,
    pub tickets: BTreeSet<Ticket>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alert {
    machine: String,
    raised_at: String,
    rule: String,
    severity: String,
    cleared_at: Option<String>,
    /// When the first alert of its case was raised.
    case: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    machine: String,
    fault_at: String,
    subject: String,
    priority: String,
    restored_at: Option<String>,
    pub open: bool,
    resolution: Option<String>,
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(String::from)
}

fn word(thing: &Value, field: &str) -> String {
    text(&thing[field]).unwrap_or_else(|| panic!("no {field}: {thing}"))
}

impl Fleet {
    pub async fn open(machines: usize) -> Self {
        let product = Mainstay::start(Demo::Off).await;
        let api = product.api("admin");
        let customer = api.post("/customers", json!({"name": "Harbour Hospital", "currency": "EUR"})).await;
        let site = api.post("/sites", json!({"customer_id": id(&customer), "name": "Main building"})).await;
        let model = json!({"manufacturer": "Polar", "name": "C-30", "equipment_type": "chiller"});
        let model = api.post("/models", model).await;
        let mut fleet =
            Self { product, api, machines: vec![], ends: vec![], names: BTreeMap::new(), rule: Value::Null };
        for number in 1..=machines {
            let token = fleet.machine(&site, &model, &format!("CH-{number}")).await;
            fleet.machines.push(token);
        }
        for name in ENDS {
            let token = fleet.machine(&site, &model, name).await;
            fleet.ends.push(token);
        }
        fleet.rules().await;
        fleet
    }

    async fn machine(&mut self, site: &Value, model: &Value, name: &str) -> String {
        let asset = json!({"site_id": id(site), "model_id": id(model), "name": name, "serial_number": name,
            "criticality": "high", "in_service_from": "2024-01-01T00:00:00Z"});
        let asset = self.api.post("/assets", asset).await;
        self.names.insert(id(&asset).into(), name.into());
        word(&self.api.post("/devices", json!({"name": name, "asset_id": id(&asset)})).await, "token")
    }

    async fn rules(&mut self) {
        let conditions = [
            (
                "Vibration",
                "major",
                json!({"kind": "threshold", "metric": "vibration", "side": "above", "raise": 7.1, "clear": 6.0, "for_seconds": 3600}),
            ),
            (
                "Temperature",
                "minor",
                json!({"kind": "deviation", "metric": "temperature", "side": "above", "mean_over_seconds": 3600, "baseline_seconds": 172_800, "by": {"unit": "sigma", "value": 5.0}, "for_seconds": 0}),
            ),
            ("Silence", "warning", json!({"kind": "no_data", "metric": "vibration", "after_seconds": 7200})),
            (
                "End",
                "info",
                json!({"kind": "threshold", "metric": "end", "side": "above", "raise": 1.0, "clear": 1.0, "for_seconds": 0}),
            ),
        ];
        for (name, severity, condition) in conditions {
            let settings = json!({"name": name, "severity": severity, "opens_ticket": true, "enabled": true,
                "condition": condition, "scope": {"kind": "all"}, "historical_limit_seconds": MONTH_SECONDS});
            let made = self.api.post("/rules", json!({ "settings": settings })).await;
            if name == "Vibration" {
                self.rule = made;
            }
        }
        for rule in self.api.all("/rules").await {
            self.names.insert(id(&rule).into(), word(&rule["settings"], "name"));
            if rule["built_in"] == true {
                self.edit(&rule, "historical_limit_seconds", json!(MONTH_SECONDS)).await;
            }
        }
    }

    async fn edit(&self, rule: &Value, field: &str, value: Value) {
        let mut settings = rule["settings"].clone();
        settings[field] = value;
        let edited = json!({"version": rule["version"], "settings": settings});
        let path = format!("/rules/{}", id(rule));
        let (status, answer) = self.api.send(Method::PUT, &path, Some(edited), None).await;
        assert!(status.is_success(), "{answer}");
    }

    /// The rule says the same, with another hint.
    pub async fn edit_a_rule(&self) {
        self.edit(&self.rule, "action", json!("Look at the bearing")).await;
    }

    pub async fn kill_and_start_again(&mut self) {
        self.product.kill();
        self.product.start_again().await;
    }

    /// Sends each machine's messages, one after the other; returns when all are acknowledged.
    pub async fn send(&self, streams: impl Iterator<Item = &[Message]>) {
        let mut links = JoinSet::new();
        for (token, messages) in self.machines.iter().zip(streams) {
            let (address, token, messages) = (self.product.mqtt, token.clone(), messages.to_vec());
            links.spawn(async move {
                let mut device = Device::connect(address, &token, &token).await.expect("admitted");
                for message in messages {
                    assert!(device.publish(&message.payload).await, "acknowledged");
                }
                device.disconnect().await;
            });
        }
        while let Some(ended) = links.join_next().await {
            ended.expect("no panic");
        }
    }

    /// Waits until everything that was sent is judged, and every event is dealt with.
    pub async fn settle(&self) {
        // The journal is read in order: behind this ticket nothing is left of it.
        self.end(0).await;
        wait::until("everything to be judged", LIMIT, || async {
            (self.product.metric("mainstay_analytics_waiting").await == Some(0.0)).then_some(())
        })
        .await;
        // So are the events.
        self.end(1).await;
    }

    async fn end(&self, which: usize) {
        let token = &self.ends[which];
        let mut device = Device::connect(self.product.mqtt, token, token).await.expect("admitted");
        let payload = json!({"ts": now().timestamp_millis(), "values": {"end": 2.0}});
        assert!(device.publish(&payload).await, "acknowledged");
        device.disconnect().await;
        wait::until("the ticket of the end", LIMIT, || async {
            let tickets = self.api.all("/tickets?limit=500").await;
            tickets.iter().any(|ticket| self.name(ticket, "asset_id") == ENDS[which]).then_some(())
        })
        .await;
    }

    fn name(&self, thing: &Value, of: &str) -> String {
        self.names.get(&word(thing, of)).cloned().expect("one of ours")
    }

    pub async fn told(&self) -> Told {
        Told { alerts: self.alerts().await, tickets: self.tickets().await }
    }

    /// Those that the readings speak for.
    async fn alerts(&self) -> BTreeSet<Alert> {
        let mut found = self.api.all("/alerts?show=all&limit=500").await;
        found.retain(|alert| alert["clear_reason"] != "late_data");
        let case = |alert: &Value| {
            let of_case = found.iter().filter(|other| other["group_id"] == alert["group_id"]);
            of_case.map(|other| word(other, "raised_at")).min().expect("itself")
        };
        let told = found.iter().map(|alert| Alert {
            machine: self.name(alert, "asset_id"),
            raised_at: word(alert, "raised_at"),
            rule: self.name(alert, "rule_id"),
            severity: word(alert, "severity"),
            cleared_at: text(&alert["cleared_at"]),
            case: case(alert),
        });
        told.filter(|alert| !ENDS.contains(&alert.machine.as_str())).collect()
    }

    /// Those that stand for a case: not one that was withdrawn, or said the same as another.
    async fn tickets(&self) -> BTreeSet<Ticket> {
        let mut found = self.api.all("/tickets?limit=500").await;
        found.retain(|ticket| ticket["status"] != "duplicate" && ticket["resolution"] != "withdrawn");
        let told = found.iter().map(|ticket| Ticket {
            machine: self.name(ticket, "asset_id"),
            fault_at: word(ticket, "fault_at"),
            subject: word(ticket, "subject"),
            priority: word(ticket, "priority"),
            restored_at: text(&ticket["restored_at"]),
            open: ticket["resolution"].is_null(),
            resolution: text(&ticket["resolution"]),
        });
        let told: Vec<Ticket> = told.filter(|ticket| !ENDS.contains(&ticket.machine.as_str())).collect();
        let count = told.len();
        let told: BTreeSet<Ticket> = told.into_iter().collect();
        assert_eq!(told.len(), count, "a case has one ticket: {told:#?}");
        told
    }
}
