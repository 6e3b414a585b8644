//! Heads that sort: every one of every list, both ways, through all pages with one row or two. A new list is walked by
//! having such a head.

use super::pages::next;
use crate::{
    testing::{Client, TestApp},
    walks::scope::rows::Pair,
};
use axum::http::Method;
use domain::people::account::Role;
use std::collections::{BTreeMap, BTreeSet};
use web::request::is_program;

/// Lists of which one page shows only a part.
const EVERYTHING: [&str; 4] =
    ["/alerts?show=all", "/contracts?status=all", "/invoices?status=all", "/invoices?status=ready"];
/// Ranks, and days as people write them: what the file says of them is not in the order of its letters. The store's
/// own tests look at these.
const NOT_BY_LETTERS: [&str; 6] = ["priority", "status", "urgency", "issued", "due", "end"];

/// The heads that sort: their label and the order they ask for, without its direction.
fn heads(page: &str) -> BTreeMap<String, String> {
    let heads = page.split("<th ").skip(1).filter_map(|head| head.split("</th>").next());
    let sorting = heads.filter_map(|head| {
        let (_, link) = head.split_once("<a href=\"")?;
        let (address, label) = link.split_once("\">")?;
        let order = address.split("sort=").nth(1)?.split(['&', '"']).next()?;
        Some((order.trim_start_matches('-').to_owned(), label.trim_end_matches("</a>").to_owned()))
    });
    sorting.collect()
}

/// The rows of the table, without what two drawings of one row do not share.
fn rows(page: &str) -> Vec<String> {
    let (_, body) = page.split_once("<tbody>").unwrap_or(("", ""));
    let body = body.split("</tbody>").next().unwrap_or("");
    let plain = |row: &str| {
        let mut parts = row.split("name=\"_key\" value=\"");
        let first = parts.next().unwrap_or("").to_owned();
        parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
    };
    body.split("</tr>").filter(|row| row.contains("<td")).map(plain).collect()
}

/// The list at `address`, page by page with `limit` rows.
async fn through(reader: &Client<'_>, address: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let asked = format!("{address}&limit={limit}{cursor}");
        let answer = reader.get(&asked).await;
        assert_eq!(answer.status, 200, "{asked}");
        let (text, page) = (answer.text(), rows(&answer.text()));
        assert!(page.len() <= limit && found.len() < 1_000, "{asked}: {page:?}");
        found.extend(page);
        let Some(next) = next(&text) else { return found };
        cursor = format!("&cursor={next}");
    }
}

/// The column `label` of the file at `address`.
async fn column(reader: &Client<'_>, address: &str, label: &str) -> Vec<String> {
    let file = reader.get(&format!("{address}&format=csv")).await.text();
    let cells = |line: &str| -> Vec<String> {
        let line =
            line.trim_start_matches('\u{feff}').strip_prefix('"').and_then(|line| line.strip_suffix('"'));
        line.unwrap_or_default().split("\",\"").map(String::from).collect()
    };
    let mut lines = file.trim_end().split("\r\n").map(cells);
    let at = lines.next().and_then(|heads| heads.iter().position(|head| head == label));
    let at = at.unwrap_or_else(|| panic!("{address} has no column {label}: {file}"));
    lines.map(|row| row[at].clone()).collect()
}

/// Ascending by their letters, and what is empty last.
fn in_order(values: &[String]) -> bool {
    let key = |value: &String| (value.is_empty(), value.clone());
    values.is_sorted_by_key(key)
}

#[tokio::test]
async fn every_head_sorts_its_list_both_ways_and_shows_every_row_once() {
    let app = TestApp::new().await;
    Pair::new(&app).await;
    let reader = app.as_role(Role::Admin);
    let price = serde_json::json!({ "amount": "1.00", "currency": "EUR" });
    let part = serde_json::json!({ "number": "1", "name": "Seal", "unit_price": price, "unit_cost": price });
    assert_eq!(app.bearer(Role::Admin).post_json("/api/v1/parts", &part).await.status, 201);
    let routes = crate::routes();
    let pages = routes.endpoints().iter().filter(|e| e.method == Method::GET && !is_program(e.path));
    let plain = pages.map(|endpoint| endpoint.path).filter(|path| !path.contains('{'));
    let mut walked = BTreeSet::new();
    for path in plain.chain(EVERYTHING) {
        let page = reader.get(path).await.text();
        for (order, label) in heads(&page) {
            let mark = if path.contains('?') { "&" } else { "?" };
            let (up, down) = (format!("{path}{mark}sort={order}"), format!("{path}{mark}sort=-{order}"));
            let (ascending, descending) =
                (through(&reader, &up, 500).await, through(&reader, &down, 500).await);
            let sorted = reader.get(&up).await.text();
            assert!(sorted.contains("aria-sort=\"ascending\""), "{up} does not say that it is sorted");
            for (address, whole) in [(&up, &ascending), (&down, &descending)] {
                for limit in [1, 2] {
                    assert_eq!(&through(&reader, address, limit).await, whole, "{address} by {limit}");
                }
            }
            let all: BTreeSet<_> = rows(&page).into_iter().collect();
            assert_eq!(ascending.iter().cloned().collect::<BTreeSet<_>>(), all, "{up} is another list");
            assert_eq!(ascending.len(), all.len(), "{up} repeats itself");
            // Backwards, but for the rows without a value, which come last both ways.
            let mut backwards: Vec<_> = ascending.iter().rev().cloned().collect();
            let turned = (0..=all.len()).any(|_| {
                backwards.rotate_left(all.len().min(1));
                backwards == descending
            });
            assert!(turned, "{down} is not the way back: {ascending:?} {descending:?}");
            if !NOT_BY_LETTERS.contains(&order.as_str()) {
                let (values, back) =
                    (column(&reader, &up, &label).await, column(&reader, &down, &label).await);
                assert!(in_order(&values), "{up}: {values:?}");
                let kept = back.iter().filter(|value| !value.is_empty()).rev().cloned().collect::<Vec<_>>();
                assert!(in_order(&kept), "{down}: {back:?}");
            }
            if ascending.len() > 1 && ascending != descending {
                walked.insert(format!("{} {order}", path.split('?').next().unwrap_or(path)));
            }
        }
    }
    for head in [
        "/alerts raised",
        "/assets name",
        "/contracts number",
        "/customers name",
        "/devices name",
        "/invoices completed",
        "/invoices due",
        "/models name",
        "/parts number",
        "/sites name",
        "/tickets opened",
        "/tickets priority",
        "/work-orders created",
        "/work-orders status",
    ] {
        assert!(walked.contains(head), "{head} did not sort two rows: {walked:?}");
    }
}
