//! The board and the phone's pages.

use crate::work::work_orders::tests::Plant;
use domain::people::account::Role::{Dispatcher, ServiceManager, Technician};

#[tokio::test]
async fn the_board_proposes_books_and_the_phone_shows_it() {
    let plant = Plant::new().await;
    let (work, _) = plant.work_order().await;
    let office = plant.app.as_role(Dispatcher);
    let board = office.get("/dispatch").await.text();
    for text in ["WO-1001", "Best: Marta Ruiz", "has Vibration analysis", "1 job without a technician"] {
        assert!(board.contains(text), "{text} is not on the board");
    }
    let technician = plant.app.technician.to_string();
    let wrong = [
        ("work_order_id", work.as_str()),
        ("technician_id", technician.as_str()),
        ("start", "tomorrow"),
        ("minutes", "75"),
    ];
    let refused = office.post_form("/dispatch/assign", &wrong).await;
    assert!(
        refused.status == 422
            && refused.text().contains("value=\"75\"")
            && refused.text().contains("Enter a date and a time")
    );
    let form = [
        ("work_order_id", work.as_str()),
        ("technician_id", technician.as_str()),
        ("start", "2026-06-15T14:00"),
        ("minutes", "75"),
    ];
    let booked = office.post_form("/dispatch/assign", &form).await;
    assert_eq!((booked.status, booked.location()), (303, "/dispatch?day=2026-06-15"), "{}", booked.text());
    assert!(office.get("/dispatch").await.text().contains("Everything has a technician"));

    let phone = plant.app.as_role(Technician);
    let day = phone.get("/my-day").await.text();
    assert!(day.contains("14:00") && day.contains("Noise") && day.contains("1 visit left"));
    let link =
        day.split("href=\"/my-day/visits/").nth(1).and_then(|rest| rest.split('"').next()).expect("link");
    let page = phone.get(&format!("/my-day/visits/{link}")).await.text();
    for text in
        ["Roof key at reception", "tel:+3491000", "geo:40.4,-3.7", "4 on the van", "Traveling", "data-outbox"]
    {
        assert!(page.contains(text), "{text} is not on the visit's page");
    }
    assert!(!page.contains("21.00"), "no costs on the phone");
    assert_eq!(plant.app.as_role(ServiceManager).get("/my-day").await.status, 403);

    let declined = phone.post_form(&format!("/my-day/visits/{link}/decline"), &[("note", "ill")]).await;
    assert_eq!(declined.location(), "/my-day");
    assert!(office.get("/dispatch").await.text().contains("1 job without a technician"));
}
