//! Visits as they really happen: reported afterwards, called off on the way, booked twice, entered weeks later.

use crate::{
    testing::Answer,
    work::work_orders::tests::{Plant, id},
};
use domain::people::account::Role::{Dispatcher, Technician};
use serde_json::{Value, json};

async fn press(plant: &Plant, visit: &str, action: &str, body: Value) -> Answer {
    plant.app.as_role(Dispatcher).post_json(&format!("/api/v1/visits/{visit}/{action}"), &body).await
}

/// Hours of each kind that became lines.
async fn hours(plant: &Plant, work: &str) -> Vec<(String, String)> {
    let job = plant.app.as_role(Dispatcher).get(&format!("/api/v1/work-orders/{work}")).await.json();
    let line = |line: &Value| {
        (line["kind"].as_str().unwrap_or("").to_string(), line["quantity"].as_str().unwrap_or("").to_string())
    };
    job["lines"].as_array().expect("lines").iter().map(line).collect()
}

#[tokio::test]
async fn a_visit_reported_afterwards_has_its_hours_of_travel_and_labour() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    for (action, at) in [("travel", "06:30"), ("arrive", "07:00")] {
        let pressed = press(&plant, &visit, action, json!({"at": format!("2026-06-15T{at}:00Z")})).await;
        assert_eq!(pressed.status, 200, "{}", pressed.text());
    }
    let wrong =
        press(&plant, &visit, "finish", json!({"outcome": "partial", "at": "2026-06-15T05:00:00Z"})).await;
    assert_eq!(wrong.status, 422, "an end two hours before the arrival: {}", wrong.text());
    let done =
        press(&plant, &visit, "finish", json!({"outcome": "partial", "at": "2026-06-15T09:00:00Z"})).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let found = hours(&plant, &work).await;
    let of =
        |kind: &str| found.iter().find(|line| line.0 == kind).and_then(|line| line.1.parse::<f64>().ok());
    assert_eq!((of("travel"), of("labour")), (Some(0.5), Some(2.0)), "{found:?}");
}

#[tokio::test]
async fn who_turns_back_is_free_again_and_the_job_can_wait_or_be_planned_anew() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    let phone = plant.app.as_role(Technician);
    let pressed = phone.post_form(&format!("/my-day/visits/{visit}/travel"), &[]).await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    let page = phone.get(&format!("/my-day/visits/{visit}")).await.text();
    assert!(page.contains("I turn back or leave"));
    plant.app.clock.advance(chrono::TimeDelta::minutes(30));
    let back =
        phone.post_form(&format!("/my-day/visits/{visit}/decline"), &[("note", "the van broke down")]).await;
    assert_eq!((back.status, back.location()), (303, "/my-day"), "{}", back.text());

    let office = plant.app.as_role(Dispatcher);
    let seen = office.get(&format!("/api/v1/visits/{visit}")).await.json();
    assert_eq!((seen["status"].as_str(), &seen["outcome"]), (Some("declined"), &Value::Null), "{seen}");
    assert_eq!(seen["times"][0]["kind"], "travel", "the way was driven: {seen}");
    let job = format!("/api/v1/work-orders/{work}");
    assert_eq!(office.get(&job).await.json()["status"], "unscheduled");
    let held = office.post_json(&format!("{job}/hold"), &json!({"note": "until the van is back"})).await;
    assert_eq!(held.status, 200, "{}", held.text());
    assert_eq!(office.post_json(&format!("{job}/resume"), &json!({})).await.status, 200);
    let booking = json!({"technician_id": plant.app.technician, "start": "2026-06-16T11:00:00Z"});
    let again = press(&plant, &visit, "schedule", booking).await;
    assert_eq!(
        (again.status, again.json()["status"].as_str()),
        (200, Some("dispatched")),
        "{}",
        again.text()
    );
}

#[tokio::test]
async fn the_office_calls_back_whoever_is_under_way_or_on_site() {
    let plant = Plant::new().await;
    for presses in [&["travel"][..], &["travel", "arrive"], &["arrive", "pause"]] {
        let (work, _) = plant.work_order().await;
        let visit = plant.visit(&work).await;
        for action in presses {
            assert_eq!(press(&plant, &visit, action, json!({})).await.status, 200, "{action}");
        }
        let canceled = press(&plant, &visit, "cancel", json!({"note": "the site is evacuated"})).await;
        assert_eq!(canceled.status, 200, "{presses:?}: {}", canceled.text());
        let job = plant.app.as_role(Dispatcher).get(&format!("/api/v1/work-orders/{work}")).await.json();
        assert_eq!(job["status"], "unscheduled", "{presses:?}");
    }
}

