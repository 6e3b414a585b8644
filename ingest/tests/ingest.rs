//! A submission is answered when all of it is durable: samples in the store, refused parts in quarantine.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

use domain::{
    SystemClock,
    clock::{Clock, from_micros},
    id::DeviceId,
    telemetry::{InboundMessage, MessageSink, NotStored},
};
use ingest::Ingest;
use std::sync::Arc;
use store::{
    records::{PageRequest, Records, quarantine},
    telemetry::{
        TelemetryStore,
        embedded::{Embedded, EmbeddedConfig},
    },
};
use tokio::sync::oneshot;

struct House {
    ingest: Arc<Ingest>,
    records: Records,
    telemetry: Arc<Embedded>,
    device: DeviceId,
    _dir: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::open(dir.path()).await.unwrap();
        let telemetry = Embedded::open(dir.path(), EmbeddedConfig::default()).unwrap();
        let ingest = Ingest::new(records.clone(), Arc::<Embedded>::clone(&telemetry), Arc::new(SystemClock));
        Self { ingest, records, telemetry, device: DeviceId::generate(), _dir: dir }
    }

    async fn submit(&self, payloads: &[&str]) -> Result<(), NotStored> {
        let messages = payloads.iter().map(|payload| InboundMessage {
            device: self.device,
            topic: "v1/devices/me/telemetry".into(),
            payload: payload.as_bytes().into(),
            received_at: SystemClock.now(),
        });
        self.answer(messages.collect()).await
    }

    async fn answer(&self, messages: Vec<InboundMessage>) -> Result<(), NotStored> {
        let (tx, rx) = oneshot::channel();
        self.ingest.submit(messages, Box::new(move |result| tx.send(result).expect("still waited for")));
        rx.await.expect("done is called")
    }

    async fn stored(&self) -> Vec<String> {
        let metrics = self.telemetry.metrics(self.device).await.unwrap();
        metrics.iter().map(|metric| metric.to_string()).collect()
    }

    async fn quarantined(&self) -> Vec<domain::telemetry::quarantine::Quarantined> {
        let page = PageRequest::first(10);
        quarantine::list(self.records.read(), &quarantine::Filter::default(), &page).await.unwrap().items
    }
}

#[tokio::test]
async fn good_and_bad_parts_are_durable_when_the_answer_comes() {
    let house = House::new().await;
    house.submit(&[r#"{"a":1}"#]).await.unwrap();
    assert_eq!(house.stored().await, ["a"]);
    assert!(house.quarantined().await.is_empty());

    house.submit(&[r#"{"b":1,"c":NaN}"#, "{oops", r#"{"d":2}"#]).await.unwrap();
    assert_eq!(house.stored().await, ["a", "b", "d"]);
    let rows = house.quarantined().await;
    assert_eq!(
        rows.iter().map(|row| row.reason.as_str()).collect::<Vec<_>>(),
        ["malformed_json", "not_finite"]
    );
    assert_eq!((rows[1].detail.as_str(), rows[1].device), ("c", Some(house.device)));

    house.submit(&["{oops"]).await.unwrap();
    house.submit(&["{}"]).await.unwrap();
    let counts = quarantine::counts(house.records.read(), Some(house.device)).await.unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 3);
}

#[tokio::test]
async fn a_quarantined_message_can_be_submitted_again() {
    let house = House::new().await;
    let message = InboundMessage {
        device: house.device,
        topic: "v1/devices/me/telemetry".into(),
        payload: br#"{"ts":9999999999999,"values":{"late":1}}"#.into(),
        received_at: from_micros(1_600_000_000_000_000),
    };
    house.answer(vec![message]).await.unwrap();
    assert!(house.stored().await.is_empty());
    let row = house.quarantined().await.remove(0);
    assert_eq!(row.reason, "in_future");
    let mut again = row.to_message().expect("whole");
    assert_eq!(again.received_at, row.received_at);
    again.payload = br#"{"late":1}"#.into();
    house.answer(vec![again]).await.unwrap();
    let range = store::telemetry::SeriesRange {
        device: house.device,
        metric: "late".into(),
        from_us: i64::MIN,
        to_us: i64::MAX,
    };
    let points = house.telemetry.range(range, 10).await.unwrap();
    assert_eq!(points[0].ts_us, 1_600_000_000_000_000, "the first time of receipt");
}

#[tokio::test]
async fn nothing_is_promised_when_a_store_is_closed() {
    let house = House::new().await;
    house.telemetry.close().await.unwrap();
    assert_eq!(house.submit(&[r#"{"a":1}"#]).await, Err(NotStored::Unavailable));
    assert_eq!(house.submit(&[r#"{"a":1,"b":NaN}"#]).await, Err(NotStored::Unavailable));
    assert_eq!(house.submit(&["{oops"]).await, Ok(()));
    house.ingest.close().await;
    assert_eq!(house.submit(&["{oops"]).await, Err(NotStored::Unavailable));
}
