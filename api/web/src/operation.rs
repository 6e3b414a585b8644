//! What programs ask for, as a value: where, who may, what it means, and the command or the reading behind it. Of it come
//! the route and its entry in the OpenAPI document; a form of a page is carried out by the very same call
//! ([`crate::actions`]).

mod call;
mod parameter;

pub use call::{
    Call, Command, Making, Read, Reading, Refused, ask, ask_all, call, listed, listed_as, making, press,
    press_silently, read, read_all, read_pages,
};
pub use parameter::{Parameter, id, one_of, words};

use crate::{
    deps::Deps,
    json,
    list::ListQuery,
    listing::Listing,
    problem::Problem,
    request::{Caller, User},
    routes::{Access, MAX_BODY_BYTES, Routes},
};
use axum::{
    body::{Bytes, HttpBody},
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use call::{Asked, Schemas};
use serde::Serialize;
use store::records::Sortable;
use utoipa::{
    ToSchema,
    openapi::{
        Components, ContentBuilder, HttpMethod, Info, KnownFormat, ObjectBuilder, OpenApi, Paths, Ref,
        Required, ResponseBuilder, SchemaFormat, Type,
        path::{Operation as Entry, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
    },
};

/// An operation of the JSON API.
#[derive(Clone)]
pub struct Operation {
    pub path: &'static str,
    pub access: Access,
    method: HttpMethod,
    id: String,
    /// What it means, in a sentence or two.
    means: &'static str,
    status: StatusCode,
    /// What else it may answer: a status, and why.
    refusals: &'static [(&'static str, &'static str)],
    /// Of its query.
    parameters: Vec<Parameter>,
    behind: Behind,
    max_bytes: usize,
    /// No body means the same as `{}`.
    may_be_empty: bool,
}

/// What answers it.
#[derive(Clone)]
enum Behind {
    Call(Call),
    Read(Read),
}

impl Operation {
    fn new(
        method: HttpMethod,
        path: &'static str,
        access: Access,
        means: &'static str,
        behind: Behind,
    ) -> Self {
        let mut words = path.split('/').filter(|part| !part.starts_with('{'));
        let id = words.next_back().unwrap_or_default().replace('-', "_");
        let (status, refusals, parameters) = (StatusCode::OK, &[] as &[_], Vec::new());
        let max_bytes = MAX_BODY_BYTES;
        Self {
            path,
            access,
            method,
            id,
            means,
            status,
            refusals,
            parameters,
            behind,
            max_bytes,
            may_be_empty: false,
        }
    }
    /// A post to `path`, which is called by the last word of it.
    pub fn post(path: &'static str, access: Access, means: &'static str, call: Call) -> Self {
        Self::new(HttpMethod::Post, path, access, means, Behind::Call(call))
    }
    /// A post that makes something: `create` of what `path` lists.
    pub fn create(path: &'static str, access: Access, means: &'static str, call: Call) -> Self {
        Self::post(path, access, means, call).named("create").creates().refusals(&[("422", "")])
    }
    /// `update` of what `path` names.
    pub fn update(path: &'static str, access: Access, means: &'static str, call: Call) -> Self {
        let put = Self::new(HttpMethod::Put, path, access, means, Behind::Call(call));
        put.named("update").refusals(&[("404", ""), ("422", "")])
    }
    /// `get` what `path` names.
    pub fn get(path: &'static str, access: Access, means: &'static str, read: Read) -> Self {
        let get = Self::new(HttpMethod::Get, path, access, means, Behind::Read(read));
        get.named("get").refusals(&[("404", "")])
    }
    /// What `path` names is taken away.
    pub fn delete(path: &'static str, access: Access, means: &'static str, call: Call) -> Self {
        Self::new(HttpMethod::Delete, path, access, means, Behind::Call(call))
    }
    /// The list `L` as pages of `J`, in each of its orders.
    pub fn list<L, J>(
        path: &'static str,
        access: Access,
        means: &'static str,
        filters: Vec<Parameter>,
    ) -> Self
    where
        L: Listing,
        J: From<L::Item> + Serialize + ToSchema + Send + 'static,
    {
        Self::pages::<L::By>(path, access, means, filters, listed::<L, J>())
    }
    /// Pages of what `read` finds, in each order of `By`.
    pub fn pages<By: Sortable>(
        path: &'static str,
        access: Access,
        means: &'static str,
        filters: Vec<Parameter>,
        read: Read,
    ) -> Self {
        let get = Self::new(HttpMethod::Get, path, access, means, Behind::Read(read));
        let parameters = filters.into_iter().chain(Parameter::order::<By>()).chain(Parameter::page());
        Self { parameters: parameters.collect(), ..get.named("list") }
    }
    /// What it reads has pages.
    pub fn in_pages(self) -> Self {
        let parameters = self.parameters.iter().cloned().chain(Parameter::page());
        Self { parameters: parameters.collect(), ..self }
    }
    /// The same under another name in the document.
    pub fn named(self, id: &str) -> Self {
        Self { id: id.into(), ..self }
    }
    /// It answers nothing.
    pub fn silent(self) -> Self {
        Self { status: StatusCode::NO_CONTENT, ..self }
    }
    /// It makes something.
    pub fn creates(self) -> Self {
        Self { status: StatusCode::CREATED, ..self }
    }
    pub fn refusals(self, refusals: &'static [(&'static str, &'static str)]) -> Self {
        Self { refusals, ..self }
    }
    /// Its body may be up to `max_bytes` long.
    pub fn large(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }
    /// Its body may be left out, which means the same as `{}`.
    pub fn may_be_empty(self) -> Self {
        Self { may_be_empty: true, ..self }
    }
    /// Whether the document calls it `name`.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name
    }
    /// The command behind it.
    pub fn call(&self) -> Option<&Call> {
        match &self.behind {
            Behind::Call(call) => Some(call),
            Behind::Read(_) => None,
        }
    }

    pub fn mount(self, routes: Routes) -> Routes {
        let (path, access, status, max_bytes) = (self.path, self.access, self.status, self.max_bytes);
        let may_be_empty = self.may_be_empty;
        match self.behind {
            Behind::Read(read) => {
                let read = move |State(deps): State<Deps>, user: User, ids: Ids, query: ListQuery| async move {
                    told(status, (read.run)(deps, user, values(ids), query).await)
                };
                routes.get(path, access, read)
            }
            Behind::Call(call) => {
                let answer = move |State(deps): State<Deps>, caller: Caller, ids: Ids, request: Request| async move {
                    let body = match &call {
                        call if call.asks_nothing() => Ok(Bytes::new()),
                        _ if may_be_empty && request.body().is_end_stream() => Ok(Bytes::from_static(b"{}")),
                        _ => json::body(request).await,
                    };
                    answer(&call, status, deps, caller, ids, body).await
                };
                match self.method {
                    HttpMethod::Put => routes.put_large(path, access, max_bytes, answer),
                    HttpMethod::Delete => routes.delete(path, access, answer),
                    _ => routes.post_large(path, access, max_bytes, answer),
                }
            }
        }
    }

    fn entry(&self, tag: &str, schemas: &mut Schemas) -> Entry {
        let (input, output) = match &self.behind {
            Behind::Call(call) => {
                let [input, output] = (call.schemas)(schemas);
                (input, output)
            }
            Behind::Read(read) => (None, Some((read.schema)(schemas))),
        };
        let mut entry = OperationBuilder::new().tag(tag).operation_id(Some(self.id.clone()));
        entry = entry.summary(Some(self.means).filter(|means| !means.is_empty()));
        for name in names(self.path) {
            let id = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
            entry = entry.parameter(parameter.required(Required::True).schema(Some(id)));
        }
        entry = self.parameters.iter().fold(entry, |entry, parameter| entry.parameter(parameter.entry()));
        if let Some(input) = input {
            let body = RequestBodyBuilder::new().content("application/json", content(&input));
            let required = if self.may_be_empty { Required::False } else { Required::True };
            entry = entry.request_body(Some(body.required(Some(required)).build()));
        }
        let mut done = ResponseBuilder::new();
        if let Some(output) = output {
            done = done.content("application/json", content(&output));
        }
        entry = entry.response(self.status.as_str(), done);
        for (status, why) in self.refusals {
            let refused = ResponseBuilder::new().description(*why);
            entry = entry.response(*status, refused.content("application/json", content("Problem")));
        }
        entry.build()
    }
}

fn content(schema: &str) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build()
}

