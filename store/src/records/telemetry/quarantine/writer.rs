//! Collects refusals from any thread and writes them in batches, one transaction at a time, so that a flood of
//! garbage costs good devices nothing.
//!
//! What waits is bounded per sender: beyond [`ROWS_PER_BATCH`] a refusal only raises the count of the newest waiting
//! row with its reason.

use super::insert;
use crate::{StoreError, records::Records};
use domain::{id::DeviceId, telemetry::quarantine::Quarantined};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// Rows of one sender kept in one batch.
pub const ROWS_PER_BATCH: usize = 50;
/// Payload bytes of one sender kept in one batch; beyond them only what is refused is told, not the message.
pub const BYTES_PER_BATCH: usize = 1024 * 1024;
/// Payload bytes waiting over all senders; beyond them refusals are only counted.
const WAITING_BYTES: usize = 32 * 1024 * 1024;
/// Batches are at least this far apart, so that refusals never fill the records' one writer.
const PAUSE: Duration = Duration::from_millis(50);

/// Called once, when the refusals are on disk or could not be written.
pub type WriteDone = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

pub struct Writer {
    records: Records,
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    senders: HashMap<Option<DeviceId>, Vec<Quarantined>>,
    bytes: usize,
    done: Vec<WriteDone>,
    closed: bool,
}

impl Writer {
    pub fn new(records: Records) -> Arc<Self> {
        Arc::new(Self { records, waiting: Mutex::default(), wake: Notify::new() })
    }

