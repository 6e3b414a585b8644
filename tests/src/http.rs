//! A program's view of the product: the JSON API with a bearer token.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::net::SocketAddr;

#[derive(Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: String,
}

impl Api {
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self { client: Client::new(), base: format!("http://{address}/api/v1"), token: token.into() }
    }

    /// GET that must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None, None).await;
        assert!(status.is_success(), "GET {path}: {status} {body}");
        body
    }

    /// POST that must succeed.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(Method::POST, path, Some(body), None).await;
        assert!(status.is_success(), "POST {path}: {status} {answer}");
        answer
    }

    /// POST with an idempotency key; the caller judges the answer.
    pub async fn post_once(&self, path: &str, body: Value, key: &str) -> (StatusCode, Value) {
        self.send(Method::POST, path, Some(body), Some(key)).await
    }

    /// The same of a product that may be killed meanwhile: `None` when no whole answer came.
    pub async fn try_post_once(&self, path: &str, body: Value, key: &str) -> Option<(StatusCode, Value)> {
        self.try_send(Method::POST, path, Some(body), Some(key)).await.ok()
    }

    /// Any request; the caller judges the answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> (StatusCode, Value) {
        self.try_send(method, path, body, key).await.expect("the product answers")
    }

    async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> reqwest::Result<(StatusCode, Value)> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// All items of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let next = cursor.map_or(String::new(), |cursor| format!("{separator}cursor={cursor}"));
            let mut page = self.get(&format!("{path}{next}")).await;
            items.append(page["items"].as_array_mut().expect("a list"));
            match page["next_cursor"].as_str() {
                Some(word) => cursor = Some(word.into()),
                None => return items,
            }
        }
    }
}

/// The `id` of a resource.
pub fn id(resource: &Value) -> &str {
    resource["id"].as_str().expect("a resource has an id")
}

/// A live event stream, read as text.
pub struct EventStream {
    answer: reqwest::Response,
    seen: String,
}

impl Api {
    /// Opens a server-sent event stream at a path of the site.
    pub async fn stream(&self, path: &str) -> EventStream {
        let site = self.base.trim_end_matches("/api/v1");
        let request = self.client.get(format!("{site}{path}")).bearer_auth(&self.token);
        let answer = request.send().await.expect("the product answers");
        assert!(answer.status().is_success(), "GET {path}: {}", answer.status());
        EventStream { answer, seen: String::new() }
    }
}

impl EventStream {
    /// Reads until `text` has come; what came before it is forgotten.
    pub async fn until_shows(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let chunk = self.answer.chunk().await.expect("the stream goes on").expect("the stream goes on");
            self.seen.push_str(&String::from_utf8_lossy(&chunk));
        }
        self.seen.clear();
    }
}

/// A browser's view without a browser: signed in, the session in a cookie.
pub async fn sign_in(address: SocketAddr, email: &str, password: &str) -> Client {
    let client = Client::builder().cookie_store(true).build().expect("a client");
    let form = [("email", email), ("password", password)];
    let answer = client.post(format!("http://{address}/sign-in")).form(&form).send().await.expect("answers");
    let path = answer.url().path();
    assert!(
        answer.status().is_success() && !path.starts_with("/sign-in"),
        "{email}: {} {path}",
        answer.status()
    );
    client
}
