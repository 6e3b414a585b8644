//! Which failures a ticket that opened by itself had announced.

use super::{foreseen, tests::House};
use crate::records::{
    condition::failures,
    insight::kpi_facts::{self, Subject},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    calendar::Zone,
    condition::failure::{DetectedBy, Failure},
    id::{AssetId, DeviceId, FailureId},
    insight::kpi::{Contribution, Dimensions, FORESIGHT, FROM_AUTOMATIC},
};
use uuid::Uuid;

fn failure(asset_id: AssetId, at: Timestamp) -> Failure {
    Failure {
        id: FailureId::generate(),
        asset_id,
        device_id: DeviceId::generate(),
        at,
        restored_at: None,
        code: None,
        cause: None,
        detected_by: DetectedBy::StateReport,
    }
}

#[tokio::test]
async fn a_failure_is_foreseen_by_the_tickets_of_the_fortnight_before_it_and_counts_once() {
    let house = House::new(7).await;
    let [a, b, c] = [0, 1, 2].map(|n| house.fleet[n].clone());
    let (moment, never) = (TimeDelta::microseconds(1), a.in_service_from - TimeDelta::days(1));
    let day = |n: i64| a.in_service_from.max(b.in_service_from).max(c.in_service_from) + TimeDelta::days(n);
    let tickets = [
        // As early as can be, twice; too early; at the same moment; before it was in service.
        (a.id, day(20) - FORESIGHT),
        (a.id, day(20) - TimeDelta::hours(1)),
        (b.id, day(20) - FORESIGHT - moment),
        (c.id, day(20)),
        (a.id, never - moment),
    ];
    let tx = house.records.begin().await.unwrap();
    for at in [never, day(20), day(40)] {
        failures::insert(&tx, &failure(a.id, at)).await.unwrap();
    }
    for asset in [b.id, c.id] {
        failures::insert(&tx, &failure(asset, day(20))).await.unwrap();
    }
    for (asset, at) in tickets {
        let dimensions = Dimensions { asset: Some(asset), ..Dimensions::default() };
        let subject = Subject { id: Uuid::now_v7(), kind: "ticket", label: String::new(), dimensions };
        let opened = Contribution { code: FROM_AUTOMATIC, at, until: None, numerator: 1, denominator: 1 };
        kpi_facts::put(&tx, &subject, &[opened], Zone::UTC).await.unwrap();
    }
    tx.commit().await.unwrap();
    let of = async |from, to| foreseen(house.records.read(), from, to).await.unwrap();
    assert_eq!(of(never, day(60)).await, [day(20)]);
    assert_eq!(of(day(20), day(20) + moment).await, [day(20)], "from its first moment on");
    assert!(of(never, day(20)).await.is_empty(), "up to its end");
}
