use super::{
    connection::{Connection, EndReason, Ended},
    quarantine::{MAX_PAYLOAD_KEPT, Quarantined},
    *,
};
use crate::{clock::from_micros, fleet::device::DeviceProfile, id::ConnectionId};

fn device() -> DeviceId {
    DeviceId(uuid::Uuid::from_u128(7))
}
fn samples() -> Batch {
    let sample = Sample { device: device(), metric: "t".into(), ts_us: 1, value: 20.0 };
    Batch { samples: vec![sample.clone(), sample], ..Batch::default() }
}
fn states() -> Batch {
    let report = StateReport { device: device(), ts_us: 1, state: ReportedState::Up, cause: None };
    Batch { states: vec![report.clone(), report.clone(), report], ..Batch::default() }
}
fn events() -> Batch {
    let kind = DeviceEventKind::Error;
    let event = DeviceEvent { device: device(), ts_us: 1, kind, code: "e1".into(), text: String::new() };
    Batch { events: vec![event; 5], ..Batch::default() }
}

#[test]
fn a_batch_of_any_one_kind_of_fact_is_not_empty() {
    assert!(Batch::default().is_empty());
    assert_eq!(
        [samples(), states(), events()].map(|batch| (batch.is_empty(), batch.len())),
        [(false, 2), (false, 3), (false, 5)]
    );
}

#[test]
fn a_batch_takes_over_all_of_another() {
    let mut all = samples();
    let (mut of_states, mut of_events) = (states(), events());
    all.append(&mut of_states);
    all.append(&mut of_events);
    assert_eq!((all.len(), of_states.len(), of_events.len()), (10, 0, 0));
}

#[test]
fn history_stays_with_its_samples_and_divides_them_into_stretches() {
    let history = |range: std::ops::Range<usize>| Batch { historical: vec![range], ..samples() };
    let mut all = history(0..1);
    all.append(&mut history(1..2));
    all.append(&mut samples());
    assert_eq!(all.historical, [0..1, 3..4]);
    let stretches: Vec<_> =
        all.stretches().map(|(stretch, historical)| (stretch.len(), historical)).collect();
    assert_eq!(stretches, [(1, true), (2, false), (1, true), (2, false)]);
    assert_eq!(Batch::default().stretches().count(), 0);
    assert_eq!(history(0..2).stretches().map(|(stretch, _)| stretch.len()).collect::<Vec<_>>(), [2]);
}

#[test]
fn every_refusal_has_its_code_and_says_what_was_refused() {
    let word = || "x".to_owned();
    let (name, metric, ts, limit) = (word(), word(), word(), 3);
    let refusals = [
        (Rejection::UnknownTopic(word()), "x"),
        (Rejection::MalformedJson(word()), "x"),
        (Rejection::WrongShape(word()), "x"),
        (Rejection::NotFinite { metric }, "x"),
        (Rejection::TooOld { ts: ts.clone() }, "x"),
        (Rejection::InFuture { ts }, "x"),
        (Rejection::TooLarge { bytes: 4, limit }, "4 > 3"),
        (Rejection::TooDeep { limit }, "> 3"),
        (Rejection::BadMetricName(word()), "x"),
        (Rejection::UnknownState(word()), "x"),
        (Rejection::ForeignTopic(word()), "x"),
        (Rejection::MalformedPacket(word()), "x"),
        (Rejection::WrongToken(word()), "x"),
        (Rejection::DuplicateCredentials(word()), "x"),
        (Rejection::TooManyNames { name: name.clone(), limit }, "x (> 3)"),
        (Rejection::TooManyEvents { limit }, "> 3"),
        (Rejection::TooManyAttributes { name: name.clone(), limit }, "x (> 3)"),
        (Rejection::ForeignWill(word()), "x"),
        (Rejection::MalformedPayload(word()), "x"),
        (Rejection::UnknownAlias(word()), "x"),
        (Rejection::TooManyChildren { name: name.clone(), limit }, "x (> 3)"),
        (Rejection::OutOfRange { metric: name, value: "850".into() }, "x = 850"),
    ];
    assert_eq!(refusals.each_ref().map(|(refusal, _)| refusal.code()), Rejection::CODES);
    for (refusal, detail) in refusals {
        assert_eq!(refusal.detail(), detail, "{refusal}");
    }
}

fn quarantined(device: Option<DeviceId>, topic: &str, bytes: usize) -> Quarantined {
    let rejection = Rejection::UnknownTopic(topic.into());
    Quarantined::new(device, topic, &vec![b'x'; bytes], &rejection, from_micros(5))
}

#[test]
fn only_a_whole_message_of_a_known_device_is_submitted_again() {
    let whole = quarantined(Some(device()), "v1/odd", MAX_PAYLOAD_KEPT);
    assert_eq!(whole.payload.len(), 262_144, "as much as a device may send");
    let again = whole.to_message(DeviceProfile::ThingsboardTexts).expect("a whole message");
    assert_eq!((again.device, &*again.topic, again.received_at), (device(), "v1/odd", from_micros(5)));
    assert_eq!((again.payload, again.profile), (whole.payload, DeviceProfile::ThingsboardTexts));
    assert!(!quarantined(Some(device()), "v1/odd", MAX_PAYLOAD_KEPT + 1).is_message(), "it was cut");
    assert!(!quarantined(None, "v1/odd", 1).is_message(), "nobody knows who sent it");
    let sign_in = quarantined(Some(device()), "", 1).to_message(DeviceProfile::default());
    assert!(sign_in.is_none(), "a sign-in is no message");
}

#[test]
fn an_unknown_sender_is_told_by_where_it_speaks_from() {
    let refused = quarantined(None, "", 1);
    assert_eq!(refused.source, None);
    assert_eq!(refused.from_source("192.0.2.7".into()).source.as_deref(), Some("192.0.2.7"));
}

#[test]
fn a_connection_is_open_until_it_has_ended() {
    let open = Connection {
        device: device(),
        id: ConnectionId::generate(),
        client_id: "c".into(),
        remote: "192.0.2.7:1883".into(),
        connected_at: from_micros(1),
        ended: None,
        connects: 1,
    };
    assert!(open.is_open());
    let ended = Some(Ended { at: from_micros(2), reason: EndReason::Disconnected });
    assert!(!Connection { ended, ..open }.is_open());
}
