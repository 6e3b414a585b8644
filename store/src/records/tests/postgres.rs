//! What is true of a server, mostly of nothing else: then there is nothing to do in the run on files.

use super::place::{self, Place, on_server};
use crate::{
    OpenError, StoreError,
    records::{
        PART, Records,
        engine::{counters, dialect::statement},
    },
};
use sea_orm::{ConnectionTrait, Statement};

async fn run(place: &Place, sql: &str) {
    let db = sea_orm::Database::connect(place.name()).await.expect("connected");
    db.execute_unprepared(sql).await.expect("done");
    db.close().await.expect("closed");
}

#[tokio::test]
async fn a_writer_that_is_cut_off_lets_go_and_says_so() {
    if !on_server() {
        return;
    }
    let (place, records) = place::records().await;
    let tx = records.begin().await.expect("begin");
    counters::next(&tx, "T").await.expect("number");
    let mine = Statement::from_string(tx.get_database_backend(), "SELECT pg_backend_pid()");
    let mine: i32 =
        tx.query_one_raw(mine).await.expect("asked").expect("row").try_get_by_index(0).expect("id");
    run(&place, &format!("SELECT pg_terminate_backend({mine})")).await;
    let cut = tx.commit().await;
    assert!(matches!(cut, Err(StoreError::Unavailable(_))), "{cut:?}");
    assert!(records.health().is_failing(PART));

    let other = place.open().await;
    let tx = other.begin().await.expect("nobody holds the lock");
    assert_eq!(counters::next(&tx, "T").await.expect("number"), "T-1001", "nothing of the first is kept");
    drop(tx);
    records.probe().await.expect("a new connection writes");
    assert!(!records.health().is_failing(PART));
}

#[tokio::test]
async fn a_server_that_forgets_what_it_acknowledged_is_refused() {
    if !on_server() {
        return;
    }
    let place = Place::empty().await;
    let name = place.name().rsplit('/').next().expect("a name");
    run(&place, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let refused = Records::connect(place.name()).await.err();
    assert!(
        matches!(&refused, Some(OpenError::Unsuited(why)) if why.contains("synchronous_commit")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_text_with_a_nul_is_kept_as_well_as_the_engine_can() {
    let (_place, records) = place::records().await;
    let tx = records.begin().await.expect("begin");
    counters::next(&tx, "a\0b").await.expect("kept");
    tx.commit().await.expect("commit");
    let kept = if on_server() { "a\u{fffd}b" } else { "a\0b" };
    let sql = "SELECT value FROM counters WHERE name = ?";
    let found =
        records.read().query_one_raw(statement(records.read(), sql, [kept.into()])).await.expect("read");
    assert!(found.is_some());
}

#[tokio::test]
async fn readers_cannot_write() {
    if !on_server() {
        return;
    }
    let (_place, records) = place::records().await;
    let refused = records.read().execute_unprepared("DELETE FROM counters").await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn a_password_is_in_no_error() {
    let mut wrong = vec!["postgres://mainstay:s3cret@[:1/none".to_owned()];
    if on_server() {
        let place = Place::empty().await;
        let (_, behind) = place.name().rsplit_once('@').expect("a user is named");
        wrong.push(format!("postgres://mainstay:s3cret@{behind}x"));
    }
    for url in wrong {
        let refused = Records::connect(&url).await.err().expect("no such database");
        assert!(!format!("{refused} {refused:?}").contains("s3cret"), "{refused:?}");
    }
}
