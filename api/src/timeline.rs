//! When, from where and by whom something happened: what every transition is recorded with, and how a timeline of
//! them is shown.

use crate::{
    command::{CommandError, Context},
    web::request::View,
};
use chrono::TimeDelta;
use domain::{Timestamp, people::account::Identity};
use maud::{Markup, html};
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Connection,
        engine::transitions::{self, Circumstances, Transition},
        people::accounts,
    },
};

/// A technician's phone may have been offline for so long; what is older the office enters.
const OLDEST_ON_A_PHONE: TimeDelta = TimeDelta::days(7);
/// The office enters late papers and the history of before; older than this is a slip of the pen.
pub const OLDEST: TimeDelta = TimeDelta::days(10 * 366);
/// Entered later than this after it happened, it is marked as such.
const LATE_AFTER: TimeDelta = TimeDelta::days(1);
/// A phone's clock may be ahead by so much; its time is then taken as now.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// The circumstances of `cx`, for something that happened at `at` when the caller knows better than now.
pub fn circumstances(cx: &Context, at: Option<Timestamp>) -> Result<Circumstances, CommandError> {
    let happened = at.unwrap_or(cx.at);
    if happened > cx.at + AHEAD {
        return Err(CommandError::field("at", "service-at-future"));
    }
    let technician = cx.actor.technician_scope().is_some();
    if happened < cx.at - if technician { OLDEST_ON_A_PHONE } else { OLDEST } {
        return Err(CommandError::field("at", "service-at-too-old"));
    }
    Ok(Circumstances {
        at: happened.min(cx.at),
        recorded_at: cx.at,
        source: cx.source,
        actor: cx.actor.clone(),
        place: None,
    })
}

/// A timeline with the names of who acted.
pub struct Timeline {
    entries: Vec<Transition>,
    names: HashMap<String, String>,
}

/// The timelines of `things` in one, in order of time.
pub async fn of(db: &impl Connection, things: &[(&'static str, uuid::Uuid)]) -> Result<Timeline, StoreError> {
    let mut entries = vec![];
    for (thing, id) in things {
        entries.extend(transitions::of(db, thing, *id).await?);
    }
    entries.sort_by_key(|entry| entry.at);
    let mut names = HashMap::new();
    for entry in &entries {
        if let Identity::Account(id) = &entry.actor
            && !names.contains_key(&id.to_string())
            && let Some(account) = accounts::get(db, *id).await?
        {
            names.insert(id.to_string(), account.name);
        }
    }
    Ok(Timeline { entries, names })
}

impl Timeline {
    pub fn draw(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            ol.timeline {
                @for entry in &self.entries {
                    li {
                        time datetime=(entry.at.to_rfc3339()) { (lang.date_time(entry.at, view.zone)) }
                        div {
                            b {
                                @if entry.is_note() { (lang.t("service-note")) }
                                @else { (lang.t(&format!("thing-{}", entry.thing))) ": " (lang.t(&format!("{}-state-{}", entry.thing, entry.to))) }
                            }
                            @if let Some(note) = &entry.note { p { (note_text(view, note)) } }
                            p.sub {
                                (self.who(view, entry)) " · " (lang.t(&format!("source-{}", source_word(entry))))
                                @if entry.recorded_at - entry.at > LATE_AFTER {
                                    " · " (lang.with("service-entered-on", &[("date", lang.date_time(entry.recorded_at, view.zone).into())]))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn who(&self, view: &View, entry: &Transition) -> String {
        match &entry.actor {
            Identity::Account(id) => self.names.get(&id.to_string()).cloned().unwrap_or_default(),
            Identity::ApiToken(_) => view.lang.t("service-by-program"),
            Identity::System => "Mainstay".into(),
        }
    }
}

/// What Mainstay wrote is a word that begins with `note-`; what a person wrote is shown as it is.
fn note_text(view: &View, note: &str) -> String {
    const WORDS: [&str; 4] =
        ["note-alert-joined", "note-alert-cleared", "note-opened-by-rule", "note-returned"];
    if WORDS.contains(&note) { view.lang.t(note) } else { view.lang.phrase(note) }
}

fn source_word(entry: &Transition) -> &'static str {
    use domain::people::account::Source;
    match entry.source {
        Source::Desktop => "desktop",
        Source::Mobile => "mobile",
        Source::Api => "api",
        Source::Machine => "machine",
        Source::System => "system",
    }
}

/// An instant as programs read it.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
