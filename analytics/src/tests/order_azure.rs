//! Recorded data, shuffled within each day and delivered twice, tells what it tells in order.

use super::{order::Random, *};
use domain::condition::rule::{DeviationLimit, Direction};
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
};

const HOURS: usize = 24 * 40;
const MACHINE: &str = "1";

/// Time in microseconds with the four values of that hour.
type Hour = (i64, [f64; 4]);
/// Time in microseconds with the code.
type Error = (i64, String);

/// The first [`HOURS`] of one machine; `None` where the recording is not there.
fn recording() -> Option<(Vec<Hour>, Vec<Error>)> {
    let data = std::env::var_os("MAINSTAY_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    let folder = data.join("azure_pdm");
    let telemetry = std::fs::File::open(folder.join("PdM_telemetry_hourly_20machines_90days.csv.xz")).ok()?;
    let errors = std::fs::File::open(folder.join("PdM_errors.csv.gz")).ok()?;
    let micros = |text: &str| {
        chrono::NaiveDateTime::parse_from_str(text.trim_matches('"'), "%Y-%m-%d %H:%M:%S")
            .ok()
            .map(|at| at.and_utc().timestamp_micros())
    };
    let mut rows = Vec::new();
    for line in BufReader::new(xz2::read::XzDecoder::new(telemetry)).lines().map_while(Result::ok) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() == 6 && cells[1] == MACHINE && rows.len() < HOURS {
            let value = |cell: usize| cells[cell].parse::<f64>().expect("a number");
            rows.push((micros(cells[0]).expect("a time"), [value(2), value(3), value(4), value(5)]));
        }
    }
    let last_us = rows.last()?.0;
    let mut codes = Vec::new();
    for line in BufReader::new(flate2::read::GzDecoder::new(errors)).lines().map_while(Result::ok) {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        if cells.len() == 3 && cells[1] == MACHINE {
            let at_us = micros(cells[0]).expect("a time");
            if at_us <= last_us {
                codes.push((at_us, cells[2].to_owned()));
            }
        }
    }
    Some((rows, codes))
}

const METRICS: [&str; 4] = ["volt", "rotate", "pressure", "vibration"];

/// Alerts by the place of their rule.
async fn told(days: Vec<Vec<Batch>>, restart: bool) -> Vec<(usize, Timestamp, Option<Timestamp>, usize)> {
    let house = House::new().await;
    let mut rules = Vec::new();
    for metric in METRICS {
        let condition = Condition::Deviation {
            metric: metric.into(),
            side: Direction::Either,
            mean_over_seconds: 24 * 3600,
            baseline_seconds: 10 * 24 * 3600,
            by: DeviationLimit::Sigma(4.0),
            for_seconds: 0,
        };
        rules.push(house.rule(condition).await.id);
    }
    let codes =
        Condition::EventCode { event: DeviceEventKind::Error, codes: vec![], count: 1, within_seconds: 3600 };
    rules.push(house.rule(codes).await.id);
    let mut engine = house.live_once().await;
    let half = days.len() / 2;
    for (index, day) in days.into_iter().enumerate() {
        for mut fact in day {
            fact.samples.iter_mut().for_each(|sample| sample.device = house.device);
            fact.events.iter_mut().for_each(|event| event.device = house.device);
            append(house.deps.telemetry.as_ref(), fact).await.expect("kept");
        }
        if restart && index == half {
            house.go_on(&mut engine).await;
            drop(engine);
            engine = Engine::recover(&house.deps).await.expect("recovers");
        }
    }
    house.go_on(&mut engine).await;
    let place = |id| rules.iter().position(|rule| *rule == id).expect("one of them");
    let mut told: Vec<_> =
        house.told_of().await.into_iter().map(|(rule, a, b, group)| (place(rule), a, b, group)).collect();
    told.sort();
    told.iter().map(|(rule, a, b, _)| (*rule, *a, *b, 0)).collect()
}

#[tokio::test]
async fn a_recording_shuffled_within_its_days_tells_the_same() {
    let Some((rows, codes)) = recording() else {
        assert!(std::env::var_os("MAINSTAY_TEST_SERVICES").is_none(), "the recording azure_pdm is missing");
        eprintln!("SKIPPED: the recording azure_pdm is not beside the checkout");
        return;
    };
    let device = DeviceId::generate();
    let mut facts: Vec<(i64, Batch)> = Vec::new();
    for (ts_us, values) in rows {
        let samples = METRICS.iter().zip(values);
        let samples =
            samples.map(|(metric, value)| Sample { device, metric: (*metric).into(), ts_us, value });
        facts.push((ts_us, Batch { samples: samples.collect(), ..Batch::default() }));
    }
    for (ts_us, code) in codes {
        let event = DeviceEvent { device, ts_us, kind: DeviceEventKind::Error, text: code.clone(), code };
        facts.push((ts_us, Batch { events: vec![event], ..Batch::default() }));
    }
    facts.sort_by_key(|(ts_us, _)| *ts_us);
    let day = |(ts_us, _): &(i64, Batch)| ts_us.div_euclid(86_400_000_000);
    let in_order: Vec<Vec<Batch>> = facts
        .chunk_by(|a, b| day(a) == day(b))
        .map(|day| day.iter().map(|(_, fact)| fact.clone()).collect())
        .collect();
    let seed = 7;
    let mut random = Random::new(seed);
    let mut shuffled = in_order.clone();
    for day in &mut shuffled {
        let twice: Vec<Batch> = day.iter().filter(|_| random.below(4) == 0).cloned().collect();
        day.extend(twice);
        random.shuffle(day);
    }
    let expected = told(in_order, false).await;
    assert!(expected.len() > 10, "the machine fails within this time: {expected:?}");
    assert_eq!(told(shuffled, true).await, expected, "seed {seed}");
}
