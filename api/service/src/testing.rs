//! Fresh stores in a temporary folder with an organisation, a clock that moves when told to, and an ingest that keeps
//! what it is given. For tests, of the faces too.

use crate::{deps::Deps, jobs::retention::Retention, memory::Memory};
use domain::people::organisation::Seller;
use domain::{
    Currency, ManualClock, Money, Timestamp,
    clock::from_micros,
    condition::{backtest::Tested, reliability::Period, rule::RuleSettings},
    people::{account::Scope, organisation::Organisation},
    telemetry::{Done, InboundMessage, MessageSink, Reply, Taken, Told},
};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use store::{
    StoreError,
    backtest::Backtest,
    place::{self, Place},
    records::{people::organisation, telemetry::quarantine},
};

pub mod telemetry;

/// 2026-06-15 10:00:00 UTC, a Monday.
pub const START_US: i64 = 1_781_517_600_000_000;

#[derive(Clone)]
pub struct House {
    pub deps: Deps,
    pub clock: ManualClock,
    /// What was handed to ingest.
    pub ingest: Arc<RecordingSink>,
    data: Arc<Place>,
}

impl House {
    /// With an organisation.
    pub async fn new() -> Self {
        let house = Self::empty().await;
        let tx = house.deps.records.begin().await.expect("begin");
        organisation::insert(&tx, &organisation_at(house.now())).await.expect("organisation");
        tx.commit().await.expect("commit");
        house
    }

    /// The first run is to come.
    pub async fn empty() -> Self {
        let clock = ManualClock::at(from_micros(START_US));
        let ingest = Arc::new(RecordingSink::default());
        let (data, records) = place::records().await;
        let deps = Deps {
            door: quarantine::Writer::new(records.clone()),
            records,
            telemetry: Arc::new(telemetry::MemoryTelemetry::default()),
            ingest: Arc::clone(&ingest) as Arc<dyn MessageSink>,
            backtest: Arc::new(NoBacktest),
            clock: Arc::new(clock.clone()),
            retention: Retention::default(),
            memory: Arc::new(Memory::default()),
        };
        Self { deps, clock, ingest, data: Arc::new(data) }
    }

    /// Another process on the same records, with connections of its own; the clock is the same.
    pub async fn beside(&self) -> Self {
        let records = self.data.open().await;
        Self { deps: Deps { records, ..self.deps.clone() }, ..self.clone() }
    }

    pub fn now(&self) -> Timestamp {
        self.deps.now()
    }
}

pub fn organisation_at(now: Timestamp) -> Organisation {
    let eur = |minor| Money::new(minor, Currency::EUR);
    Organisation {
        name: "Northwind Service".into(),
        address: "Main Street 1".into(),
        tax_id: Some("ES-B12345678".into()),
        seller: Seller::default(),
        currency: Currency::EUR,
        time_zone: "UTC".into(),
        language: "en".into(),
        labour_rate_per_hour: eur(6500),
        travel_rate_per_hour: eur(4500),
        labour_step_minutes: 0,
        travel_step_minutes: 0,
        labour_cost_per_hour: eur(3000),
        tax_rate: rust_decimal::Decimal::new(21, 2),
        payment_terms_days: 30,
        set_up_at: Some(now),
    }
}

#[cfg(test)]
#[test]
fn every_use_case_passes_on_postgresql() {
    place::once_more_on_postgresql("::", 10);
}

/// Stands where analytics would; tests of the faces put the real one in its place.
struct NoBacktest;

impl Backtest for NoBacktest {
    fn run<'a>(
        &'a self,
        _: Scope,
        _: &'a RuleSettings,
        _: Period,
    ) -> BoxFuture<'a, Result<Tested, StoreError>> {
        Box::pin(async { Err(StoreError::Unavailable("there is no analytics here".into())) })
    }
}

/// An ingest that keeps what it is given and says yes, or what the test wants it to say.
#[derive(Default)]
pub struct RecordingSink(pub Mutex<Vec<InboundMessage>>, pub Mutex<Taken>);

impl MessageSink for RecordingSink {
    fn submit(&self, messages: Vec<InboundMessage>, done: Done) {
        self.0.lock().extend(messages);
        done(Ok(()));
    }
    fn submit_one(&self, message: InboundMessage, told: Told) {
        self.0.lock().push(message);
        told(Ok(self.1.lock().clone()));
    }
    fn ask(&self, _: InboundMessage, _: Reply) -> bool {
        false
    }
}
