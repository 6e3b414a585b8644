//! The actor over a stream that is no socket: whatever reads and writes will do.

use super::*;
use crate::{Counters, Limits, access, admission, presence, profiles, questions, registry, session};
use domain::{
    SystemClock,
    clock::from_micros,
    fleet::{
        device::{Device, DeviceProfile},
        provisioning::{Answering, Provisioner},
    },
    id::DeviceId,
    telemetry::{Done, Intent, MessageSink, Reply, Taken, Told, TopicRules},
};
use parking_lot::Mutex;
use std::net::IpAddr;
use store::records::{
    Records,
    fleet::devices,
    telemetry::{connections, quarantine},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinSet,
    time::timeout,
};

struct Taking;
impl MessageSink for Taking {
    fn submit(&self, _: Vec<InboundMessage>, done: Done) {
        done(Ok(()));
    }
    fn submit_one(&self, _: InboundMessage, told: Told) {
        told(Ok(Taken::default()));
    }
    fn ask(&self, _: InboundMessage, _: Reply) -> bool {
        false
    }
}

/// A decoder with a fault, which some payload finds.
struct Poisoned;
impl MessageSink for Poisoned {
    fn submit(&self, _: Vec<InboundMessage>, _: Done) {
        panic!("poison");
    }
    fn submit_one(&self, _: InboundMessage, _: Told) {
        panic!("poison");
    }
    fn ask(&self, _: InboundMessage, _: Reply) -> bool {
        panic!("poison");
    }
}

/// Answers when it is told to.
#[derive(Default)]
struct Waiting(Mutex<Vec<(usize, Duration, Done)>>);
impl MessageSink for Waiting {
    fn submit(&self, messages: Vec<InboundMessage>, done: Done) {
        self.submit_within(messages, Duration::ZERO, done);
    }
    fn submit_within(&self, messages: Vec<InboundMessage>, patience: Duration, done: Done) {
        self.0.lock().push((messages.len(), patience, done));
    }
    fn submit_one(&self, _: InboundMessage, _: Told) {
        panic!("nobody asks");
    }
    fn ask(&self, _: InboundMessage, _: Reply) -> bool {
        panic!("nobody asks");
    }
}

impl Waiting {
    /// The only submission that is not answered.
    async fn open(&self) -> (usize, Duration, Done) {
        loop {
            if let Some(open) = self.0.lock().pop() {
                return open;
            }
            tokio::task::yield_now().await;
        }
    }
}

const CONNECT: &[u8] = b"\x10\x15\0\x04MQTT\x04\x82\0\x3c\0\x01c\0\x06secret";
const PUBLISH: &[u8] = b"\x32\x1d\0\x17v1/devices/me/telemetry\0\x01{}";
const PATIENCE: Duration = Duration::from_secs(10);

async fn shared(records: &Records, limits: Limits) -> (Arc<Shared>, DeviceId) {
    with_sink(records, limits, Arc::new(Taking)).await
}

/// Registers no device.
struct Nobody;
impl Provisioner for Nobody {
    fn provision(&self, _: Vec<u8>, _: IpAddr) -> Answering {
        Box::pin(async { None })
    }
}

async fn with_sink(records: &Records, limits: Limits, sink: Arc<dyn MessageSink>) -> (Arc<Shared>, DeviceId) {
    let device = Device {
        id: DeviceId::generate(),
        asset_id: None,
        name: "pump".into(),
        profile: DeviceProfile::Thingsboard,
        profile_id: None,
        gateway_id: None,
        created_at: from_micros(0),
        revoked_at: None,
    };
    let tx = records.begin().await.unwrap();
    devices::insert(&tx, &device, devices::token_hash("secret")).await.unwrap();
    tx.commit().await.unwrap();
    let shared = Shared {
        access: access::Access::new(records.clone()),
        registry: registry::Registry::default(),
        presence: presence::Presence::new(records.clone()),
        profiles: profiles::Profiles::new(records.clone()),
        questions: questions::Questions::new(limits.questions),
        sessions: Box::new(session::Fleeting),
        since: from_micros(0),
        topics: |_| TopicRules {
            publish: |_| Some(Intent::Tell),
            may_subscribe: |_| true,
            greeting: |_, _| None,
        },
        door: quarantine::Writer::new(records.clone()),
        wills: Wills::default(),
        counters: Counters::new(),
        admission: admission::Admission::new(limits.open_bytes),
        records: records.clone(),
        sink,
        provisioner: Arc::new(Nobody),
        clock: Arc::new(SystemClock),
        limits,
    };
    (Arc::new(shared), device.id)
}

