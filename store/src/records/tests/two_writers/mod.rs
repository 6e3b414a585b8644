//! Two writers on one database, neither of which knows of the other: what holds because a unique index, a conditional
//! statement or the lock of the transaction holds it, and not because there is one process.

mod counting;
mod once;
mod ordered;
mod processes;
mod stale;

use crate::{
    StoreError,
    records::{Records, tests::place::Place},
};

/// How often both meet.
const ROUNDS: usize = 25;

/// Two stores on one database, each with connections of its own.
struct Writers {
    _place: Place,
    one: Records,
    other: Records,
}

impl Writers {
    async fn open() -> Self {
        let place = Place::new().await;
        let (one, other) = (place.open().await, place.open().await);
        Self { _place: place, one, other }
    }

    /// What each of the two gets from `act` when both start at the same moment.
    async fn both<T, F: Future<Output = T>>(&self, act: impl Fn(Records) -> F) -> [T; 2] {
        let (one, other) = tokio::join!(act(self.one.clone()), act(self.other.clone()));
        [one, other]
    }
}

/// One of the two did it; the other was told that somebody else was faster.
fn one_of<T: std::fmt::Debug>(results: &[Result<T, StoreError>; 2]) {
    let done = results.iter().filter(|result| result.is_ok()).count();
    let refused = results.iter().filter(|result| matches!(result, Err(StoreError::Conflict(_)))).count();
    assert_eq!((done, refused), (1, 1), "{results:?}");
}

#[tokio::test]
async fn two_who_open_an_empty_place_at_once_find_one_whole_database() {
    for _ in 0..12 {
        let place = Place::empty().await;
        let (one, other) = tokio::join!(place.open(), place.open());
        for records in [one, other] {
            records.probe().await.expect("writable");
            records.close().await.expect("closed");
        }
    }
}