#[tokio::test]
async fn a_technician_is_booked_twice_at_one_hour_only_when_somebody_confirms_it() {
    let plant = Plant::new().await;
    let office = plant.app.as_role(Dispatcher);
    let (first, _) = plant.work_order().await;
    let visit = plant.visit(&first).await;
    let (second, _) = plant.work_order().await;
    let path = format!("/api/v1/work-orders/{second}/visits");
    let at = |start: &str, overlap: bool| json!({"technician_id": plant.app.technician, "start": start, "minutes": 60, "allow_overlap": overlap});
    // The first lasts from 11:00 to 12:30.
    for start in ["2026-06-15T11:00:00Z", "2026-06-15T12:29:00Z", "2026-06-15T10:01:00Z"] {
        let refused = office.post_json(&path, &at(start, false)).await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (409, Some("technician_booked")),
            "{start}"
        );
    }
    assert_eq!(
        office.post_json(&path, &at("2026-06-15T12:30:00Z", false)).await.status,
        201,
        "one after the other"
    );
    assert_eq!(office.post_json(&path, &at("2026-06-15T11:00:00Z", true)).await.status, 201, "confirmed");
    // A booking is no conflict with itself.
    let moved =
        json!({"technician_id": plant.app.technician, "start": "2026-06-15T08:30:00Z", "minutes": 90});
    assert_eq!(press(&plant, &visit, "schedule", moved).await.status, 200);

    let (third, _) = plant.work_order().await;
    let technician = plant.app.technician.to_string();
    let mut form = vec![
        ("work_order_id", third.as_str()),
        ("technician_id", technician.as_str()),
        ("start", "2026-06-15T12:45"),
        ("minutes", "30"),
    ];
    let refused = office.post_form("/dispatch/assign", &form).await;
    assert!(refused.status == 409 && refused.text().contains("name=\"allow_overlap\""), "{}", refused.text());
    form.push(("allow_overlap", "on"));
    assert_eq!(office.post_form("/dispatch/assign", &form).await.status, 303);
}

#[tokio::test]
async fn a_visit_of_last_month_is_entered_and_marked_as_entered_late() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let office = plant.app.as_role(Dispatcher);
    let booking =
        json!({"technician_id": plant.app.technician, "start": "2026-05-04T08:00:00Z", "minutes": 120});
    let made = office.post_json(&format!("/api/v1/work-orders/{work}/visits"), &booking).await;
    assert_eq!((made.status, &made.json()["entered_late"]), (201, &json!(true)), "{}", made.text());
    let visit = id(&made.json());
    assert!(office.get(&format!("/dispatch/visits/{visit}")).await.text().contains("Entered later"));
    for (action, at) in [("arrive", "08:00"), ("pause", "09:00"), ("resume", "09:30")] {
        let at = format!("2026-05-04T{at}:00Z");
        let pressed = press(&plant, &visit, action, json!({ "at": at })).await;
        assert_eq!(pressed.status, 200, "{action}: {}", pressed.text());
    }
    let done = json!({"outcome": "partial", "at": "2026-05-04T10:30:00Z"});
    assert_eq!(press(&plant, &visit, "finish", done).await.status, 200);
    assert!(office.get(&format!("/work-orders/{work}")).await.text().contains("Entered later, on"));
    let (other, _) = plant.work_order().await;
    let fresh = plant.visit(&other).await;
    assert_eq!(office.get(&format!("/api/v1/visits/{fresh}")).await.json()["entered_late"], json!(false));
    // What lies outside any memory is a slip of the pen.
    let slip = json!({"technician_id": plant.app.technician, "start": "2006-05-04T08:00:00Z"});
    assert_eq!(office.post_json(&format!("/api/v1/work-orders/{other}/visits"), &slip).await.status, 422);
}

#[tokio::test]
async fn what_one_person_pressed_is_never_done_as_another() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let visit = plant.visit(&work).await;
    let phone = plant.app.as_role(Technician);
    let page = phone.get(&format!("/my-day/visits/{visit}")).await.text();
    let own =
        page.split("data-account=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an account");
    let other = uuid::Uuid::now_v7().to_string();
    let path = format!("/my-day/visits/{visit}/travel");
    assert_eq!(phone.post_form(&path, &[("_account", &other)]).await.status, 421);
    let seen = plant.app.as_role(Dispatcher).get(&format!("/api/v1/visits/{visit}")).await.json();
    assert_eq!(seen["status"], "dispatched");
    assert_eq!(phone.post_form(&path, &[("_account", own)]).await.status, 303);
}
