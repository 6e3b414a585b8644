use super::*;
use crate::voice::Format;
use domain::SystemClock;
use tokio::{io::AsyncReadExt, net::TcpListener};

fn load() -> Load {
    Load { rate: None, values: 2, duration: Duration::from_millis(50), window: 5 }
}

fn voice(format: Format) -> Voice {
    Voice::new("7", "a/{device}/b", format, None)
}

#[test]
fn messages_are_packets_of_their_format_and_no_time_comes_twice() {
    let now = domain::clock::from_micros(1_800_000_000_000_000);
    let mut out = Vec::new();
    let mut maker = Maker::new(7, voice(Format::Influx), 2, now);
    assert_eq!((maker.write(&mut out), maker.write(&mut out)), (2, 3));
    let text = String::from_utf8_lossy(&out).into_owned();
    assert!(out[0] == 0x32 && text.contains("a/7/b"), "{text}");
    let lines: Vec<&str> = text.split("load,device=7 ").skip(1).collect();
    assert!(lines[0].starts_with("value_0=") && lines[0].contains(",value_1="), "{lines:?}");
    assert!(
        lines[0].contains(" 1799978400001000000") && lines[1].contains(" 1799978400002000000"),
        "{lines:?}"
    );

    out.clear();
    Maker::new(7, voice(Format::Thingsboard), 2, now).write(&mut out);
    let json = &out[out.iter().position(|byte| *byte == b'{').unwrap()..];
    let json: serde_json::Value = serde_json::from_slice(json).unwrap();
    assert_eq!(
        (json["ts"].as_i64(), json["values"].as_object().map(|v| v.len())),
        (Some(1_799_978_400_001), Some(2))
    );

    out.clear();
    Maker::new(7, voice(Format::Json), 2, now).write(&mut out);
    let json = &out[out.iter().position(|byte| *byte == b'{').unwrap()..];
    let json: serde_json::Value = serde_json::from_slice(json).unwrap();
    assert_eq!((json["time"].as_i64(), json["value_1"].is_f64()), (Some(1_799_978_400_001), true));
}

#[test]
fn acknowledgements_may_be_cut_anywhere() {
    let bytes = [0x40, 2, 0, 7, 0x40, 2, 1, 0, 0x40, 2, 0, 9];
    for cut in 0..=bytes.len() {
        let mut answers = wire::Answers::default();
        let mut ids = answers.take(&bytes[..cut]).unwrap();
        ids.extend(answers.take(&bytes[cut..]).unwrap());
        assert_eq!(ids, [7, 256, 9], "{cut}");
    }
    assert!(wire::Answers::default().take(&[0x30, 0, 0, 0]).is_err());
}

/// A broker that acknowledges what it gets, or ends the connection after so many messages.
async fn broker(listener: TcpListener, gives_up_after: usize) {
    let mut clients = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        clients.spawn(async move {
            let (mut bytes, mut space, mut taken) = (Vec::new(), [0; 4_096], 0);
            while let Ok(length @ 1..) = stream.read(&mut space).await {
                bytes.extend(&space[..length]);
                while bytes.len() > 1 && bytes.len() >= 2 + usize::from(bytes[1]) {
                    let packet: Vec<u8> = bytes.drain(..2 + usize::from(bytes[1])).collect();
                    let answer = match packet[0] {
                        0x10 => vec![0x20, 2, 0, 0],
                        0x32 if taken < gives_up_after => {
                            taken += 1;
                            let topic = usize::from(packet[3]);
                            vec![0x40, 2, packet[4 + topic], packet[5 + topic]]
                        }
                        _ => return,
                    };
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            }
        });
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_counted_and_a_lost_connection_is_no_result() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    for (gives_up_after, rate) in [(usize::MAX, None), (usize::MAX, Some(200)), (3, None)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
        let mut server = JoinSet::new();
        server.spawn(broker(listener, gives_up_after));
        let load = Load { rate, ..load() };
        let (counted, stop) = (Arc::<AtomicU64>::default(), CancellationToken::new());
        let voices = vec![voice(Format::Influx), Voice::with_token("pump", "token")];
        let outcome = run(voices, &address, &load, &clock, &counted, &stop).await;
        match outcome {
            Ok(outcome) if gives_up_after == usize::MAX => {
                assert!(outcome.messages > 0 && outcome.messages == counted.load(Ordering::Relaxed));
                assert!(outcome.latency.is_sorted() && outcome.latency[3] > Duration::ZERO);
                // Ten in 50 ms; a slow machine does not catch up with more than was due.
                assert!(rate.is_none() || outcome.messages <= 12, "{}", outcome.messages);
            }
            Err(error) if gives_up_after == 3 => {
                assert!(format!("{error:#}").contains("ended the connection"));
            }
            other => panic!("{gives_up_after}: {other:?}"),
        }
    }
}
