//! A whole product in a test: the real router over fresh stores in a temporary folder, a clock that moves when told
//! to, and a signed-in user of every role.
//!
//! ```ignore
//! let app = TestApp::new().await;
//! let manager = app.as_role(Role::ServiceManager);
//! let page = manager.get("/assets").await;
//! assert_eq!(page.status, 200);
//! let answer = manager.post_form("/assets", &[("name", "Pump")]).await;
//! assert_eq!(answer.location(), "/assets/...");
//! ```

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, header},
    response::Response,
};
use domain::{
    ManualClock, Timestamp,
    id::{AccountId, ApiTokenId, CustomerId, TechnicianId},
    people::account::{Account, ApiToken, Role},
};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use service::{
    command::CommandError,
    people::accounts::secrets,
    testing::{House, RecordingSink},
};
use std::{collections::BTreeMap, sync::Arc};
use store::records::people::{accounts, api_tokens, sessions};
use tower::ServiceExt;
use web::{
    deps::{DemoLoader, DemoStatus, Deps},
    heavy::{HeavyReads, Limits},
    session,
    shell::Shell,
};

pub use service::testing::{START_US, organisation_at, telemetry};

pub struct TestApp {
    pub deps: Deps,
    pub clock: ManualClock,
    /// What the HTTP twin handed to ingest.
    pub ingest: Arc<RecordingSink>,
    /// Scope of the signed-in customer and technician.
    pub customer: CustomerId,
    pub technician: TechnicianId,
    router: Router,
    cookies: BTreeMap<Role, String>,
    tokens: BTreeMap<Role, String>,
    house: House,
}

impl TestApp {
    /// Set up: an organisation, and one account and token for each role.
    pub async fn new() -> Self {
        Self::peopled(House::new().await).await
    }

    /// Accounts and tokens made on the command line, and no organisation yet.
    pub async fn not_set_up() -> Self {
        Self::peopled(House::empty().await).await
    }

    async fn peopled(house: House) -> Self {
        let mut app = Self::of(house);
        let tx = app.deps.records.begin().await.expect("begin");
        for role in Role::ALL {
            let account = app.account(role);
            accounts::insert(&tx, &account, "no password").await.expect("account");
            let secret = secrets::random_secret();
            let session = sessions::Session {
                id: domain::id::SessionId::generate(),
                account_id: account.id,
                created_at: app.now(),
                seen_at: app.now(),
            };
            sessions::insert(&tx, &session, &secrets::hash(&secret)).await.expect("session");
            app.cookies.insert(role, format!("{}={secret}", session::COOKIE));
            let (token, secret) = (app.token(role), secrets::random_secret());
            api_tokens::insert(&tx, &token, &secrets::hash(&secret)).await.expect("token");
            app.tokens.insert(role, format!("Bearer {secret}"));
        }
        tx.commit().await.expect("commit");
        app
    }

    /// Nobody has signed in yet: the first run is to come.
    pub async fn empty() -> Self {
        Self::of(House::empty().await)
    }

    fn of(mut house: House) -> Self {
        let (records, telemetry) = (house.deps.records.clone(), Arc::clone(&house.deps.telemetry));
        house.deps.backtest = Arc::new(analytics::Replay { records, telemetry });
        let deps = Deps {
            service: house.deps.clone(),
            mqtt_address: ([127, 0, 0, 1], 1883).into(),
            secure_cookies: false,
            proxies: Arc::default(),
            demo: Arc::new(FakeDemo::default()),
            metrics: Arc::new(|| "# no metrics in tests\n".into()),
            shell: Arc::new(Shell::default()),
            heavy: Arc::new(HeavyReads::start(Limits::of_machine()).expect("threads")),
        };
        Self {
            router: crate::router(deps.clone()),
            deps,
            clock: house.clock.clone(),
            ingest: Arc::clone(&house.ingest),
            customer: CustomerId::generate(),
            technician: TechnicianId::generate(),
            cookies: BTreeMap::new(),
            tokens: BTreeMap::new(),
            house,
        }
    }

    /// The same with another store of what machines said.
    pub fn with_telemetry(mut self, telemetry: Arc<dyn store::telemetry::TelemetryStore>) -> Self {
        self.deps.service.telemetry = telemetry;
        self.router = crate::router(self.deps.clone());
        self
    }

