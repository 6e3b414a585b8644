//! The demo's service history: what people did about each fault and each planned stop, sent as what they did at the times
//! at which they would have done it.

use super::{
    door::{Caller, Refused, text},
    plan::{self, ASSETS, CUSTOMERS, Fault, MODELS, Service, TECHNICIANS},
    records::{Things, key},
};
use anyhow::Result;
use chrono::{Datelike, TimeDelta};
use domain::{
    Timestamp,
    calendar::{Date, Zone, start_of_day},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub struct History<'a> {
    pub things: &'a Things,
    pub anchor: Timestamp,
    pub zone: Zone,
    /// Who plans and bills.
    pub desk: Caller,
    /// Of each technician, in the order of the plan.
    pub phones: Vec<Caller>,
}

/// What happened to one machine, in the order in which it was reported.
enum Episode {
    Fault(Fault),
    Service(Service),
}

/// The first alert about a fault.
struct Alert {
    id: String,
    raised_at: Timestamp,
}

/// Hands on the share that is done.
pub type Progress<'a> = &'a (dyn Fn(f64) + Sync);

const TRAVEL: TimeDelta = TimeDelta::minutes(50);

impl History<'_> {
    pub async fn run(&self, progress: Progress<'_>) -> Result<()> {
        let mut episodes: Vec<(Timestamp, Episode)> =
            plan::faults(self.anchor).into_iter().map(|fault| (fault.full, Episode::Fault(fault))).collect();
        let services = plan::services(self.anchor);
        episodes.extend(services.into_iter().map(|service| (service.from, Episode::Service(service))));
        episodes.sort_by_key(|(at, _)| *at);
        let mut done: BTreeMap<(i32, u32, &str), Vec<String>> = BTreeMap::new();
        let count = episodes.len() as f64;
        for ((_, episode), number) in episodes.into_iter().zip(1..) {
            let name = format!("episode{number}");
            let (asset, ended, work) = match episode {
                Episode::Fault(fault) => (fault.asset, fault.restored, self.repair(&name, fault).await?),
                Episode::Service(service) => (service.asset, service.to, self.service(&name, service).await?),
            };
            let customer = self.things.customers[ASSETS[asset].customer].as_str();
            done.entry((ended.year(), ended.month(), customer)).or_default().push(work);
            progress(f64::from(number) / count);
        }
        self.discard_drafts().await?;
        for (((year, month, _), work_orders), number) in done.into_iter().zip(1..) {
            self.bill(&format!("bill{number}"), year, month, work_orders).await?;
        }
        self.bill_contracts(self.anchor).await?;
        self.upcoming().await
    }

    /// From the report to the closed ticket.
    async fn repair(&self, name: &str, fault: Fault) -> Result<String> {
        let alert = self.alert_of(fault).await?;
        let reported = match &alert {
            Some(alert) => alert.raised_at.max(fault.onset) + TimeDelta::minutes(1),
            None => fault.full + TimeDelta::minutes(15),
        };
        let ticket = match &alert {
            Some(alert) => {
                let opened = format!("alerts/{}/ticket", alert.id);
                text(&self.at_desk(&opened, name, reported, json!({})).await?, "ticket_id")?
            }
            None => self.report(name, fault, reported).await?,
        };
        let model = &MODELS[ASSETS[fault.asset].model];
        let plan = json!({ "required_skill": model.skill, "estimated_minutes": 150 });
        let planned = (reported + TimeDelta::minutes(18)).min(fault.restored - TimeDelta::hours(4));
        let planned = planned.max(reported);
        let order = self.at_desk(&format!("tickets/{ticket}/work-order"), name, planned, plan).await?;
        let work = text(&order, "id")?;
        let arrives =
            (fault.restored - TimeDelta::minutes(130)).max(planned + TRAVEL + TimeDelta::minutes(20));
        let ends = fault.restored.max(arrives + TimeDelta::minutes(40));
        let technician = technician_for(fault.asset);
        let sent = planned + TimeDelta::minutes(6);
        let visit = self.send(name, &work, technician, sent, arrives).await?;
        let (part, quantity) = fault.mode.part();
        let used = arrives + TimeDelta::minutes(25);
        self.use_part(name, technician, (&work, &visit), (part, quantity), used).await?;
        let finding = json!({
            "verdict": alert.as_ref().map(|_| "right"),
            "failure_mode": fault.mode.subject().to_lowercase(), "cause": fault.mode.cause(),
        });
        self.settle(name, technician, (&work, &visit), finding, ends).await?;
        self.at_desk(&format!("tickets/{ticket}/close"), name, ends + TimeDelta::hours(20), json!({}))
            .await?;
        self.approve(name, &work, ends + TimeDelta::hours(18)).await?;
        Ok(work)
    }

    async fn service(&self, name: &str, service: Service) -> Result<String> {
        let planned = service.from - TimeDelta::days(6);
        let work = self.plan_service(name, service.asset, planned).await?;
        let arrives = service.from + TimeDelta::minutes(5);
        let technician = technician_for(service.asset);
        let visit = self.send(name, &work, technician, planned + TimeDelta::hours(1), arrives).await?;
        let finding = json!({ "note": "Nothing unusual." });
        self.settle(name, technician, (&work, &visit), finding, service.to).await?;
        self.approve(name, &work, service.to + TimeDelta::hours(15)).await?;
        Ok(work)
    }

    /// The first alert that analytics raised about this fault.
    async fn alert_of(&self, fault: Fault) -> Result<Option<Alert>> {
        let of_asset = format!("alerts?show=all&asset_id={}", self.things.assets[fault.asset]);
        let mut first: Option<Alert> = None;
        for row in self.desk.list(&of_asset).await? {
            let raised_at: Timestamp = text(&row, "raised_at")?.parse()?;
            let earlier = first.as_ref().is_none_or(|first| raised_at < first.raised_at);
            if (fault.onset..fault.restored).contains(&raised_at) && earlier {
                first = Some(Alert { id: text(&row, "id")?, raised_at });
            }
        }
        Ok(first)
    }

    async fn report(&self, name: &str, fault: Fault, at: Timestamp) -> Result<String> {
        let body = json!({
            "asset_id": self.things.assets[fault.asset], "subject": fault.mode.subject(),
            "description": "Reported by phone.", "priority": if fault.trips { "high" } else { "medium" },
            "fault_at": fault.full.to_rfc3339(),
        });
        text(&self.at_desk("tickets", name, at, body).await?, "id")
    }

    async fn plan_service(&self, name: &str, asset: usize, at: Timestamp) -> Result<String> {
        let model = &MODELS[ASSETS[asset].model];
        let body = json!({
            "asset_id": self.things.assets[asset], "kind": "preventive", "subject": "Quarterly service",
            "priority": "low", "plan": { "required_skill": model.skill, "estimated_minutes": 120 },
        });
        text(&self.at_desk("work-orders", name, at, body).await?, "id")
    }

    /// Books and dispatches, and the technician sets off in time to arrive.
    async fn send(
        &self,
        name: &str,
        work: &str,
        technician: usize,
        at: Timestamp,
        arrives: Timestamp,
    ) -> Result<String> {
        let visit = self.book(name, work, technician, at, arrives).await?;
        let leaves = (arrives - TRAVEL).max(at + TimeDelta::minutes(2));
        let accepts = (at + TimeDelta::minutes(9)).min(leaves);
        for (step, at) in [("accept", accepts), ("travel", leaves), ("arrive", arrives)] {
            self.on_phone(technician, &format!("visits/{visit}/{step}"), name, at, json!({})).await?;
        }
        Ok(visit)
    }

    async fn book(
        &self,
        name: &str,
        work: &str,
        technician: usize,
        at: Timestamp,
        start: Timestamp,
    ) -> Result<String> {
        let body = json!({
            "technician_id": self.things.technicians[technician], "start": start.to_rfc3339(), "dispatch": true,
            "allow_overlap": true,
        });
        text(&self.at_desk(&format!("work-orders/{work}/visits"), name, at, body).await?, "id")
    }

    async fn use_part(
        &self,
        name: &str,
        technician: usize,
        (work, visit): (&str, &str),
        (part, quantity): (usize, i64),
        at: Timestamp,
    ) -> Result<()> {
        let body = json!({
            "kind": "part", "part_id": self.things.parts[part], "quantity": quantity.to_string(),
            "visit_id": visit,
        });
        match self.on_phone(technician, &format!("work-orders/{work}/lines"), name, at, body).await {
            // The van has run out, as vans do: it came with the customer's own stock.
            Err(error) if is_out_of_stock(&error) => Ok(()),
            result => result.map(drop),
        }
    }

    async fn settle(
        &self,
        name: &str,
        technician: usize,
        (work, visit): (&str, &str),
        finding: Value,
        ends: Timestamp,
    ) -> Result<()> {
        let order = self.desk.get(&format!("work-orders/{work}")).await?;
        for item in order["checklist"].as_array().into_iter().flatten() {
            let path = format!("work-orders/{work}/checklist/{}", text(item, "id")?);
            let at = ends - TimeDelta::minutes(12);
            self.on_phone(technician, &path, name, at, json!({ "done": true })).await?;
        }
        let of_work = |what: &str| format!("work-orders/{work}/{what}");
        let found = ends - TimeDelta::minutes(8);
        self.on_phone(technician, &of_work("finding"), name, found, finding).await?;
        let (signed, signature) = (ends - TimeDelta::minutes(3), json!({ "name": "Site manager" }));
        self.on_phone(technician, &of_work("signature"), name, signed, signature).await?;
        let finish = format!("visits/{visit}/finish");
        self.on_phone(technician, &finish, name, ends, json!({ "outcome": "fixed" })).await?;
        Ok(())
    }

    async fn approve(&self, name: &str, work: &str, at: Timestamp) -> Result<()> {
        if at < self.anchor {
            self.at_desk(&format!("work-orders/{work}/approve"), name, at, json!({})).await?;
        }
        Ok(())
    }

    /// Each month's work on one invoice in the first days of the next; the older ones are paid.
    async fn bill(&self, name: &str, year: i32, month: u32, work_orders: Vec<String>) -> Result<()> {
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let first = chrono::NaiveDate::from_ymd_opt(year, month, 3).and_then(|day| day.and_hms_opt(9, 0, 0));
        let Some(at) = first.map(|at| at.and_utc()).filter(|at| *at < self.anchor) else { return Ok(()) };
        // Numbers follow the days on the papers.
        self.bill_contracts(at).await?;
        let invoice = self.at_desk("invoices", name, at, json!({ "work_orders": work_orders })).await?;
        self.issue(&text(&invoice, "id")?, at, at + TimeDelta::days(i64::from(16 + month))).await
    }

    /// The product looks after due periods by itself, and may have drafted some of these contracts meanwhile: the past
    /// has them month by month.
    async fn discard_drafts(&self) -> Result<()> {
        let mut drafts = BTreeSet::new();
        for contract in &self.things.contracts {
            let periods = self.desk.get(&format!("contracts/{contract}/periods")).await?;
            let periods = periods["items"].as_array().into_iter().flatten();
            drafts.extend(periods.filter_map(|period| period["invoice_id"].as_str().map(String::from)));
        }
        for id in drafts {
            if self.desk.get(&format!("invoices/{id}")).await?["status"] == "draft" {
                self.at_desk(&format!("invoices/{id}/cancel"), "once", self.anchor, json!({})).await?;
            }
        }
        Ok(())
    }

    /// The price of every contract, month by month as it falls due before `until`.
    async fn bill_contracts(&self, until: Timestamp) -> Result<()> {
        let mut due = Vec::new();
        for contract in &self.things.contracts {
            let periods = self.desk.get(&format!("contracts/{contract}/periods")).await?;
            for period in periods["items"].as_array().into_iter().flatten() {
                let day: Date = text(period, "due_on")?.parse()?;
                let at = start_of_day(day, self.zone) + TimeDelta::hours(8);
                if period["standing"] == "due" && at < until {
                    due.push((at, contract));
                }
            }
        }
        due.sort_unstable();
        for (at, contract) in due {
            let name = at.timestamp().to_string();
            let draft = self.at_desk(&format!("contracts/{contract}/invoices"), &name, at, json!({})).await?;
            self.issue(&text(&draft, "invoice_id")?, at, at + TimeDelta::days(12)).await?;
        }
        Ok(())
    }

    async fn issue(&self, id: &str, at: Timestamp, paid_at: Timestamp) -> Result<()> {
        let issued = at + TimeDelta::minutes(20);
        let invoice = self.at_desk(&format!("invoices/{id}/issue"), "once", issued, json!({})).await?;
        let total = &invoice["total"];
        let owed = !text(total, "amount")?.trim_matches(['0', '.']).is_empty();
        if paid_at < self.anchor && owed {
            let body = json!({
                "invoice_id": id, "amount": total, "direction": "in", "method": "bank_transfer",
            });
            self.at_desk("payments", &format!("of {id}"), paid_at, body).await?;
        }
        Ok(())
    }

    /// What is still to do when the newcomer looks: visits of today and tomorrow, and jobs without a visit.
    async fn upcoming(&self) -> Result<()> {
        for (asset, hours) in [(14, 2), (18, 5), (16, 26), (9, 4), (4, 3), (20, 7)] {
            let name = format!("upcoming{asset}");
            let work = self.plan_service(&name, asset, self.anchor - TimeDelta::minutes(90)).await?;
            let (booked, start) =
                (self.anchor - TimeDelta::minutes(80), self.anchor + TimeDelta::hours(hours));
            self.book(&name, &work, technician_for(asset), booked, start).await?;
        }
        for asset in [1, 23] {
            let planned = self.anchor - TimeDelta::minutes(70);
            self.plan_service(&format!("upcoming{asset}"), asset, planned).await?;
        }
        Ok(())
    }

    async fn at_desk(&self, path: &str, name: &str, at: Timestamp, body: Value) -> Result<Value> {
        self.desk.post(path, &self.key(path, name), at, &body).await
    }

    /// What the technician does with the phone.
    async fn on_phone(
        &self,
        technician: usize,
        path: &str,
        name: &str,
        at: Timestamp,
        body: Value,
    ) -> Result<Value> {
        self.phones[technician].post(path, &self.key(path, name), at, &body).await
    }

    fn key(&self, path: &str, name: &str) -> String {
        key(self.anchor, name, path)
    }
}

fn is_out_of_stock(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|refused| matches!(refused.status.as_u16(), 409 | 422))
}

/// The first of the customer's territory who can do it; the plan's test holds that there is one.
fn technician_for(asset: usize) -> usize {
    let plan = &ASSETS[asset];
    let (territory, skill) = (CUSTOMERS[plan.customer].territory, MODELS[plan.model].skill);
    TECHNICIANS.iter().position(|t| t.territory == territory && t.skills.contains(&skill)).unwrap_or(0)
}
