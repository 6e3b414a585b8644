//! One row that cannot be read: its list says so and shows the others, on pages and to programs.

mod told;

use crate::{
    testing::{Answer, TestApp},
    walks::scope::rows::{Pair, Rows},
};
use domain::people::account::Role;
use store::place;

/// A column of a table, a text that no release ever wrote into it, and the lists that show such rows.
struct Damage {
    set: &'static str,
    row: fn(&Rows) -> &str,
    page: &'static str,
    json: &'static str,
}

#[rustfmt::skip]
const DAMAGES: [Damage; 11] = [
    Damage { set: "tickets SET facts = '{'", row: |rows| &rows.ticket, page: "/tickets", json: "tickets" },
    Damage { set: "tickets SET priority = 'zebra'", row: |rows| &rows.other_ticket, page: "/tickets", json: "tickets" },
    Damage { set: "work_orders SET facts = 'nonsense'", row: |rows| &rows.work, page: "/work-orders", json: "work-orders" },
    Damage { set: "invoices SET currency = '???'", row: |rows| &rows.invoice, page: "/invoices?status=all", json: "invoices" },
    Damage { set: "contracts SET shares = '{\"frozen\":99,\"body\":1}'", row: |rows| &rows.contract, page: "/contracts?status=all", json: "contracts" },
    Damage { set: "rules SET settings = ''", row: |rows| &rows.rule, page: "/rules", json: "rules" },
    Damage { set: "alerts SET clear_reason = 'zebra', cleared_at_us = 1", row: |rows| &rows.alert, page: "/alerts?show=all", json: "alerts?show=all" },
    Damage { set: "devices SET profile = 'zebra'", row: |rows| &rows.device, page: "/devices", json: "devices" },
    Damage { set: "assets SET criticality = 'zebra'", row: |rows| &rows.asset, page: "/assets", json: "assets" },
    Damage { set: "customers SET currency = '???'", row: |rows| &rows.customer, page: "/customers", json: "customers" },
    Damage { set: "parts SET currency = '???'", row: |rows| &rows.part, page: "/parts", json: "parts" },
];

async fn write(app: &TestApp, sql: &str) {
    let tx = app.deps.records.begin().await.expect("begin");
    tx.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    tx.commit().await.expect("commit");
}

fn ids(answer: &Answer, list: &str) -> Vec<String> {
    let rows = answer.json()[list].as_array().cloned().unwrap_or_default();
    let id = |row: &serde_json::Value| {
        let id = [&row["id"], &row["alert_id"]].into_iter().find_map(serde_json::Value::as_str);
        id.unwrap_or_else(|| panic!("no id in {row}")).to_owned()
    };
    rows.iter().map(id).collect()
}

/// All of them at once: what is damaged in one list is named in others, too.
#[tokio::test]
async fn one_unreadable_row_never_takes_its_list_away() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let (office, program) = (app.as_role(Role::Admin), app.bearer(Role::Admin));
    for Damage { set, row, .. } in &DAMAGES {
        write(&app, &format!("UPDATE {set} WHERE id = {}", place::id(row(&pair.theirs)))).await;
    }
    write(&app, &format!("UPDATE evidence SET body = '{{' WHERE alert_id = {}", place::id(&pair.ours.alert)))
        .await;
    write(&app, &format!("UPDATE visits SET facts = '{{' WHERE id = {}", place::id(&pair.theirs.visit)))
        .await;
    for Damage { row, page, json, set } in &DAMAGES {
        let (ours, theirs) = (row(&pair.ours).to_owned(), row(&pair.theirs).to_owned());
        let answer = program.get(&format!("/api/v1/{json}")).await;
        assert_eq!(answer.status, 200, "{set}: {}", answer.text());
        assert!(ids(&answer, "unreadable").contains(&theirs), "{set}: {}", answer.text());
        assert!(!ids(&answer, "items").contains(&theirs), "{set}: {}", answer.text());
        let shown = office.get(page).await;
        assert_eq!(shown.status, 200, "{set}: {}", shown.text());
        assert!(shown.text().contains("This row cannot be read"), "{set}: {}", shown.text());
        let with = if page.contains('?') { '&' } else { '?' };
        if *page != "/rules" {
            let file = office.get(&format!("{page}{with}format=csv")).await;
            assert_eq!(file.status, 200, "{set}: {}", file.text());
            assert!(file.text().contains("This row cannot be read"), "{set}: {}", file.text());
        }
        // There is one part, which both have.
        if ours != theirs {
            assert!(ids(&answer, "items").contains(&ours), "{set}: {}", answer.text());
            assert!(*page == "/rules" || shown.text().contains(&ours), "{set}: {}", shown.text());
        }
    }
    for page in ["/", "/dispatch", "/invoices?status=ready", "/settings/accounts", "/kpis"] {
        let shown = office.get(page).await;
        assert_eq!(shown.status, 200, "{page}: {}", shown.text());
    }
}

#[tokio::test]
async fn whoever_is_bound_hears_nothing_of_a_strangers_unreadable_rows() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    for Damage { set, row, .. } in &DAMAGES {
        write(&app, &format!("UPDATE {set} WHERE id = {}", place::id(row(&pair.theirs)))).await;
    }
    let bound = app.with_bearer(&pair.bound_token);
    for Damage { json, set, .. } in DAMAGES.iter().filter(|damage| damage.json != "parts") {
        let answer = bound.get(&format!("/api/v1/{json}")).await;
        assert_eq!(
            (answer.status, ids(&answer, "unreadable")),
            (200, Vec::new()),
            "{set}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_technician_whose_visit_cannot_be_read_still_has_a_day() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    write(&app, &format!("UPDATE visits SET facts = '{{' WHERE id = {}", place::id(&pair.ours.visit))).await;
    let phone = app.as_role(Role::Technician);
    let day = phone.get("/my-day").await;
    assert_eq!(day.status, 200, "{}", day.text());
    assert!(day.text().contains("This row cannot be read"), "{}", day.text());
    assert!(!day.text().contains(&format!("/my-day/visits/{}", pair.ours.visit)), "{}", day.text());
}
