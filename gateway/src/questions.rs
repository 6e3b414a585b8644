//! How many questions of each device are open: asked, and the answer not yet taken by its client.

use domain::id::DeviceId;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

pub struct Questions {
    open: Open,
    /// Open questions of one device.
    limit: usize,
}

type Open = Arc<Mutex<HashMap<DeviceId, usize>>>;

/// One open question. Held until the client has taken the answer, however many connections it has, so that a client
/// that asks and does not read costs a bounded amount of memory.
#[derive(Debug)]
pub struct Turn {
    device: DeviceId,
    open: Open,
}

impl Questions {
    /// `limit`: see [`crate::Limits::questions`].
    pub fn new(limit: usize) -> Self {
        Self { open: Open::default(), limit }
    }

    /// `None` when the device has its fill of open ones.
    pub fn take(&self, device: DeviceId) -> Option<Turn> {
        let mut counts = self.open.lock();
        let count = counts.entry(device).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Turn { device, open: Arc::clone(&self.open) })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.open.lock();
        if let Some(count) = counts.get_mut(&self.device) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.device);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_few_open_questions_and_nobody_else_waits() {
        let questions = Questions::new(2);
        let (device, other) = (DeviceId::generate(), DeviceId::generate());
        let turn = questions.take(device).unwrap();
        let second = questions.take(device);
        assert!(second.is_some() && questions.take(device).is_none());
        assert!(questions.take(other).is_some());
        drop(turn);
        assert!(questions.take(device).is_some());
        drop(second);
        assert!(questions.open.lock().is_empty(), "nothing is remembered of devices that do not ask");
    }
}
