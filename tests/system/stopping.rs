//! The end of a process: told to stop it drains, and a folder belongs to one process at a time.

use serde_json::json;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, task::JoinSet};
use whole_system::{
    device::Device,
    http::id,
    product::{Demo, Mainstay},
};

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_drains_and_ends_well() {
    let mut product = Mainstay::start(Demo::Off).await;
    let api = product.api("admin");
    let made = api.post("/devices", json!({"name": "steady"})).await;
    let token = made["token"].as_str().expect("a token").to_owned();
    let mqtt = product.mqtt;
    let start_ms = crate::job::now().timestamp_millis() - 3_600_000;
    let mut publishers = JoinSet::new();
    publishers.spawn(async move {
        let mut device = Device::connect(mqtt, &token, "steady").await.expect("admitted");
        let mut acknowledged = 0_i64;
        while device.publish(&json!({"ts": start_ms + acknowledged, "values": {"speed": acknowledged}})).await
        {
            acknowledged += 1;
        }
        acknowledged
    });
    let latest = format!("/devices/{}/telemetry/latest", id(&made));
    whole_system::wait::until("the publisher to be in full swing", Duration::from_secs(20), || async {
        let seen = api.get(&latest).await["items"][0]["value"].as_f64();
        seen.filter(|count| *count > 50.0)
    })
    .await;

    let status = product.stop().await;
    assert_eq!(status.code(), Some(0), "{}", product.log());
    let acknowledged =
        publishers.join_next().await.expect("one publisher").expect("it ends with the connection");
    product.start_again().await;
    let path = format!(
        "/devices/{}/telemetry?metric=speed&from={start_ms}&to={}&limit=500",
        id(&made),
        start_ms + 3_600_000
    );
    let stored: Vec<i64> =
        api.all(&path).await.iter().filter_map(|item| item["value"].as_f64()).map(|v| v as i64).collect();
    let expected: Vec<i64> = (0..stored.len() as i64).collect();
    assert_eq!(stored, expected, "each once, in order");
    assert!(stored.len() as i64 >= acknowledged, "{} stored of {acknowledged} acknowledged", stored.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_do_not_keep_it_from_ending_well() {
    let mut product = Mainstay::start(Demo::Off).await;
    let mut half_sent = Vec::new();
    for words in ["GET / HTTP/1.1\r\nHo", "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\na"]
    {
        for _ in 0..20 {
            let mut stream = tokio::net::TcpStream::connect(product.http).await.expect("connects");
            stream.write_all(words.as_bytes()).await.expect("sent");
            half_sent.push(stream);
        }
    }
    product.api("admin").get("/devices").await;
    let began = std::time::Instant::now();
    let status = product.stop().await;
    assert_eq!(status.code(), Some(0), "{}", product.log());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_folder_ends_and_says_why() {
    let product = Mainstay::start(Demo::Off).await;
    let second = product.rival();
    let words = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{words}");
    assert!(words.contains("another process uses the data folder"), "{words}");
    product.api("admin").get("/devices").await;
}
