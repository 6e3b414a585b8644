//! What only this engine promises: its file survives being copied at any moment, its limits hold, it recovers.

use super::*;
use crate::telemetry::{PART, append, contract::Subject};
use domain::telemetry::Sample;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::{collections::BTreeMap, fs};
use tempfile::TempDir;

struct Place {
    dir: TempDir,
    config: EmbeddedConfig,
    open: Mutex<Option<Arc<Embedded>>>,
}

impl Place {
    fn new(config: EmbeddedConfig) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), config, open: Mutex::new(None) }
    }

    fn engine(&self) -> Arc<Embedded> {
        // The last one must let go of the file first.
        self.open.lock().take();
        let engine = Embedded::open(self.dir.path(), self.config.clone()).unwrap();
        *self.open.lock() = Some(engine.clone());
        engine
    }
}

#[async_trait::async_trait]
impl Subject for Place {
    async fn open(&self) -> Arc<dyn TelemetryStore> {
        self.engine()
    }
    async fn settle(&self) {
        let engine = self.open.lock().clone().unwrap();
        engine.seal().await.unwrap();
    }
    fn window_us(&self) -> i64 {
        WINDOW_US
    }
}

mod contract_at_default_limits {
    use super::*;
    crate::contract_suite!(Place::new(EmbeddedConfig::default()));
}

mod contract_at_tiny_limits {
    use super::*;
    crate::contract_suite!(Place::new(tiny()));
}

/// Everything seals, trims and leaves the tail all the time.
fn tiny() -> EmbeddedConfig {
    EmbeddedConfig {
        group_bytes: 2048,
        memory_rows: 40,
        series_rows: 16,
        journal_bytes: 2000,
        tail_rows: 8,
        ..EmbeddedConfig::default()
    }
}

fn rows(device: DeviceId, metric: &str, rows: &[(i64, f64)]) -> Batch {
    let metric = Metric::from(metric);
    let sample =
        |(ts_us, value): &(i64, f64)| Sample { device, metric: metric.clone(), ts_us: *ts_us, value: *value };
    Batch { samples: rows.iter().map(sample).collect(), ..Batch::default() }
}

async fn all(store: &Embedded, device: DeviceId, metric: &str) -> Vec<(i64, f64)> {
    let range = SeriesRange { device, metric: metric.into(), from_us: i64::MIN, to_us: i64::MAX };
    let points = store.range(range, usize::MAX).await.unwrap();
    points.iter().map(|point| (point.ts_us, point.value)).collect()
}

/// Long series in the worst order grow into many runs and divide them, and memory stays within its limits.
#[tokio::test]
async fn a_long_history_in_any_order_is_kept_whole() {
    let config = EmbeddedConfig { memory_rows: 6000, series_rows: 3000, ..EmbeddedConfig::default() };
    let place = Place::new(config.clone());
    let store = place.engine();
    let mut rng = StdRng::seed_from_u64(7);
    let devices = [DeviceId::generate(), DeviceId::generate(), DeviceId::generate()];
    let mut models = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    let mut order: Vec<i64> = (0..24_000).collect();
    for (at, device) in devices.iter().enumerate() {
        match at {
            0 => {}
            1 => order.reverse(),
            _ => order.shuffle(&mut rng),
        }
        for part in order.chunks(1500) {
            let part: Vec<_> =
                part.iter().map(|i| (i * 60_000_000 + i % 13, rng.random_range(0..999) as f64)).collect();
            append(&*store, rows(*device, "m", &part)).await.unwrap();
            models[at].extend(part);
        }
    }
    let store = {
        drop(store);
        place.engine()
    };
    assert!(
        store.shared.memory.read().rows() <= config.memory_rows,
        "a restart replays only what is not sealed"
    );
    for (device, model) in devices.iter().zip(&models) {
        assert!(all(&store, *device, "m").await.into_iter().eq(model.iter().map(|(t, v)| (*t, *v))));
        let range = SeriesRange { device: *device, metric: "m".into(), from_us: 0, to_us: i64::MAX };
        let days = store.downsample(range, 86_400_000_000).await.unwrap();
        assert_eq!(days.iter().map(|day| day.count).sum::<u64>(), 24_000);
        assert_eq!(days.len(), 17);
    }
    assert_eq!(store.stats().await.unwrap().samples, 72_000);
}

