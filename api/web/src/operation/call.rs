//! Commands and readings with their types put away: the ids of a path, a query and a body go in, the body of an answer
//! comes out.

use crate::{
    deps::Deps,
    json,
    list::{Items, ListQuery},
    listing::{self, Listing},
    problem::{FieldProblem, Problem},
    request::User,
};
use axum::http::StatusCode;
use domain::reason::Reason;
use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use service::command::{CommandError, Context, FieldError};
use std::sync::Arc;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
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

/// A command of something that does not exist yet, or of everything there is.
pub trait Making<'a, I>:
    Fn(&'a service::deps::Deps, Context, I) -> Self::Answer + Copy + Send + Sync + 'static
{
    type Out;
    type Answer: Future<Output = Result<Self::Out, CommandError>> + Send + 'a;
}

impl<'a, F, R, O, I> Making<'a, I> for F
where
    F: Fn(&'a service::deps::Deps, Context, I) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Result<O, CommandError>> + Send + 'a,
{
    type Out = O;
    type Answer = R;
}

/// What somebody reads: of what, or by which query.
pub trait Reading<'a, T>: Fn(&'a Deps, &'a User, T) -> Self::Answer + Copy + Send + Sync + 'static {
    type Out;
    type Answer: Future<Output = Result<Self::Out, Problem>> + Send + 'a;
}

impl<'a, F, R, O, T> Reading<'a, T> for F
where
    F: Fn(&'a Deps, &'a User, T) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Result<O, Problem>> + Send + 'a,
{
    type Out = O;
    type Answer = R;
}

/// A command with its types put away.
#[derive(Clone)]
pub struct Call {
    pub(super) run: Arc<dyn Fn(Asked) -> Answer + Send + Sync>,
    /// Adds what it is asked and what it answers to the schemas, and names both.
    pub(super) schemas: fn(&mut Schemas) -> [Option<String>; 2],
}

/// A reading with its types put away.
#[derive(Clone)]
pub struct Read {
    pub(super) run: Arc<dyn Fn(Deps, User, Vec<String>, ListQuery) -> Answer + Send + Sync>,
    pub(super) schema: fn(&mut Schemas) -> String,
}

pub(super) type Answer = BoxFuture<'static, Result<Vec<u8>, Refused>>;
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// What a call is asked.
pub(super) struct Asked {
    pub(super) deps: Deps,
    pub(super) cx: Context,
    pub(super) ids: Vec<String>,
    pub(super) body: Vec<u8>,
    /// Whether currencies of the body must be in force: those of a form are the product's own.
    pub(super) foreign: bool,
}

impl Asked {
    fn input<I: DeserializeOwned>(&self) -> Result<I, Refused> {
        let input = json::read(&self.body).map_err(Refused::Body)?;
        if self.foreign {
            json::currencies_in_force(&self.body).map_err(Refused::Body)?;
        }
        Ok(input)
    }
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
            let input = asked.input::<I>()?;
            let done = command(&asked.deps.service, asked.cx, target(asked.ids)?, input).await?;
            encoded(&J::from(done))
        })
    };
    Call { run: Arc::new(run), schemas: |all| [Some(named::<I>(all)), Some(named::<J>(all))] }
}

/// The same of what does not exist yet.
pub fn making<J, I, O>(command: impl for<'a> Making<'a, I, Out = O>) -> Call
where
    J: From<O> + Serialize + ToSchema,
    I: DeserializeOwned + ToSchema + Send + 'static,
    O: Send + 'static,
{
    let run = move |asked: Asked| -> Answer {
        Box::pin(async move {
            let input = asked.input::<I>()?;
            encoded(&J::from(command(&asked.deps.service, asked.cx, input).await?))
        })
    };
    Call { run: Arc::new(run), schemas: |all| [Some(named::<I>(all)), Some(named::<J>(all))] }
}

/// The same of a command that asks for nothing but the thing.
pub fn press<J, T, O>(command: impl for<'a> Making<'a, T, Out = O>) -> Call
where
    J: From<O> + Serialize + ToSchema,
    T: DeserializeOwned + Send + 'static,
    O: Send + 'static,
{
    let run = move |asked: Asked| -> Answer {
        Box::pin(async move {
            let target = target(asked.ids)?;
            encoded(&J::from(command(&asked.deps.service, asked.cx, target).await?))
        })
    };
    Call { run: Arc::new(run), schemas: |all| [None, Some(named::<J>(all))] }
}

/// The same of one that answers nothing.
pub fn press_silently<T>(command: impl for<'a> Making<'a, T, Out = ()>) -> Call
where
    T: DeserializeOwned + Send + 'static,
{
    let run = move |asked: Asked| -> Answer {
        Box::pin(async move {
            command(&asked.deps.service, asked.cx, target(asked.ids)?).await?;
            Ok(Vec::new())
        })
    };
    Call { run: Arc::new(run), schemas: |_| [None, None] }
}

