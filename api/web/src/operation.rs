//! What programs ask for, as a value: where, who may, what it means, and the command that is carried out. Of it come
//! the route and its entry in the OpenAPI document; a form of a page is carried out by the very same call
//! ([`crate::actions`]).

use crate::{
    deps::Deps,
    json,
    problem::Problem,
    request::Caller,
    routes::{Access, Routes},
};
use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::reason::Reason;
use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use service::command::{CommandError, Context, FieldError};
use std::sync::Arc;
use utoipa::{
    ToSchema,
    openapi::{
        Components, ContentBuilder, HttpMethod, Info, KnownFormat, ObjectBuilder, OpenApi, Paths, Ref, RefOr,
        Required, ResponseBuilder, Schema, SchemaFormat, Type,
        path::{Operation as Entry, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
    },
};

/// A command of the use cases: of what, and with what input.
pub trait Command<'a, T, I>:
    Fn(&'a service::deps::Deps, Context, T, I) -> Self::Answer + Copy + Send + Sync + 'static
{
    type Out;
    type Answer: Future<Output = Result<Self::Out, CommandError>> + Send + 'a;
}

impl<'a, F, R, O, T, I> Command<'a, T, I> for F
where
    F: Fn(&'a service::deps::Deps, Context, T, I) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Result<O, CommandError>> + Send + 'a,
{
    type Out = O;
    type Answer = R;
}

/// A command with its types put away: the ids of a path and a body go in, the body of an answer comes out.
#[derive(Clone)]
pub struct Call {
    run: Arc<dyn Fn(Asked) -> Answer + Send + Sync>,
    /// Adds what it is asked and what it answers to the schemas, and names both.
    schemas: fn(&mut Schemas) -> [Option<String>; 2],
}

type Answer = BoxFuture<'static, Result<Vec<u8>, Refused>>;
type Schemas = Vec<(String, RefOr<Schema>)>;

/// What a call is asked.
struct Asked {
    deps: Deps,
    cx: Context,
    ids: Vec<String>,
    body: Vec<u8>,
    /// Whether currencies of the body must be in force: those of a form are the product's own.
    foreign: bool,
}

/// Why a call was not carried out.
pub enum Refused {
    /// The body is not what is asked for.
    Body(Problem),
    Command(CommandError),
}

/// `command` with its answer told as `J`.
pub fn call<J, T, I, O>(command: impl for<'a> Command<'a, T, I, Out = O>) -> Call
where
    J: From<O> + Serialize + ToSchema,
    T: DeserializeOwned + Send + 'static,
    I: DeserializeOwned + ToSchema + Send + 'static,
    O: Send + 'static,
{
    let run = move |asked: Asked| -> Answer {
        Box::pin(async move {
            let target: T = target(asked.ids)?;
            let input: I = json::read(&asked.body).map_err(Refused::Body)?;
            if asked.foreign {
                json::currencies_in_force(&asked.body).map_err(Refused::Body)?;
            }
            let done = command(&asked.deps.service, asked.cx, target, input).await?;
            encoded(&J::from(done))
        })
    };
    Call { run: Arc::new(run), schemas: |all| [Some(named::<I>(all)), Some(named::<J>(all))] }
}

/// What the ids of a path name: one id, or a tuple of them.
fn target<T: DeserializeOwned>(ids: Vec<String>) -> Result<T, Refused> {
    let one = ids.len() == 1;
    let mut ids: Vec<Value> = ids.into_iter().map(Value::String).collect();
    let ids = if one { ids.remove(0) } else { Value::Array(ids) };
    serde_json::from_value(ids).map_err(|error| {
        let detail = format!("Invalid URL: {error}");
        Refused::Body(Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail))
    })
}

fn encoded(answer: &impl Serialize) -> Result<Vec<u8>, Refused> {
    serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Refused::Body(Problem::internal())
    })
}

fn named<T: ToSchema>(all: &mut Schemas) -> String {
    all.push((T::name().into(), T::schema()));
    T::schemas(all);
    T::name().into()
}

