//! Who is connected now: take-over by client identifier, and ending the connections of a device.
//!
//! Client identifiers are scoped by the authenticated device, so that no device can throw another one out by using
//! its name.

use crate::link::Link;
use domain::{
    id::{ConnectionId, DeviceId},
    telemetry::connection::EndReason,
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

#[derive(Default)]
pub struct Registry(Mutex<HashMap<DeviceId, Vec<Client>>>);

struct Client {
    id: ConnectionId,
    client_id: Arc<str>,
    link: Arc<Link>,
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
    pub fn enter(&self, device: DeviceId, id: ConnectionId, client_id: &Arc<str>, link: &Arc<Link>) -> Place {
        let now = Instant::now();
        let mut take_overs = TakeOvers { since: now, count: 0 };
        let mut devices = self.0.lock();
        let clients = devices.entry(device).or_default();
        let mut place = Place::Free;
        if let Some(at) = clients.iter().position(|client| client.client_id == *client_id) {
            let old = clients.swap_remove(at);
            old.link.end(EndReason::TakenOver);
            if now.duration_since(old.take_overs.since) < FLAPPING_WINDOW {
                take_overs = old.take_overs;
            }
            take_overs.count += 1;
            place = if take_overs.count == FLAPPING { Place::Flapping } else { Place::TookOver };
        }
        let (client_id, link) = (Arc::clone(client_id), Arc::clone(link));
        clients.push(Client { id, client_id, link, take_overs });
        place
    }

    /// Forgets a connection, unless another has taken its place.
    pub fn leave(&self, device: DeviceId, id: ConnectionId) {
        let mut devices = self.0.lock();
        if let Some(clients) = devices.get_mut(&device) {
            clients.retain(|client| client.id != id);
            if clients.is_empty() {
                devices.remove(&device);
            }
        }
    }

    pub fn end_device(&self, device: DeviceId, reason: EndReason) {
        for client in self.0.lock().get(&device).into_iter().flatten() {
            client.link.end(reason);
        }
    }

    pub fn end_all(&self, reason: EndReason) {
        for client in self.0.lock().values().flatten() {
            client.link.end(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newcomer_takes_over_and_the_old_one_cannot_remove_it() {
        let registry = Registry::default();
        let device = DeviceId::generate();
        let name: Arc<str> = "pump".into();
        let links: Vec<Arc<Link>> = (0..5).map(|_| Arc::default()).collect();
        let ids: Vec<ConnectionId> = (0..5).map(|_| ConnectionId::generate()).collect();
        let places: Vec<Place> =
            (0..5).map(|at| registry.enter(device, ids[at], &name, &links[at])).collect();
        assert_eq!(places, [Place::Free, Place::TookOver, Place::TookOver, Place::Flapping, Place::TookOver]);
        assert_eq!(links[0].asked_to_end(), Some(EndReason::TakenOver));
        registry.leave(device, ids[0]);
        registry.end_device(device, EndReason::Revoked);
        assert_eq!(links[4].asked_to_end(), Some(EndReason::Revoked));

        let other = DeviceId::generate();
        let link: Arc<Link> = Arc::default();
        assert_eq!(registry.enter(other, ConnectionId::generate(), &name, &link), Place::Free);
        assert_eq!(link.asked_to_end(), None);
        registry.end_all(EndReason::ServerStopped);
        assert_eq!(link.asked_to_end(), Some(EndReason::ServerStopped));
    }
}
