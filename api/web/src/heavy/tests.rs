use super::{HeavyReads, Limits};
use axum::response::{IntoResponse, Response};
use std::{
    future::pending,
    sync::{Arc, mpsc},
    time::Duration,
};
use tokio::sync::oneshot;

const LONG: Duration = Duration::from_secs(30);

fn reads(at_once: usize, waiting: usize) -> Arc<HeavyReads> {
    let limits = Limits { at_once, waiting, longest_wait: LONG, longest: LONG };
    Arc::new(HeavyReads::start(limits).unwrap())
}

fn status_and_retry(response: &Response) -> (u16, Option<&str>) {
    let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
    (response.status().as_u16(), retry)
}

/// One async worker, as in this test, is free while a heavy read holds its thread.
#[tokio::test]
async fn a_heavy_read_holds_no_async_worker() {
    let reads = reads(1, 1);
    let (release, released) = mpsc::sync_channel::<()>(1);
    let read = reads.answer(async move {
        let freed = released.recv_timeout(LONG).is_ok();
        freed.to_string().into_response()
    });
    let (response, ()) = tokio::join!(read, async move { release.send(()).unwrap() });
    let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
    assert_eq!(&body[..], b"true");
}

#[tokio::test]
async fn heavy_reads_are_bounded_and_the_next_is_told_to_come_again() {
    let reads = reads(1, 1);
    let (first_done, first) = oneshot::channel::<()>();
    let (began, has_begun) = oneshot::channel();
    let running = reads.answer(async move {
        began.send(()).unwrap();
        first.await.unwrap();
        "first".into_response()
    });
    let rest = async {
        has_begun.await.unwrap();
        let mut second = Box::pin(reads.answer(async { "second".into_response() }));
        assert!(futures::poll!(&mut second).is_pending(), "it waits for its turn");
        let third = reads.answer(async { "third".into_response() }).await;
        assert_eq!(status_and_retry(&third), (503, Some("2")));
        first_done.send(()).unwrap();
        second.await
    };
    let (first, second) = tokio::join!(running, rest);
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
}

#[tokio::test]
async fn a_reader_that_goes_away_leaves_its_place() {
    let reads = reads(1, 0);
    let (began, has_begun) = oneshot::channel();
    let mut gone = Box::pin(reads.answer(async move {
        began.send(()).unwrap();
        pending().await
    }));
    assert!(futures::poll!(&mut gone).is_pending());
    has_begun.await.unwrap();
    drop(gone);
    let again = async {
        loop {
            let response = reads.answer(async { "next".into_response() }).await;
            if response.status() == 200 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, again).await.expect("its place is free again");
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_ended() {
    let limits = Limits { at_once: 1, waiting: 0, longest_wait: LONG, longest: Duration::from_millis(1) };
    let reads = HeavyReads::start(limits).unwrap();
    let response = reads.answer(pending()).await;
    assert_eq!(status_and_retry(&response), (503, Some("2")));
}

#[tokio::test]
#[should_panic(expected = "in the read")]
async fn a_panic_reaches_the_one_who_asked() {
    reads(1, 0).answer(async { panic!("in the read") }).await;
}
