//! Connection facts, written by one task in batches: ten thousand devices coming back after a power cut are a few
//! transactions. A keep-alive is no fact.

use domain::{
    id::{ConnectionId, DeviceId},
    telemetry::connection::{Connection, Ended},
};
use parking_lot::Mutex;
use std::{collections::HashMap, time::Duration};
use store::records::{Records, connections};
use tokio::sync::Notify;

pub struct Presence {
    records: Records,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    open: HashMap<DeviceId, Vec<Connection>>,
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

    /// `connection.connects` is 1.
    pub fn connected(&self, connection: Connection) {
        let mut state = self.state.lock();
        state.open.entry(connection.device).or_default().push(connection.clone());
        state.note(connection);
        drop(state);
        self.wake.notify_one();
    }

    /// While another connection of the device is open, that one is the fact to keep.
    pub fn ended(&self, device: DeviceId, id: ConnectionId, ended: Ended) {
        let mut state = self.state.lock();
        let Some(open) = state.open.get_mut(&device) else { return };
        let Some(at) = open.iter().position(|connection| connection.id == id) else { return };
        let gone = open.remove(at);
        let fact = open.last().cloned().unwrap_or(Connection { ended: Some(ended), ..gone });
        if open.is_empty() {
            state.open.remove(&device);
        }
        state.note(Connection { connects: 0, ..fact });
        drop(state);
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
    use domain::{clock::from_micros, telemetry::connection::EndReason};

    fn connection(device: DeviceId, at_us: i64) -> Connection {
        Connection {
            device,
            id: ConnectionId::generate(),
            client_id: "pump".into(),
            remote: "127.0.0.1:5".into(),
            connected_at: from_micros(at_us),
            ended: None,
            connects: 1,
        }
    }

    #[tokio::test]
    async fn a_device_is_connected_while_any_of_its_connections_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::open(dir.path()).await.unwrap();
        let presence = Presence::new(records.clone());
        let device = DeviceId::generate();
        let (first, second) = (connection(device, 1_000), connection(device, 2_000));
        presence.connected(first.clone());
        presence.connected(second.clone());
        let ended = Ended { at: from_micros(3_000), reason: EndReason::ConnectionLost };
        presence.ended(device, second.id, ended);
        presence.close();
        presence.run().await;
        let kept = connections::get(records.read(), device).await.unwrap().unwrap();
        assert_eq!((kept.id, kept.is_open(), kept.connects), (first.id, true, 2));

        presence.ended(device, first.id, ended);
        presence.ended(device, first.id, ended);
        presence.run().await;
        let kept = connections::get(records.read(), device).await.unwrap().unwrap();
        assert_eq!((kept.ended, kept.connects), (Some(ended), 2));
    }
}
