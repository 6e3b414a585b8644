//! JSON bodies, whose errors name the field and say what to send.

use crate::problem::{FieldProblem, Problem};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use domain::{Currency, MoneyError, Timestamp};
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

/// Extractor and answer. Input types say `#[serde(deny_unknown_fields)]`.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

/// An instant in JSON: RFC 3339 in UTC with milliseconds. The document knows it, which it does not of the alias
/// `Timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-06-15T10:00:00.000Z")]
#[serde(transparent)]
pub struct Time(pub Timestamp);

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        parse(&body(request).await?).map(Self)
    }
}

/// The body of a request that sends JSON.
pub async fn body(request: Request) -> Result<Bytes, Problem> {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    if kind != "application/json" {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send application/json",
        ));
    }
    Bytes::from_request(request, &()).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "the body is larger than this endpoint accepts",
        ),
        status => Problem::new(status, "bad_request", "the body cannot be read"),
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value = read(body)?;
    currencies_in_force(body)?;
    Ok(value)
}

/// What was stored keeps the currency it has; what is written from now on needs one that exists.
pub fn currencies_in_force(body: &[u8]) -> Result<(), Problem> {
    let unknown = serde_json::from_slice(body).ok().and_then(|body| unknown_currency(&body, ""));
    let Some(field) = unknown else { return Ok(()) };
    let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "invalid input");
    problem.fields.insert(field, FieldProblem::of_body(&MoneyError::UnknownCurrency.to_string()));
    Err(problem)
}

/// The path of a currency that is not in force, wherever the body names one.
fn unknown_currency(value: &Value, path: &str) -> Option<String> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().find_map(|(name, member)| match member {
            Value::String(code) if name == "currency" => {
                code.parse::<Currency>().is_err().then(|| below(name))
            }
            member => unknown_currency(member, &below(name)),
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| unknown_currency(item, &format!("{path}[{index}]"))),
        _ => None,
    }
}

/// The field that `message` is about. Serde names it in its words when it is missing, and when it is unknown where
/// something is read only once all of it is there; otherwise the path leads to it.
fn named(path: &str, message: &str) -> String {
    let quoted = |rest: &str| rest.split('`').next().unwrap_or("").to_owned();
    let missing = message.strip_prefix("missing field `").map(quoted);
    let unknown = message.strip_prefix("unknown field `").map(quoted);
    let unknown = unknown.filter(|name| path.rsplit('.').next() != Some(name));
    match missing.or(unknown) {
        Some(name) if path == "." => name,
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    }
}

/// Whether `message` refuses the last name of `path` itself: of an object that is a kind and its value, serde says so
/// in the words that it has for values.
fn is_key(path: &str, message: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or("");
    message.starts_with(&format!("invalid value: string {name:?}, expected \""))
}

/// A value of a body, or what to change in it.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if !error.is_data() {
            return Problem::new(StatusCode::BAD_REQUEST, "malformed_json", error.to_string());
        }
        let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "invalid input");
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text);
        let told = match is_key(&path, message) {
            true => FieldProblem::new("unknown_field", message),
            false => FieldProblem::of_body(message),
        };
        problem.fields.insert(named(&path, message), told);
        problem
    })?;
    reader
        .end()
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "malformed_json", error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        let json = serde_json::to_string(&Time(domain::clock::from_micros(1_500_001))).expect("json");
        assert_eq!(json, r#""1970-01-01T00:00:01.500Z""#);
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[allow(dead_code, reason = "only its reading is tested")]
        count: u32,
    }

    #[test]
    fn amounts_need_a_currency_in_force_with_its_decimals() {
        #[derive(Debug, Deserialize)]
        struct Input {
            #[allow(dead_code, reason = "only its reading is tested")]
            price: domain::Money,
        }
        let read = |amount: &str, currency: &str| {
            let body = serde_json::json!({ "price": { "amount": amount, "currency": currency } });
            parse::<Input>(body.to_string().as_bytes()).map_err(|problem| problem.fields)
        };
        assert!(read("1.50", "EUR").is_ok() && read("2", "VUV").is_ok() && read("1.125", "KWD").is_ok());
        for (amount, currency, field) in [
            ("1.50", "VUV", "price"),
            ("1.50", "UGX", "price"),
            ("1.1250", "EUR", "price"),
            ("1.50", "ABC", "price.currency"),
            ("1.50", "HRK", "price.currency"),
            ("1.50", "XXX", "price.currency"),
            ("1.50", "€", "price.currency"),
        ] {
            let fields = read(amount, currency).expect_err(currency);
            assert!(fields.contains_key(field), "{amount} {currency}: {fields:?}");
        }
    }

    #[test]
    fn errors_name_the_field() {
        let problem = |body: &str| parse::<Input>(body.as_bytes()).expect_err("must be refused");
        assert!(problem(r#"{"count":"x"}"#).fields["count"].message.starts_with("invalid type"));
        assert_eq!(problem("{}").fields["count"].code, "required");
        assert_eq!(problem(r#"{"count":"x"}"#).fields["count"].code, "wrong_type");
        assert_eq!(problem(r#"{"count":1,"colour":2}"#).fields["colour"].code, "unknown_field");
        assert_eq!(problem("{").code, "malformed_json");
        assert_eq!(problem(r#"{"count":1} x"#).code, "malformed_json");
    }
}