/// The names in braces of a path.
fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The values of the braces of a path, in their order.
pub type Ids = Path<Vec<(String, String)>>;

fn values(Path(ids): Ids) -> Vec<String> {
    ids.into_iter().map(|(_, id)| id).collect()
}

async fn answer(
    call: &Call,
    status: StatusCode,
    deps: Deps,
    Caller(cx): Caller,
    ids: Ids,
    body: Result<Bytes, Problem>,
) -> Response {
    match body {
        Ok(body) => {
            let asked = Asked { deps, cx, ids: values(ids), body: body.to_vec(), foreign: true };
            told(status, (call.run)(asked).await)
        }
        Err(problem) => problem.into_response(),
    }
}

fn told(status: StatusCode, done: Result<Vec<u8>, Refused>) -> Response {
    match done {
        Ok(body) if body.is_empty() => status.into_response(),
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(refused) => Problem::from(refused).into_response(),
    }
}

/// The routes of `operations`.
pub fn routes(operations: Vec<Operation>) -> Routes {
    operations.into_iter().fold(Routes::new(), |routes, operation| operation.mount(routes))
}

/// What the OpenAPI document says of `operations`.
pub fn document<'a>(tag: &str, operations: impl IntoIterator<Item = &'a Operation>) -> OpenApi {
    let (mut paths, mut schemas) = (Paths::new(), Vec::new());
    for operation in operations {
        let entry = operation.entry(tag, &mut schemas);
        paths.add_path_operation(operation.path, vec![operation.method.clone()], entry);
    }
    let mut components = Components::new();
    components.schemas.extend(schemas);
    let mut document = OpenApi::new(Info::new("", ""), paths);
    document.components = Some(components);
    document
}
