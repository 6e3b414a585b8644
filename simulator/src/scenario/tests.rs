use super::{play::parcels, *};

const FILE: &str = r#"
seed = 7
from = "2026-01-01T00:00:00Z"
days = 60
interval_seconds = 600
clocks_off_by_seconds = 30

[[machines]]
kind = "pump"
count = 200
degradation = [
  { mode = "bearing_wear", shape = 2.0, scale_days = 40, growth_days = 5, repair_hours = 6, trips = true },
  { mode = "sensor_drift", scale_days = 90, growth_days = 10, repair_hours = 24 },
]

[[machines]]
kind = "lift"
count = 2

[[machines]]
kind = "pump"
count = 1

[[outages]]
per_month = 4
minutes = 90
keeps = true

[[outages]]
per_month = 2
minutes = 300
keeps = false
"#;

fn cast() -> (Scenario, Vec<Actor>, (Timestamp, Timestamp)) {
    let scenario = Scenario::parse(FILE).unwrap();
    let span = scenario.span(domain::clock::from_micros(0));
    let actors = scenario.cast(span);
    (scenario, actors, span)
}

#[test]
fn a_scenario_is_the_same_whenever_it_is_played_and_another_with_another_seed() {
    let (scenario, actors, span) = cast();
    let truth = |actors: &[Actor]| actors.iter().flat_map(Actor::truth).collect::<Vec<_>>();
    assert_eq!(truth(&actors), truth(&scenario.cast(span)));
    let other = Scenario { seed: 8, ..scenario };
    assert_ne!(truth(&actors), truth(&other.cast(span)));
    let names: std::collections::BTreeSet<_> = actors.iter().map(|actor| &actor.name).collect();
    assert!(names.len() == 203 && names.contains(&"pump-201".to_owned()), "each has a name of its own");
    assert_eq!(span.1 - span.0, TimeDelta::days(60));
}

#[test]
fn failures_come_as_their_hazard_has_it() {
    let (_, actors, (from, to)) = cast();
    let pumps = || actors.iter().take(200);
    // 1 - exp(-(20/40)^2) of them are worn after 20 days.
    let worn = pumps().filter(|pump| {
        let faults = pump.machine.faults.iter().filter(|fault| fault.mode == FaultMode::BearingWear);
        faults.into_iter().any(|fault| fault.onset < from + TimeDelta::days(20))
    });
    let share = worn.count() as f64 / 200.0;
    assert!((share - 0.221).abs() < 0.09, "{share}");
    for fault in pumps().flat_map(|pump| &pump.machine.faults) {
        assert!(
            fault.onset >= from
                && fault.onset < to
                && fault.onset < fault.full
                && fault.full < fault.restored
        );
        let growth = (fault.full - fault.onset).as_seconds_f64() / 86_400.0;
        let usual = if fault.mode == FaultMode::BearingWear { 5.0 } else { 10.0 };
        assert!((usual * 0.5..=usual * 1.5).contains(&growth), "{growth}");
        assert_eq!(fault.trips, fault.mode == FaultMode::BearingWear);
    }
    assert!(actors[200].machine.faults.is_empty(), "nothing is said of what goes wrong with lifts");
}

#[test]
fn what_is_kept_comes_late_in_one_go_and_a_gap_is_a_gap() {
    let (_, actors, (from, to)) = cast();
    let interval = TimeDelta::minutes(10);
    let (mut late, mut gaps) = (0, 0);
    for actor in actors.iter().take(20) {
        assert!(actor.clock_off.num_seconds().abs() <= 30);
        let sent: Vec<_> = parcels(actor, from, to, interval).collect();
        assert!(sent.is_sorted_by_key(|parcel| parcel.due), "in the order of sending");
        let times: Vec<Timestamp> = sent
            .iter()
            .flat_map(|parcel| parcel.entries.iter().map(|entry| entry.at - actor.clock_off))
            .collect();
        assert!(times.is_sorted_by(|a, b| a < b), "each time once");
        for parcel in sent.iter().filter(|parcel| parcel.entries.len() > 1) {
            late += 1;
            assert!(actor.outages.iter().any(|outage| outage.keeps && outage.to == parcel.due));
        }
        // Of outages that lie apart: nothing of a gap is ever sent, and everything of what was kept.
        for outage in &actor.outages {
            let alone = actor
                .outages
                .iter()
                .all(|other| other == outage || other.to <= outage.from || other.from >= outage.to);
            let within = times.iter().filter(|at| **at >= outage.from && **at < outage.to).count();
            if alone && !outage.keeps {
                gaps += 1;
                assert_eq!(within, 0);
            } else if alone && outage.to - outage.from > interval && outage.to < to {
                assert!(within > 0);
            }
        }
    }
    assert!(late > 50 && gaps > 20, "{late} {gaps}");
}

#[test]
fn what_cannot_be_is_said() {
    for (wrong, says) in [
        (FILE.replace("days = 60", "days = 0"), "days"),
        (FILE.replace("shape = 2.0", "shape = -1.0"), "shape"),
        (FILE.replace("count = 200", "count = 0"), "count"),
        (FILE.replace("bearing_wear", "rust"), "rust"),
        (FILE.replace("keeps = true", "keep = true"), "keep"),
        ("days = 1\nmachines = []".into(), "machines"),
    ] {
        let error = format!("{:#}", Scenario::parse(&wrong).unwrap_err());
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn the_scenarios_that_come_with_it_can_be_played() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let scenario = Scenario::read(&file).unwrap();
        let span = scenario.span(domain::clock::from_micros(1_800_000_000_000_000));
        let actors = scenario.cast(span);
        assert!(actors.iter().any(|actor| !actor.machine.faults.is_empty()), "{}", file.display());
    }
}
