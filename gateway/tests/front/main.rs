//! The MQTT front as devices meet it: a real listener, raw bytes and a real client.

#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

mod harness;

use domain::{
    clock::from_micros,
    fleet::device::DeviceProfile,
    id::DeviceId,
    telemetry::{NotStored, OutboundMessage, connection::EndReason},
};
use gateway::Limits;
use harness::{Client, Front, TELEMETRY, connect, eventually, framed, publish, subscribe, text};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rumqttc::{AsyncClient, ConnectReturnCode, ConnectionError, Event, MqttOptions, Packet, QoS};
use std::time::Duration;
use store::records::{
    fleet::devices,
    telemetry::{connections, quarantine},
};
use tokio::{io::AsyncWriteExt, time::timeout};

#[tokio::test]
async fn a_wrong_token_is_refused_and_visible() {
    let front = Front::start().await;
    front.device("right").await;
    let mut options = MqttOptions::new("visitor", "127.0.0.1", front.address.port());
    options.set_credentials("wrong", "");
    let (_client, mut events) = AsyncClient::new(options, 10);
    let refused = events.poll().await.unwrap_err();
    assert!(
        matches!(refused, ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized)),
        "{refused}"
    );
    let row = eventually("a row", async || front.quarantined("wrong_token").await.pop()).await;
    assert_eq!((row.device, row.detail.as_str()), (None, "visitor 127.0.0.1"));

    let mut nameless = Client::open(front.address).await;
    nameless.send(&connect("x", "", 60, None)).await;
    assert_eq!(nameless.packet().await, Some((0x20, vec![0, 4])));
    assert_eq!(nameless.packet().await, None);
}

