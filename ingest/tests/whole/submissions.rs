//! A submission is answered when all of it is durable: samples in the store, refused parts in quarantine.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

use domain::{
    SystemClock,
    clock::{Clock, from_micros},
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{
        DeviceEvent, DeviceEventKind, InboundMessage, MessageSink, NotStored, OutboundMessage, Post, Refusal,
        Taken,
    },
};
use ingest::Ingest;
use std::sync::Arc;
use store::{
    place::{self, Place},
    records::{
        PageRequest, Records,
        fleet::devices,
        telemetry::{device_events, quarantine},
    },
    telemetry::{
        TelemetryStore,
        embedded::{Embedded, EmbeddedConfig},
    },
};
use tokio::sync::oneshot;

pub struct House {
    pub ingest: Arc<Ingest>,
    pub records: Records,
    pub telemetry: Arc<Embedded>,
    device: DeviceId,
    _dir: (tempfile::TempDir, Place),
}

impl House {
    pub async fn new() -> Self {
        Self::with(ingest::Limits::default()).await
    }

    async fn with(limits: ingest::Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (place, records) = place::records().await;
        let telemetry = Embedded::open(dir.path(), EmbeddedConfig::default()).unwrap();
        let ingest = Ingest::open(ingest::Deps {
            records: records.clone(),
            telemetry: Arc::<Embedded>::clone(&telemetry),
            clock: Arc::new(SystemClock),
            limits,
        })
        .await
        .unwrap();
        Self { ingest, records, telemetry, device: DeviceId::generate(), _dir: (dir, place) }
    }

    async fn ingest(&self) -> Arc<Ingest> {
        Ingest::open(ingest::Deps {
            records: self.records.clone(),
            telemetry: Arc::<Embedded>::clone(&self.telemetry),
            clock: Arc::new(SystemClock),
            limits: ingest::Limits::default(),
        })
        .await
        .unwrap()
    }

    async fn submit(&self, payloads: &[&str]) -> Result<(), NotStored> {
        let messages = payloads.iter().map(|payload| self.message("telemetry", payload));
        self.answer(messages.collect()).await
    }

    async fn answer(&self, messages: Vec<InboundMessage>) -> Result<(), NotStored> {
        let (tx, rx) = oneshot::channel();
        self.ingest.submit(messages, Box::new(move |result| tx.send(result).expect("still waited for")));
        rx.await.expect("done is called")
    }

    async fn attributes(&self, payload: &str) -> Taken {
        let message = self.message("attributes", payload);
        let (tx, rx) = oneshot::channel();
        self.ingest.submit_one(message, Box::new(move |result| tx.send(result).expect("still waited for")));
        rx.await.expect("told is called").unwrap()
    }

    fn message(&self, topic: &str, payload: &str) -> InboundMessage {
        let topic = format!("v1/devices/me/{topic}");
        InboundMessage::plain(self.device, DeviceProfile::default(), topic, payload, SystemClock.now())
    }

    /// `None` when the question is not taken.
    async fn ask(&self, number: &str, payload: &str) -> Option<OutboundMessage> {
        let question = self.message(&format!("attributes/request/{number}"), payload);
        let (tx, rx) = oneshot::channel();
        let taken =
            self.ingest.ask(question, Box::new(move |answer| tx.send(answer).expect("still waited for")));
        if taken { rx.await.ok() } else { None }
    }

    async fn stored(&self) -> Vec<String> {
        let metrics = self.telemetry.metrics(self.device).await.unwrap();
        metrics.iter().map(|metric| metric.to_string()).collect()
    }

    async fn quarantined(&self) -> Vec<domain::telemetry::quarantine::Quarantined> {
        let page = PageRequest::first(10);
        quarantine::list(
            self.records.read(),
            domain::people::account::Actor::system().scope(),
            &quarantine::Filter::default(),
            &page,
        )
        .await
        .unwrap()
        .items
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
    let counts = quarantine::counts(
        house.records.read(),
        domain::people::account::Actor::system().scope(),
        Some(house.device),
    )
    .await
    .unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 3);
}

