//! Failures that machines report, and the cases that days of alerts make, follow from the data alone.

use super::{order::Random, *};
use store::records::condition::rules::FAILURE_RULE;

/// Rule, raised, cleared, and when its case began.
type Told = Vec<(&'static str, Timestamp, Option<Timestamp>, Timestamp)>;

impl House {
    /// With rules for heat and silence, and nothing too old for a ticket.
    async fn for_weeks() -> Self {
        let house = Self::new().await;
        let long = |settings: &mut RuleSettings| settings.historical_limit_seconds = 90 * 86_400;
        let built_in = rules::get(house.deps.records.read(), FAILURE_RULE).await.expect("read");
        house.edit(&built_in.expect("built in"), long).await;
        let hot = house.rule(house.hot()).await;
        house.edit(&hot, long).await;
        let missing = Condition::NoData { metric: Some("t".into()), after_seconds: 3 * 3600 };
        let missing = house.rule(missing).await;
        house.edit(&missing, long).await;
        house.clock.advance(TimeDelta::days(60));
        house
    }

    async fn cases(&self) -> Told {
        let mut found = self.alerts().await;
        found.retain(|alert| alert.clear_reason != Some(ClearReason::LateData));
        let rules = rules::all(self.deps.records.read()).await.expect("read");
        let name =
            |id| match &rules.iter().find(|rule| rule.id == id).expect("one of them").settings.condition {
                Condition::DownUnplanned => "failed",
                Condition::NoData { .. } => "silent",
                _ => "hot",
            };
        let began = |group| {
            let of_case = found.iter().filter(|other| other.group_id == group);
            of_case.map(|other| other.raised_at).min().expect("itself")
        };
        let told = found.iter().map(|a| (name(a.rule_id), a.raised_at, a.cleared_at, began(a.group_id)));
        let mut told: Told = told.collect();
        told.sort();
        told
    }

    async fn tell(&self, fact: &Batch) {
        let mut fact = fact.clone();
        fact.samples.iter_mut().for_each(|sample| sample.device = self.device);
        fact.states.iter_mut().for_each(|report| report.device = self.device);
        append(self.deps.telemetry.as_ref(), fact).await.expect("kept");
    }
}

/// Some weeks of a device that says every hour how hot it is and whether it runs.
fn weeks(random: &mut Random) -> Vec<Batch> {
    let device = DeviceId::generate();
    let (mut ts_us, mut hot, mut failed) = (START_US, 0, 0);
    let mut facts = Vec::new();
    for _ in 0..150 {
        ts_us += match random.below(25) {
            0 => 30 * 60 * MINUTE,
            1 => 5 * 60 * MINUTE,
            _ => 60 * MINUTE + random.below(100) as i64 * 1_000_000,
        };
        match random.below(25) {
            0 => hot = 1 + random.below(5),
            1 => failed = 1 + random.below(5),
            _ => {}
        }
        let value = if hot > 0 { 90.0 } else { 60.0 };
        let state = if failed > 0 { ReportedState::DownUnplanned } else { ReportedState::Up };
        (hot, failed) = (hot.saturating_sub(1), failed.saturating_sub(1));
        let sample = Sample { device, metric: "t".into(), ts_us, value };
        let report = StateReport { device, ts_us, state, cause: None };
        facts.push(Batch { samples: vec![sample], states: vec![report], ..Batch::default() });
    }
    facts
}

#[tokio::test]
async fn failures_and_cases_are_the_same_in_any_order() {
    let mut told_in_all = 0;
    for seed in 1..=10_u64 {
        let mut random = Random::new(seed);
        let facts = weeks(&mut random);
        let house = House::for_weeks().await;
        let mut engine = house.live_once().await;
        for fact in &facts {
            house.tell(fact).await;
        }
        house.go_on(&mut engine).await;
        let expected = house.cases().await;
        told_in_all += expected.len();

        let house = House::for_weeks().await;
        let mut engine = house.live_once().await;
        let mut sent = facts.clone();
        match seed % 3 {
            0 => sent.reverse(),
            1 => random.shuffle(&mut sent),
            _ => sent.chunks_mut(24).for_each(|day| random.shuffle(day)),
        }
        for fact in &sent {
            house.tell(fact).await;
            if random.below(8) == 0 {
                house.go_on(&mut engine).await;
            }
        }
        house.go_on(&mut engine).await;
        assert_eq!(house.cases().await, expected, "seed {seed}");
    }
    assert!(told_in_all > 60, "the streams tell of something: {told_in_all}");
}
