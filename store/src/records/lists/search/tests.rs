use super::{Number, number};
use crate::records::{
    PageRequest, Records,
    engine::dialect::Dialect,
    tests::{fixture, place},
    work::tickets,
};
use domain::work::ticket::Ticket;
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait, Statement};

fn ticket(number: &str, subject: &str) -> Ticket {
    Ticket { subject: subject.into(), ..fixture::ticket(number, 0, None) }
}

async fn with(list: &[Ticket]) -> (place::Place, Records) {
    let (place, records) = place::records().await;
    let tx = records.begin().await.unwrap();
    for ticket in list {
        tickets::insert(&tx, ticket).await.unwrap();
    }
    tx.commit().await.unwrap();
    (place, records)
}

fn filter(text: &str) -> tickets::Filter {
    tickets::Filter { search: Some(text.into()), ..tickets::Filter::default() }
}

async fn numbers(records: &Records, text: &str) -> Vec<String> {
    let page = PageRequest::default();
    let found =
        tickets::list(records.read(), domain::people::account::Actor::system().scope(), &filter(text), &page)
            .await
            .unwrap()
            .items;
    let mut numbers: Vec<_> = found.into_iter().map(|ticket| ticket.number).collect();
    numbers.sort();
    numbers
}

#[tokio::test]
async fn words_are_found_by_any_part_in_any_script() {
    let (_place, records) = with(&[
        ticket("T-1001", "Vibración alta en la bomba P-204"),
        ticket("T-1002", "冷水机组轴承振动"),
        ticket("T-1003", "100 %_ of \"nothing\""),
    ])
    .await;
    for (text, expected) in [
        ("VIBRA", &["T-1001"][..]),
        ("bracion", &["T-1001"]),
        ("bomba alta", &["T-1001"]),
        ("bomba bearing", &[]),
        ("p-204", &["T-1001"]),
        ("轴承", &["T-1002"]),
        ("承", &["T-1002"]),
        ("轴机", &[]),
        ("%_", &["T-1003"]),
        ("\"nothing\"", &["T-1003"]),
        ("en OR of", &[]),
        ("la", &["T-1001"]),
        ("VIBRACIÓN", &["T-1001"]),
    ] {
        assert_eq!(numbers(&records, text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn a_number_is_looked_up_and_words_are_searched() {
    let (_place, records) = with(&[
        ticket("T-1001", "Error 1002 again"),
        ticket("T-1002", "Follows T-1001"),
        ticket("T-10021", "Other"),
    ])
    .await;
    for (text, expected) in [
        ("t-1001", &["T-1001"][..]),
        (" T-1002 ", &["T-1002"]),
        ("1002", &["T-1001", "T-1002"]),
        ("T-100", &[]),
        ("T-1001x", &[]),
    ] {
        assert_eq!(numbers(&records, text).await, expected, "{text}");
    }
    assert_eq!(number("WO", "wo-7"), Some(Number::Whole("WO-7".into())));
    assert_eq!(number("WO", "WO-"), None);
}

/// Neither a number nor words may cost a look at every ticket.
#[tokio::test]
async fn no_search_reads_every_row() {
    let (_place, records) = with(&[ticket("T-1001", "Bearing")]).await;
    let snapshot = records.snapshot().await.unwrap();
    let dialect = Dialect::of(&snapshot);
    if dialect == Dialect::Postgres {
        // One row is read faster whole than by any index.
        snapshot.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
    }
    for text in ["T-1001", "1001", "bearing", "轴"] {
        let condition = super::numbered(
            dialect,
            ("T", tickets::Column::Number),
            (super::Kind::Ticket, tickets::Column::Id, tickets::Column::Search),
            text,
        );
        let query = sea_orm::QueryFilter::filter(tickets::Entity::find(), condition);
        let (explain, column, scan) = match dialect {
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN", "detail", "SCAN tickets"),
            Dialect::Postgres => ("EXPLAIN", "QUERY PLAN", "Seq Scan on tickets"),
        };
        let mut statement = query.build(snapshot.get_database_backend());
        statement.sql = format!("{explain} {}", statement.sql);
        let plan = snapshot.query_all_raw(statement).await.unwrap().into_iter();
        let plan: Vec<String> = plan.map(|row| row.try_get("", column).unwrap()).collect();
        assert!(plan.iter().all(|step| !step.contains(scan)), "{text}: {plan:?}");
    }
}

#[tokio::test]
async fn the_index_follows_every_change() {
    let mut changed = ticket("T-1001", "Bearing worn");
    let (_place, records) = with(std::slice::from_ref(&changed)).await;
    changed.subject = "Filter clogged".into();
    let tx = records.begin().await.unwrap();
    tickets::update(&tx, &changed).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(numbers(&records, "bearing").await, [""; 0]);
    assert_eq!(numbers(&records, "clogged").await, ["T-1001"]);

    let tx = records.begin().await.unwrap();
    tickets::Entity::delete_by_id(uuid::Uuid::from(changed.id)).exec(&*tx).await.unwrap();
    tx.commit().await.unwrap();
    if Dialect::of(records.read()) == Dialect::Postgres {
        return;
    }
    for table in ["search_ids", "search_index"] {
        let count =
            Statement::from_string(sea_orm::DbBackend::Sqlite, format!("SELECT count(*) AS n FROM {table}"));
        let row = records.read().query_one_raw(count).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "n").unwrap(), 0, "{table}");
    }
}
