//! Devices on somebody's broker: whatever it acknowledged to them arrives here once, also when Mainstay or the broker falls in
//! between.

use serde_json::{Value, json};
use std::{ops::Range, time::Duration};
use whole_system::{
    brokers::{Broker, Kind},
    device::Device,
    http::{Api, id},
    product::{Demo, Mainstay, program},
    wait,
};

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;
const PATIENCE: Duration = Duration::from_secs(60);

async fn publish(broker: &Broker, device: &str, seconds: Range<i64>) {
    let mut client = Device::connect(broker.address, "anybody", "equipment").await.expect("admitted");
    let topic = format!("mainstay/{device}/v1/devices/me/telemetry");
    for second in seconds {
        let sample = json!({"ts": START_MS + second * 1000, "values": {"speed": second as f64}});
        assert!(client.publish_raw(&topic, sample.to_string().into_bytes()).await, "acknowledged");
    }
    client.disconnect().await;
}

async fn seen(api: &Api, device: &str) -> Vec<i64> {
    let path =
        format!("/devices/{device}/telemetry?metric=speed&from={START_MS}&to={}&limit=500", START_MS * 2);
    let second = |item: Value| (item["ts"].as_i64().expect("a time") - START_MS) / 1000;
    api.all(&path).await.into_iter().map(second).collect()
}

async fn nothing_is_lost(kind: Kind, settings: &str) {
    let Some(mut broker) = Broker::start(kind).await else { return };
    let url = format!("mqtt://{}?{settings}", broker.address);
    let mut product = Mainstay::start_with(Demo::Off, vec![("MAINSTAY_BROKER", url)]).await;
    let api = product.api("admin");
    let device = id(&api.post("/devices", json!({"name": "far away"})).await).to_owned();
    let all = async |upto: i64| {
        wait::until("everything to arrive", PATIENCE, || async {
            (seen(&api, &device).await == (0..upto).collect::<Vec<_>>()).then_some(())
        })
        .await;
    };
    // A session that never was cannot be kept.
    wait::until("the first sample", PATIENCE, || async {
        publish(&broker, &device, 0..1).await;
        (seen(&api, &device).await == [0]).then_some(())
    })
    .await;

    publish(&broker, &device, 1..100).await;
    product.kill();
    publish(&broker, &device, 100..200).await;
    product.start_again().await;
    all(200).await;

    // Away in an orderly way, with what the broker holds for us.
    product.stop().await;
    publish(&broker, &device, 200..300).await;
    broker.stop().await;
    broker.start_again().await;
    product.start_again().await;
    all(300).await;

    let breaks = product.log().matches("reading the broker").count();
    broker.stop().await;
    broker.start_again().await;
    // Mosquitto forgets shared subscriptions with a start.
    wait::until("the broker to be read again", PATIENCE, || async {
        (product.log().matches("reading the broker").count() > breaks || !settings.contains("share"))
            .then_some(())
    })
    .await;
    publish(&broker, &device, 300..400).await;
    all(400).await;

    // Those who are not on record stand behind the broker, by the names in their topics.
    let mut client = Device::connect(broker.address, "anybody", "plugs").await.expect("admitted");
    for plug in ["hall", "yard"] {
        let topic = format!("tele/{plug}/SENSOR");
        assert!(client.publish_raw(&topic, br#"{"ENERGY": {"Power": 21.5}}"#.to_vec()).await);
    }
    let names = async || -> Vec<String> {
        let found = api.all("/devices").await;
        found.iter().map(|device| device["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let there = format!("{} Tasmota", broker.address);
    wait::until("the plugs", PATIENCE, || async {
        let names = names().await;
        ["hall", "yard", &there].iter().all(|name| names.iter().any(|known| known == name)).then_some(())
    })
    .await;
}

/// Over TLS with a password from a file; a server whose certificate is nobody's is not spoken to.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_a_broker_can_be_encrypted() {
    let Some((broker, authority)) = Broker::start_over_tls(Kind::Mosquitto).await else { return };
    let secret = authority.with_file_name("secret");
    std::fs::write(&secret, "s3cret\n").expect("written");
    let file = secret.display().to_string().replace('/', "%2F");
    for version in [3, 5] {
        let url = format!("mqtts://me:{file}@{}?version={version}", broker.address);
        let trusted = format!("{url}&ca_file={}", authority.display());
        let product = Mainstay::start_with(Demo::Off, vec![("MAINSTAY_BROKER", trusted)]).await;
        wait::until("the broker", PATIENCE, || async {
            product.log().contains("reading the broker").then_some(())
        })
        .await;
        assert!(!product.log().contains("s3cret"));
        let product = Mainstay::start_with(Demo::Off, vec![("MAINSTAY_BROKER", url)]).await;
        wait::until("the refusal", PATIENCE, || async {
            product.log().contains("the broker is not read").then_some(())
        })
        .await;
        assert!(!product.log().contains("reading the broker"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mosquitto_over_mqtt_5_loses_nothing() {
    nothing_is_lost(Kind::Mosquitto, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mosquitto_with_a_shared_subscription_loses_nothing() {
    nothing_is_lost(Kind::Mosquitto, "share=mainstay&version=3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_loses_nothing() {
    nothing_is_lost(Kind::Nats, "version=3&profiles=thingsboard,tasmota").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_plays_to_a_broker_that_knows_no_devices() {
    let Some(broker) = Broker::start(Kind::Mosquitto).await else { return };
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("scenario.toml");
    let scenario =
        "seed = 3\nfrom = \"2026-01-01T00:00:00Z\"\ndays = 0.1\n[[machines]]\nkind = \"pump\"\ncount = 2\n";
    std::fs::write(&file, scenario).expect("written");
    let (host, port) = (broker.address.ip().to_string(), broker.address.port().to_string());
    let listen = |more: &[&str]| {
        let mut command = std::process::Command::new("mosquitto_sub");
        command.args([
            "-h", &host, "-p", &port, "-i", "listener", "-c", "-q", "1", "-t", "plant/#", "-v", "-W", "60",
        ]);
        let output = command.args(more).output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    // The broker keeps what comes for a session that is away.
    listen(&["-E"]);
    let mqtt = broker.address.to_string();
    let played = std::process::Command::new(program("simulator"))
        .args(["scenario", file.to_str().expect("text"), "--json", "--mqtt", &mqtt])
        .args(["--topic", "plant/{device}", "--truth"])
        .arg(folder.path().join("truth.jsonl"))
        .output()
        .expect("it starts");
    let result: Value = serde_json::from_slice(&played.stdout).expect("a result");
    let rows = result["rows"].as_u64().expect("a count");
    assert!(rows > 280, "two pumps, 144 minutes: {result}");
    let heard = listen(&["-C", &rows.to_string()]);
    let first = heard.lines().find_map(|line| line.strip_prefix("plant/pump-1 ")).expect("the first pump");
    let first: Value = serde_json::from_str(first).expect("JSON");
    assert!(first["time"] == START_MS && first["flow"].is_f64() && first["state"].is_string(), "{first}");
    assert_eq!(heard.lines().filter(|line| line.starts_with("plant/pump-2 ")).count() as u64, rows / 2);
}
