//! What the query of a list may say, as the OpenAPI document tells it.

use store::records::{PageRequest, Sortable};
use utoipa::openapi::{
    KnownFormat, Object, ObjectBuilder, Required, SchemaFormat, Type,
    path::{Parameter as Entry, ParameterBuilder, ParameterIn},
};

/// One name of a query.
#[derive(Clone)]
pub struct Parameter {
    name: &'static str,
    description: &'static str,
    schema: Object,
}

/// An id.
pub fn id(name: &'static str) -> Parameter {
    Parameter::of(name, "", Type::String, Some(KnownFormat::Uuid))
}

/// Words to look for: `description` says where.
pub fn words(name: &'static str, description: &'static str) -> Parameter {
    Parameter::of(name, description, Type::String, None)
}

/// One of `choices`.
pub fn one_of<'a>(
    name: &'static str,
    description: &'static str,
    choices: impl IntoIterator<Item = &'a str>,
) -> Parameter {
    let choices: Vec<&str> = choices.into_iter().collect();
    words(name, description).like(&format!("^({})$", choices.join("|")))
}

impl Parameter {
    fn of(name: &'static str, description: &'static str, kind: Type, format: Option<KnownFormat>) -> Self {
        let schema = ObjectBuilder::new().schema_type(kind).format(format.map(SchemaFormat::KnownFormat));
        Self { name, description, schema: schema.build() }
    }
    /// Yes or no.
    pub fn flag(name: &'static str) -> Self {
        Self::of(name, "", Type::Boolean, None)
    }
    pub fn like(self, pattern: &str) -> Self {
        Self { schema: ObjectBuilder::from(self.schema).pattern(Some(pattern)).build(), ..self }
    }
    /// In which order the rows come, of a list that has several.
    pub(super) fn order<B: Sortable>() -> Option<Self> {
        let sorted = B::ALL.iter().map(|by| by.word()).filter(|word| !word.is_empty());
        let both = |word: &str| [word.to_owned(), format!("-{word}")];
        let orders: Vec<String> = sorted.flat_map(both).collect();
        let told = "The order of the rows; with a - before it, the other way";
        (!orders.is_empty()).then(|| one_of("sort", told, orders.iter().map(String::as_str)))
    }
    /// Which page of a list.
    pub(super) fn page() -> [Self; 2] {
        let limit = Self::of("limit", "", Type::Integer, Some(KnownFormat::Int64));
        let schema = ObjectBuilder::from(limit.schema).minimum(Some(1_u64));
        let schema = schema.maximum(Some(PageRequest::<()>::MAX_LIMIT)).build();
        [Self { schema, ..limit }, words("cursor", "")]
    }
    pub(super) fn entry(&self) -> Entry {
        let entry = ParameterBuilder::new().name(self.name).parameter_in(ParameterIn::Query);
        let told = Some(self.description).filter(|text| !text.is_empty());
        entry.required(Required::False).description(told).schema(Some(self.schema.clone())).build()
    }
}