#[tokio::test]
async fn a_quarantined_message_can_be_submitted_again() {
    let house = House::new().await;
    let message = InboundMessage {
        received_at: from_micros(1_600_000_000_000_000),
        ..house.message("telemetry", r#"{"ts":9999999999999,"values":{"late":1}}"#)
    };
    house.answer(vec![message]).await.unwrap();
    assert!(house.stored().await.is_empty());
    let row = house.quarantined().await.remove(0);
    assert_eq!(row.reason, "in_future");
    let mut again = row.to_message(DeviceProfile::default()).expect("whole");
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

#[tokio::test]
async fn a_device_has_a_limit_of_names_that_outlives_a_restart() {
    let limits = ingest::Limits { names: 3, ..ingest::Limits::default() };
    let house = House::with(limits).await;
    house.submit(&[r#"{"a":1,"b":2}"#, r#"{"c":3,"d":4,"e":5}"#, r#"{"d":6,"a":7}"#]).await.unwrap();
    assert_eq!(house.stored().await, ["a", "b", "c"], "what was known goes on");
    let rows = house.quarantined().await;
    let details: Vec<_> = rows.iter().map(|row| (row.reason.as_str(), row.detail.as_str())).collect();
    assert_eq!(details, [("too_many_names", "d (> 3)"), ("too_many_names", "d (> 3), e (> 3)")]);

    // The store knows the names; another ingest over it has the same limit.
    let again = Ingest::open(ingest::Deps {
        records: house.records.clone(),
        telemetry: Arc::<Embedded>::clone(&house.telemetry),
        clock: Arc::new(SystemClock),
        limits,
    })
    .await
    .unwrap();
    let house = House { ingest: again, ..house };
    house.submit(&[r#"{"f":1,"b":2}"#]).await.unwrap();
    assert_eq!(house.stored().await, ["a", "b", "c"]);
    let other = House { device: DeviceId::generate(), ..house };
    other.submit(&[r#"{"f":1,"g":2}"#]).await.unwrap();
    assert_eq!(other.stored().await, ["f", "g"], "nobody else is limited");
}

#[tokio::test]
async fn the_names_of_a_broken_message_do_not_count() {
    let house = House::with(ingest::Limits { names: 2, ..ingest::Limits::default() }).await;
    house.submit(&[r#"{"x":1,"y":2"#, r#"{"p":1,"q":2"#]).await.unwrap();
    house.submit(&[r#"{"a":1,"b":"open"}"#]).await.unwrap();
    assert_eq!(house.stored().await, ["a"]);
    house.submit(&[r#"{"c":1,"b":"shut"}"#]).await.unwrap();
    assert_eq!(house.stored().await, ["a"], "the name of a text counts like that of a value");
}

#[tokio::test]
async fn attributes_are_limited_in_number_and_bytes_and_known_ones_can_change() {
    let limits = ingest::Limits { attributes: 2, attribute_bytes: 20, ..ingest::Limits::default() };
    let house = House::with(limits).await;
    let taken = house.attributes(r#"{"fw":"1.10","n":1,"more":2}"#).await;
    let refused = [Refusal { code: "too_many_attributes".into(), detail: "more (> 2)".into() }];
    assert_eq!((taken.facts, &taken.refused[..]), (2, &refused[..]));
    assert_eq!(house.attributes(r#"{"fw":"1.11","n":22}"#).await, Taken { facts: 2, refused: vec![] });
    let long = house.attributes(r#"{"fw":"123456789012345"}"#).await;
    assert_eq!((long.facts, long.refused[0].detail.as_str()), (0, "fw (> 20)"));

    // What analytics has written down counts after a restart.
    let kept = domain::telemetry::DeviceEvent {
        device: house.device,
        ts_us: 1,
        kind: domain::telemetry::DeviceEventKind::Attribute,
        code: "fw".into(),
        text: "\"1.11\"".into(),
    };
    let tx = house.records.begin().await.unwrap();
    device_events::insert_many(&tx, [(&kept, None)]).await.unwrap();
    tx.commit().await.unwrap();
    let again = Ingest::open(ingest::Deps {
        records: house.records.clone(),
        telemetry: Arc::<Embedded>::clone(&house.telemetry),
        clock: Arc::new(SystemClock),
        limits: ingest::Limits { attributes: 1, ..limits },
    })
    .await
    .unwrap();
    let house = House { ingest: again, ..house };
    assert_eq!(house.attributes(r#"{"fw":"1.12","n":1}"#).await.facts, 1);
}

#[tokio::test]
async fn an_attribute_is_read_back_with_the_type_it_was_sent_with() {
    let house = House::new().await;
    // The last one is from before attributes were kept as sent.
    let sent = [("fw", r#""1.10""#), ("gain", "1.10"), ("id", "9007199254740993"), ("old", "A-17")];
    let events = sent.map(|(name, json)| DeviceEvent {
        device: house.device,
        ts_us: 1,
        kind: DeviceEventKind::Attribute,
        code: name.into(),
        text: json.into(),
    });
    let tx = house.records.begin().await.unwrap();
    device_events::insert_many(&tx, events.iter().map(|event| (event, None))).await.unwrap();
    tx.commit().await.unwrap();
    for (asked, expected) in [
        ("{}", r#"{"client":{"fw":"1.10","gain":1.10,"id":9007199254740993,"old":"A-17"},"shared":{}}"#),
        ("no JSON", r#"{"client":{"fw":"1.10","gain":1.10,"id":9007199254740993,"old":"A-17"},"shared":{}}"#),
        (r#"{"clientKeys":"fw, id"}"#, r#"{"client":{"fw":"1.10","id":9007199254740993},"shared":{}}"#),
        (r#"{"clientKeys":["gain"]}"#, r#"{"client":{"gain":1.10},"shared":{}}"#),
    ] {
        let answer = house.ask("12", asked).await.expect("an answer");
        assert_eq!(answer.topic, "v1/devices/me/attributes/response/12");
        assert_eq!(answer.payload, expected.as_bytes(), "{asked}");
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_not_taken() {
    let house = House::new().await;
    assert!(house.ask("", "{}").await.is_none());
    assert!(house.ask(&"9".repeat(200), "{}").await.is_none());
    assert!(house.ask("1", &" ".repeat(20_000)).await.is_none());
}

#[test]
fn messages_are_taken_alike_on_postgresql() {
    place::once_more_on_postgresql("", 5);
}

#[tokio::test]
async fn a_device_behind_a_gateway_is_on_record_when_the_answer_comes() {
    let house = House::new().await;
    let message = |payload: &str| {
        let topic = "v1/gateway/telemetry";
        InboundMessage::plain(house.device, DeviceProfile::default(), topic, payload, SystemClock.now())
    };
    for _ in 0..2 {
        house.answer(vec![message(r#"{"pump":[{"flow":1}],"fan":[{"speed":2}]}"#)]).await.unwrap();
    }
    let children = devices::children(house.records.read()).await.unwrap();
    assert!(children.len() == 2 && children.iter().all(|(_, gateway)| *gateway == house.device));
    let found =
        devices::by_ids(house.records.read(), children.iter().map(|(child, _)| *child)).await.unwrap();
    for child in found.values() {
        let metrics = house.telemetry.metrics(child.id).await.unwrap();
        assert_eq!(&*metrics[0], if child.name == "pump" { "flow" } else { "speed" });
    }
    assert!(house.stored().await.is_empty(), "nothing of it is the gateway's own");

    // Known after a restart, and still the same.
    house.ingest.close().await;
    let again = house.ingest().await;
    let (tx, rx) = oneshot::channel();
    again.submit(vec![message(r#"{"pump":[{"flow":3}]}"#)], Box::new(move |result| tx.send(result).unwrap()));
    rx.await.unwrap().unwrap();
    assert_eq!(devices::children(house.records.read()).await.unwrap().len(), 2);
    again.close().await;
}

#[tokio::test]
async fn what_a_dialect_remembers_survives_a_restart() {
    let house = House::new().await;
    let message = |topic: &str, payload: &str| {
        InboundMessage::plain(house.device, DeviceProfile::Homie, topic, payload, SystemClock.now())
    };
    house.answer(vec![message("homie/pump/motor/code/$datatype", "string")]).await.unwrap();
    house.ingest.close().await;
    let again = house.ingest().await;
    let (tx, rx) = oneshot::channel();
    let code = message("homie/pump/motor/code", "42");
    again.submit(vec![code], Box::new(move |result| tx.send(result).unwrap()));
    rx.await.unwrap().unwrap();
    assert!(house.stored().await.is_empty(), "a code that was declared a text is no number");
    again.close().await;
}

/// Keeps what is to be sent.
#[derive(Default)]
struct Kept(std::sync::Mutex<Vec<(DeviceId, OutboundMessage)>>);

impl Post for Kept {
    fn send(&self, device: DeviceId, message: OutboundMessage) {
        self.0.lock().unwrap().push((device, message));
    }
}

#[tokio::test]
async fn a_node_hears_that_it_is_to_be_born_again_when_its_message_is_put_aside() {
    let house = House::new().await;
    let post = Arc::new(Kept::default());
    house.ingest.reach(Arc::<Kept>::clone(&post));
    // One metric by an alias that nobody has explained: field 2, whose field 2 is 7.
    let data = vec![0x12, 0x02, 0x10, 0x07];
    let message = InboundMessage::plain(
        house.device,
        DeviceProfile::Sparkplug,
        "spBv1.0/G/NDATA/E",
        data,
        SystemClock.now(),
    );
    house.answer(vec![message]).await.unwrap();
    assert_eq!(house.quarantined().await[0].reason, "unknown_alias");
    let sent = post.0.lock().unwrap();
    assert_eq!((sent.len(), sent[0].0, sent[0].1.topic.as_str()), (1, house.device, "spBv1.0/G/NCMD/E"));
}
