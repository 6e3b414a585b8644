use super::*;
use axum::http::Request;
use service::command::{CommandError, Unreadable};
use store::records::{Sortable, Sorted};

async fn query(uri: &str) -> ListQuery {
    let (mut parts, ()) = Request::builder().uri(uri).body(()).expect("request").into_parts();
    let Ok(query) = ListQuery::from_request_parts(&mut parts, &()).await;
    query
}

fn field<T: std::fmt::Debug>(read: Result<T, CommandError>) -> &'static str {
    match read {
        Err(CommandError::Query(Unreadable { field, .. })) => field,
        other => panic!("read as {other:?}"),
    }
}

#[tokio::test]
async fn links_keep_the_filters_and_start_over() {
    let query = query("/assets?q=a%26b&cursor=x&site=").await;
    assert_eq!(query.link("cursor", Some("y")), "/assets?q=a%26b&cursor=y");
    assert_eq!(query.link("q", None), "/assets");
    assert_eq!(query.link("format", Some("csv")), "/assets?q=a%26b&format=csv");
    assert_eq!(query.get("site"), None);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let uri = "/x?customer_id=xyz&open=maybe&severity=bad&days=abc&day=2026-02-30&from=yesterday&bucket=1h&format=parquet";
    let query = query(uri).await;
    assert_eq!(field(query.id::<uuid::Uuid>("customer_id")), "customer_id");
    assert_eq!(field(query.flag("open")), "open");
    assert_eq!(field(query.word("severity", &["minor", "major"])), "severity");
    assert_eq!(field(query.whole("days", 1..=9)), "days");
    assert_eq!(field(query.day("day")), "day");
    assert_eq!(field(query.instant("from")), "from");
    assert_eq!(field(query.duration("bucket", 10)), "bucket");
    assert_eq!(field(query.wants_csv()), "format");
    assert_eq!(query.id::<uuid::Uuid>("asset_id").ok(), Some(None), "what was not sent asks for nothing");
}

#[tokio::test]
async fn a_limit_lies_in_its_bounds() {
    for limit in ["abc", "0", "-1", "501", "1.5", "9223372036854775808", "%20"] {
        assert_eq!(field(query(&format!("/api/v1/x?limit={limit}")).await.page::<()>()), "limit", "{limit}");
    }
    assert_eq!(query("/api/v1/x?limit=500").await.page::<()>().expect("a page").limit, 500);
}

#[tokio::test]
async fn a_list_is_sorted_by_what_it_has_either_way() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum By {
        Name,
        Due,
    }
    impl Sortable for By {
        const ALL: &'static [Self] = &[Self::Name, Self::Due];
        const OWN: Sorted<Self> = Sorted { by: Self::Name, descending: false };
        fn word(self) -> &'static str {
            if self == Self::Name { "name" } else { "due" }
        }
    }
    let sorted = |by, descending| Some(Sorted { by, descending });
    for (sent, order) in [
        ("", sorted(By::Name, false)),
        ("sort=due", sorted(By::Due, false)),
        ("sort=-due", sorted(By::Due, true)),
        ("sort=", sorted(By::Name, false)),
    ] {
        assert_eq!(query(&format!("/x?{sent}")).await.sorted().ok(), order, "{sent}");
    }
    for sort in ["Name", "--name", "-", "name,due", "%20-name%20x"] {
        assert_eq!(field(query(&format!("/x?sort={sort}")).await.sorted::<By>()), "sort", "{sort}");
    }
}

#[tokio::test]
async fn instants_and_durations_have_ends() {
    let (least, most) = (i64::MIN, i64::MAX);
    for at in [
        "%2B262142-12-31T00:00:00Z",
        "-262143-01-01T00:00:00Z",
        "2200-01-01T00:00:00Z",
        &least.to_string(),
        &most.to_string(),
    ] {
        assert_eq!(field(query(&format!("/x?at={at}")).await.instant("at")), "at", "{at}");
    }
    for bucket in ["PT0S", "P11D", "P999999999999D", "PT9223372036854775807S"] {
        assert_eq!(
            field(query(&format!("/x?bucket={bucket}")).await.duration("bucket", 10)),
            "bucket",
            "{bucket}"
        );
    }
    assert!(query("/x?at=2199-12-31T23:59:59Z").await.instant("at").is_ok_and(|at| at.is_some()));
    assert_eq!(
        query("/x?bucket=P9DT23H").await.duration("bucket", 10).ok(),
        Some(Some(863_999_000_000 - 3_599_000_000))
    );
}

#[tokio::test]
async fn a_value_sent_twice_is_read_once_or_not_at_all() {
    let id = uuid::Uuid::now_v7();
    let twice = query(&format!("/x?site_id={id}&site_id={id}&status=a&status=b")).await;
    assert_eq!(twice.id("site_id").ok(), Some(Some(id)), "the same");
    assert_eq!(field(twice.word("status", &["a", "b"])), "status");
}

/// A form sends every field; a program whose variable is empty would be shown every row.
#[tokio::test]
async fn an_empty_filter_is_none_on_a_page_and_a_mistake_of_a_program() {
    assert_eq!(query("/sites?customer_id=").await.id::<uuid::Uuid>("customer_id").ok(), Some(None));
    assert_eq!(
        field(query("/api/v1/sites?customer_id=").await.id::<uuid::Uuid>("customer_id")),
        "customer_id"
    );
    assert_eq!(query("/api/v1/sites?q=").await.get("q"), None);
}