/// What a fleet does to each of its series: a few samples are sealed at a time, some of them late.
#[tokio::test]
async fn samples_that_are_sealed_a_few_at_a_time_are_gathered_into_long_runs() {
    let place = Place::new(EmbeddedConfig::default());
    let store = place.engine();
    let device = DeviceId::generate();
    let mut rng = StdRng::seed_from_u64(11);
    let mut model = BTreeMap::new();
    for part in 0..200 {
        let mut crumb: Vec<_> =
            (part * 50..part * 50 + 50).map(|at| (at * 1_000_000, at as f64 / 4.0)).collect();
        if part % 20 == 19 {
            crumb.push((rng.random_range(0..part * 50) * 1_000_000 + 7, -1.0));
        }
        append(&*store, rows(device, "m", &crumb)).await.unwrap();
        store.seal().await.unwrap();
        model.extend(crumb);
    }
    assert!(all(&store, device, "m").await.into_iter().eq(model.iter().map(|(t, v)| (*t, *v))));
    let range = SeriesRange { device, metric: "m".into(), from_us: 0, to_us: i64::MAX };
    let hours = store.downsample(range, 3_600_000_000).await.unwrap();
    assert_eq!(hours.iter().map(|hour| hour.count).sum::<u64>(), model.len() as u64);
    assert_eq!(store.stats().await.unwrap().samples, model.len() as u64);
    drop(store);
    let store = place.engine();
    assert!(all(&store, device, "m").await.into_iter().eq(model.iter().map(|(t, v)| (*t, *v))));
    let db = rusqlite::Connection::open(sqlite::path(place.dir.path())).unwrap();
    let runs: u32 = db.query_row("SELECT count(*) FROM chunk", [], |row| row.get(0)).unwrap();
    assert!(runs <= 5 + 15, "10,010 samples in {runs} runs");
}

/// A power cut leaves the files as they were at that moment: copies taken while appends run, whatever sealing and
/// checkpoints do meanwhile, hold everything that was acknowledged before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_taken_at_any_moment_hold_what_was_acknowledged() {
    let config = EmbeddedConfig { memory_rows: 20_000, series_rows: 4000, ..EmbeddedConfig::default() };
    let place = Place::new(config.clone());
    let store = place.engine();
    let device = DeviceId::generate();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let writer = {
        let (store, acknowledged) = (store.clone(), acknowledged.clone());
        tokio::task::spawn_blocking(move || {
            let mut rng = StdRng::seed_from_u64(3);
            for round in 0..250i64 {
                let part: Vec<_> = (0..1500).map(|i| (round * 1500 + i, rng.random::<f64>())).collect();
                futures::executor::block_on(append(&*store, rows(device, "m", &part))).unwrap();
                acknowledged.store((round + 1) as u64 * 1500, Ordering::SeqCst);
            }
        })
    };
    let mut copies = 0;
    let mut checked = 0;
    while !writer.is_finished() {
        let expected = acknowledged.load(Ordering::SeqCst);
        let copy = tempfile::tempdir().unwrap();
        if !copy_files(place.dir.path(), copy.path()) {
            continue;
        }
        copies += 1;
        let reopened = Embedded::open(copy.path(), config.clone()).unwrap();
        let found = all(&reopened, device, "m").await;
        assert!(found.len() as u64 >= expected, "{} of {expected} samples in copy {copies}", found.len());
        assert!(
            found.iter().enumerate().all(|(at, (ts_us, _))| *ts_us == at as i64),
            "no gap, nothing twice"
        );
        assert_eq!(found.len() % 1500, 0, "a group is there as a whole");
        checked = checked.max(expected);
    }
    writer.await.unwrap();
    assert!(copies > 3 && checked > 0, "{copies} copies, {checked} samples expected in the last");
}

/// What the disk had not finished when the power failed: the file ends early, or in bytes that nobody wrote.
#[tokio::test]
async fn a_torn_end_takes_nothing_that_was_acknowledged() {
    let seed = rand::rng().random();
    eprintln!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let place = Place::new(EmbeddedConfig::default());
    let (store, device) = (place.engine(), DeviceId::generate());
    let mut ends = Vec::new();
    for round in 0..20i64 {
        let part: Vec<_> = (0..10).map(|i| (round * 10 + i, i as f64)).collect();
        append(&*store, rows(device, "m", &part)).await.unwrap();
        ends.push(fs::metadata(place.dir.path().join("telemetry.db-wal")).unwrap().len());
    }
    for _ in 0..40 {
        let round = rng.random_range(1..ends.len());
        let cut = rng.random_range(ends[round - 1]..ends[round]);
        let copy = tempfile::tempdir().unwrap();
        assert!(copy_files(place.dir.path(), copy.path()));
        let path = copy.path().join("telemetry.db-wal");
        let mut log = fs::read(&path).unwrap();
        log.truncate(cut as usize);
        if rng.random() {
            log.extend((cut..ends[round]).map(|_| rng.random::<u8>()));
        }
        fs::write(&path, log).unwrap();

        let reopened = Embedded::open(copy.path(), EmbeddedConfig::default()).unwrap();
        let found = all(&reopened, device, "m").await;
        assert!(
            found.iter().enumerate().all(|(at, (ts_us, _))| *ts_us == at as i64),
            "no gap, nothing twice"
        );
        assert!(found.len() >= round * 10 && found.len() % 10 == 0, "{} after {round} groups", found.len());
        append(&*reopened, rows(device, "m", &[(1_000, 1.0)])).await.unwrap();
        drop(reopened);
        let again = Embedded::open(copy.path(), EmbeddedConfig::default()).unwrap();
        assert_eq!(all(&again, device, "m").await.len(), found.len() + 1, "it goes on behind the tear");
    }
}

