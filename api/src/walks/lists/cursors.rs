//! From page to page: every list, with the cursors that it gives, with damaged ones, and with those of all others.

use super::{Documented, assert_names, damaged};
use crate::{
    testing::{Answer, TestApp},
    walks::scope::{asks::concrete, rows::Pair},
};
use domain::people::account::Role;

#[tokio::test]
async fn a_cursor_that_is_damaged_or_of_another_list_is_refused() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let reader = app.bearer(Role::Admin);
    let lists: Vec<Documented> = Documented::all().into_iter().filter(|read| read.has("cursor")).collect();
    let mut found = Vec::new();
    for list in &lists {
        let place = concrete(&list.path, &pair.ours);
        let page = reader.get(&format!("{place}?limit=1")).await;
        assert_eq!(page.status, 200, "{place}: {}", page.text());
        if let Some(cursor) = page.json()["next_cursor"].as_str() {
            found.push((list.path.as_str(), cursor.to_owned()));
        }
    }
    assert!(found.len() >= 12, "so few lists have a second page: {found:?}");
    for list in &lists {
        let place = concrete(&list.path, &pair.ours);
        for (of, cursor) in &found {
            let asked = format!("{place}?limit=1&cursor={cursor}");
            let telemetry = of.ends_with("/telemetry") && list.path.ends_with("/telemetry");
            if *of == list.path || telemetry {
                assert_eq!(reader.get(&asked).await.status, 200, "{asked}");
            } else {
                assert_names(&reader.get(&asked).await, "cursor", &asked);
            }
            for cursor in damaged(cursor).into_iter().filter(|damaged| damaged != cursor) {
                let asked = format!("{place}?cursor={cursor}");
                assert_names(&reader.get(&asked).await, "cursor", &asked);
            }
        }
    }
}

/// Page by page a list shows every row once, in the order that it has as a whole.
#[tokio::test]
async fn the_pages_of_every_list_are_the_list() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let reader = app.bearer(Role::Admin);
    let mut longer = 0;
    for list in Documented::all().into_iter().filter(|read| read.has("cursor")) {
        let place = concrete(&list.path, &pair.ours);
        let items = |page: &Answer| page.json()["items"].as_array().expect("a list").clone();
        let whole = items(&reader.get(&format!("{place}?limit=500")).await);
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = reader.get(&format!("{place}?limit=1{cursor}")).await;
            found.extend(items(&page));
            assert!(found.len() <= whole.len(), "{place} repeats itself: {found:?}");
            let Some(next) = page.json()["next_cursor"].as_str().map(String::from) else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, whole, "{place}");
        longer += usize::from(whole.len() > 1);
    }
    assert!(longer >= 12, "so few lists have more than one row: {longer}");
}
