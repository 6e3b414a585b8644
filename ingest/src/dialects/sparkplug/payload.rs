//! The payload of Sparkplug B, `org.eclipse.tahu.protobuf`, as far as it is read or written here.

use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub struct Payload {
    /// Milliseconds since 1970.
    #[prost(uint64, optional, tag = "1")]
    pub timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    pub seq: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Metric {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    pub is_historical: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub is_transient: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub is_null: Option<bool>,
    #[prost(message, optional, tag = "9")]
    pub properties: Option<Properties>,
    #[prost(oneof = "Value", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18")]
    pub value: Option<Value>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum Value {
    #[prost(uint32, tag = "10")]
    Int(u32),
    #[prost(uint64, tag = "11")]
    Long(u64),
    #[prost(float, tag = "12")]
    Float(f32),
    #[prost(double, tag = "13")]
    Double(f64),
    #[prost(bool, tag = "14")]
    Boolean(bool),
    #[prost(string, tag = "15")]
    String(String),
    #[prost(bytes, tag = "16")]
    Bytes(Vec<u8>),
    #[prost(message, tag = "17")]
    DataSet(DataSet),
    #[prost(message, tag = "18")]
    Template(Template),
}

#[derive(Clone, PartialEq, Message)]
pub struct Properties {
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    pub values: Vec<Property>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Property {
    #[prost(oneof = "PropertyValue", tags = "3, 4, 8")]
    pub value: Option<PropertyValue>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum PropertyValue {
    #[prost(uint32, tag = "3")]
    Int(u32),
    #[prost(uint64, tag = "4")]
    Long(u64),
    #[prost(string, tag = "8")]
    String(String),
}

#[derive(Clone, PartialEq, Message)]
pub struct DataSet {
    #[prost(string, repeated, tag = "2")]
    pub columns: Vec<String>,
    #[prost(uint32, repeated, packed = "false", tag = "3")]
    pub types: Vec<u32>,
    #[prost(message, repeated, tag = "4")]
    pub rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Row {
    #[prost(message, repeated, tag = "1")]
    pub elements: Vec<Element>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Element {
    #[prost(oneof = "ElementValue", tags = "1, 2, 3, 4, 5, 6")]
    pub value: Option<ElementValue>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum ElementValue {
    #[prost(uint32, tag = "1")]
    Int(u32),
    #[prost(uint64, tag = "2")]
    Long(u64),
    #[prost(float, tag = "3")]
    Float(f32),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(bool, tag = "5")]
    Boolean(bool),
    #[prost(string, tag = "6")]
    String(String),
}

#[derive(Clone, PartialEq, Message)]
pub struct Template {
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
    #[prost(bool, optional, tag = "5")]
    pub is_definition: Option<bool>,
}

impl From<ElementValue> for Value {
    fn from(value: ElementValue) -> Self {
        match value {
            ElementValue::Int(value) => Self::Int(value),
            ElementValue::Long(value) => Self::Long(value),
            ElementValue::Float(value) => Self::Float(value),
            ElementValue::Double(value) => Self::Double(value),
            ElementValue::Boolean(value) => Self::Boolean(value),
            ElementValue::String(value) => Self::String(value),
        }
    }
}

impl Properties {
    /// The value of the first of `names` that is there.
    pub fn get(&self, names: &[&str]) -> Option<&PropertyValue> {
        let mut pairs = self.keys.iter().zip(&self.values);
        pairs.find(|(key, _)| names.contains(&key.as_str())).and_then(|(_, property)| property.value.as_ref())
    }
}

/// Numbers of data types.
pub mod kind {
    pub const INT8: u32 = 1;
    pub const INT16: u32 = 2;
    pub const INT32: u32 = 3;
    pub const INT64: u32 = 4;
    pub const BOOLEAN: u32 = 11;
    pub const DATE_TIME: u32 = 13;
    pub const INT8_ARRAY: u32 = 22;
    pub const INT16_ARRAY: u32 = 23;
    pub const INT32_ARRAY: u32 = 24;
    pub const INT64_ARRAY: u32 = 25;
    pub const UINT8_ARRAY: u32 = 26;
    pub const UINT16_ARRAY: u32 = 27;
    pub const UINT32_ARRAY: u32 = 28;
    pub const UINT64_ARRAY: u32 = 29;
    pub const FLOAT_ARRAY: u32 = 30;
    pub const DOUBLE_ARRAY: u32 = 31;
}