/// Copies the main file, then the write-ahead log. False when the log began anew in between: no crash looks so.
fn copy_files(from: &Path, to: &Path) -> bool {
    let log = |dir: &Path| dir.join("telemetry.db-wal");
    let salt = |dir: &Path| fs::read(log(dir)).map(|bytes| bytes.get(..32).map(<[u8]>::to_vec));
    let Ok(before) = salt(from) else { return false };
    fs::copy(sqlite::path(from), sqlite::path(to)).unwrap();
    fs::copy(log(from), log(to)).unwrap();
    salt(to).is_ok_and(|after| after == before)
}

/// A full disk refuses appends, loses nothing, and room made by retention is used again.
#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    // Nothing is sealed, so that no room comes from trimming the journal either.
    let config = EmbeddedConfig {
        max_bytes: Some(400 << 10),
        series_rows: 1 << 30,
        group_bytes: 64 << 10,
        ..EmbeddedConfig::default()
    };
    let health = config.health.clone();
    let place = Place::new(config);
    let store = place.engine();
    let device = DeviceId::generate();
    let part = |round: i64| -> Vec<_> { (0..500).map(|i| (round * 500 + i, 0.1 * i as f64)).collect() };
    let mut kept = 0;
    let error = loop {
        match append(&*store, rows(device, "m", &part(kept))).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1000, "the limit must be met");
    };
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert!(health.report().failing[PART].contains("full"), "said as long as it is so");
    assert!(store.probe().await.is_err() && health.is_failing(PART));
    // A refused group that brought a new series leaves no trace of it.
    let unseen = append(&*store, rows(device, "unseen", &part(kept))).await;
    assert!(matches!(unseen, Err(StoreError::Full(_))), "{unseen:?} after {kept} groups");
    assert_eq!(store.metrics(device).await.unwrap(), [Metric::from("m")]);
    assert_eq!(all(&store, device, "m").await.len() as i64, kept * 500);
    store.retain(crate::telemetry::Keep::all_from(10 * WINDOW_US)).await.unwrap();
    store.probe().await.unwrap();
    assert!(!health.is_failing(PART), "there is room again");
    for round in 0..kept - 5 {
        append(&*store, rows(device, "unseen", &part(round))).await.unwrap();
    }
    drop(store);
    let store = place.engine();
    assert_eq!(all(&store, device, "m").await, []);
    assert_eq!(all(&store, device, "unseen").await.len() as i64, (kept - 5) * 500);
}

/// However the writing thread ends, those who wait are answered and the house is told.
#[tokio::test]
async fn a_writing_thread_that_falls_answers_everybody_and_is_noticed() {
    let place = Place::new(EmbeddedConfig::default());
    let store = place.engine();
    let device = DeviceId::generate();
    let (tell, told) = oneshot::channel();
    // All three are queued before the first is committed, or are refused after it: either way they hear.
    store.append(rows(device, "m", &[(0, 1.0)]), Box::new(|_| panic!("poison")));
    store.append(rows(device, "m", &[(1, 1.0)]), Box::new(move |result| drop(tell.send(result))));
    store.ended().await;
    let _fate = told.await.expect("answered");
    assert!(append(&*store, rows(device, "m", &[(2, 1.0)])).await.is_err());
}

/// The journal does not grow for ever under a series that is never full, and shrinks behind its consumers.
#[tokio::test]
async fn the_journal_stays_short() {
    let config = EmbeddedConfig {
        journal_bytes: 40_000,
        consumers: vec!["reader".into()],
        ..EmbeddedConfig::default()
    };
    let place = Place::new(config);
    let store = place.engine();
    let (slow, quick) = (DeviceId::generate(), DeviceId::generate());
    append(&*store, rows(slow, "m", &[(0, 0.0)])).await.unwrap();
    let mut seq = 0;
    for round in 0..40i64 {
        let part: Vec<_> = (0..200).map(|i| (round * 200 + i, 1.0)).collect();
        seq = append(&*store, rows(quick, "m", &part)).await.unwrap().seq;
    }
    let first = |entries: Vec<Committed>| entries.first().map(|entry| entry.seq);
    assert_eq!(first(store.read_after(0, 1).await.unwrap()), Some(1), "the reader has not begun");
    store.consumed("reader", seq);
    append(&*store, rows(quick, "m", &[(1_000_000, 1.0)])).await.unwrap();
    store.seal().await.unwrap();
    drop(store);
    let store = place.engine();
    assert!(first(store.read_after(0, 1).await.unwrap()) > Some(30), "old entries are gone");
    assert_eq!(all(&store, slow, "m").await, [(0, 0.0)]);
    assert_eq!(all(&store, quick, "m").await.len(), 8001);
}

/// The journal is the only durable place of a sample until it is in a chunk, however many entries follow it.
#[tokio::test]
async fn entries_stay_until_their_samples_are_sealed() {
    let place = Place::new(EmbeddedConfig::default());
    let store = place.engine();
    let device = DeviceId::generate();
    for ts_us in 0..600 {
        append(&*store, rows(device, "m", &[(ts_us, 1.0)])).await.unwrap();
    }
    drop(store);
    let store = place.engine();
    assert_eq!(all(&store, device, "m").await.len(), 600);
}
