//! Who is connected now: take-over by client identifier, ending the connections of a device, and which of them is the
//! device's connection for people.
//!
//! Client identifiers are scoped by the authenticated device, so that no device can throw another one out by using
//! its name.

use crate::{link::Link, session::SessionKey};
use domain::{
    Timestamp,
    id::{ConnectionId, DeviceId},
    telemetry::connection::{Connection as Fact, EndReason},
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

#[derive(Default)]
pub struct Registry(Mutex<HashMap<DeviceId, Vec<Entry>>>);

/// One connection, as others know it.
#[derive(Clone)]
pub struct Client {
    pub device: DeviceId,
    pub id: ConnectionId,
    pub client_id: Arc<str>,
    pub remote: SocketAddr,
    pub connected_at: Timestamp,
    pub link: Arc<Link>,
}

impl Client {
    pub fn session_key(&self) -> SessionKey {
        SessionKey { device: self.device, client_id: Arc::clone(&self.client_id) }
    }

    /// Counted as the next connection of its device.
    pub fn fact(&self) -> Fact {
        Fact {
            device: self.device,
            id: self.id,
            client_id: self.client_id.to_string(),
            remote: self.remote.to_string(),
            connected_at: self.connected_at,
            ended: None,
            connects: 1,
        }
    }
}

struct Entry {
    client: Client,
    /// Let in: its credentials are good.
    welcome: bool,
    take_overs: TakeOvers,
}

/// Take-overs of one client identifier in the current window.
#[derive(Clone, Copy)]
struct TakeOvers {
    since: Instant,
    count: u32,
}

/// So many within [`FLAPPING_WINDOW`] mean that two clients fight, not that one came back.
const FLAPPING: u32 = 3;
const FLAPPING_WINDOW: Duration = Duration::from_secs(60);
/// Fewer are not worth giving back.
const KEPT_CAPACITY: usize = 1_024;

/// How the newcomer found its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Free,
    TookOver,
    /// It took over again and again: said once in a window.
    Flapping,
}

impl Registry {
    /// Enters a connection; a client with the same identifier is told to end [MQTT-3.1.4-2].
    pub fn enter(&self, client: Client) -> Place {
        let now = Instant::now();
        let mut take_overs = TakeOvers { since: now, count: 0 };
        let mut devices = self.0.lock();
        // Nearly every device has one connection.
        let entries = devices.entry(client.device).or_insert_with(|| Vec::with_capacity(1));
        let mut place = Place::Free;
        if let Some(at) = entries.iter().position(|entry| entry.client.client_id == client.client_id) {
            let old = entries.swap_remove(at);
            old.client.link.end(EndReason::TakenOver);
            if now.duration_since(old.take_overs.since) < FLAPPING_WINDOW {
                take_overs = old.take_overs;
            }
            take_overs.count += 1;
            place = if take_overs.count == FLAPPING { Place::Flapping } else { Place::TookOver };
        }
        entries.push(Entry { client, welcome: false, take_overs });
        place
    }

    /// The connection is let in.
    pub fn welcome(&self, device: DeviceId, id: ConnectionId) {
        let mut devices = self.0.lock();
        let entries = devices.get_mut(&device).into_iter().flatten();
        entries.filter(|entry| entry.client.id == id).for_each(|entry| entry.welcome = true);
    }

    /// Forgets a connection, unless another has taken its place. Answers one of the device that is still open.
    pub fn leave(&self, device: DeviceId, id: ConnectionId) -> Option<Client> {
        let mut devices = self.0.lock();
        let entries = devices.get_mut(&device)?;
        entries.retain(|entry| entry.client.id != id);
        if !entries.is_empty() {
            let open = entries.iter().filter(|entry| entry.welcome).map(|entry| &entry.client);
            return open.max_by_key(|client| client.connected_at).cloned();
        }
        devices.remove(&device);
        if devices.capacity() > KEPT_CAPACITY && devices.len() < devices.capacity() / 4 {
            devices.shrink_to_fit();
        }
        None
    }

    /// Of the connections of `device` that were let in.
    pub fn links(&self, device: DeviceId) -> Vec<Arc<Link>> {
        let devices = self.0.lock();
        let entries = devices.get(&device).into_iter().flatten().filter(|entry| entry.welcome);
        entries.map(|entry| Arc::clone(&entry.client.link)).collect()
    }

    /// Who has a connection.
    pub fn devices(&self) -> Vec<DeviceId> {
        self.0.lock().keys().copied().collect()
    }

    pub fn end_device(&self, device: DeviceId, reason: EndReason) {
        for entry in self.0.lock().get(&device).into_iter().flatten() {
            entry.client.link.end(reason);
        }
    }

    pub fn end_all(&self, reason: EndReason) {
        for entry in self.0.lock().values().flatten() {
            entry.client.link.end(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::clock::from_micros;

    fn client(device: DeviceId, client_id: &Arc<str>, at_us: i64) -> Client {
        Client {
            device,
            id: ConnectionId::generate(),
            client_id: Arc::clone(client_id),
            remote: ([127, 0, 0, 1], 5).into(),
            connected_at: from_micros(at_us),
            link: Arc::default(),
        }
    }

    #[test]
    fn the_newcomer_takes_over_and_the_old_one_cannot_remove_it() {
        let registry = Registry::default();
        let device = DeviceId::generate();
        let name: Arc<str> = "pump".into();
        let clients: Vec<Client> = (0..5).map(|at| client(device, &name, at)).collect();
        let places: Vec<Place> = clients.iter().map(|client| registry.enter(client.clone())).collect();
        assert_eq!(places, [Place::Free, Place::TookOver, Place::TookOver, Place::Flapping, Place::TookOver]);
        assert_eq!(clients[0].link.asked_to_end(), Some(EndReason::TakenOver));
        assert!(registry.leave(device, clients[0].id).is_none(), "the newcomer is not let in yet");
        registry.welcome(device, clients[4].id);
        assert_eq!(registry.leave(device, clients[1].id).unwrap().id, clients[4].id);
        registry.end_device(device, EndReason::Revoked);
        assert_eq!(clients[4].link.asked_to_end(), Some(EndReason::Revoked));
        assert!(registry.leave(device, clients[4].id).is_none());

        let other = client(DeviceId::generate(), &name, 9);
        assert_eq!(registry.enter(other.clone()), Place::Free);
        assert_eq!(other.link.asked_to_end(), None);
        registry.end_all(EndReason::ServerStopped);
        assert_eq!(other.link.asked_to_end(), Some(EndReason::ServerStopped));
    }

    #[test]
    fn a_device_is_connected_while_any_of_its_connections_is_open() {
        let registry = Registry::default();
        let device = DeviceId::generate();
        let names: [Arc<str>; 3] = ["a".into(), "b".into(), "c".into()];
        let clients: Vec<Client> = names.iter().zip(1..).map(|(name, at)| client(device, name, at)).collect();
        for client in &clients {
            registry.enter(client.clone());
            registry.welcome(device, client.id);
        }
        assert_eq!(registry.leave(device, clients[0].id).unwrap().id, clients[2].id);
        assert_eq!(registry.leave(device, clients[2].id).unwrap().id, clients[1].id);
        assert!(registry.leave(device, clients[1].id).is_none());
        assert!(registry.0.lock().is_empty());
    }
}