    /// Never waits. After [`Writer::close`] `done` hears that the store is unavailable.
    pub fn put(&self, refused: Vec<Quarantined>, done: Option<WriteDone>) {
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            drop(waiting);
            if let Some(done) = done {
                done(Err(StoreError::Unavailable("the quarantine has closed".into())));
            }
            return;
        }
        for row in refused {
            waiting.add(row);
        }
        waiting.done.extend(done);
        drop(waiting);
        self.wake.notify_one();
    }

    /// Writes until [`Writer::close`] and until nothing waits.
    pub async fn run(&self) {
        loop {
            let (batch, done, closed) = self.waiting.lock().take();
            if batch.is_empty() && done.0.is_empty() {
                if closed {
                    return;
                }
                self.wake.notified().await;
                continue;
            }
            let result = self.write(&batch).await;
            if let Err(error) = &result {
                tracing::error!(%error, rows = batch.len(), "refused messages could not be kept");
            }
            done.answer(&result);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Lets [`Writer::run`] return when it has written what waits.
    pub fn close(&self) {
        self.waiting.lock().closed = true;
        self.wake.notify_one();
    }

    async fn write(&self, batch: &[Quarantined]) -> Result<(), StoreError> {
        let tx = self.records.begin().await?;
        insert(&tx, batch).await?;
        tx.commit().await
    }
}

impl Waiting {
    fn add(&mut self, row: Quarantined) {
        let full = self.bytes + row.payload.len() > WAITING_BYTES;
        let rows = self.senders.entry(row.device).or_default();
        let of_its_source =
            |other: &&mut Quarantined| other.source == row.source && other.reason == row.reason;
        if row.source.is_some()
            && let Some(same) = rows.iter_mut().find(of_its_source)
        {
            (same.received_at, same.detail) = (row.received_at, row.detail);
            same.count += row.count;
            return;
        }
        if (full || rows.len() >= ROWS_PER_BATCH)
            && let Some(alike) = rows.iter_mut().rev().find(|other| other.reason == row.reason)
        {
            alike.count += row.count;
            return;
        }
        let full = full || rows.iter().map(|row| row.payload.len()).sum::<usize>() >= BYTES_PER_BATCH;
        let row = if full { Quarantined { payload: Vec::new(), ..row } } else { row };
        self.bytes += row.payload.len();
        rows.push(row);
    }

    fn take(&mut self) -> (Vec<Quarantined>, Answers, bool) {
        self.bytes = 0;
        let mut batch: Vec<_> = std::mem::take(&mut self.senders).into_values().flatten().collect();
        // Ids sort by creation: inserting in that order keeps the index's writes together.
        batch.sort_unstable_by_key(|row| row.id);
        (batch, Answers(std::mem::take(&mut self.done)), self.closed)
    }
}

/// Those who wait for a batch. However it ends, they are answered.
struct Answers(Vec<WriteDone>);

impl Answers {
    fn answer(mut self, result: &Result<(), StoreError>) {
        for done in std::mem::take(&mut self.0) {
            done(result.as_ref().copied().map_err(copy));
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for done in self.0.drain(..) {
            done(Err(StoreError::Unavailable("the quarantine's writer fell".into())));
        }
    }
}

/// Every waiter of a failed batch hears the same.
fn copy(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full(text) => StoreError::Full(text.clone()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{
        PageRequest,
        telemetry::quarantine::{Filter, counts, list},
        tests::place,
    };
    use domain::{clock::from_micros, telemetry::Rejection};
    use tokio::sync::oneshot;

    fn all_rows() -> domain::people::account::Scope {
        domain::people::account::Actor::system().scope()
    }

    #[tokio::test]
    async fn wrong_tokens_of_one_address_are_one_row_with_a_count() {
        let (_place, records) = place::records().await;
        let wrong = |client: &str, at_us: i64| {
            let rejection = Rejection::WrongToken(client.into());
            Quarantined::new(None, "", &[], &rejection, from_micros(at_us)).from_source("10.0.0.7".into())
        };
        // Two batches, so that both what waits and what is kept are counted on.
        for (first, client) in [(0, "old"), (400, "new")] {
            let writer = Writer::new(records.clone());
            for n in 0..400 {
                writer.put(vec![wrong(client, first + n)], None);
            }
            let elsewhere = Rejection::WrongToken("other".into());
            let elsewhere = Quarantined::new(None, "", &[], &elsewhere, from_micros(1));
            writer.put(vec![elsewhere.from_source("10.0.0.8".into())], None);
            writer.close();
            writer.run().await;
        }
        let rows = list(records.read(), all_rows(), &Filter::default(), &PageRequest::first(500))
            .await
            .unwrap()
            .items;
        let seen: Vec<_> = rows.iter().map(|row| (row.source.as_deref(), row.count)).collect();
        assert_eq!(rows.len(), 2, "{seen:?}");
        let row = rows.iter().find(|row| row.source.as_deref() == Some("10.0.0.7")).unwrap();
        assert_eq!((row.count, row.detail.as_str(), row.received_at), (800, "new", from_micros(799)));
        assert_eq!(counts(records.read(), all_rows(), None).await.unwrap()[0].count, 802);
    }

    #[tokio::test]
    async fn a_flood_is_counted_exactly_and_the_quiet_device_keeps_its_row() {
        let (_place, records) = place::records().await;
        let writer = Writer::new(records.clone());
        let (flooding, quiet) = (DeviceId::generate(), DeviceId::generate());
        let rejection = Rejection::MalformedJson("at 1".into());
        let row = |device| Quarantined::new(Some(device), "t", b"{", &rejection, from_micros(1));
        for _ in 0..5_000 {
            writer.put(vec![row(flooding)], None);
        }
        let (tx, rx) = oneshot::channel();
        writer.put(vec![row(quiet)], Some(Box::new(|result| drop(tx.send(result)))));
        writer.close();
        writer.run().await;
        rx.await.unwrap().unwrap();
        let db = records.read();
        assert_eq!(counts(db, all_rows(), Some(flooding)).await.unwrap()[0].count, 5_000);
        assert_eq!(counts(db, all_rows(), Some(quiet)).await.unwrap()[0].count, 1);
        let all = list(db, all_rows(), &Filter::default(), &PageRequest::first(500)).await.unwrap();
        assert_eq!(all.items.len(), ROWS_PER_BATCH + 1);

        let (tx, rx) = oneshot::channel();
        writer.put(vec![row(quiet)], Some(Box::new(|result| drop(tx.send(result)))));
        assert!(matches!(rx.await.unwrap(), Err(StoreError::Unavailable(_))));
    }
}
