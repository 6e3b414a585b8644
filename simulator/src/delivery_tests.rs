//! Against a broker written for this test, because none misbehaves on demand: it drops connections with messages
//! unacknowledged, and never resumes a session.

use super::*;
use crate::voice::TELEMETRY;
use rumqttc::mqttbytes::v4::{ConnAck, ConnectReturnCode as Code, Packet as Wire, PubAck};
use std::{collections::BTreeSet, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const LIMIT: Duration = Duration::from_secs(20);

fn link(port: u16) -> Link {
    Link {
        host: "127.0.0.1".into(),
        port,
        sign_in: Some(SignIn::token("token")),
        client_id: "device".into(),
        window: 16,
        patience: Some(Duration::from_secs(10)),
    }
}

/// Serves one connection: acknowledges the first `acknowledge` publishes, then reads one more and hangs up.
/// Answers the payloads it acknowledged, and whether the device said goodbye.
async fn serve(mut stream: TcpStream, code: Code, acknowledge: usize) -> (Vec<String>, bool) {
    let (mut bytes, mut taken) = (bytes_mut(), Vec::new());
    loop {
        let mut chunk = [0; 4096];
        let Ok(n @ 1..) = stream.read(&mut chunk).await else { return (taken, false) };
        bytes.extend_from_slice(&chunk[..n]);
        while let Ok(packet) = Wire::read(&mut bytes, 1 << 20) {
            let mut answer = bytes_mut();
            match packet {
                Wire::Connect(_) => drop(ConnAck::new(code, false).write(&mut answer)),
                Wire::Publish(publish) if taken.len() < acknowledge => {
                    taken.push(String::from_utf8(publish.payload.to_vec()).unwrap());
                    PubAck::new(publish.pkid).write(&mut answer).unwrap();
                }
                Wire::Publish(_) => return (taken, false),
                Wire::Disconnect => return (taken, true),
                _ => {}
            }
            stream.write_all(&answer).await.unwrap();
        }
    }
}

fn bytes_mut() -> bytes::BytesMut {
    bytes::BytesMut::new()
}

#[tokio::test]
async fn what_was_not_acknowledged_goes_again_over_the_next_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = link(listener.local_addr().unwrap().port());
    let broker = async {
        let mut taken = Vec::new();
        for acknowledge in [7, 30, usize::MAX] {
            let (stream, _) = listener.accept().await.unwrap();
            let (more, goodbye) = serve(stream, Code::Success, acknowledge).await;
            taken.extend(more);
            if goodbye {
                break;
            }
        }
        taken
    };
    let (queue, source) = mpsc::channel(4);
    let make = async move {
        for n in 0..100 {
            queue
                .send(Message { topic: TELEMETRY.into(), payload: n.to_string().into_bytes(), rows: 1 })
                .await
                .unwrap();
        }
    };
    let counters = Arc::new(Counters::default());
    let stop = CancellationToken::new();
    let all = async { tokio::join!(broker, deliver(&link, source, &counters, &stop), make) };
    let (taken, result, ()) = timeout(LIMIT, all).await.expect("delivered in time");
    result.unwrap();
    let distinct: BTreeSet<String> = taken.iter().cloned().collect();
    assert_eq!(distinct.len(), 100, "every message arrived: {taken:?}");
    assert_eq!(counters.rows.load(Ordering::Relaxed), 100, "and was counted once");
    assert_eq!(counters.reconnects.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_refused_token_is_said_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = link(listener.local_addr().unwrap().port());
    let broker = async { serve(listener.accept().await.unwrap().0, Code::NotAuthorized, 0).await };
    let (_queue, source) = mpsc::channel(1);
    let counters = Counters::default();
    let stop = CancellationToken::new();
    let result = tokio::select! {
        result = deliver(&link, source, &counters, &stop) => result,
        _ = async { broker.await; std::future::pending::<()>().await } => unreachable!(),
    };
    assert!(matches!(result, Err(DeliveryError::Refused { code: Code::NotAuthorized, .. })), "{result:?}");
}

#[tokio::test]
async fn a_stop_ends_a_device_that_waits_for_its_broker() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (_queue, source) = mpsc::channel(1);
    let stop = CancellationToken::new();
    stop.cancel();
    let counters = Counters::default();
    timeout(LIMIT, deliver(&link(port), source, &counters, &stop)).await.expect("ended").unwrap();
}
