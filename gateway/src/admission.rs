//! How much all connections together may have on its way to the sink. A connection that finds no room leaves its name
//! and is woken when half of it is free again: nobody looks at the clock meanwhile, however many wait.

use crate::link::Link;
use parking_lot::Mutex;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

pub struct Admission {
    limit: usize,
    used: AtomicUsize,
    waiting: Mutex<Vec<Arc<Link>>>,
}

impl Admission {
    pub fn new(limit: usize) -> Self {
        Self { limit, used: AtomicUsize::new(0), waiting: Mutex::default() }
    }

    pub fn is_full(&self) -> bool {
        self.used.load(Ordering::SeqCst) >= self.limit
    }

    /// Whether there is room now; if not, `link` is woken when there is.
    pub fn has_room(&self, link: &Arc<Link>) -> bool {
        if !self.is_full() {
            return true;
        }
        if link.begin_waiting() {
            self.waiting.lock().push(Arc::clone(link));
        }
        // Room may have come before the name was in the list.
        !self.is_full()
    }

    pub fn take(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::SeqCst);
    }

    pub fn give_back(&self, bytes: usize) {
        let half = self.limit / 2;
        let before = self.used.fetch_sub(bytes, Ordering::SeqCst);
        if before > half && before - bytes <= half {
            let waiting = std::mem::take(&mut *self.waiting.lock());
            for link in waiting {
                link.end_waiting();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::AtomicUsize,
        task::{Context, Wake, Waker},
    };

    #[derive(Default)]
    struct Woken(AtomicUsize);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn those_who_wait_are_woken_once_when_half_of_the_room_is_free() {
        let admission = Admission::new(100);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let links: Vec<Arc<Link>> = (0..3).map(|_| Arc::default()).collect();
        let register = || links.iter().for_each(|link| link.register(&Context::from_waker(&waker)));
        register();
        admission.take(60);
        assert!(admission.has_room(&links[0]));
        admission.take(60);
        for _ in 0..2 {
            assert!(links.iter().all(|link| !admission.has_room(link)));
        }
        admission.give_back(60);
        assert_eq!(woken.0.load(Ordering::SeqCst), 0, "room, and not yet worth waking all");
        assert!(admission.has_room(&links[0]));
        admission.give_back(10);
        assert_eq!(woken.0.load(Ordering::SeqCst), 3);
        admission.give_back(50);
        assert_eq!(woken.0.load(Ordering::SeqCst), 3);

        register();
        admission.take(100);
        assert!(!admission.has_room(&links[1]), "a woken one can wait again");
        admission.give_back(100);
        assert_eq!(woken.0.load(Ordering::SeqCst), 4);
    }
}