#[tokio::test]
async fn other_protocols_are_told_or_closed() {
    let front = Front::start().await;
    let mut newer = connect("x", "t", 60, None);
    newer[8] = 5;
    let mut client = Client::open(front.address).await;
    client.send(&newer).await;
    assert_eq!(client.packet().await, Some((0x20, vec![0, 1])));
    let mut browser = Client::open(front.address).await;
    browser.send(b"GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(browser.packet().await, None);
    let mut impatient = Client::open(front.address).await;
    impatient.send(&publish(TELEMETRY, 1, 1, "{}")).await;
    assert_eq!(impatient.packet().await, None);
}

#[tokio::test]
async fn a_real_client_publishes_as_its_device() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut options = MqttOptions::new("pump", "127.0.0.1", front.address.port());
    options.set_credentials("pump", "");
    let (client, mut events) = AsyncClient::new(options, 10);
    for (at, qos) in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].into_iter().enumerate() {
        client.publish(TELEMETRY, qos, false, format!(r#"{{"t":{at}}}"#)).await.unwrap();
    }
    let (mut acknowledged, mut completed) = (false, false);
    while !(acknowledged && completed) {
        match events.poll().await.unwrap() {
            Event::Incoming(Packet::PubAck(_)) => acknowledged = true,
            Event::Incoming(Packet::PubComp(_)) => completed = true,
            _ => {}
        }
    }
    assert_eq!(front.sink.payloads(), [r#"{"t":0}"#, r#"{"t":1}"#, r#"{"t":2}"#]);
    assert!(front.sink.messages.lock().unwrap().iter().all(|message| message.device == device));
    let fact =
        eventually("the fact", async || connections::get(front.records.read(), device).await.unwrap()).await;
    assert!(fact.is_open() && fact.client_id == "pump");
    client.disconnect().await.unwrap();
    while events.poll().await.is_ok() {}
    let ended =
        eventually("the end", async || connections::get(front.records.read(), device).await.unwrap()?.ended);
    assert_eq!(ended.await.reason, EndReason::Disconnected);
}

#[tokio::test]
async fn acknowledgements_wait_for_the_store_and_keep_their_order() {
    let front = Front::start().await;
    front.device("pump").await;
    front.sink.withhold();
    let mut client = front.client("pump").await;
    for id in 1..=3 {
        client.send(&publish(TELEMETRY, 1, id, "{}")).await;
        client.nothing_but_a_ping().await;
    }
    let mut open = front.sink.take_withheld();
    assert_eq!(open.len(), 3);
    open.pop().unwrap()(Ok(()));
    client.nothing_but_a_ping().await;
    for done in open {
        done(Ok(()));
    }
    for id in 1..=3 {
        client.puback(id).await;
    }
}

#[tokio::test]
async fn nobody_is_read_while_the_sink_has_its_fill() {
    let front = Front::with(Limits { open_bytes: 10, ..Limits::default() }).await;
    front.device("pump").await;
    front.device("fan").await;
    front.sink.withhold();
    let (mut pump, mut fan) = (front.client("pump").await, front.client("fan").await);
    pump.send(&publish(TELEMETRY, 1, 1, r#"{"long":1234567}"#)).await;
    let done = eventually("its message", async || front.sink.take_withheld().pop()).await;
    fan.send(&publish(TELEMETRY, 1, 2, "{}")).await;
    assert!(timeout(Duration::from_millis(100), fan.packet()).await.is_err());
    assert!(front.sink.take_withheld().is_empty());
    done(Ok(()));
    pump.puback(1).await;
    eventually("the other message", async || front.sink.take_withheld().pop()).await(Ok(()));
    fan.puback(2).await;
}

#[tokio::test]
async fn what_is_not_stored_is_not_acknowledged() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut client = front.client("pump").await;
    *front.sink.broken.lock().unwrap() = Some(NotStored::Full);
    client.send(&publish(TELEMETRY, 1, 1, "{}")).await;
    assert_eq!(client.packet().await, None);
    let ended =
        eventually("the end", async || connections::get(front.records.read(), device).await.unwrap()?.ended);
    assert_eq!(ended.await.reason, EndReason::NotStored);
    *front.sink.broken.lock().unwrap() = None;
    let mut again = front.client("pump").await;
    again.send(&publish(TELEMETRY, 1, 1, "{}")).await;
    again.puback(1).await;
}

#[tokio::test]
async fn a_foreign_topic_ends_the_connection_and_the_good_messages_count() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut client = front.client("pump").await;
    let burst = [
        publish(TELEMETRY, 1, 1, "{\"a\":1}"),
        publish("v1/devices/other/telemetry", 1, 2, "{\"evil\":1}"),
        publish(TELEMETRY, 1, 3, "{\"a\":3}"),
    ];
    client.send(&burst.concat()).await;
    client.puback(1).await;
    client.puback(3).await;
    assert_eq!(client.packet().await, None);
    assert_eq!(front.sink.payloads(), ["{\"a\":1}", "{\"a\":3}"]);
    let row = eventually("a row", async || front.quarantined("foreign_topic").await.pop()).await;
    assert_eq!((row.device, row.detail.as_str()), (Some(device), "v1/devices/other/telemetry"));
    assert_eq!(row.payload, b"{\"evil\":1}");
    front.client("pump").await.nothing_but_a_ping().await;
}

#[tokio::test]
async fn ten_megabytes_are_refused_at_the_header() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut client = front.client("pump").await;
    let whole =
        framed(0x32, &[&harness::text(TELEMETRY)[..], &[0, 1], &vec![b'x'; 10 * 1024 * 1024]].concat());
    client.send(&[&publish(TELEMETRY, 1, 7, "{}")[..], &whole[..1_000]].concat()).await;
    client.puback(7).await;
    assert_eq!(client.packet().await, None);
    let row = eventually("a row", async || front.quarantined("too_large").await.pop()).await;
    assert_eq!((row.device, row.topic.as_str()), (Some(device), TELEMETRY));
    assert!(row.payload_bytes > 10 * 1024 * 1024 && row.payload.len() <= 1_000 && !row.is_message());
    let largest = format!("{{\"note\":\"{}\"}}", "x".repeat(250_000));
    let mut client = front.client("pump").await;
    client.send(&publish(TELEMETRY, 1, 8, &largest)).await;
    client.puback(8).await;
}

#[tokio::test]
async fn a_second_client_takes_over_and_a_fight_is_reported() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let other = front.device("fan").await;
    let mut fan = front.client("fan").await;
    let mut clients = vec![front.client("pump").await];
    for _ in 0..3 {
        let newer = front.client("pump").await;
        let mut old = clients.pop().unwrap();
        assert_eq!(old.packet().await, None);
        clients.push(newer);
    }
    let row = eventually("a row", async || front.quarantined("duplicate_credentials").await.pop()).await;
    assert_eq!(row.device, Some(device));
    clients[0].nothing_but_a_ping().await;
    let newest = eventually("the fact", async || {
        let fact = connections::get(front.records.read(), device).await.unwrap()?;
        (fact.connects == 4 && fact.is_open()).then_some(fact)
    });
    assert_eq!(newest.await.remote, clients[0].stream.local_addr().unwrap().to_string());

    // Another device cannot throw it out by using its name.
    let mut thief = Client::open(front.address).await;
    thief.send(&connect("pump", "fan", 60, None)).await;
    assert_eq!(thief.packet().await, Some((0x20, vec![0, 0])));
    clients[0].nothing_but_a_ping().await;
    fan.nothing_but_a_ping().await;
    assert!(
        eventually("two", async || connections::get(front.records.read(), other).await.unwrap())
            .await
            .is_open()
    );
}

#[tokio::test]
async fn a_half_open_socket_ends_after_its_keep_alive_and_its_will_is_heard() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut client = Client::open(front.address).await;
    client.send(&connect("pump", "pump", 1, Some((TELEMETRY, r#"{"state":"down"}"#)))).await;
    assert_eq!(client.packet().await, Some((0x20, vec![0, 0])));
    assert_eq!(client.packet().await, None);
    eventually("the will", async || (front.sink.payloads() == [r#"{"state":"down"}"#]).then_some(())).await;
    let ended =
        eventually("the end", async || connections::get(front.records.read(), device).await.unwrap()?.ended);
    assert_eq!(ended.await.reason, EndReason::KeepAliveTimeout);
}

#[tokio::test]
async fn a_goodbye_withdraws_the_will() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut client = Client::open(front.address).await;
    client.send(&connect("pump", "pump", 60, Some((TELEMETRY, "{}")))).await;
    assert_eq!(client.packet().await, Some((0x20, vec![0, 0])));
    client.send(&[&publish(TELEMETRY, 1, 1, "{\"a\":1}")[..], &[0xe0, 0]].concat()).await;
    client.puback(1).await;
    assert_eq!(client.packet().await, None);
    let ended =
        eventually("the end", async || connections::get(front.records.read(), device).await.unwrap()?.ended);
    assert_eq!(ended.await.reason, EndReason::Disconnected);
    assert_eq!(front.sink.payloads(), ["{\"a\":1}"]);
}

#[tokio::test]
async fn subscriptions_are_granted_only_for_its_own_topics_and_questions_are_answered() {
    const ANSWERS: &str = "v1/devices/me/attributes/response/+";
    let front = Front::start().await;
    front.device("pump").await;
    let mut client = front.client("pump").await;
    let filters = [
        ("v1/devices/me/attributes", 1),
        (ANSWERS, 2),
        ("v1/devices/me/x", 0),
        ("#", 0),
        ("v1/devices/+/attributes", 1),
    ];
    client.send(&subscribe(&filters)).await;
    assert_eq!(client.packet().await, Some((0x90, vec![0, 9, 1, 1, 0x80, 0x80, 0x80])));
    let question = publish("v1/devices/me/attributes/request/12", 1, 5, "what?");
    client.send(&question).await;
    client.puback(5).await;
    client.nothing_but_a_ping().await;
    front.sink.answer("v1/devices/me/attributes/response/12");
    let expected = [&harness::text("v1/devices/me/attributes/response/12")[..], &[0, 1], b"what?"].concat();
    assert_eq!(client.packet().await, Some((0x32, expected)));
    assert!(front.sink.payloads().is_empty(), "a question is no message to keep");
    client.send(&framed(0xa2, &[&[0, 4][..], &harness::text(ANSWERS)].concat())).await;
    assert_eq!(client.packet().await, Some((0xb0, vec![0, 4])));
    client.send(&question).await;
    client.puback(5).await;
    front.sink.answer("v1/devices/me/attributes/response/12");
    client.nothing_but_a_ping().await;
}

#[tokio::test]
async fn a_device_that_asks_and_does_not_read_is_not_answered_for_ever() {
    let front = Front::with(Limits { questions: 2, ..Limits::default() }).await;
    front.device("pump").await;
    let mut clients = [front.client("pump").await, Client::open(front.address).await];
    clients[1].send(&connect("other", "pump", 60, None)).await;
    clients[1].packet().await;
    for client in &mut clients {
        for id in 1..=2 {
            client.send(&publish("v1/devices/me/attributes/request/1", 1, id, "{}")).await;
            client.puback(id as u8).await;
        }
    }
    let asked = || front.sink.asked.lock().unwrap().len();
    assert_eq!(asked(), 2, "however many connections it has");
    front.sink.asked.lock().unwrap().clear();
    clients[1].send(&publish("v1/devices/me/attributes/request/1", 1, 3, "{}")).await;
    clients[1].puback(3).await;
    assert_eq!(asked(), 1, "there is no answer to wait for");
}

#[tokio::test]
async fn a_message_says_how_its_device_speaks_and_a_change_of_that_is_followed() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut client = front.client("pump").await;
    client.send(&publish(TELEMETRY, 0, 0, "{}")).await;
    let mut retained = publish(TELEMETRY, 1, 1, "{}");
    retained[0] |= 1;
    client.send(&retained).await;
    client.puback(1).await;
    let told = |at: usize| {
        let messages = front.sink.messages.lock().unwrap();
        (messages[at].profile, messages[at].retain)
    };
    assert_eq!([told(0), told(1)], [(DeviceProfile::Thingsboard, false), (DeviceProfile::Thingsboard, true)]);

    front.speaks(device, DeviceProfile::ThingsboardTexts).await;
    // In the other dialect this is no topic of its own.
    let refused = async {
        let again = publish(TELEMETRY, 1, 2, "{}");
        while client.stream.write_all(&again).await.is_ok() && client.packet().await.is_some() {}
    };
    timeout(Duration::from_secs(10), refused).await.expect("the change is followed");
    let mut client = front.client("pump").await;
    client.send(&publish("other/topic", 1, 1, "{}")).await;
    client.puback(1).await;
    let last = front.sink.messages.lock().unwrap().last().map(|message| message.profile);
    assert_eq!(last, Some(DeviceProfile::ThingsboardTexts));
}

#[tokio::test]
async fn the_token_may_be_the_password_behind_a_name_that_is_not_secret() {
    let front = Front::start().await;
    front.device("secret").await;
    for user in ["hub.example/pump-7/?api-version=2021-04-12", "pump-7"] {
        let mut client = harness::Client::open(front.address).await;
        client.send(&harness::connect_with("pump-7", user, "secret")).await;
        assert_eq!(client.packet().await, Some((0x20, vec![0, 0])), "{user}");
    }
    let mut client = harness::Client::open(front.address).await;
    client.send(&harness::connect_with("pump-7", "hub.example/pump-7", "wrong")).await;
    assert_eq!(client.packet().await, Some((0x20, vec![0, 5])));
    assert_eq!(front.quarantined("wrong_token").await.len(), 1);
}

#[tokio::test]
async fn a_device_hears_what_the_sink_has_for_it_and_whether_we_are_there() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    front.speaks(device, DeviceProfile::ThingsboardTexts).await;
    let mut other = front.client("pump").await;
    // The profile is followed within a second.
    let granted = async {
        loop {
            other.send(&subscribe(&[("there", 1)])).await;
            if other.packet().await == Some((0x90, vec![0, 9, 1])) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), granted).await.expect("it is granted");
    let said =
        |id: u8, word: &str| Some((0x32, [&harness::text("there")[..], &[0, id], word.as_bytes()].concat()));
    assert_eq!(other.packet().await, said(1, "true"));

    let post = front.sink.post.get().expect("the gateway gives it");
    let message = |topic: &str| OutboundMessage { topic: topic.into(), payload: b"hear".to_vec() };
    post.send(device, message("elsewhere"));
    post.send(DeviceId::generate(), message("there"));
    post.send(device, message("there"));
    assert_eq!(other.packet().await, said(2, "hear"), "what it does not listen for is not sent");
    front.stop.cancel();
    assert_eq!(other.packet().await, said(3, "false"));
    front.stopped().await;
}

#[tokio::test]
async fn a_will_on_a_topic_of_another_dialect_is_set_aside_and_its_device_let_in() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let wills = [
        ("tele/pump/LWT", "Offline"),
        ("homie/pump/$state", "lost"),
        ("spBv1.0/g/NDEATH/e", ""),
        ("v1/devices/other/telemetry", "{}"),
    ];
    for (topic, will) in wills {
        for _ in 0..2 {
            let mut client = Client::open(front.address).await;
            client.send(&connect("pump", "pump", 60, Some((topic, will)))).await;
            assert_eq!(client.packet().await, Some((0x20, vec![0, 0])), "{topic}");
            client.send(&publish(TELEMETRY, 1, 1, r#"{"t":1}"#)).await;
            client.puback(1).await;
        }
    }
    let rows = eventually("the rows", async || {
        Some(front.quarantined("foreign_will").await).filter(|r| r.len() >= 4)
    });
    let mut topics: Vec<_> =
        rows.await.into_iter().map(|row| (row.device, row.detail, row.payload)).collect();
    topics.sort();
    let row = |topic: &str, will: &str| (Some(device), topic.to_owned(), will.as_bytes().to_vec());
    let expected = [
        row("homie/pump/$state", "lost"),
        row("spBv1.0/g/NDEATH/e", ""),
        row("tele/pump/LWT", "Offline"),
        row("v1/devices/other/telemetry", "{}"),
    ];
    assert_eq!(topics, expected, "each once, however often the device connects");
    assert!(
        front.sink.payloads().iter().all(|payload| payload == r#"{"t":1}"#),
        "no will is taken for a message"
    );
}

#[tokio::test]
async fn what_the_standard_forbids_closes_the_connection() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut left_over = connect("pump", "pump", 60, None);
    left_over[1] += 2;
    left_over.extend([0, 0]);
    for refused in [connect("pu\0mp", "pump", 60, None), left_over] {
        let mut client = Client::open(front.address).await;
        client.send(&refused).await;
        assert_eq!(client.packet().await, None, "without CONNACK");
    }
    let dup = [0x38, 28, 0, 23].into_iter().chain(TELEMETRY.bytes()).chain(*b"{}x").collect::<Vec<u8>>();
    for forbidden in
        [&dup[..], &connect("pump", "pump", 60, None), &[0xc1, 0], &[0xc0, 1, 0], &[0x40, 2, 0, 0]]
    {
        let mut client = front.client("pump").await;
        client.send(forbidden).await;
        assert_eq!(client.packet().await, None, "{forbidden:?}");
    }
    // Right behind CONNECT, before its answer: what is no packet closes, what is one is taken.
    let mut client = Client::open(front.address).await;
    client.send(&[connect("pump", "pump", 60, None), vec![0xf0, 0]].concat()).await;
    assert_eq!(client.packet().await, Some((0x20, vec![0, 0])));
    assert_eq!(client.packet().await, None);
    let mut client = Client::open(front.address).await;
    client.send(&[connect("pump", "pump", 60, None), publish(TELEMETRY, 1, 7, "{}")].concat()).await;
    assert_eq!(client.packet().await, Some((0x20, vec![0, 0])));
    client.puback(7).await;
    assert_eq!(front.sink.payloads(), ["{}"]);
    let counts = eventually("the rows", async || {
        let counts = quarantine::counts(
            front.records.read(),
            domain::people::account::Actor::system().scope(),
            Some(device),
        )
        .await
        .unwrap();
        counts.into_iter().find(|count| count.reason == "malformed_packet").filter(|count| count.count >= 5)
    });
    assert_eq!(counts.await.count, 5, "a second CONNECT is a packet at the wrong time");
}

#[tokio::test]
async fn quality_of_service_2_hands_over_each_message_once() {
    let front = Front::start().await;
    front.device("pump").await;
    let mut client = front.client("pump").await;
    for _ in 0..2 {
        client.send(&publish(TELEMETRY, 2, 1, "{}")).await;
        assert_eq!(client.packet().await, Some((0x50, vec![0, 1])));
    }
    client.send(&framed(0x62, &[0, 1])).await;
    assert_eq!(client.packet().await, Some((0x70, vec![0, 1])));
    assert_eq!(front.sink.payloads().len(), 1);
    client.send(&publish(TELEMETRY, 2, 1, "{}")).await;
    assert_eq!(client.packet().await, Some((0x50, vec![0, 1])));
    assert_eq!(front.sink.payloads().len(), 2);
}

#[tokio::test]
async fn a_graceful_stop_answers_what_it_has_taken() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    front.sink.withhold();
    let mut client = front.client("pump").await;
    client.send(&publish(TELEMETRY, 1, 1, "{}")).await;
    client.nothing_but_a_ping().await;
    front.stop.cancel();
    for done in front.sink.take_withheld() {
        done(Ok(()));
    }
    client.puback(1).await;
    assert_eq!(client.packet().await, None);
    let records = front.records.clone();
    front.stopped().await;
    let fact = connections::get(records.read(), device).await.unwrap().unwrap();
    assert_eq!(fact.ended.unwrap().reason, EndReason::ServerStopped);
}

#[tokio::test]
async fn revoked_and_replaced_credentials_end_the_connection_within_seconds() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut client = front.client("pump").await;
    let tx = front.records.begin().await.unwrap();
    devices::rotate(&tx, device, devices::token_hash("new")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(client.packet().await, None);
    let mut old = Client::open(front.address).await;
    old.send(&connect("pump", "pump", 60, None)).await;
    assert_eq!(old.packet().await, Some((0x20, vec![0, 5])));
    let mut client = front.client("new").await;
    let tx = front.records.begin().await.unwrap();
    devices::revoke(&tx, device, from_micros(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(client.packet().await, None);
    let ended =
        eventually("the end", async || connections::get(front.records.read(), device).await.unwrap()?.ended);
    assert_eq!(ended.await.reason, EndReason::Revoked);
}

#[tokio::test]
async fn packets_may_come_byte_by_byte() {
    let front = Front::start().await;
    front.device("pump").await;
    let mut client = Client::open(front.address).await;
    client.stream.set_nodelay(true).unwrap();
    let all =
        [connect("pump", "pump", 60, None), publish(TELEMETRY, 1, 1, "{}"), publish(TELEMETRY, 1, 2, "{}")];
    for byte in all.concat() {
        client.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.packet().await, Some((0x20, vec![0, 0])));
    client.puback(1).await;
    client.puback(2).await;
}

#[tokio::test]
async fn no_bytes_bring_it_down() {
    let front = Front::start().await;
    let device = front.device("pump").await;
    let mut witness = front.client("pump").await;
    let seed = std::process::id().to_le_bytes().repeat(8);
    println!("seed {seed:?}");
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let good =
        [connect("noise", "pump", 60, None), publish(TELEMETRY, 1, 1, "{}"), subscribe(&[("#", 1)])].concat();
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let mutated = (prop::collection::vec(change, 0..6), prop::collection::vec(any::<u8>(), 0..50)).prop_map(
        move |(changes, tail)| {
            let mut bytes = good.clone();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.extend(tail);
            bytes
        },
    );
    for _ in 0..300 {
        let bytes = mutated.new_tree(&mut runner).unwrap().current();
        let mut client = Client::open(front.address).await;
        client.send(&bytes).await;
        drop(client);
    }
    witness.nothing_but_a_ping().await;
    witness.send(&publish(TELEMETRY, 1, 9, "{}")).await;
    witness.puback(9).await;
    drop(witness);
    timeout(Duration::from_secs(10), async {
        while connections::get(front.records.read(), device).await.unwrap().is_none_or(|fact| fact.is_open())
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("every connection is noticed to have ended");
    assert!(
        !quarantine::counts(
            front.records.read(),
            domain::people::account::Actor::system().scope(),
            Some(device)
        )
        .await
        .unwrap()
        .is_empty()
    );
}

#[test]
fn devices_are_served_alike_on_postgresql() {
    store::place::once_more_on_postgresql("", 20);
}

#[tokio::test]
async fn a_newcomer_asks_for_credentials_and_may_do_nothing_else() {
    let front = Front::start().await;
    let newcomer = async |client_id: &str, user: &str| {
        let mut client = Client::open(front.address).await;
        client.send(&connect(client_id, user, 60, None)).await;
        assert_eq!(client.packet().await, Some((0x20, vec![0, 0])), "{client_id:?} {user:?}");
        client
    };
    let mut client = newcomer("whoever", "provision").await;
    client
        .send(&framed(0x82, &[&[0, 7][..], &text("/provision/response"), &[0], &text("#"), &[0]].concat()))
        .await;
    assert_eq!(client.packet().await, Some((0x90, vec![0, 7, 0, 0x80])));
    let answered = |body: &str| Some((0x30, [text("/provision/response"), body.into()].concat()));
    client.send(&publish("/provision/request", 1, 1, "please")).await;
    client.puback(1).await;
    assert_eq!(client.packet().await, answered("granted"));
    client.send(&publish("/provision", 0, 0, "who are you")).await;
    assert_eq!(client.packet().await, answered("refused"));
    client.nothing_but_a_ping().await;
    client.send(&publish("/provision/request", 1, 2, "later")).await;
    assert_eq!(client.packet().await, None, "not acknowledged");

    // In one piece with its first packet, and by the name of its session.
    let mut client = Client::open(front.address).await;
    let both = [connect("provision", "", 60, None), publish("/provision/request", 0, 0, "please")].concat();
    client.send(&both).await;
    assert_eq!(client.packet().await, Some((0x20, vec![0, 0])));
    assert_eq!(client.packet().await, answered("granted"));

    for (topic, payload) in [(TELEMETRY, r#"{"t":1}"#), ("/provision/x", "please")] {
        let mut client = newcomer("x", "provision").await;
        client.send(&publish(topic, 1, 1, payload)).await;
        assert_eq!(client.packet().await, None, "{topic}");
    }
    let mut client = newcomer("x", "provision").await;
    for id in 1..=10 {
        client.send(&publish("/provision/request", 1, id, "please")).await;
        client.puback(id as u8).await;
        client.packet().await;
    }
    client.send(&publish("/provision/request", 1, 11, "please")).await;
    assert_eq!(client.packet().await, None, "it asked enough");
    assert!(front.sink.messages.lock().unwrap().is_empty());
    front.stop.cancel();
    front.stopped().await;
}