    /// Another process on the same records, with connections of its own; people and clock are the same.
    pub async fn beside(&self) -> Self {
        let house = self.house.beside().await;
        let deps = Deps { service: house.deps.clone(), ..self.deps.clone() };
        Self {
            router: crate::router(deps.clone()),
            deps,
            clock: self.clock.clone(),
            ingest: Arc::clone(&self.ingest),
            customer: self.customer,
            technician: self.technician,
            cookies: self.cookies.clone(),
            tokens: self.tokens.clone(),
            house,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.deps.now()
    }
    /// A browser on which the account of `role` is signed in.
    pub fn as_role(&self, role: Role) -> Client<'_> {
        Client { app: self, cookie: self.cookies.get(&role).cloned(), bearer: None }
    }
    /// A program that holds a token of `role`.
    pub fn bearer(&self, role: Role) -> Client<'_> {
        Client { app: self, cookie: None, bearer: self.tokens.get(&role).cloned() }
    }
    pub fn anonymous(&self) -> Client<'_> {
        Client { app: self, cookie: None, bearer: None }
    }
    pub fn with_cookie(&self, cookie: &str) -> Client<'_> {
        Client { app: self, cookie: Some(cookie.into()), bearer: None }
    }
    /// A program that holds this token.
    pub fn with_bearer(&self, token: &str) -> Client<'_> {
        Client { app: self, cookie: None, bearer: Some(format!("Bearer {token}")) }
    }
    /// Any request at all, with an answer that may never end.
    pub async fn open(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("the router never fails")
    }
    /// Any request at all.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.open(request).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("body");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    fn account(&self, role: Role) -> Account {
        Account {
            id: AccountId::generate(),
            email: format!("{role}@example.com"),
            name: format!("The {role}"),
            role,
            customer_id: (role == Role::Customer).then_some(self.customer),
            technician_id: (role == Role::Technician).then_some(self.technician),
            language: "en".into(),
            time_zone: "UTC".into(),
            disabled_at: None,
            created_at: self.now(),
            version: 1,
        }
    }
    fn token(&self, role: Role) -> ApiToken {
        ApiToken {
            may_backdate: false,
            id: ApiTokenId::generate(),
            name: format!("token of the {role}"),
            role,
            customer_id: (role == Role::Customer).then_some(self.customer),
            technician_id: (role == Role::Technician).then_some(self.technician),
            created_at: self.now(),
            revoked_at: None,
        }
    }
}

pub struct Client<'a> {
    app: &'a TestApp,
    cookie: Option<String>,
    bearer: Option<String>,
}

impl Client<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Body::empty()).await
    }
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, Body::empty()).await
    }
    /// Posts a form as our own page would, with a fresh key unless `fields` bring a `_key`.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        if fields.iter().all(|(name, _)| *name != "_key") {
            body.append_pair("_key", &uuid::Uuid::now_v7().to_string());
        }
        body.extend_pairs(fields);
        self.send(Method::POST, path, Some("application/x-www-form-urlencoded"), body.finish().into()).await
    }
    pub async fn post_json(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.send(Method::POST, path, Some("application/json"), body.to_string().into()).await
    }
    /// Posts nothing at all.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None, Body::empty()).await
    }
    pub async fn put_json(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.send(Method::PUT, path, Some("application/json"), body.to_string().into()).await
    }
    /// Posts JSON under an idempotency key.
    pub async fn post_json_with_key(&self, path: &str, key: &str, body: &serde_json::Value) -> Answer {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        let request = request.header("idempotency-key", key);
        self.app.send(request.body(body.to_string().into()).expect("request")).await
    }

    /// The beginning of a request with this client's credentials and what a browser sends from our own page.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:8080");
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        } else {
            request = request.header("sec-fetch-site", "same-origin").header(header::ACCEPT, "text/html,*/*");
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        request
    }
    pub async fn send(&self, method: Method, path: &str, content_type: Option<&str>, body: Body) -> Answer {
        let mut request = self.request(method, path);
        if let Some(kind) = content_type {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.app.send(request.body(body).expect("request")).await
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
    pub fn location(&self) -> &str {
        self.header("location")
    }
}

/// A demo that is loaded as soon as it is started.
#[derive(Default)]
pub struct FakeDemo(Mutex<bool>);

impl DemoLoader for FakeDemo {
    fn status(&self) -> BoxFuture<'_, Result<DemoStatus, CommandError>> {
        let status = if *self.0.lock() { DemoStatus::Loaded } else { DemoStatus::Absent };
        Box::pin(async move { Ok(status) })
    }
    fn start(&self) -> BoxFuture<'_, Result<(), CommandError>> {
        *self.0.lock() = true;
        Box::pin(async { Ok(()) })
    }
    fn remove(&self) -> BoxFuture<'_, Result<(), CommandError>> {
        *self.0.lock() = false;
        Box::pin(async { Ok(()) })
    }
}
