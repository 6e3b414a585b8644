//! A gateway on a free port with its own records and a sink that does what the test says.

use domain::{
    SystemClock,
    clock::from_micros,
    fleet::{
        device::{Device, DeviceProfile},
        provisioning::{Answer, Answering, Outcome, Provisioner},
    },
    id::DeviceId,
    telemetry::{
        Done, InboundMessage, Intent, MessageSink, NotStored, OutboundMessage, Post, Reply, Taken, Told,
        TopicRules, quarantine::Quarantined,
    },
};
use gateway::{Deps, Gateway, GatewayError, Limits};
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use store::{
    place::{self, Place},
    records::{PageRequest, Records, fleet::devices, telemetry::quarantine},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

pub const TELEMETRY: &str = "v1/devices/me/telemetry";
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps messages; answers at once, or when the test says so.
#[derive(Default)]
pub struct Sink {
    pub messages: Mutex<Vec<InboundMessage>>,
    withheld: Mutex<Option<Vec<Done>>>,
    pub broken: Mutex<Option<NotStored>>,
    /// The way to devices.
    pub post: OnceLock<Arc<dyn Post>>,
    /// Questions that are not answered yet.
    pub asked: Mutex<Vec<(InboundMessage, Reply)>>,
}

impl MessageSink for Sink {
    fn submit(&self, messages: Vec<InboundMessage>, done: Done) {
        if let Some(error) = *self.broken.lock().unwrap() {
            return done(Err(error));
        }
        self.messages.lock().unwrap().extend(messages);
        match &mut *self.withheld.lock().unwrap() {
            Some(withheld) => withheld.push(done),
            None => done(Ok(())),
        }
    }
    fn submit_one(&self, message: InboundMessage, told: Told) {
        self.submit(vec![message], Box::new(|result| told(result.map(|()| Taken::default()))));
    }
    fn ask(&self, question: InboundMessage, reply: Reply) -> bool {
        self.asked.lock().unwrap().push((question, reply));
        true
    }
    fn reach(&self, post: Arc<dyn Post>) {
        assert!(self.post.set(post).is_ok(), "one gateway");
    }
}

/// A device tells under `v1/devices/me/`, asks under `request/` there, and listens to what it asked and two topics.
fn topics(profile: DeviceProfile) -> TopicRules {
    match profile {
        DeviceProfile::ThingsboardTexts => TopicRules {
            publish: |topic| topic.starts_with("other/").then_some(Intent::Tell),
            may_subscribe: |filter| filter == "other/+" || filter == "there",
            greeting: |filter, presence| {
                let payload = presence.online.to_string().into_bytes();
                matches!(filter, "there" | "#").then(|| OutboundMessage { topic: "there".into(), payload })
            },
        },
        _ => TopicRules {
            publish: |topic| match topic.strip_prefix("v1/devices/me/")?.contains("/request/") {
                true => Some(Intent::Ask),
                false => Some(Intent::Tell),
            },
            may_subscribe: |filter| {
                ["v1/devices/me/attributes", "v1/devices/me/attributes/response/+"].contains(&filter)
            },
            greeting: |_, _| None,
        },
    }
}

impl Sink {
    pub fn withhold(&self) {
        *self.withheld.lock().unwrap() = Some(Vec::new());
    }
    pub fn take_withheld(&self) -> Vec<Done> {
        std::mem::take(self.withheld.lock().unwrap().as_mut().expect("withholding"))
    }
    /// Answers the questions that were asked, with their own payloads.
    pub fn answer(&self, topic: &str) {
        for (question, reply) in self.asked.lock().unwrap().drain(..) {
            reply(OutboundMessage { topic: topic.into(), payload: question.payload });
        }
    }
    pub fn payloads(&self) -> Vec<String> {
        let messages = self.messages.lock().unwrap();
        messages.iter().map(|message| String::from_utf8_lossy(&message.payload).into_owned()).collect()
    }
}

pub struct Front {
    pub address: SocketAddr,
    pub records: Records,
    pub sink: Arc<Sink>,
    pub stop: CancellationToken,
    run: JoinSet<Result<(), GatewayError>>,
    _place: Place,
}

/// Grants what says `please`, refuses what does not, and cannot look at what says `later`.
struct Clerk;

impl Provisioner for Clerk {
    fn provision(&self, request: Vec<u8>, _: IpAddr) -> Answering {
        let answer = match &request[..] {
            b"please" => Some(Answer { text: "granted".into(), outcome: Outcome::Granted }),
            b"later" => None,
            _ => Some(Answer { text: "refused".into(), outcome: Outcome::Refused }),
        };
        Box::pin(async move { answer })
    }
}

impl Front {
    pub async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        let (place, records) = place::records().await;
        let (sink, stop) = (Arc::new(Sink::default()), CancellationToken::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::new(Deps {
            records: records.clone(),
            sink: Arc::<Sink>::clone(&sink),
            topics,
            provisioner: Arc::new(Clerk),
            clock: Arc::new(SystemClock),
            limits,
        });
        let mut run = JoinSet::new();
        run.spawn(gateway.run(listener, stop.clone()));
        Self { address, records, sink, stop, run, _place: place }
    }

    pub async fn device(&self, token: &str) -> DeviceId {
        let device = Device {
            id: DeviceId::generate(),
            asset_id: None,
            name: token.into(),
            profile: DeviceProfile::Thingsboard,
            profile_id: None,
            gateway_id: None,
            created_at: from_micros(0),
            revoked_at: None,
        };
        let tx = self.records.begin().await.unwrap();
        devices::insert(&tx, &device, devices::token_hash(token)).await.unwrap();
        tx.commit().await.unwrap();
        device.id
    }

    /// From now on the device speaks another dialect.
    pub async fn speaks(&self, device: DeviceId, profile: DeviceProfile) {
        let kept = devices::get(self.records.read(), device).await.unwrap().unwrap();
        let tx = self.records.begin().await.unwrap();
        devices::update(&tx, &Device { profile, ..kept }).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A device that is signed in with its name as token.
    pub async fn client(&self, token: &str) -> Client {
        let mut client = Client::open(self.address).await;
        client.send(&connect(token, token, 60, None)).await;
        assert_eq!(client.packet().await, Some((0x20, vec![0, 0])));
        client
    }

    pub async fn quarantined(&self, reason: &str) -> Vec<Quarantined> {
        let filter = quarantine::Filter { device: None, reason: Some(reason.into()) };
        quarantine::list(
            self.records.read(),
            domain::people::account::Actor::system().scope(),
            &filter,
            &PageRequest::first(100),
        )
        .await
        .unwrap()
        .items
    }

    /// Waits for the gateway to return after [`Front::stop`].
    pub async fn stopped(mut self) {
        timeout(PATIENCE, self.run.join_next()).await.expect("it stops").unwrap().unwrap().unwrap();
    }
}

/// A client that says exactly the bytes that the test wants.
pub struct Client {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: Vec::new() }
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next packet: first byte and body; `None` when the server closed.
    pub async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if self.buffer.len() >= 2 && self.buffer.len() >= 2 + usize::from(self.buffer[1]) {
                let body = self.buffer[2..2 + usize::from(self.buffer[1])].to_vec();
                let first = self.buffer[0];
                self.buffer.drain(..2 + body.len());
                return Some((first, body));
            }
            let mut bytes = [0; 1024];
            match timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("an answer") {
                Ok(0) | Err(_) => return None,
                Ok(n) => self.buffer.extend(&bytes[..n]),
            }
        }
    }

    /// The server has read everything sent so far, and has answered none of it.
    pub async fn nothing_but_a_ping(&mut self) {
        self.send(&[0xc0, 0]).await;
        assert_eq!(self.packet().await, Some((0xd0, vec![])));
    }

    pub async fn puback(&mut self, id: u8) {
        assert_eq!(self.packet().await, Some((0x40, vec![0, id])));
    }
}