fn serve_over(shared: &Arc<Shared>, buffer: usize) -> (DuplexStream, JoinSet<()>) {
    let (ours, theirs) = duplex(buffer);
    let mut actor = JoinSet::new();
    let remote = ([127, 0, 0, 1], 5).into();
    actor.spawn(serve(Arc::clone(shared), theirs, remote, CancellationToken::new()));
    (ours, actor)
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_not_read_for_ever() {
    let (_place, records) = store::place::records().await;
    let limits = Limits { unsent_bytes: 100, stall_timeout: Duration::from_millis(50), ..Limits::default() };
    let (shared, device) = shared(&records, limits).await;
    let (mut client, mut actor) = serve_over(&shared, 64);
    client.write_all(CONNECT).await.unwrap();
    let flood = async { while client.write_all(PUBLISH).await.is_ok() {} };
    timeout(PATIENCE, flood).await.expect("it stops reading, then ends the connection");
    timeout(PATIENCE, actor.join_next()).await.expect("the actor ends");
    shared.presence.close();
    shared.presence.run().await;
    let fact = connections::get(records.read(), device).await.unwrap().unwrap();
    assert_eq!(fact.ended.unwrap().reason, EndReason::SlowReader);
}

#[tokio::test]
async fn a_connection_whose_task_panics_is_not_connected_for_ever() {
    let (_place, records) = store::place::records().await;
    let (shared, device) = with_sink(&records, Limits::default(), Arc::new(Poisoned)).await;
    let (mut client, mut actor) = serve_over(&shared, 1_024);
    client.write_all(CONNECT).await.unwrap();
    client.write_all(PUBLISH).await.unwrap();
    let ended = timeout(PATIENCE, actor.join_next()).await.expect("the actor ends").expect("one");
    assert!(ended.unwrap_err().is_panic());
    shared.presence.close();
    shared.presence.run().await;
    let fact = connections::get(records.read(), device).await.unwrap().unwrap();
    assert_eq!(fact.ended.unwrap().reason, EndReason::ConnectionLost);
}

#[tokio::test]
async fn what_comes_while_an_answer_may_wait_is_taken_together() {
    let (_place, records) = store::place::records().await;
    let sink = Arc::new(Waiting::default());
    let (shared, _) = with_sink(&records, Limits::default(), Arc::<Waiting>::clone(&sink)).await;
    let (mut client, _actor) = serve_over(&shared, 1_024);
    client.write_all(CONNECT).await.unwrap();
    let mut answer = [0; 4];
    client.read_exact(&mut answer).await.unwrap();
    // A device that says nothing for a while, however long it becomes.
    tokio::time::sleep(2 * rhythm::PAUSE).await;
    client.write_all(PUBLISH).await.unwrap();
    let (count, patience, done) = sink.open().await;
    assert!(count == 1 && !patience.is_zero(), "it comes rarely");
    for _ in 0..3 {
        client.write_all(PUBLISH).await.unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(sink.0.lock().is_empty(), "left where it is until the answer");
    }
    done(Ok(()));
    let (count, _, done) = sink.open().await;
    assert_eq!(count, 3);
    done(Ok(()));
    for _ in 0..4 {
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, *b"\x40\x02\0\x01");
    }
}

#[test]
fn an_idle_connection_is_small() {
    let actor = size_of::<Connection<tokio::net::TcpStream>>();
    let task = {
        fn size_of_result<A, R>(_: impl Fn(A, Arc<Shared>) -> R) -> usize {
            size_of::<R>()
        }
        size_of_result(|stream: tokio::net::TcpStream, shared| {
            serve(shared, stream, ([127, 0, 0, 1], 5).into(), CancellationToken::new())
        })
    };
    assert!(actor + task < 1_536, "actor {actor} B, task {task} B");
}
