//! What an edit of a rule does, and does not do, to the alerts that stand.

use super::*;
use domain::{
    condition::{
        reliability::Period,
        rule::{DeviationLimit, Direction},
    },
    people::account,
};
use store::backtest::Backtest;

#[tokio::test]
async fn a_new_name_or_severity_keeps_the_alert_and_the_duration() {
    for restart in [false, true] {
        let house = House::new().await;
        let rule = house.rule(house.hot()).await;
        let mut engine = house.live_once().await;
        // A minute of the two that it must hold.
        house.values(0, &FAULT[..4]).await;
        house.go_on(&mut engine).await;
        let rule = house.edit(&rule, |settings| settings.name = "renamed".into()).await;
        if restart {
            engine.snapshot(&house.deps).await.expect("snapshot");
            engine = Engine::recover(&house.deps).await.expect("recovers");
        }
        house.values(4, &FAULT[4..5]).await;
        house.go_on(&mut engine).await;
        let raised = house.alerts().await;
        assert_eq!(raised.len(), 1);
        assert_eq!(raised[0].raised_at, from_micros(START_US + 4 * MINUTE), "the duration ran on");

        house.edit(&rule, |settings| settings.severity = Severity::Critical).await;
        if restart {
            engine.snapshot(&house.deps).await.expect("snapshot");
            engine = Engine::recover(&house.deps).await.expect("recovers");
        }
        house.values(5, &FAULT[5..6]).await;
        house.go_on(&mut engine).await;
        let kept = house.alerts().await;
        assert_eq!((kept.len(), kept[0].id, kept[0].cleared_at), (1, raised[0].id, None));
        assert_eq!(kept[0].severity, Severity::Critical);
        house.values(6, &FAULT[6..]).await;
        house.go_on(&mut engine).await;
        let cleared = house.alerts().await.remove(0);
        assert_eq!(cleared.cleared_at, Some(from_micros(START_US + 6 * MINUTE)));
        assert_eq!(cleared.clear_reason, Some(ClearReason::Condition));
    }
}

#[tokio::test]
async fn another_meaning_closes_the_alert_as_changed_and_judges_what_is_known() {
    for (raise, holds) in [(85.5, true), (200.0, false)] {
        let house = House::new().await;
        let rule = house.rule(house.hot()).await;
        let mut engine = house.live_once().await;
        house.values(0, &FAULT[..6]).await;
        house.go_on(&mut engine).await;
        house
            .edit(&rule, |settings| {
                settings.condition = Condition::Threshold {
                    metric: "t".into(),
                    side: Side::Above,
                    raise,
                    clear: 70.0,
                    for_seconds: 60,
                };
            })
            .await;
        house.go_on(&mut engine).await;
        let found = house.alerts().await;
        assert_eq!(found[0].clear_reason, Some(ClearReason::RuleChanged), "nobody knows it to be well");
        assert_eq!(found.len(), 1 + usize::from(holds));
        if holds {
            // Known for long, but concluded now: at the newest value.
            assert_eq!(found[1].raised_at, from_micros(START_US + 5 * MINUTE));
            assert_eq!((found[1].cleared_at, found[1].group_id), (None, found[0].group_id), "one case");
        }
    }
}

#[tokio::test]
async fn a_new_deviation_rule_knows_the_past_from_the_store() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let mut engine = house.live_once().await;
    let usual: Vec<f64> = (0..11 * 60).map(|i| 20.0 + f64::from(i * 7 % 11) / 10.0).collect();
    house.values(0, &usual).await;
    house.clock.advance(TimeDelta::hours(12));
    house.go_on(&mut engine).await;
    let drift = Condition::Deviation {
        metric: "t".into(),
        side: Direction::Above,
        mean_over_seconds: 1800,
        baseline_seconds: 6 * 3600,
        by: DeviationLimit::Sigma(5.0),
        for_seconds: 0,
    };
    let rule = house.rule(drift).await;
    house.go_on(&mut engine).await;
    assert_eq!(house.alerts().await.len(), 0, "nothing deviates yet");
    house.values(11 * 60, &[60.0; 20]).await;
    house.go_on(&mut engine).await;
    let found = house.alerts().await;
    assert_eq!((found.len(), found[0].rule_id), (1, rule.id));
    assert!(found[0].raised_at <= from_micros(START_US + (11 * 60 + 10) * MINUTE));
    let expected = house.would_raise(&rule).await;
    assert_eq!(found[0].raised_at, expected[0].raised_at, "as in its backtest");
}

#[tokio::test]
async fn a_rule_is_tried_on_the_assets_that_its_reader_sees() {
    let house = House::new().await;
    let rule = house.rule(house.hot()).await;
    house.values(0, &FAULT).await;
    let Deps { records, telemetry, .. } = &house.deps;
    let replay = Replay { records: records.clone(), telemetry: Arc::clone(telemetry) };
    let period = Period { from: from_micros(START_US), to: from_micros(START_US + 120 * MINUTE) };
    let all = replay.run(account::Actor::system().scope(), &rule.settings, period).await.expect("tried");
    assert_eq!((all.assets, all.assets_in_scope, all.score.tickets), (1, 1, 1));
    assert_eq!(all.alerts, house.would_raise(&rule).await);
    let none = replay.run(account::Scope::nothing(), &rule.settings, period).await.expect("tried");
    assert_eq!((none.assets_in_scope, none.alerts), (0, vec![]));
}