pub fn connect(client_id: &str, user: &str, keep_alive_s: u16, will: Option<(&str, &str)>) -> Vec<u8> {
    let mut flags = 0x02;
    let mut payload = text(client_id);
    if let Some((topic, message)) = will {
        flags |= 0x04;
        payload.extend(text(topic));
        payload.extend(text(message));
    }
    if !user.is_empty() {
        flags |= 0x80;
        payload.extend(text(user));
    }
    let mut body = [&text("MQTT")[..], &[4, flags], &keep_alive_s.to_be_bytes()].concat();
    body.extend(payload);
    framed(0x10, &body)
}

/// A CONNECT with a password.
pub fn connect_with(client_id: &str, user: &str, password: &str) -> Vec<u8> {
    let mut body = [&text("MQTT")[..], &[4, 0xc2, 0, 60]].concat();
    for part in [client_id, user, password] {
        body.extend(text(part));
    }
    framed(0x10, &body)
}

pub fn publish(topic: &str, qos: u8, id: u16, payload: &str) -> Vec<u8> {
    let mut body = text(topic);
    if qos > 0 {
        body.extend(id.to_be_bytes());
    }
    body.extend(payload.bytes());
    framed(0x30 | qos << 1, &body)
}

pub fn subscribe(filters: &[(&str, u8)]) -> Vec<u8> {
    let mut body = vec![0, 9];
    for (filter, qos) in filters {
        body.extend(text(filter));
        body.push(*qos);
    }
    framed(0x82, &body)
}

pub fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        packet.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

/// Asks again until `probe` has an answer.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
