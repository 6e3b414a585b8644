//! Two processes on the same records, asked for the same at the same moment: one does it, and the other hears why it
//! was not done, or what was.

mod money;
mod work;

use crate::testing::{Answer, TestApp};

/// How often both are asked.
const ROUNDS: usize = 8;

/// What each of two processes answers.
async fn both(app: &TestApp, other: &TestApp, ask: impl AsyncFn(&TestApp) -> Answer) -> [Answer; 2] {
    let (one, other) = tokio::join!(ask(app), ask(other));
    [one, other]
}

/// One has done it with `status`; the other was refused with `refusal` and `code`.
fn one_of(answers: &[Answer; 2], status: u16, (refusal, code): (u16, &str)) {
    let [one, other] = answers;
    let (done, refused) = if one.status == status { (one, other) } else { (other, one) };
    assert_eq!((done.status, refused.status), (status, refusal), "{} {}", one.text(), other.text());
    assert_eq!(refused.json()["code"], code, "{}", refused.text());
}