/// What is read of the thing that a path names.
pub fn read<J, T>(reading: impl for<'a> Reading<'a, T, Out = J>) -> Read
where
    J: Serialize + ToSchema + Send + 'static,
    T: DeserializeOwned + Send + 'static,
{
    read_as(reading, named::<J>)
}

/// Everything of a kind that the thing has.
pub fn read_all<J, T>(reading: impl for<'a> Reading<'a, T, Out = Items<J>>) -> Read
where
    J: Serialize + ToSchema + Send + 'static,
    T: DeserializeOwned + Send + 'static,
{
    read_as(reading, items::<J>)
}

fn read_as<O, T>(reading: impl for<'a> Reading<'a, T, Out = O>, schema: fn(&mut Schemas) -> String) -> Read
where
    O: Serialize + Send + 'static,
    T: DeserializeOwned + Send + 'static,
{
    let run = move |deps: Deps, user: User, ids: Vec<String>, _: ListQuery| -> Answer {
        Box::pin(async move {
            let found = reading(&deps, &user, target(ids)?).await;
            encoded(&found.map_err(Refused::Body)?)
        })
    };
    Read { run: Arc::new(run), schema }
}

/// Pages of what the thing has.
pub fn read_pages<J, T>(reading: impl for<'a> Reading<'a, (T, ListQuery), Out = Items<J>>) -> Read
where
    J: Serialize + ToSchema + Send + 'static,
    T: DeserializeOwned + Send + 'static,
{
    let run = move |deps: Deps, user: User, ids: Vec<String>, query: ListQuery| -> Answer {
        Box::pin(async move {
            let found = reading(&deps, &user, (target(ids)?, query)).await;
            encoded(&found.map_err(Refused::Body)?)
        })
    };
    Read { run: Arc::new(run), schema: items::<J> }
}

/// What is read by a query.
pub fn ask<J>(reading: impl for<'a> Reading<'a, ListQuery, Out = J>) -> Read
where
    J: Serialize + ToSchema + Send + 'static,
{
    Read { schema: named::<J>, ..ask_untold(reading) }
}

/// The same of a list that has no pages.
pub fn ask_all<J>(reading: impl for<'a> Reading<'a, ListQuery, Out = Items<J>>) -> Read
where
    J: Serialize + ToSchema + Send + 'static,
{
    Read { schema: items::<J>, ..ask_untold(reading) }
}

fn ask_untold<J>(reading: impl for<'a> Reading<'a, ListQuery, Out = J>) -> Read
where
    J: Serialize + Send + 'static,
{
    let run = move |deps: Deps, user: User, _: Vec<String>, query: ListQuery| -> Answer {
        Box::pin(async move { encoded(&reading(&deps, &user, query).await.map_err(Refused::Body)?) })
    };
    Read { run: Arc::new(run), schema: |_| String::new() }
}

/// The list `L` with what its readers see of each row.
pub fn listed_as<L, J>(seen: impl for<'a> Reading<'a, Vec<L::Item>, Out = Vec<J>>) -> Read
where
    L: Listing,
    J: Serialize + ToSchema + Send + 'static,
{
    let run = move |deps: Deps, user: User, _: Vec<String>, query: ListQuery| -> Answer {
        Box::pin(async move {
            let found = listing::find::<L>(&deps, &user, &query).await?;
            let unreadable = found.unreadable.into_iter().map(Into::into).collect();
            let items = seen(&deps, &user, found.items).await.map_err(Refused::Body)?;
            encoded(&Items { items, next_cursor: found.next_cursor, unreadable })
        })
    };
    Read { run: Arc::new(run), schema: items::<J> }
}

/// The list `L` with its rows told as `J`.
pub fn listed<L, J>() -> Read
where
    L: Listing,
    J: From<L::Item> + Serialize + ToSchema + Send + 'static,
{
    let run = |deps: Deps, user: User, _: Vec<String>, query: ListQuery| -> Answer {
        Box::pin(async move {
            let found = listing::find::<L>(&deps, &user, &query).await?;
            encoded(&Items::from(found.map(J::from)))
        })
    };
    Read { run: Arc::new(run), schema: items::<J> }
}

/// The schema of a list of `J`.
pub(super) fn items<J: ToSchema>(all: &mut Schemas) -> String {
    let name = format!("Items_{}", named::<J>(all));
    all.push((name.clone(), <Items<J> as utoipa::PartialSchema>::schema()));
    Items::<J>::schemas(all);
    name
}

/// What the ids of a path name: nothing, one id, or a tuple of them.
fn target<T: DeserializeOwned>(ids: Vec<String>) -> Result<T, Refused> {
    let mut ids: Vec<Value> = ids.into_iter().map(Value::String).collect();
    let ids = match ids.len() {
        0 => Value::Null,
        1 => ids.remove(0),
        _ => Value::Array(ids),
    };
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
    /// Whether a body would say nothing.
    pub(super) fn asks_nothing(&self) -> bool {
        (self.schemas)(&mut Vec::new())[0].is_none()
    }
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
        let told = |(field, problem): (String, FieldProblem)| {
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
