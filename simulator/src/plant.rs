//! A client of Mainstay's JSON API, for what must exist before a device can speak, and for what came of it after.

use anyhow::{Context, Result, bail};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Plant {
    http: Client,
    base: Url,
    token: String,
}

const PAGE: u32 = 500;

impl Plant {
    /// `base` is the product's address, such as `http://127.0.0.1:8080`.
    pub fn new(base: &Url, token: &str) -> Result<Self> {
        let base = base.join("/api/v1/").context("the API's address takes no path")?;
        Ok(Self { http: Client::new(), base, token: token.into() })
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        self.ask(self.http.get(self.base.join(path)?).query(query), path).await
    }

    /// `key` makes a repetition harmless: the same key answers the same result.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, key: &str, body: &Value) -> Result<T> {
        let request = self.http.post(self.base.join(path)?).header("idempotency-key", key).json(body);
        self.ask(request, path).await
    }

    /// All pages of a list.
    pub async fn list(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>> {
        let (limit, mut items, mut cursor) = (PAGE.to_string(), Vec::new(), None::<String>);
        loop {
            let mut query = query.to_vec();
            query.push(("limit", &limit));
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let mut page: Value = self.get(path, &query).await?;
            match page["items"].take() {
                Value::Array(more) => items.extend(more),
                _ => bail!("{path} answered no list"),
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.into()),
                None => return Ok(items),
            }
        }
    }

    /// The id of what is called `name` in the list at `path`, made from `body` when there is none.
    pub async fn find_or_make(&self, path: &str, name: &str, body: &Value) -> Result<String> {
        let found = self.list(path, &[("q", name)]).await?;
        if let Some(id) = found.iter().find(|item| item["name"] == name).and_then(|item| item["id"].as_str())
        {
            return Ok(id.into());
        }
        let made: Value = self.post(path, &format!("simulator {path} {name}"), body).await?;
        made["id"].as_str().map(Into::into).with_context(|| format!("{path} answered no id"))
    }

    /// The token of the device called `name`: a new device, or a new token for the one there is.
    pub async fn device_token(&self, name: &str, asset: Option<&str>) -> Result<String> {
        let found = self.list("devices", &[("q", name)]).await?;
        let known = found.iter().find(|item| item["name"] == name).and_then(|item| item["id"].as_str());
        let key = uuid::Uuid::now_v7().to_string();
        let answer: Value = match known {
            Some(id) => self.post(&format!("devices/{id}/token"), &key, &json!({})).await?,
            None => self.post("devices", &key, &json!({ "name": name, "asset_id": asset })).await?,
        };
        answer["token"].as_str().map(Into::into).with_context(|| format!("no token came for {name}"))
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder, path: &str) -> Result<T> {
        let answer =
            request.bearer_auth(&self.token).send().await.with_context(|| format!("asking {path}"))?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.with_context(|| format!("reading the answer of {path}"));
        }
        let text = answer.text().await.unwrap_or_default();
        let hint = if status == StatusCode::UNAUTHORIZED { " (is the API token right?)" } else { "" };
        bail!("{path} answered {status}{hint}: {text}")
    }
}
