//! Every transition of every lifecycle, with its time, source and actor; and the notes that people and rules add
//! between them. Together they are a thing's timeline.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{self, kept::entity},
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    people::account::{Actor, Identity, Source},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Glossary word, such as `ticket`.
    pub thing: String,
    pub thing_id: uuid::Uuid,
    /// None when it was made.
    pub from: Option<String>,
    /// The state it is in now. Equal to `from` for a note.
    pub to: String,
    /// When it happened: for a phone that was offline, earlier than `recorded_at`.
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    pub source: Source,
    pub actor: Identity,
    /// What the person wrote, or a word with a translation `note-<word>` when Mainstay wrote it.
    pub note: Option<String>,
    /// Latitude and longitude, where the phone gave them.
    pub place: Option<(f64, f64)>,
}

impl Transition {
    pub fn is_note(&self) -> bool {
        self.from.as_deref() == Some(self.to.as_str())
    }
}

entity! {
    "transitions" counted { seq: i64 } {
        thing: String,
        thing_id: Uuid,
        from_state: Option<String>,
        to_state: String,
        at_us: i64,
        recorded_at_us: i64,
        source: String,
        /// `account`, `api_token` or `system`.
        actor_kind: String,
        actor_id: Option<Uuid>,
        note: Option<String>,
        latitude: Option<f64>,
        longitude: Option<f64>,
    }
}

pub async fn insert(tx: &Db, transition: &Transition) -> Result<(), StoreError> {
    let (actor_kind, actor_id) = match &transition.actor {
        Identity::Account(id) => ("account", Some(Uuid::from(*id))),
        Identity::ApiToken(id) => ("api_token", Some(Uuid::from(*id))),
        Identity::System => ("system", None),
    };
    let row = ActiveModel {
        thing: Set(transition.thing.clone()),
        thing_id: Set(transition.thing_id),
        from_state: Set(transition.from.clone()),
        to_state: Set(transition.to.clone()),
        at_us: Set(transition.at.timestamp_micros()),
        recorded_at_us: Set(transition.recorded_at.timestamp_micros()),
        source: Set(columns::word(&transition.source)?),
        actor_kind: Set(actor_kind.into()),
        actor_id: Set(actor_id),
        note: Set(transition.note.clone()),
        latitude: Set(transition.place.map(|place| place.0)),
        longitude: Set(transition.place.map(|place| place.1)),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The timeline of one thing, oldest first; at most its last 500 entries.
pub async fn of(db: &Db, thing: &str, thing_id: uuid::Uuid) -> Result<Vec<Transition>, StoreError> {
    let mut rows = Entity::find()
        .filter(Column::Thing.eq(thing))
        .filter(Column::ThingId.eq(thing_id))
        .order_by_desc(Column::Seq)
        .limit(500)
        .all(db)
        .await?;
    rows.reverse();
    rows.into_iter().map(from_row).collect()
}

/// The circumstances that every transition of one command shares.
#[derive(Clone, Debug)]
pub struct Circumstances {
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    pub source: Source,
    pub actor: Actor,
    pub place: Option<(f64, f64)>,
}

impl Circumstances {
    /// Writes the transition of `thing` from one state to the next.
    pub async fn record(
        &self,
        tx: &Db,
        thing: &str,
        thing_id: impl Into<uuid::Uuid>,
        from: Option<&str>,
        to: &str,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        let transition = Transition {
            thing: thing.into(),
            thing_id: thing_id.into(),
            from: from.map(Into::into),
            to: to.into(),
            at: self.at,
            recorded_at: self.recorded_at,
            source: self.source,
            actor: self.actor.identity.clone(),
            note: note.filter(|note| !note.is_empty()).map(Into::into),
            place: self.place,
        };
        insert(tx, &transition).await
    }
}

fn from_row(row: Model) -> Result<Transition, StoreError> {
    let actor = match (row.actor_kind.as_str(), row.actor_id) {
        ("account", Some(id)) => Identity::Account(id.into()),
        ("api_token", Some(id)) => Identity::ApiToken(id.into()),
        ("system", None) => Identity::System,
        _ => return Err(StoreError::Corrupt(format!("actor of transition {}", row.seq))),
    };
    Ok(Transition {
        thing: row.thing,
        thing_id: row.thing_id,
        from: row.from_state,
        to: row.to_state,
        at: from_micros(row.at_us),
        recorded_at: from_micros(row.recorded_at_us),
        source: columns::from_word(&row.source)?,
        actor,
        note: row.note,
        place: row.latitude.zip(row.longitude),
    })
}
