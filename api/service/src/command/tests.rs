use super::*;
use crate::testing::House;
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

fn keyed(app: &House) -> Context {
    Context::new(Actor::system(), app.now(), Source::Api, Some("press-1".into()))
}

async fn press(app: &House, input: &Input) {
    let mut cx = keyed(app);
    let Begun::New(tx) = cx.begin::<Done>(&app.deps.records, "test", input).await.expect("begins") else {
        panic!("the first of its key")
    };
    cx.finish(tx, Done { number: 7 }).await.expect("finishes");
}

#[tokio::test]
async fn a_key_repeated_after_an_upgrade_is_answered_as_done_and_not_with_an_error() {
    let app = House::new().await;
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
    let app = House::new().await;
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