impl Call {
    /// Carries out what a form of a page asks; the answer is that of a program.
    pub async fn by_form(
        &self,
        deps: &Deps,
        cx: Context,
        ids: Vec<String>,
        input: &Value,
    ) -> Result<Value, CommandError> {
        let body = input.to_string().into_bytes();
        let asked = Asked { deps: deps.clone(), cx, ids, body, foreign: false };
        let done = (self.run)(asked).await.map_err(Refused::to_people)?;
        Ok(serde_json::from_slice(&done).unwrap_or_default())
    }
}

impl From<CommandError> for Refused {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Body(problem) => problem,
            Refused::Command(error) => error.into(),
        }
    }
}

impl Refused {
    /// What was wrong with the value that a form made: a choice that is not there, or none.
    pub fn to_people(self) -> CommandError {
        let problem = match self {
            Self::Command(error) => return error,
            Self::Body(problem) if problem.fields.is_empty() => return CommandError::NotFound,
            Self::Body(problem) => problem,
        };
        let told = |(field, problem): (String, crate::problem::FieldProblem)| {
            let reason = match problem.code {
                "required" => Reason::Required,
                "invalid_date" => Reason::InvalidDate,
                "invalid_time" => Reason::InvalidTime,
                "invalid_amount" => Reason::InvalidAmount,
                _ => Reason::UnknownChoice,
            };
            FieldError::new(field, reason)
        };
        CommandError::Invalid(problem.fields.into_iter().map(told).collect())
    }
}

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
    call: Call,
}

impl Operation {
    /// A post to `path`, which is called by the last word of it.
    pub fn post(path: &'static str, access: Access, means: &'static str, call: Call) -> Self {
        let mut words = path.split('/').filter(|part| !part.starts_with('{'));
        let id = words.next_back().unwrap_or_default().replace('-', "_");
        let (method, status, refusals) = (HttpMethod::Post, StatusCode::OK, &[]);
        Self { path, access, method, id, means, status, refusals, call }
    }
    /// The same under another name in the document.
    pub fn named(self, id: &str) -> Self {
        Self { id: id.into(), ..self }
    }
    /// It makes something.
    pub fn creates(self) -> Self {
        Self { status: StatusCode::CREATED, ..self }
    }
    pub fn refusals(self, refusals: &'static [(&'static str, &'static str)]) -> Self {
        Self { refusals, ..self }
    }

    /// Whether the document calls it `name`.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name
    }
    pub fn call(&self) -> &Call {
        &self.call
    }

    pub fn mount(self, routes: Routes) -> Routes {
        let (path, access, status, call) = (self.path, self.access, self.status, self.call);
        let answer = move |State(deps): State<Deps>, Caller(cx): Caller, path: Ids, request: Request| async move {
            answer(&call, status, deps, cx, path.0, request).await
        };
        routes.post(path, access, answer)
    }

    fn entry(&self, tag: &str, schemas: &mut Schemas) -> Entry {
        let [input, output] = (self.call.schemas)(schemas);
        let mut entry = OperationBuilder::new().tag(tag).operation_id(Some(self.id.clone()));
        entry = entry.summary(Some(self.means).filter(|means| !means.is_empty()));
        for name in parameters(self.path) {
            let id = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
            entry = entry.parameter(parameter.required(Required::True).schema(Some(id)));
        }
        if let Some(input) = input {
            let body = RequestBodyBuilder::new().content("application/json", content(&input));
            entry = entry.request_body(Some(body.required(Some(Required::True)).build()));
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
fn parameters(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The values of the braces of a path, in their order.
pub type Ids = Path<Vec<(String, String)>>;

async fn answer(
    call: &Call,
    status: StatusCode,
    deps: Deps,
    cx: Context,
    ids: Vec<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let ids = ids.into_iter().map(|(_, id)| id).collect();
    let body = json::body(request).await?.to_vec();
    let done = (call.run)(Asked { deps, cx, ids, body, foreign: true }).await?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], done).into_response())
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
