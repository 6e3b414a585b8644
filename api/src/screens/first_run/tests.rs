use crate::testing::TestApp;
use store::records::people::{accounts, organisation};

const FIELDS: [(&str, &str); 13] = [
    ("your_name", "Ada"),
    ("email", "ada@example.com"),
    ("password", "a long password"),
    ("again", "a long password"),
    ("language", "it"),
    ("time_zone", "Europe/Rome"),
    ("name", "Service S.p.A."),
    ("currency", "EUR"),
    ("tax_rate", "22"),
    ("labour_rate", "75,50"),
    ("travel_rate", "50"),
    ("labour_cost", "30"),
    ("payment_terms_days", "30"),
];

#[tokio::test]
async fn everything_leads_to_the_first_run_until_it_is_done() {
    let app = TestApp::empty().await;
    let nobody = app.anonymous();
    for path in ["/", "/sign-in", "/assets", "/nothing"] {
        assert_eq!(nobody.get(path).await.location(), "/first-run", "{path}");
    }
    assert_eq!(nobody.get("/health/live").await.status, 200);
    assert_eq!(nobody.get("/api/v1/me").await.status, 401);
    assert_eq!(nobody.get("/first-run").await.status, 200);

    let made = nobody.post_form("/first-run", &FIELDS).await;
    assert_eq!((made.status, made.location()), (303, "/first-run/next"));
    let kept = organisation::get(app.deps.records.read()).await.expect("read").expect("made");
    assert_eq!((kept.labour_rate_per_hour.minor, kept.tax_rate.to_string().as_str()), (7550, "0.22"));
    assert_eq!(kept.time_zone, "Europe/Rome");

    let cookie = made.header("set-cookie").split(';').next().unwrap_or_default().to_string();
    let browser = app.with_cookie(&cookie);
    let page = browser.get("/first-run/next").await;
    assert!(page.text().contains("/connect") && page.text().contains("/first-run/demo"));
    assert_eq!(browser.post_form("/first-run/demo", &[]).await.location(), "/first-run/demo");
    assert!(browser.get("/first-run/demo").await.text().contains("La dimostrazione è pronta."));
    assert_eq!(browser.get("/first-run").await.location(), "/");
    assert_eq!(nobody.get("/account").await.location(), "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn mistakes_are_all_named_and_what_was_typed_stays() {
    let app = TestApp::empty().await;
    let mut fields = FIELDS;
    fields[3].1 = "another password";
    fields[7].1 = "euro";
    let page = app.anonymous().post_form("/first-run", &fields).await;
    assert_eq!(page.status, 422);
    let text = page.text();
    assert!(text.contains("The two passwords differ.") && text.contains("three capital letters"), "{text}");
    assert!(text.contains("Service S.p.A.") && !text.contains("a long password"));
}

#[tokio::test]
async fn of_two_first_runs_at_once_one_wins() {
    let app = TestApp::empty().await;
    let (a, b) = (app.anonymous(), app.anonymous());
    let mut other = FIELDS;
    other[1].1 = "eve@example.com";
    let (first, second) = tokio::join!(a.post_form("/first-run", &FIELDS), b.post_form("/first-run", &other));
    let mut ways: Vec<_> = [&first, &second].map(|answer| answer.location().to_string()).into();
    ways.sort();
    assert_eq!(ways, ["/first-run/next", "/sign-in"]);
    assert_eq!(accounts::count_administrators(app.deps.records.read()).await.expect("count"), 1);
}
