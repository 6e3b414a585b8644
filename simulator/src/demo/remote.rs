//! The demo in a product elsewhere: what was made is remembered in a file, line by line. A load that broke off before
//! the service history goes on with the same file and token, and makes nothing twice.

use super::{Caller, Door, Made, Memory, Step, Target, load};
use crate::fleet::Address;
use anyhow::{Context, Result, bail};
use domain::Timestamp;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;

/// For so long no new alert comes once everything is judged.
const QUIET: Duration = Duration::from_secs(5);

/// A file of what was made.
pub struct Notes {
    file: Mutex<File>,
    pub anchor: Timestamp,
}

impl Notes {
    /// New at `now`, or of a load that broke off.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self> {
        let kept = if path.exists() { std::fs::read_to_string(path)? } else { String::new() };
        // The last line may have been cut off.
        let lines: Vec<Value> = kept.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if lines.iter().any(|line| line["loaded"] == true) {
            bail!("{} is of a demo that is loaded", path.display());
        }
        let file = OpenOptions::new().append(true).create(true).open(path);
        let mut notes = Self { file: Mutex::new(file.context("cannot keep notes")?), anchor: now };
        match lines.iter().find_map(|line| line["anchor"].as_str()) {
            Some(anchor) => notes.anchor = anchor.parse().context("the anchor in the notes")?,
            None => notes.add(&json!({ "anchor": notes.anchor.to_rfc3339() }))?,
        }
        Ok(notes)
    }

    fn add(&self, line: &Value) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{line}")?;
        Ok(file.sync_data()?)
    }
}

impl Memory for Notes {
    fn remember(&self, made: Made) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.add(&json!({ "kind": made.kind, "id": made.id })) })
    }
}

/// Fills the product whose web side is at `http` (host and port), with the token of an administrator who may backdate.
pub async fn fill(
    (http, token): (&str, &str),
    mqtt: Address,
    notes: &Notes,
    password: &str,
    stop: &CancellationToken,
) -> Result<()> {
    let door = Door::new(http);
    let caller = Caller::new(&door, token);
    let target = Target {
        door,
        token: token.into(),
        mqtt,
        memory: notes,
        judged: &|| Box::pin(until_quiet(&caller)),
        tell: &|percent, step| eprintln!("{percent:3} %  {}", name(step)),
    };
    load(&target, notes.anchor, password, stop).await?;
    notes.add(&json!({ "loaded": true }))
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Records => "records",
        Step::Telemetry => "telemetry",
        Step::Analysis => "analysis",
        Step::Service => "service",
    }
}

async fn until_quiet(caller: &Caller) -> Result<()> {
    let mut known = usize::MAX;
    loop {
        let alerts = caller.list("alerts?show=all").await?.len();
        if alerts == known {
            return Ok(());
        }
        known = alerts;
        sleep(QUIET).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Clock, SystemClock};

    #[tokio::test]
    async fn notes_keep_their_anchor_and_what_was_made_whatever_was_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("demo.jsonl");
        let first = Notes::open(&path, SystemClock.now()).expect("new");
        first.remember(Made { kind: "customer", id: "a".into() }).await.expect("kept");
        writeln!(first.file.lock().expect("a file"), "{{\"kind\":\"cust").expect("cut off");
        let again = Notes::open(&path, SystemClock.now()).expect("again");
        assert_eq!(again.anchor, first.anchor);
        again.add(&json!({ "loaded": true })).expect("kept");
        assert!(Notes::open(&path, SystemClock.now()).is_err(), "it is loaded");
        let kept = std::fs::read_to_string(&path).expect("text");
        assert!(kept.contains(r#"{"id":"a","kind":"customer"}"#), "{kept}");
    }
}
