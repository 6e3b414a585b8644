//! The places of a body, with values that none of them should have.

use domain::Date;
use serde_json::{Value, json};
use uuid::Uuid;

/// Measured values and what people compare with them: any number may be one.
const FREE_NUMBERS: [&str; 9] =
    ["raise", "clear", "failure_level", "min", "max", "rollover", "add", "multiply", "value"];
/// Longer than any text that a person writes here.
const LONG: usize = 10_001;
const MANY: usize = 1_001;

/// A place in a body: an object, a list, or a value.
pub struct Spot {
    /// As JSON pointers have it.
    pointer: String,
    /// As answers name it.
    pub path: String,
    pub value: Value,
}

impl Spot {
    pub fn all(body: &Value) -> Vec<Self> {
        let mut found = Vec::new();
        Self::below(body, String::new(), String::new(), &mut found);
        found
    }
    fn below(value: &Value, pointer: String, path: String, found: &mut Vec<Self>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    Self::below(member, format!("{pointer}/{name}"), path, found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    Self::below(item, format!("{pointer}/{index}"), format!("{path}[{index}]"), found);
                }
            }
            _ => {}
        }
        found.push(Self { pointer, path, value: value.clone() });
    }
    fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or("")
    }
    /// `body` with `value` here.
    pub fn replaced(&self, body: &Value, value: Value) -> Value {
        let mut body = body.clone();
        *body.pointer_mut(&self.pointer).expect("a place in the body") = value;
        body
    }

    pub fn extremes(&self) -> Vec<Value> {
        let long = json!("a".repeat(LONG));
        match &self.value {
            Value::Object(_) => Vec::new(),
            Value::Array(items) => vec![many(items)],
            Value::Number(_) => self.numbers(),
            Value::String(text) => {
                let special: &[&str] = if text.parse::<Date>().is_ok() {
                    &["9999-12-31", "1899-12-31", "0001-01-01", "-262143-01-01", "2026-02-30"]
                } else if chrono::DateTime::parse_from_rfc3339(text).is_ok() {
                    &[
                        "9999-12-31T23:59:59Z",
                        "-262143-01-01T00:00:00Z",
                        "+262142-12-31T23:59:59Z",
                        "0001-01-01T00:00:00Z",
                    ]
                } else if text.parse::<rust_decimal::Decimal>().is_ok() {
                    &["79228162514264337593543950335", "-79228162514264337593543950335", "-1", "1e308", "NaN"]
                } else {
                    &[]
                };
                special.iter().map(|text| json!(text)).chain([long]).collect()
            }
            _ => vec![long],
        }
    }
    fn numbers(&self) -> Vec<Value> {
        let far =
            [json!(i64::MAX), json!(u64::MAX), json!(u32::MAX), json!(i64::MIN), json!(1e308), json!(-1e308)];
        let whole = self.value.is_u64().then(|| json!(-1));
        far.into_iter().chain(whole).collect()
    }
    /// What may be taken for what it is, or is refused for another reason than its value.
    pub fn may_be_taken(&self, value: &Value) -> bool {
        let free = FREE_NUMBERS.contains(&self.name()) || self.name() == "version";
        // A set of the four kinds of lines has no more than four of them.
        (value.is_number() && free) || (value.is_array() && self.name() == "covers")
    }
}

/// More of them than anybody sends, in no more room than a body may take; ids are told apart, so that a set has them
/// all.
fn many(items: &[Value]) -> Value {
    let id = items.first().and_then(Value::as_str).is_some_and(|text| text.parse::<Uuid>().is_ok());
    let item = |_| if id { json!(Uuid::now_v7()) } else { items.first().cloned().unwrap_or(Value::Null) };
    (0..MANY).map(item).collect()
}
