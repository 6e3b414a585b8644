use super::*;
use crate::testing::TestApp;
use domain::people::account::Role;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Real sockets, so real time: short limits, and waits that end as soon as the thing happens.
const SOON: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(20);

fn limits() -> Limits {
    let long = Duration::from_secs(600);
    Limits { head: long, idle: long, stall: long, body: long, ..Limits::default() }
}

struct Running {
    app: TestApp,
    address: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<io::Result<()>>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let app = TestApp::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        tasks.spawn(serve(app.deps.clone(), listener, limits, stop.clone()));
        Self { app, address, stop, tasks }
    }
    async fn say(&self, words: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("connects");
        stream.write_all(words.as_bytes()).await.expect("sent");
        stream
    }
    async fn ended(mut self) {
        timeout(PATIENCE, self.tasks.join_next())
            .await
            .expect("in time")
            .expect("one")
            .expect("no panic")
            .expect("well");
    }
}

async fn all(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    // A reset is an end as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("the server ends the connection");
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn half_a_head_is_not_waited_for_without_end() {
    let house = Running::start(Limits { head: SOON, ..limits() }).await;
    let half = house.say("GET /health/live HTTP/1.1\r\nHost: x\r\nX-").await;
    assert!(!all(half).await.contains(" 200 "));
}

#[tokio::test]
async fn a_connection_without_a_request_ends_and_one_that_asked_was_answered() {
    let house = Running::start(Limits { idle: SOON, ..limits() }).await;
    let silent = house.say("").await;
    assert_eq!(all(silent).await, "");
    let asked = house.say("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = all(asked).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_as_too_slow() {
    let house = Running::start(Limits { body: SOON, ..limits() }).await;
    let half = house
        .say("POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nemail=")
        .await;
    let answer = all(half).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("too_slow"), "{answer}");
}

#[tokio::test]
async fn a_live_stream_outlives_every_limit_and_ends_with_the_product() {
    let house = Running::start(Limits { head: SOON, idle: SOON, body: SOON, stall: SOON, ..limits() }).await;
    let request = house.app.as_role(Role::Admin).request(axum::http::Method::GET, "/events?topics=overview");
    let request = request.body(()).expect("request");
    let cookie = request.headers()[header::COOKIE].to_str().expect("text");
    let words = format!("GET /events?topics=overview HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
    let mut stream = house.say(&words).await;
    let began = Instant::now();
    let mut heard = vec![0; 65_536];
    while began.elapsed() < SOON * 5 {
        match timeout(SOON, stream.read(&mut heard)).await {
            Ok(read) => assert!(read.expect("open") > 0, "the stream was ended"),
            Err(_) => continue,
        }
    }
    house.stop.cancel();
    house.ended().await;
    all(stream).await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_let_go() {
    let house = Running::start(Limits { stall: SOON, ..limits() }).await;
    // The same page again and again, until what the system keeps for the client is full.
    let page = "GET /a/app.css HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
    let mut stream = TcpStream::connect(house.address).await.expect("connects");
    let sent = timeout(PATIENCE, async {
        loop {
            if let Err(error) = stream.write_all(page.as_bytes()).await {
                return error;
            }
        }
    });
    sent.await.expect("the server ends a connection that takes nothing");
}

#[tokio::test]
async fn told_to_stop_half_said_requests_are_not_waited_for() {
    let house = Running::start(Limits { drain: Duration::from_secs(1), ..limits() }).await;
    let mut half_said = Vec::new();
    for _ in 0..20 {
        half_said.push(house.say("GET / HTTP/1.1\r\nHo").await);
        half_said.push(house.say("POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na").await);
    }
    // All of them have been accepted once the last one's neighbour is answered.
    let answer =
        all(house.say("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await).await;
    assert!(answer.contains(" 200 "), "{answer}");
    let began = Instant::now();
    house.stop.cancel();
    house.ended().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn no_address_takes_all_the_room_and_it_is_given_back() {
    let house = Running::start(Limits { connections_per_address: 2, ..limits() }).await;
    let first = house.say("GET / HTTP/1.1\r\nHo").await;
    let second = house.say("GET / HTTP/1.1\r\nHo").await;
    let refused = all(house.say("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 503"), "{refused}");
    drop((first, second));
    let began = Instant::now();
    loop {
        let asked = house.say("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if all(asked).await.contains(" 200 ") {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "room is given back");
        tokio::task::yield_now().await;
    }
}
