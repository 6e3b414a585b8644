use super::*;
use crate::testing::TestApp;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Input {
    name: String,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Done {
    number: u32,
}

/// What a later release asks and answers: a field more each.
#[derive(Clone, Serialize)]
struct LaterInput {
    name: String,
    note: Option<String>,
    urgent: bool,
    tags: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct LaterDone {
    number: u32,
    place: String,
}

fn keyed(app: &TestApp) -> Context {
    Context::new(Actor::system(), app.now(), Source::Api, Some("press-1".into()))
}

async fn press(app: &TestApp, input: &Input) {
    let mut cx = keyed(app);
    let Begun::New(tx) = cx.begin::<Done>(&app.deps.records, "test", input).await.expect("begins") else {
        panic!("the first of its key")
    };
    cx.finish(tx, Done { number: 7 }).await.expect("finishes");
}

#[tokio::test]
async fn a_key_repeated_after_an_upgrade_is_answered_as_done_and_not_with_an_error() {
    let app = TestApp::new().await;
    press(&app, &Input { name: "pump".into(), note: None }).await;
    let later = LaterInput { name: "pump".into(), note: None, urgent: false, tags: Vec::new() };
    let again = keyed(&app).begin::<Done>(&app.deps.records, "test", &later).await;
    assert!(matches!(again, Ok(Begun::Repeated(Done { number: 7 }))), "optional fields are no other input");
    let unreadable = keyed(&app).begin::<LaterDone>(&app.deps.records, "test", &later).await;
    assert!(matches!(unreadable, Err(CommandError::AlreadyDone)), "done, though its answer lacks a field");
    let other = LaterInput { urgent: true, ..later };
    let refused = keyed(&app).begin::<Done>(&app.deps.records, "test", &other).await;
    assert!(matches!(refused, Err(CommandError::KeyReused)), "another input is another command");
}

#[tokio::test]
async fn a_key_kept_before_answers_had_a_version_is_still_answered() {
    let app = TestApp::new().await;
    let input = Input { name: "pump".into(), note: None };
    let tx = app.deps.records.begin().await.expect("begin");
    let old = fingerprint_before_canon("test", &input).expect("JSON");
    command_keys::insert(&tx, "system:press-1", &old, r#"{"number":7}"#.into(), app.now())
        .await
        .expect("kept");
    tx.commit().await.expect("commit");
    let again = keyed(&app).begin::<Done>(&app.deps.records, "test", &input).await;
    assert!(matches!(again, Ok(Begun::Repeated(Done { number: 7 }))));
}

#[test]
fn a_repeated_key_without_a_readable_answer_is_a_conflict_with_its_own_code() {
    let problem = crate::problem::Problem::from(CommandError::AlreadyDone);
    assert_eq!((problem.status, problem.code.as_str()), (409, "already_done"));
}

#[tokio::test]
async fn a_key_that_cannot_be_kept_is_refused_and_nothing_is_done() {
    use crate::testing::TestApp;
    use axum::http::Method;
    use domain::people::account::Role;

    let app = TestApp::new().await;
    let manager = app.bearer(Role::ServiceManager);
    let (long, most) = ("k".repeat(201), "k".repeat(200));
    let lines: [&[&str]; 6] = [&[&long], &[""], &["a\tb"], &["clé"], &["a", "a"], &[&most]];
    for (number, keys) in lines.into_iter().enumerate() {
        let mut request = manager.request(Method::POST, "/api/v1/customers");
        for key in keys {
            request = request.header("idempotency-key", key.as_bytes());
        }
        let body = serde_json::json!({ "name": format!("Customer {number}") });
        let request = request.header("content-type", "application/json").body(body.to_string().into());
        let answer = app.send(request.expect("request")).await;
        if keys == [most.as_str()] {
            assert_eq!(answer.status, 201, "{}", answer.text());
        } else {
            let told = (answer.status, answer.json()["code"].clone());
            assert_eq!(told, (400, "invalid_idempotency_key".into()), "{keys:?}");
        }
    }
    let kept = manager.get("/api/v1/customers").await.json()["items"].as_array().expect("items").len();
    assert_eq!(kept, 1, "only the last of them");
    let clerk = app.as_role(Role::ServiceManager);
    let form =
        clerk.post_form("/customers", &[("_key", &long), ("name", "Of a form"), ("currency", "EUR")]).await;
    assert_eq!(form.status, 400);
    assert!(form.text().contains("carries a key that cannot be kept"), "{}", form.text());
    assert!(!manager.get("/api/v1/customers").await.text().contains("Of a form"));
}
