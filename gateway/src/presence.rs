//! Connection facts, written by one task in batches: ten thousand devices coming back after a power cut are a few
//! transactions. A keep-alive is no fact.

use domain::{id::DeviceId, telemetry::connection::Connection};
use parking_lot::Mutex;
use std::{collections::HashMap, time::Duration};
use store::records::{Records, telemetry::connections};
use tokio::sync::Notify;

pub struct Presence {
    records: Records,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    /// What is not yet written, the newest per device. `connects` counts those since the last write.
    unwritten: HashMap<DeviceId, Connection>,
    closed: bool,
}

/// Facts that come within this time share a transaction.
const BATCH_TIME: Duration = Duration::from_millis(200);
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Presence {
    pub fn new(records: Records) -> Self {
        Self { records, state: Mutex::default(), wake: Notify::new() }
    }

    /// A connection began (`connects` is 1), or one ended (0): what is now true of its device.
    pub fn note(&self, fact: Connection) {
        self.state.lock().note(fact);
        self.wake.notify_one();
    }

    /// Writes until [`Presence::close`] and until nothing is unwritten.
    pub async fn run(&self) {
        loop {
            let (facts, closed) = {
                let mut state = self.state.lock();
                (std::mem::take(&mut state.unwritten), state.closed)
            };
            if facts.is_empty() {
                if closed {
                    return;
                }
                self.wake.notified().await;
                continue;
            }
            let facts: Vec<Connection> = facts.into_values().collect();
            let result = self.write(&facts).await;
            let Err(error) = result else {
                if !closed {
                    tokio::time::sleep(BATCH_TIME).await;
                }
                continue;
            };
            tracing::warn!(%error, devices = facts.len(), "connection facts could not be written");
            if closed {
                return;
            }
            self.put_back(facts);
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Lets [`Presence::run`] return when it has written what it knows.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_one();
    }

    async fn write(&self, facts: &[Connection]) -> Result<(), store::StoreError> {
        let tx = self.records.begin().await?;
        connections::upsert(&tx, facts).await?;
        tx.commit().await
    }

    fn put_back(&self, facts: Vec<Connection>) {
        let mut state = self.state.lock();
        for fact in facts {
            match state.unwritten.get_mut(&fact.device) {
                Some(newer) => newer.connects += fact.connects,
                None => drop(state.unwritten.insert(fact.device, fact)),
            }
        }
    }
}

impl State {
    fn note(&mut self, fact: Connection) {
        let before = self.unwritten.get(&fact.device).map_or(0, |earlier| earlier.connects);
        self.unwritten.insert(fact.device, Connection { connects: fact.connects + before, ..fact });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        clock::from_micros,
        id::ConnectionId,
        telemetry::connection::{EndReason, Ended},
    };

    #[tokio::test]
    async fn facts_of_a_device_share_a_row_and_its_connects_add_up() {
        let (_place, records) = store::place::records().await;
        let presence = Presence::new(records.clone());
        let first = Connection {
            device: DeviceId::generate(),
            id: ConnectionId::generate(),
            client_id: "pump".into(),
            remote: "127.0.0.1:5".into(),
            connected_at: from_micros(1_000),
            ended: None,
            connects: 1,
        };
        let second =
            Connection { id: ConnectionId::generate(), connected_at: from_micros(2_000), ..first.clone() };
        presence.note(first.clone());
        presence.note(second.clone());
        presence.close();
        presence.run().await;
        let kept = connections::get(records.read(), first.device).await.unwrap().unwrap();
        assert_eq!((kept.id, kept.is_open(), kept.connects), (second.id, true, 2));

        let ended = Ended { at: from_micros(3_000), reason: EndReason::ConnectionLost };
        presence.note(Connection { ended: Some(ended), connects: 0, ..second });
        presence.run().await;
        let kept = connections::get(records.read(), first.device).await.unwrap().unwrap();
        assert_eq!((kept.ended, kept.connects), (Some(ended), 2));
    }
}
