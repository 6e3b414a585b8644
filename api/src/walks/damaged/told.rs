//! Lists inside of pages, and those without pages: each tells its reader of what cannot be read.

use super::{DAMAGES, ids, write};
use crate::{
    operation::openapi,
    testing::TestApp,
    walks::scope::{
        asks::concrete,
        rows::{Pair, Rows},
    },
};
use domain::people::account::Role;
use serde_json::Value;
use store::place;

/// A column of one row with a brace after what it holds, and where that row is shown.
struct Told {
    table: &'static str,
    column: &'static str,
    row: fn(&Rows) -> String,
    shown: &'static [(Role, &'static str)],
}

const OFFICE: Role = Role::Admin;
const CUSTOMER: Role = Role::Customer;
const TECHNICIAN: Role = Role::Technician;

#[rustfmt::skip]
const TOLD: [Told; 14] = [
    Told { table: "tickets", column: "facts", row: |rows| by_id(&rows.ticket), shown: &[(CUSTOMER, "/portal"), (CUSTOMER, "/portal/assets/{id}")] },
    Told { table: "work_orders", column: "facts", row: |rows| by_id(&rows.work), shown: &[(CUSTOMER, "/portal"), (TECHNICIAN, "/my-day"), (OFFICE, "/dispatch")] },
    Told { table: "work_orders", column: "facts", row: |rows| by_id(&rows.approved), shown: &[(CUSTOMER, "/portal/assets/{id}")] },
    Told { table: "visits", column: "facts", row: |rows| by_id(&rows.visit), shown: &[(CUSTOMER, "/portal"), (TECHNICIAN, "/my-day"), (OFFICE, "/dispatch")] },
    Told { table: "invoices", column: "currency", row: |rows| by_id(&rows.invoice), shown: &[(CUSTOMER, "/portal")] },
    Told { table: "assets", column: "criticality", row: |rows| by_id(&rows.asset), shown: &[(CUSTOMER, "/portal")] },
    Told { table: "stock_movements", column: "reason", row: |rows| format!("note = '{}'", rows.name), shown: &[(OFFICE, "/parts/{id}"), (OFFICE, "/api/v1/stock-movements")] },
    Told { table: "stock_locations", column: "kind", row: |rows| by_id(&rows.shelf), shown: &[(OFFICE, "/api/v1/stock-locations")] },
    Told { table: "technicians", column: "skills", row: |rows| by_id(&rows.technician), shown: &[(OFFICE, "/dispatch"), (OFFICE, "/api/v1/technicians")] },
    Told { table: "payments", column: "method", row: |rows| format!("reference = '{}'", rows.name), shown: &[(OFFICE, "/api/v1/payments")] },
    Told { table: "warranties", column: "covers", row: |rows| format!("supplier = '{}'", rows.name), shown: &[(OFFICE, "/api/v1/warranties")] },
    Told { table: "accounts", column: "role", row: |_| "email = 'warehouse@example.com'".into(), shown: &[(OFFICE, "/api/v1/accounts"), (OFFICE, "/settings/accounts")] },
    Told { table: "profiles", column: "meaning", row: |rows| by_id(&rows.profile), shown: &[(OFFICE, "/api/v1/profiles"), (OFFICE, "/profiles")] },
    Told { table: "api_tokens", column: "role", row: |_| "name = 'erp'".into(), shown: &[(OFFICE, "/api/v1/tokens"), (OFFICE, "/settings/tokens")] },
];

fn by_id(row: &str) -> String {
    format!("id = {}", place::id(row))
}

#[tokio::test]
async fn whoever_is_shown_a_list_is_told_of_the_row_that_cannot_be_read() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    for Told { table, column, row, shown } in &TOLD {
        let of = row(&pair.ours);
        write(&app, &format!("UPDATE {table} SET {column} = {column} || '{{' WHERE {of}")).await;
        for (role, path) in *shown {
            let place = concrete(path, &pair.ours);
            let told = format!("{table}.{column} on {place}");
            if path.starts_with("/api/") {
                let answer = app.bearer(*role).get(&place).await;
                assert_eq!(answer.status, 200, "{told}: {}", answer.text());
                assert_eq!(ids(&answer, "unreadable").len(), 1, "{told}: {}", answer.text());
            } else {
                let page = app.as_role(*role).get(&place).await;
                assert_eq!(page.status, 200, "{told}: {}", page.text());
                assert!(page.text().contains("This row cannot be read"), "{told}: {}", page.text());
            }
        }
        write(
            &app,
            &format!("UPDATE {table} SET {column} = substr({column}, 1, length({column}) - 1) WHERE {of}"),
        )
        .await;
    }
    for (role, page) in [(CUSTOMER, "/portal"), (TECHNICIAN, "/my-day"), (OFFICE, "/dispatch")] {
        let text = app.as_role(role).get(page).await.text();
        assert!(!text.contains("This row cannot be read"), "{page} is sound again: {text}");
    }
}

/// Lists of plain texts and numbers or of figures, which nothing can be misread in; events that are parked because
/// they cannot be read; and the lines of one job, which are read whole or not at all.
const SOUND: [&str; 17] = [
    "/api/v1/telemetry/aggregate",
    "/api/v1/telemetry/latest",
    "/api/v1/devices/{id}/telemetry/corrections",
    "/api/v1/devices/{id}/suggested-metrics",
    "/api/v1/territories",
    "/api/v1/models",
    "/api/v1/sites",
    "/api/v1/quarantine",
    "/api/v1/assets/{id}/telemetry",
    "/api/v1/assets/{id}/telemetry/latest",
    "/api/v1/devices/{id}/telemetry",
    "/api/v1/devices/{id}/telemetry/latest",
    "/api/v1/kpis",
    "/api/v1/kpis/{code}/rows",
    "/api/v1/contracts/{id}/periods",
    "/api/v1/jobs/parked-events",
    "/api/v1/work-orders/{id}/lines",
];

#[test]
fn every_list_of_programs_is_tried_with_a_row_that_cannot_be_read() {
    let document = openapi::as_json();
    let lists = document["paths"].as_object().expect("paths").iter().filter(|(_, item)| {
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str().unwrap_or("").rsplit('/').next().unwrap_or("");
        document["components"]["schemas"][name]["properties"]["unreadable"] != Value::Null
    });
    let tried = |path: &str| {
        DAMAGES
            .iter()
            .any(|damage| path == format!("/api/v1/{}", damage.json.split('?').next().unwrap_or("")))
            || TOLD.iter().any(|told| told.shown.iter().any(|(_, shown)| *shown == path))
    };
    let untried: Vec<_> =
        lists.map(|(path, _)| path.as_str()).filter(|path| !tried(path) && !SOUND.contains(path)).collect();
    assert!(untried.is_empty(), "nobody tried {untried:?}");
}
