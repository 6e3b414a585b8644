//! The JSON API as one of its clients sees it: who asks, what, and as of when. Connections are kept and reused.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use domain::Timestamp;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{net::TcpStream, task::JoinSet};

type Connection = http1::SendRequest<Full<Bytes>>;

/// Where the product listens.
pub struct Door {
    /// Host and port.
    address: String,
    idle: Mutex<Vec<Connection>>,
    /// What moves the bytes of each; they end with the door.
    moving: Mutex<JoinSet<()>>,
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Caller {
    door: Arc<Door>,
    token: String,
}

/// What the product said, when it did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{method} {path}: {status} {problem}")]
pub struct Refused {
    pub status: StatusCode,
    method: Method,
    path: String,
    problem: Value,
}

impl Door {
    pub fn new(address: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { address: address.into(), idle: Mutex::default(), moving: Mutex::default() })
    }

    async fn connection(&self) -> Result<Connection> {
        while let Some(kept) = self.take() {
            if kept.is_ready() {
                return Ok(kept);
            }
        }
        let stream = TcpStream::connect(&self.address).await.context("the product does not answer")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        while moving.try_join_next().is_some() {}
        // It ends when either side hangs up; whoever sends next is told.
        moving.spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// Once more should the product have hung up on a connection that was kept: commands carry keys, so nothing happens
    /// twice.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        match self.send_once(request.clone()).await {
            Err(error) if error.is::<hyper::Error>() => self.send_once(request).await,
            answer => answer,
        }
    }

    async fn send_once(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        let mut connection = self.connection().await?;
        connection.ready().await?;
        let answer = connection.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        self.keep(connection);
        Ok((status, body))
    }
}

impl Caller {
    pub fn new(door: &Arc<Door>, token: &str) -> Self {
        Self { door: Arc::clone(door), token: token.into() }
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    /// Every row of a list.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let (mut rows, mut cursor) = (Vec::new(), None);
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let more = cursor.map_or_else(String::new, |cursor: String| format!("&cursor={cursor}"));
            let mut page = self.get(&format!("{path}{sign}limit=500{more}")).await?;
            if let Value::Array(items) = page["items"].take() {
                rows.extend(items);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(rows),
            }
        }
    }

    /// A command that happens at `at`, once however often `key` is sent.
    pub async fn post(&self, path: &str, key: &str, at: Timestamp, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, Some((key, Some(at), body))).await
    }

    /// A command that happens now.
    pub async fn post_now(&self, path: &str, key: &str, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, Some((key, None, body))).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        command: Option<(&str, Option<Timestamp>, &Value)>,
    ) -> Result<Value> {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("/api/v1/{path}"))
            .header(header::HOST, &self.door.address)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let mut sent = Bytes::new();
        if let Some((key, at, body)) = command {
            request = request.header(header::CONTENT_TYPE, "application/json").header("idempotency-key", key);
            if let Some(at) = at {
                request = request.header("effective-at", at.to_rfc3339());
            }
            sent = serde_json::to_vec(body)?.into();
        }
        let (status, answer) = self.door.send(request.body(Full::new(sent))?).await?;
        let answer = if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? };
        if !status.is_success() {
            bail!(Refused { status, method, path: path.into(), problem: answer });
        }
        Ok(answer)
    }
}

/// The field `name` of an answer, which is a text.
pub fn text(answer: &Value, name: &str) -> Result<String> {
    answer[name].as_str().map(Into::into).with_context(|| format!("no {name} in {answer}"))
}
