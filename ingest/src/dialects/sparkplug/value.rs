//! Values of Sparkplug metrics as facts.
//!
//! Numbers and booleans are samples; texts, times and UUIDs are texts. A data set of one row and a template are flattened
//! with dots, an array of up to [`MAX_ELEMENTS`] numbers too. Put aside are data sets of several rows, bytes, files and
//! longer arrays; a template's definition says nothing of a machine and is passed over.

use super::payload::{DataSet, Metric, Template, Value, kind};
use crate::{
    facts::{Facts, joined},
    json::Scalar,
    values,
};
use chrono::DateTime;
use domain::telemetry::Rejection;

const MAX_ELEMENTS: usize = 32;
const MAX_DEPTH: usize = 4;

pub fn put(name: &str, datatype: u32, value: Value, ts_us: i64, facts: &mut Facts<'_, '_>) {
    nested(name, datatype, value, ts_us, 0, facts);
}

fn nested(name: &str, datatype: u32, value: Value, ts_us: i64, depth: usize, facts: &mut Facts<'_, '_>) {
    match value {
        Value::DataSet(set) => data_set(name, set, ts_us, facts),
        Value::Template(template) => members(name, template, ts_us, depth, facts),
        Value::Bytes(bytes) => array(name, datatype, &bytes, ts_us, facts),
        plain => scalar(name, datatype, plain, ts_us, facts),
    }
}

fn scalar(name: &str, datatype: u32, value: Value, ts_us: i64, facts: &mut Facts<'_, '_>) {
    let Some(metric) = facts.name(name) else { return };
    match value {
        Value::Int(number) => values::value(Scalar::Number(signed(datatype, number)), facts, metric, ts_us),
        Value::Long(number) if datatype == kind::DATE_TIME => {
            let at = i64::try_from(number).ok().and_then(DateTime::from_timestamp_millis);
            let text = at.map_or_else(|| number.to_string(), |at| at.to_rfc3339());
            values::value(Scalar::Text(text.into()), facts, metric, ts_us);
        }
        Value::Long(number) => {
            let digits = match datatype {
                kind::INT8 | kind::INT16 | kind::INT32 | kind::INT64 => number.cast_signed().to_string(),
                _ => number.to_string(),
            };
            values::value(long(&digits), facts, metric, ts_us);
        }
        // The shortest decimal that is this number: 20.6, as the device has it, and not 20.600000381.
        Value::Float(number) => {
            let number = number.to_string().parse().unwrap_or(f64::NAN);
            values::value(real(number), facts, metric, ts_us);
        }
        Value::Double(number) => values::value(real(number), facts, metric, ts_us),
        Value::Boolean(value) => values::value(Scalar::Bool(value), facts, metric, ts_us),
        Value::String(text) => values::value(Scalar::Text(text.into()), facts, metric, ts_us),
        Value::Bytes(_) | Value::DataSet(_) | Value::Template(_) => {}
    }
}

/// Two's complement, in as many bits as the type has.
fn signed(datatype: u32, number: u32) -> f64 {
    match datatype {
        kind::INT8 => f64::from((number as u8).cast_signed()),
        kind::INT16 => f64::from((number as u16).cast_signed()),
        kind::INT32 | kind::INT64 => f64::from(number.cast_signed()),
        _ => f64::from(number),
    }
}

fn long(digits: &str) -> Scalar<'_> {
    let whole = digits.strip_prefix('-').unwrap_or(digits);
    match digits.parse() {
        Ok(number) if crate::json::is_exact_integer(whole) => Scalar::Number(number),
        _ => Scalar::LongInteger(digits),
    }
}

fn real(number: f64) -> Scalar<'static> {
    if number.is_finite() { Scalar::Number(number) } else { Scalar::NotFinite }
}

fn data_set(name: &str, set: DataSet, ts_us: i64, facts: &mut Facts<'_, '_>) {
    let DataSet { columns, types, rows } = set;
    let count = rows.len();
    let mut rows = rows.into_iter();
    let (Some(row), None) = (rows.next(), rows.next()) else {
        if count > 1 {
            facts.reject(Rejection::WrongShape(format!("{name}: data set of {count} rows")));
        }
        return;
    };
    let types = types.into_iter().chain(std::iter::repeat(0));
    for ((column, datatype), element) in columns.iter().zip(types).zip(row.elements) {
        if let Some(value) = element.value {
            scalar(&joined(name, column), datatype, value.into(), ts_us, facts);
        }
    }
}

fn members(name: &str, template: Template, ts_us: i64, depth: usize, facts: &mut Facts<'_, '_>) {
    if template.is_definition == Some(true) {
        return;
    }
    if depth >= MAX_DEPTH {
        facts.reject(Rejection::TooDeep { limit: MAX_DEPTH });
        return;
    }
    for Metric { name: member, datatype, is_null, value, .. } in template.metrics {
        let (Some(member), Some(value), None | Some(false)) = (member, value, is_null) else { continue };
        nested(&joined(name, &member), datatype.unwrap_or(0), value, ts_us, depth + 1, facts);
    }
}

fn array(name: &str, datatype: u32, bytes: &[u8], ts_us: i64, facts: &mut Facts<'_, '_>) {
    let Some(numbers) = numbers(datatype, bytes) else {
        return facts.reject(Rejection::WrongShape(format!("{name}: {} bytes", bytes.len())));
    };
    if numbers.len() > MAX_ELEMENTS {
        return facts.reject(Rejection::WrongShape(format!("{name}: array of {}", numbers.len())));
    }
    for (place, number) in numbers.into_iter().enumerate() {
        if let Some(metric) = facts.name(&joined(name, &place.to_string())) {
            values::value(real(number), facts, metric, ts_us);
        }
    }
}

/// The little-endian elements of an array; `None` when it is none of numbers.
fn numbers(datatype: u32, bytes: &[u8]) -> Option<Vec<f64>> {
    macro_rules! read {
        ($kind:ty, $to:expr) => {{
            let (whole, rest) = bytes.as_chunks::<{ size_of::<$kind>() }>();
            rest.is_empty().then(|| whole.iter().map(|one| $to(<$kind>::from_le_bytes(*one))).collect())
        }};
    }
    match datatype {
        kind::INT8_ARRAY => read!(i8, f64::from),
        kind::INT16_ARRAY => read!(i16, f64::from),
        kind::INT32_ARRAY => read!(i32, f64::from),
        kind::INT64_ARRAY => read!(i64, |number| number as f64),
        kind::UINT8_ARRAY => read!(u8, f64::from),
        kind::UINT16_ARRAY => read!(u16, f64::from),
        kind::UINT32_ARRAY => read!(u32, f64::from),
        kind::UINT64_ARRAY => read!(u64, |number| number as f64),
        kind::FLOAT_ARRAY => read!(f32, |number: f32| number.to_string().parse().unwrap_or(f64::NAN)),
        kind::DOUBLE_ARRAY => read!(f64, |number| number),
        _ => None,
    }
}
