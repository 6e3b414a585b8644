//! Alerts follow from the data, not from the order in which it came.

use super::*;
use domain::condition::{
    backtest::{WouldRaise, replay},
    rule::{DeviationLimit, Direction},
};
use std::collections::BTreeSet;
use store::history;

/// xorshift64*: the same streams for the same seed.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}

/// Rule, raised, cleared, and the number of its group in order of time.
pub(super) type Told = Vec<(RuleId, Timestamp, Option<Timestamp>, usize)>;

impl House {
    pub(super) async fn told_of(&self) -> Told {
        let mut found = self.alerts().await;
        found.retain(|alert| alert.clear_reason != Some(ClearReason::LateData));
        found.sort_by_key(|alert| (alert.raised_at, alert.rule_id));
        let groups: Vec<_> = found.iter().map(|alert| alert.group_id).collect();
        let number = |id| groups.iter().position(|group| *group == id).expect("its own");
        found.iter().map(|a| (a.rule_id, a.raised_at, a.cleared_at, number(a.group_id))).collect()
    }

    pub(super) async fn would_raise(&self, rule: &Rule) -> Vec<WouldRaise> {
        let (telemetry, db) = (self.deps.telemetry.as_ref(), self.deps.records.read());
        let range = (i64::MIN, self.deps.clock.now().timestamp_micros());
        let page = history::page(telemetry, db, &rule.settings, self.device, range, 100_000).await;
        replay(&rule.settings, self.asset, page.expect("read").facts)
    }

    async fn send(&self, batch: Batch) {
        append(self.deps.telemetry.as_ref(), batch).await.expect("kept");
    }
}

#[tokio::test]
async fn thirty_hot_values_newest_first_raise_the_one_alert_of_the_backtest() {
    let house = House::new().await;
    let rule = house.rule(house.hot()).await;
    house.clock.set(from_micros(START_US + 31 * MINUTE));
    let mut engine = house.live_once().await;
    let stop = CancellationToken::new();
    for minute in (0..30).rev() {
        house.values(minute, &[95.0]).await;
        while !engine.take_in(&house.deps, &stop).await.expect("takes in") {}
    }
    assert_eq!(house.alerts().await.len(), 0, "more may be on its way");
    house.clock.advance(TimeDelta::seconds(1));
    engine.take_in(&house.deps, &stop).await.expect("takes in");
    let found = house.alerts().await;
    let expected = house.would_raise(&rule).await;
    assert_eq!((found.len(), expected.len()), (1, 1));
    assert_eq!(found[0].raised_at, expected[0].raised_at);
}

#[tokio::test]
async fn disorder_that_does_not_end_holds_an_alert_back_for_ten_seconds_at_most() {
    let house = House::new().await;
    const HALF_SECOND: i64 = 500_000;
    let rule = Condition::Threshold {
        metric: "t".into(),
        side: Side::Above,
        raise: 80.0,
        clear: 70.0,
        for_seconds: 5,
    };
    house.rule(rule).await;
    house.clock.set(from_micros(START_US));
    let mut engine = house.live_once().await;
    let stop = CancellationToken::new();
    for step in 0..44 {
        house.clock.set(from_micros(START_US + step * HALF_SECOND));
        // Each pair in the wrong order.
        let ts_us = START_US + (step ^ 1) * HALF_SECOND;
        let sample = Sample { device: house.device, metric: "t".into(), ts_us, value: 95.0 };
        house.send(Batch { samples: vec![sample], ..Batch::default() }).await;
        engine.take_in(&house.deps, &stop).await.expect("takes in");
        if step == 16 {
            assert_eq!(house.alerts().await.len(), 0, "it may still settle");
        }
    }
    assert_eq!(house.alerts().await.len(), 1);
}

#[tokio::test]
async fn a_late_value_moves_an_alert_and_disproves_another() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let mut engine = house.live_once().await;
    house.values(0, &[20.0, 85.0]).await;
    house.values(5, &[85.0, 85.0, 85.0, 60.0, 60.0]).await;
    house.go_on(&mut engine).await;
    let before = house.alerts().await;
    assert_eq!(before.len(), 1);
    house.values(3, &[85.0]).await;
    house.go_on(&mut engine).await;
    let moved = house.alerts().await;
    assert_eq!((moved.len(), moved[0].id), (1, before[0].id), "it is the same alert");
    assert_eq!(moved[0].raised_at, from_micros(START_US + 3 * MINUTE));

    // Between any two hot minutes it was cool for a moment: nothing ever held for two minutes.
    for minute in 1..7 {
        let ts_us = START_US + minute * MINUTE + MINUTE / 2;
        let sample = Sample { device: house.device, metric: "t".into(), ts_us, value: 20.0 };
        house.send(Batch { samples: vec![sample], ..Batch::default() }).await;
    }
    house.go_on(&mut engine).await;
    assert_eq!(house.alerts().await.len(), 0, "nobody was told of it: it is forgotten");
}

#[tokio::test]
async fn a_corrected_value_is_judged_as_it_is_stored() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let mut engine = house.live_once().await;
    house.values(0, &[20.0, 85.0, 85.0, 85.0]).await;
    house.go_on(&mut engine).await;
    assert_eq!(house.alerts().await.len(), 1);
    house.values(3, &[60.0]).await;
    house.go_on(&mut engine).await;
    assert_eq!(house.alerts().await.len(), 0);
}

