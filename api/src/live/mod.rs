//! The one stream of a tab (`/events?topics=a,b`): samples of the devices it shows, and that lists have changed. [`run`]
//! reads the telemetry journal and the outbox once for everybody and feeds the hub.

mod feed;
#[cfg(test)]
mod tests;

pub use feed::run;

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use domain::{id::DeviceId, people::account::Role};
use futures::{Stream, StreamExt};
use service::scope;
use std::{collections::BTreeSet, convert::Infallible, time::Duration};
use store::records::fleet::devices;
use tokio_stream::wrappers::ReceiverStream;
use web::{
    deps::Deps,
    list::ListQuery,
    live::{Subscription, Topic},
    problem::Problem,
    request::User,
};

const MAX_TOPICS: usize = 64;
/// A stream ends after this long and the browser opens the next one, so that a disabled account does not listen on.
const LONGEST_STREAM: Duration = Duration::from_secs(15 * 60);
const HEARTBEAT: Duration = Duration::from_secs(15);

/// `GET /events?topics=a,b`
pub async fn events(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let topics = read_topics(query.list("topics")?.unwrap_or_default())?;
    let mut devices = Vec::new();
    for topic in &topics {
        devices.extend(devices_of(&deps, &user, *topic).await?);
    }
    let subscription = deps.shell.live.subscribe(user.scope(), &topics, &devices).ok_or_else(|| {
        Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, "unavailable", "too many live pages are open")
    })?;
    let Subscription { messages, _place } = subscription;
    let told = ReceiverStream::new(messages).map(move |message| {
        // The place is given up when the stream is dropped.
        let _ = &_place;
        Ok(Event::default().event(message.topic.to_string()).data(&*message.data))
    });
    let hello = futures::stream::once(async {
        Ok(Event::default().event("hello").retry(Duration::from_secs(1)).data("{}"))
    });
    let stream = hello.chain(told).take_until(tokio::time::sleep(LONGEST_STREAM));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

fn read_topics(words: Vec<&str>) -> Result<Vec<Topic>, Problem> {
    let invalid = |send: String| Problem::query("topics", &send);
    let words: BTreeSet<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words.len() > MAX_TOPICS {
        return Err(invalid(format!("name between 1 and {MAX_TOPICS} topics")));
    }
    words
        .into_iter()
        .map(|word| word.parse().map_err(|_| invalid(format!("there is no topic {word:?}"))))
        .collect()
}

/// The devices whose samples are told under `topic`, if `user` may hear it. What may not be seen is not found.
async fn devices_of(deps: &Deps, user: &User, topic: Topic) -> Result<Vec<(DeviceId, Topic)>, Problem> {
    let db = deps.records.read();
    match topic {
        Topic::Device(id) => {
            scope::device(db, user.scope(), id).await?;
            Ok(vec![(id, topic)])
        }
        Topic::Asset(id) => {
            scope::asset(db, user.scope(), id).await?;
            Ok(devices::of_asset(db, id).await?.into_iter().map(|device| (device.id, topic)).collect())
        }
        Topic::Alerts | Topic::Overview if matches!(user.actor.role, Role::Customer | Role::Technician) => {
            Err(Problem::forbidden())
        }
        Topic::Invoices if matches!(user.actor.role, Role::Technician | Role::Warehouse) => {
            Err(Problem::forbidden())
        }
        _ => Ok(Vec::new()),
    }
}
