//! What was computed for one reader, kept for the next until something is committed. The same thing asked for twice at
//! once is computed once. What is of an earlier world is forgotten with the first question about a new one.

use parking_lot::Mutex;
use std::{collections::HashMap, future::Future, hash::Hash, sync::Arc};
use tokio::sync::OnceCell;

/// Values kept at most; all are forgotten when there are more.
const LIMIT: usize = 16;

/// A value that is computed, or is being computed.
type Cell<V> = Arc<OnceCell<Arc<V>>>;

pub struct Kept<K, W, V> {
    /// With the state of the world that each is of: a commit, and a minute where time alone changes something.
    cells: Mutex<HashMap<K, (W, Cell<V>)>>,
}

impl<K, W, V> Default for Kept<K, W, V> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<K: Eq + Hash, W: Copy + PartialEq, V> Kept<K, W, V> {
    /// What `compute` made for `key` in the same `world`, by whoever asked first. An error is nobody else's.
    pub async fn get<E>(
        &self,
        key: K,
        world: W,
        compute: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        let cell = self.cell(key, world);
        cell.get_or_try_init(|| async { compute.await.map(Arc::new) }).await.cloned()
    }

    fn cell(&self, key: K, world: W) -> Cell<V> {
        let mut cells = self.cells.lock();
        cells.retain(|_, (of, _)| *of == world);
        if cells.len() >= LIMIT {
            cells.clear();
        }
        let (_, cell) = cells.entry(key).or_insert_with(|| (world, Arc::default()));
        Arc::clone(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn the_same_asked_twice_at_once_is_computed_once_and_again_after_a_commit() {
        let (kept, computed) = (Kept::<&str, u32, u32>::default(), AtomicU32::new(0));
        let compute = || async {
            tokio::task::yield_now().await;
            Ok::<u32, ()>(computed.fetch_add(1, Ordering::Relaxed))
        };
        let (a, b) = tokio::join!(kept.get("days", 1, compute()), kept.get("days", 1, compute()));
        assert_eq!((*a.unwrap(), *b.unwrap()), (0, 0));
        assert_eq!(*kept.get("days", 1, compute()).await.unwrap(), 0);
        assert_eq!(*kept.get("years", 1, compute()).await.unwrap(), 1);
        assert_eq!(*kept.get("days", 2, compute()).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn what_is_of_an_earlier_world_takes_no_room() {
        let kept = Kept::<u8, u32, u8>::default();
        for key in 0..5 {
            kept.get(key, 1, async { Ok::<_, ()>(key) }).await.unwrap();
        }
        kept.get(9, 2, async { Ok::<_, ()>(9) }).await.unwrap();
        assert_eq!(kept.cells.lock().len(), 1);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let kept = Kept::<u8, u32, u8>::default();
        assert_eq!(kept.get(1, 1, async { Err("busy") }).await, Err("busy"));
        assert_eq!(kept.get(1, 1, async { Ok::<_, &str>(7) }).await, Ok(Arc::new(7)));
    }
}
