//! What a ticket says follows from the alerts of its case, not from the order in which they became known.

use super::tests::{group, raised, react};
use crate::work::work_orders::tests::Plant;
use chrono::TimeDelta;
use domain::{
    Timestamp,
    condition::{
        Severity,
        alert::{Alert, ClearReason},
    },
    event::{DomainEvent, Recorded},
    id::{AlertGroupId, EventId},
    work::{Priority, ticket::Resolution},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use store::records::{condition::alerts, work::tickets};

type Told = (Option<Timestamp>, Priority, Option<Timestamp>, Option<Resolution>);

struct Case {
    plant: Plant,
    group: AlertGroupId,
}

impl Case {
    async fn new() -> Self {
        let plant = Plant::new().await;
        let group = group(&plant).await;
        Self { plant, group }
    }

    /// `alert` is as analytics knows it now, and says so.
    async fn tell(&self, alert: &Alert) {
        let db = self.plant.app.deps.records.read();
        let known = alerts::get(db, alert.id).await.expect("read");
        let (id, asset) = (alert.id, alert.asset_id);
        let raised = DomainEvent::AlertRaised { alert: id, group: self.group, asset, opens_ticket: true };
        let mut events = vec![raised];
        let tx = self.plant.app.deps.records.begin().await.expect("begin");
        match known {
            Some(_) => alerts::update(&tx, alert).await.expect("alert"),
            None => alerts::insert(&tx, alert).await.expect("alert"),
        }
        tx.commit().await.expect("commit");
        if alert.cleared_at.is_some() {
            events.push(DomainEvent::AlertCleared { alert: id, group: self.group, asset });
        }
        let all = alerts::of_group(db, self.group).await.expect("read");
        if all.iter().all(|alert| alert.cleared_at.is_some()) {
            let at = self.plant.app.now();
            events.push(DomainEvent::AlertGroupCleared { group: self.group, asset, at });
        }
        for event in events {
            let recorded = Recorded { id: EventId::generate(), at: self.plant.app.now(), event };
            react(&self.plant, None, &recorded).await;
        }
    }

    /// Nothing of a ticket that was withdrawn: there was no fault.
    async fn told(&self) -> Option<Told> {
        let db = self.plant.app.deps.records.read();
        let ticket = tickets::find_by_alert_group(db, self.group).await.expect("read")?;
        let told = (ticket.fault_at, ticket.priority, ticket.restored_at, ticket.state.resolution());
        Some(told).filter(|told| told.3 != Some(Resolution::Withdrawn))
    }
}

/// When it was raised, how bad it is, and when and how it ended, in minutes.
type Fact = (i64, Severity, Option<(i64, ClearReason)>);

fn fact(random: &mut StdRng) -> Fact {
    let minute = random.random_range(0..600);
    let severity = Severity::ALL[random.random_range(0..Severity::ALL.len())];
    let end = match random.random_range(0..4) {
        0 => None,
        1 => Some((minute, ClearReason::LateData)),
        _ => Some((minute + random.random_range(1..200), ClearReason::Condition)),
    };
    (minute, severity, end)
}

fn alert(case: &Case, (minute, severity, end): Fact) -> Alert {
    let at = |minute| case.plant.app.now() - TimeDelta::hours(20) + TimeDelta::minutes(minute);
    let (alert, _) = raised(&case.plant, case.group, severity);
    let (cleared_at, clear_reason) = end.map(|(minute, reason)| (at(minute), reason)).unzip();
    Alert { raised_at: at(minute), cleared_at, clear_reason, ..alert }
}

#[tokio::test]
async fn a_ticket_says_the_same_in_whatever_order_its_alerts_became_known() {
    let seed: u64 = rand::rng().random();
    eprintln!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..25 {
        let mut facts: Vec<Fact> = (0..random.random_range(1..5)).map(|_| fact(&mut random)).collect();
        facts.sort_by_key(|(minute, ..)| *minute);
        let in_order = Case::new().await;
        for fact in &facts {
            in_order.tell(&alert(&in_order, *fact)).await;
        }
        let other = Case::new().await;
        let mut known: Vec<Alert> = facts.iter().map(|fact| alert(&other, *fact)).collect();
        known.shuffle(&mut random);
        for alert in &known {
            // At first it seemed to begin later, and to last or to be over soon.
            let raised_at = alert.raised_at + TimeDelta::minutes(random.random_range(0..90));
            let over = random.random_range(0..2) == 0;
            let cleared_at = over.then(|| raised_at + TimeDelta::minutes(5));
            let clear_reason = over.then_some(ClearReason::Condition);
            other.tell(&Alert { raised_at, cleared_at, clear_reason, ..alert.clone() }).await;
        }
        known.shuffle(&mut random);
        for alert in &known {
            other.tell(alert).await;
        }
        assert_eq!(other.told().await, in_order.told().await, "seed {seed}, round {round}: {facts:?}");
    }
}
