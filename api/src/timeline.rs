//! Timelines: when, from where and by whom things happened, in one list.

use chrono::TimeDelta;
use domain::people::account::Identity;
use maud::{Markup, html};
use service::people::accounts::queries::name_of;
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Db,
        engine::transitions::{self, Transition},
    },
};
use web::request::View;

/// Entered later than this after it happened, it is marked as such.
const LATE_AFTER: TimeDelta = TimeDelta::days(1);
/// A timeline with the names of who acted.
pub struct Timeline {
    entries: Vec<Transition>,
    names: HashMap<String, String>,
}

/// The timelines of `things` in one, in order of time.
pub async fn of(db: &Db, things: &[(&'static str, uuid::Uuid)]) -> Result<Timeline, StoreError> {
    let mut entries = vec![];
    for (thing, id) in things {
        entries.extend(transitions::of(db, thing, *id).await?);
    }
    entries.sort_by_key(|entry| entry.at);
    let mut names = HashMap::new();
    for entry in &entries {
        let Some(id) = key(&entry.actor).filter(|id| !names.contains_key(id)) else { continue };
        names.extend(name_of(db, &entry.actor).await?.map(|name| (id, name)));
    }
    Ok(Timeline { entries, names })
}

fn key(actor: &Identity) -> Option<String> {
    match actor {
        Identity::Account(id) => Some(id.to_string()),
        Identity::ApiToken(id) => Some(id.to_string()),
        Identity::System => None,
    }
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
        let name = key(&entry.actor).and_then(|id| self.names.get(&id).cloned());
        match &entry.actor {
            Identity::Account(_) => name.unwrap_or_default(),
            Identity::ApiToken(_) => name.unwrap_or_else(|| view.lang.t("service-by-program")),
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
