use crate::{
    OpenError,
    records::{
        PageRequest, Records,
        across::demo,
        condition::rules,
        engine::outbox,
        fleet::{assets, customers},
        money::invoices,
        work::tickets,
    },
};
use domain::{
    fleet::customer::Buyer,
    people::account::{Actor, Scope},
};
use sea_orm::{ConnectionTrait, Statement, entity::prelude::Uuid};
use tempfile::TempDir;

fn everything() -> Scope {
    Actor::system().scope()
}

/// A folder as the last version before the first release left it, with a row of nearly every kind.
fn before(and: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(folder.path().join("records.db")).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; BEGIN").unwrap();
    db.execute_batch(include_str!("before_0001.sql")).unwrap();
    db.execute_batch(and).unwrap();
    db.execute_batch("COMMIT").unwrap();
    folder
}

async fn applied(records: &Records) -> Vec<String> {
    let db = records.read();
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.into_iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn what_was_made_before_the_first_release_is_taken_over_with_its_rows() {
    let folder = before("");
    for _ in 0..2 {
        let records = Records::open(folder.path()).await.unwrap();
        let (db, all) = (records.read(), PageRequest::default());
        assert_eq!(
            applied(&records).await,
            [
                "m0001_tables",
                "m0002_invoice_parties",
                "m0003_backdating",
                "m0004_demo_things",
                "m0005_dialects",
                "m0006_device_clocks",
                "m0007_profiles",
                "m0008_provisioning"
            ]
        );
        let kept = tickets::list(db, everything(), &tickets::Filter::default(), &all).await.unwrap();
        assert_eq!((kept.items.len(), kept.unreadable.len()), (1, 0));
        let words = Some(kept.items[0].subject.clone());
        let found = tickets::Filter { search: words, ..tickets::Filter::default() };
        assert_eq!(tickets::count(db, everything(), &found).await.unwrap(), 1, "its words are indexed");
        assert!(assets::get(db, kept.items[0].asset_id).await.unwrap().is_some());
        assert!(
            !customers::list(db, everything(), &customers::Filter::default(), &PageRequest::default())
                .await
                .unwrap()
                .items
                .is_empty()
        );
        let (of_all, first) = (customers::Filter::default(), PageRequest::default());
        let owner = customers::list(db, everything(), &of_all, &first).await.unwrap().items.remove(0);
        assert!(!owner.billing_address.street.is_empty(), "the text of before is its street");
        assert_eq!(owner.buyer, Buyer::default());
        let bills = invoices::list(db, everything(), &invoices::Filter::default(), &PageRequest::default())
            .await
            .unwrap();
        assert!(!bills.items.is_empty() && bills.unreadable.is_empty());
        assert!(!rules::all(db).await.unwrap().is_empty());
        let events = outbox::entries_after(db, 0, 100).await.unwrap();
        assert!(!events.is_empty() && events.iter().all(|entry| entry.event.is_ok()));
        records.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_the_demo_of_before_had_made_is_remembered() {
    const ACCOUNT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    let demo = format!(
        "UPDATE customers SET demo = 1; UPDATE rules SET demo = NOT built_in;
         DELETE FROM demo;
         INSERT INTO demo VALUES (1, 'loaded', 5, '[\"{ACCOUNT}\"]')"
    );
    let folder = before(&demo);
    let records = Records::open(folder.path()).await.unwrap();
    let (db, first) = (records.read(), PageRequest::default());
    let all = customers::list(db, everything(), &customers::Filter::default(), &first).await.unwrap().items;
    let mut made = demo::made(db, "customer").await.unwrap();
    made.sort_unstable();
    let mut ids: Vec<Uuid> = all.iter().map(|customer| customer.id.into()).collect();
    ids.sort_unstable();
    assert!(!ids.is_empty() && made == ids, "{made:?}");
    assert_eq!(demo::made(db, "account").await.unwrap(), [ACCOUNT.parse::<Uuid>().unwrap()]);
    assert_eq!(demo::made(db, "model").await.unwrap().len(), 1);
    assert!(!demo::has_made(db, "rule", rules::FAILURE_RULE.into()).await.unwrap());
    let stage = demo::get(db).await.unwrap().map(|demo| demo.stage);
    assert_eq!(stage, Some(demo::Stage::Loaded));
    let tx = records.begin().await.unwrap();
    demo::remove(&tx).await.unwrap();
    tx.commit().await.unwrap();
    let left = customers::list(db, everything(), &customers::Filter::default(), &first).await.unwrap().items;
    assert!(left.is_empty(), "what it made of before goes like what it makes now: {left:?}");
}

#[tokio::test]
async fn what_is_older_or_newer_is_refused_and_left_as_it_is() {
    for (change, says) in [
        ("DELETE FROM seaql_migrations WHERE version = '0095_site_day_versions'", "61 of 62 steps"),
        (
            "DELETE FROM seaql_migrations; INSERT INTO seaql_migrations VALUES ('m9999_later', 0)",
            "m9999_later",
        ),
    ] {
        let folder = before(change);
        for _ in 0..2 {
            let refused = Records::open(folder.path()).await.err();
            assert!(
                matches!(&refused, Some(OpenError::Unsuited(why)) if why.contains(says)),
                "{change}: {refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn new_records_begin_with_the_rule_that_is_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::open(folder.path()).await.unwrap();
    let all = rules::all(records.read()).await.unwrap();
    assert_eq!(
        all.iter().map(|rule| (rule.id, rule.built_in)).collect::<Vec<_>>(),
        [(rules::FAILURE_RULE, true)]
    );
    let versions = rules::versions(records.read(), rules::FAILURE_RULE).await.unwrap();
    assert!(versions.len() == 1 && versions[0].0 == 1 && versions[0].2.enabled, "{versions:?}");
}
