//! What values look like in the document of the API where their JSON is not that of their fields.

use crate::{Currency, Date, Money, condition::evidence::Arg};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// An identifier.
pub fn uuid() -> RefOr<Schema> {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).into()
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        let amount = text().description(Some("A decimal number, exact.")).examples(["12.34"]);
        ObjectBuilder::new()
            .property("amount", amount)
            .property("currency", Currency::schema())
            .required("amount")
            .required("currency")
            .into()
    }
}
impl ToSchema for Money {}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        text().description(Some("ISO 4217.")).examples(["EUR"]).into()
    }
}
impl ToSchema for Currency {}

impl PartialSchema for Date {
    fn schema() -> RefOr<Schema> {
        text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).into()
    }
}
impl ToSchema for Date {}

/// [`Arg`] in plain values.
#[derive(serde::Serialize, ToSchema)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its shape counts")]
enum PlainArg {
    Text(String),
    Number(f64),
    Count(i64),
    Seconds(i64),
    #[schema(format = DateTime)]
    Time(String),
    Money(Money),
}

impl PartialSchema for Arg {
    fn schema() -> RefOr<Schema> {
        PlainArg::schema()
    }
}
impl ToSchema for Arg {}
