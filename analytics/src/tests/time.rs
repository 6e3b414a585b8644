//! Clocks that are ahead blind nobody, and history is not judged as if it were now.

use super::*;

#[tokio::test]
async fn a_value_of_tomorrow_that_is_stored_does_not_hide_a_fault_of_now() {
    for minutes_ahead in [10, 20 * 60] {
        let house = House::new().await;
        house.rule(house.hot()).await;
        house.clock.set(from_micros(START_US));
        let mut engine = house.live_once().await;
        house.values(minutes_ahead, &[20.0]).await;
        house.report(minutes_ahead, ReportedState::Up).await;
        house.go_on(&mut engine).await;
        house.clock.set(from_micros(START_US + 5 * MINUTE));
        house.values(0, &[90.0, 120.0, 120.0, 120.0]).await;
        house.report(3, ReportedState::DownUnplanned).await;
        house.go_on(&mut engine).await;
        let rules: Vec<RuleId> = house.alerts().await.iter().map(|alert| alert.rule_id).collect();
        assert_eq!(rules.len(), 2, "the heat and the failure");
        assert!(rules.contains(&rules::FAILURE_RULE));
        let state = states::current(house.deps.records.read(), [house.asset], house.deps.clock.horizon());
        let state = state.await.expect("read").remove(&house.asset).expect("known");
        assert_eq!(state.state, EquipmentState::DownUnplanned);
    }
}

#[tokio::test]
async fn a_memory_that_has_seen_tomorrow_judges_today() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    // As it was before such values were refused: judged a day ahead.
    house.clock.set(from_micros(START_US + 24 * 60 * MINUTE));
    let mut engine = house.live_once().await;
    house.values(23 * 60, &[20.0, 20.0]).await;
    house.go_on(&mut engine).await;
    engine.snapshot(&house.deps).await.expect("snapshot");
    drop(engine);
    house.clock.set(from_micros(START_US + 10 * MINUTE));
    let mut engine = house.live_once().await;
    house.values(0, &FAULT[..6]).await;
    house.go_on(&mut engine).await;
    let found = house.alerts().await;
    assert_eq!((found.len(), found[0].cleared_at), (1, None));
    house.values(6, &FAULT[6..]).await;
    house.go_on(&mut engine).await;
    assert!(house.alerts().await[0].cleared_at.is_some(), "and goes on in order");
}

#[tokio::test]
async fn a_device_whose_clock_is_ahead_is_missed_when_it_falls_silent() {
    let house = House::new().await;
    house.rule(Condition::NoData { metric: None, after_seconds: 30 }).await;
    house.rule(Condition::NoData { metric: Some("t".into()), after_seconds: 30 }).await;
    house.clock.set(from_micros(START_US));
    let mut engine = house.live_once().await;
    // A minute ahead: within the tolerance.
    house.values(1, &[20.0]).await;
    house.go_on(&mut engine).await;
    house.clock.advance(TimeDelta::seconds(29));
    engine.tick(&house.deps).await.expect("tick");
    assert_eq!(house.alerts().await.len(), 0);
    house.clock.advance(TimeDelta::seconds(1));
    engine.tick(&house.deps).await.expect("tick");
    assert_eq!(house.alerts().await.len(), 2);
}

#[tokio::test]
async fn what_a_device_sends_as_history_is_kept_and_is_no_alarm_of_today() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let sample = |(minute, value): (i64, &f64)| Sample {
        device: house.device,
        metric: "t".into(),
        ts_us: START_US + minute * MINUTE,
        value: *value,
    };
    let samples: Vec<Sample> = (0..).zip(&FAULT).map(sample).collect();
    let historical = std::iter::once(0..samples.len()).collect();
    append(house.deps.telemetry.as_ref(), Batch { samples, historical, ..Batch::default() })
        .await
        .expect("kept");
    house.live_once().await;
    assert!(house.alerts().await.is_empty());
    let newest = house.deps.telemetry.latest(house.device).await.expect("read");
    assert_eq!(newest[0].1.value, FAULT[FAULT.len() - 1], "it is kept");

    house.values(20, &FAULT).await;
    house.live_once().await;
    assert_eq!(house.alerts().await.len(), 1, "the same values are one, when they are of now");
}