/// A few hours of a device: values with faults and gaps, and errors.
fn stream(random: &mut Random, device: DeviceId) -> Vec<Batch> {
    let (mut ts_us, mut hot) = (START_US, 0);
    let mut facts = Vec::new();
    for _ in 0..60 + random.below(60) {
        ts_us += match random.below(20) {
            0 => 40 * MINUTE,
            1 => 6 * MINUTE,
            _ => MINUTE + random.below(20) as i64 * 1_000_000,
        };
        if hot == 0 && random.below(12) == 0 {
            hot = 1 + random.below(12);
        }
        let value = if hot > 0 { 90.0 } else { 60.0 } + random.below(5) as f64;
        hot = hot.saturating_sub(1);
        let sample = Sample { device, metric: "t".into(), ts_us, value };
        facts.push(Batch { samples: vec![sample], ..Batch::default() });
        if random.below(15) == 0 {
            let (code, kind) = (format!("e{}", random.below(2)), DeviceEventKind::Error);
            let event = DeviceEvent { device, ts_us: ts_us + 1, kind, text: code.clone(), code };
            facts.push(Batch { events: vec![event], ..Batch::default() });
        }
    }
    facts
}

async fn rules_of(house: &House) -> Vec<Rule> {
    let deviation = Condition::Deviation {
        metric: "t".into(),
        side: Direction::Above,
        mean_over_seconds: 300,
        baseline_seconds: 3600,
        by: DeviationLimit::Sigma(4.0),
        for_seconds: 60,
    };
    let errors =
        Condition::EventCode { event: DeviceEventKind::Error, codes: vec![], count: 2, within_seconds: 1800 };
    let missing = Condition::NoData { metric: Some("t".into()), after_seconds: 1200 };
    let mut rules = Vec::new();
    for condition in [house.hot(), deviation, errors, missing] {
        rules.push(house.rule(condition).await);
    }
    rules
}

/// What is told of `facts` when they come in order, in one go.
async fn in_order(facts: &[Batch]) -> (BTreeSet<(usize, Timestamp, Option<Timestamp>, usize)>, usize) {
    let house = House::new().await;
    let rules = rules_of(&house).await;
    house.clock.advance(TimeDelta::hours(20));
    let mut engine = house.live_once().await;
    for fact in facts {
        house.send(of(fact, house.device)).await;
    }
    house.go_on(&mut engine).await;
    let mut expected = 0;
    for rule in &rules {
        expected += house.would_raise(rule).await.len();
    }
    (numbered(&house, &rules).await, expected)
}

/// Rule ids differ from house to house.
async fn numbered(house: &House, rules: &[Rule]) -> BTreeSet<(usize, Timestamp, Option<Timestamp>, usize)> {
    let place = |id| rules.iter().position(|rule| rule.id == id).expect("one of them");
    let mut groups: Vec<usize> = Vec::new();
    let mut told = house.told_of().await;
    told.sort_by_key(|(rule, raised, ..)| (*raised, place(*rule)));
    told.into_iter()
        .map(|(rule, raised, cleared, group)| {
            if !groups.contains(&group) {
                groups.push(group);
            }
            let number = groups.iter().position(|known| *known == group).unwrap_or_default();
            (place(rule), raised, cleared, number)
        })
        .collect()
}

fn of(fact: &Batch, device: DeviceId) -> Batch {
    let mut fact = fact.clone();
    fact.samples.iter_mut().for_each(|sample| sample.device = device);
    fact.events.iter_mut().for_each(|event| event.device = device);
    fact
}

#[tokio::test]
async fn any_order_any_repetition_a_restart_and_a_renamed_rule_give_the_same_alerts() {
    let mut told_in_all = 0;
    for seed in 1..=12_u64 {
        let mut random = Random::new(seed);
        let facts = stream(&mut random, DeviceId::generate());
        let (expected, by_backtest) = in_order(&facts).await;
        assert_eq!(expected.len(), by_backtest, "seed {seed}: live is the backtest");
        told_in_all += expected.len();

        let house = House::new().await;
        let rules = rules_of(&house).await;
        house.clock.advance(TimeDelta::hours(20));
        let mut engine = house.live_once().await;
        let mut sent: Vec<Batch> = facts.iter().map(|fact| of(fact, house.device)).collect();
        match seed % 3 {
            0 => sent.reverse(),
            1 => random.shuffle(&mut sent),
            _ => sent.chunks_mut(20).for_each(|hour| random.shuffle(hour)),
        }
        let twice = sent.clone();
        sent.extend(twice.into_iter().filter(|_| random.below(3) == 0));
        let restarts_at = random.below(sent.len());
        let renamed_at = random.below(sent.len());
        for (index, fact) in sent.into_iter().enumerate() {
            house.send(fact).await;
            if random.below(10) == 0 {
                house.go_on(&mut engine).await;
            }
            if index == restarts_at {
                if random.below(2) == 0 {
                    engine.snapshot(&house.deps).await.expect("snapshot");
                }
                drop(engine);
                engine = Engine::recover(&house.deps).await.expect("recovers");
            }
            if index == renamed_at {
                house.edit(&rules[0], |settings| settings.name = "another".into()).await;
                house.edit(&rules[1], |settings| settings.severity = Severity::Minor).await;
            }
        }
        house.go_on(&mut engine).await;
        assert_eq!(numbered(&house, &rules).await, expected, "seed {seed}");
    }
    assert!(told_in_all > 40, "the streams tell of something: {told_in_all}");
}