/// A house whose one alert stands, and what the engine that raised it kept of its device.
async fn with_memory() -> (House, analytics_state::Memory) {
    let house = House::new().await;
    house.rule(house.hot()).await;
    house.clock.advance(TimeDelta::minutes(30));
    let mut engine = house.live_once().await;
    house.values(0, &FAULT[..6]).await;
    house.go_on(&mut engine).await;
    engine.snapshot(&house.deps).await.expect("snapshot");
    drop(engine);
    let db = house.deps.records.read();
    let kept = analytics_state::all(db).await.expect("read");
    let memory = kept.into_iter().find(|kept| kept.key.starts_with("d:")).expect("its memory");
    (house, memory)
}

#[tokio::test]
async fn an_unreadable_memory_is_put_aside_and_made_anew_from_the_store() {
    let (house, mut broken) = with_memory().await;
    let db = house.deps.records.read();
    broken.body = r#"{"a":{"l":null,"c":{"i":"x"}}}"#.into();
    let tx = house.deps.records.begin().await.expect("begin");
    analytics_state::put(&tx, vec![broken]).await.expect("put");
    tx.commit().await.expect("commit");

    let mut engine = house.live_once().await;
    let stands = house.alerts().await;
    assert_eq!((stands.len(), stands[0].cleared_at), (1, None), "the alert stands");
    house.values(6, &FAULT[6..]).await;
    house.go_on(&mut engine).await;
    house.values(20, &FAULT).await;
    house.go_on(&mut engine).await;
    let found = house.alerts().await;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].cleared_at, Some(from_micros(START_US + 6 * MINUTE)));
    assert_eq!(found[1].raised_at, from_micros(START_US + 24 * MINUTE));
    let kept = analytics_state::all(db).await.expect("read");
    assert!(kept.iter().any(|kept| kept.key.starts_with("parked:") && kept.body.contains("\"x\"")));
}

/// Memories are kept in the envelope of everything frozen, and those of the releases before it are read.
#[tokio::test]
async fn a_memory_without_its_envelope_is_read_as_before() {
    let (house, mut memory) = with_memory().await;
    let body = memory.body.strip_prefix(r#"{"frozen":1,"body":"#).and_then(|rest| rest.strip_suffix('}'));
    memory.body = body.unwrap_or_else(|| panic!("no envelope: {}", memory.body)).to_owned();
    let tx = house.deps.records.begin().await.expect("begin");
    analytics_state::put(&tx, vec![memory]).await.expect("put");
    tx.commit().await.expect("commit");

    let engine = house.live_once().await;
    drop(engine);
    let kept = analytics_state::all(house.deps.records.read()).await.expect("read");
    assert!(kept.iter().all(|kept| !kept.key.starts_with("parked:")), "{kept:?}");
    let stands = house.alerts().await;
    assert_eq!((stands.len(), stands[0].cleared_at), (1, None));
}

/// The rule that can be read goes on.
#[tokio::test]
async fn an_unreadable_rule_stops_no_other() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let tx = house.deps.records.begin().await.expect("begin");
    let damage = "UPDATE rules SET settings = '{', version = version + 1 WHERE built_in";
    assert_eq!(tx.execute_unprepared(damage).await.expect("damage").rows_affected(), 1);
    tx.commit().await.expect("commit");
    house.clock.advance(TimeDelta::minutes(30));
    let mut engine = house.live_once().await;
    house.values(0, &FAULT[..6]).await;
    house.go_on(&mut engine).await;
    assert_eq!(house.alerts().await.len(), 1);
}

#[tokio::test]
async fn the_largest_number_has_an_alert_with_readable_evidence() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    house
        .rule(Condition::Deviation {
            metric: "t".into(),
            side: Direction::Either,
            mean_over_seconds: 600,
            baseline_seconds: 3600,
            by: DeviationLimit::Sigma(3.0),
            for_seconds: 0,
        })
        .await;
    house.values(0, &[1.7e308; 5]).await;
    house.values(5, &[1e300, -1e308, 1e308, 1e308, 1e308, 1e308]).await;
    let engine = house.live_once().await;
    drop(engine);
    drop(house.live_once().await);
    let found = house.alerts().await;
    assert!(!found.is_empty());
    for alert in found {
        let evidence = evidence::get(house.deps.records.read(), alert.id).await.expect("readable");
        assert!(evidence.expect("frozen").series.expect("series").points.iter().all(|p| p.1.is_finite()));
    }
}

#[tokio::test]
async fn a_device_is_watched_from_the_message_after_it_was_given_to_an_asset() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let mut device = devices::by_ids(house.deps.records.read(), [house.device]).await.expect("read");
    let mut device = device.remove(&house.device).expect("device");
    let give = async |device: &Device| {
        let tx = house.deps.records.begin().await.expect("begin");
        devices::update(&tx, device).await.expect("given");
        tx.commit().await.expect("commit");
    };
    let asset = device.asset_id.take();
    give(&device).await;
    let mut engine = house.live_once().await;
    house.values(0, &FAULT[..6]).await;
    house.go_on(&mut engine).await;
    assert_eq!(house.alerts().await.len(), 0, "it is nobody's");
    device.asset_id = asset;
    give(&device).await;
    house.values(6, &[85.0, 85.0, 85.0]).await;
    house.go_on(&mut engine).await;
    let found = house.alerts().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].raised_at, from_micros(START_US + 8 * MINUTE), "what was before is another's");
}
