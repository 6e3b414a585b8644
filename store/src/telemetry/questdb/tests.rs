//! The contract on a real server, where there is one (`MAINSTAY_TEST_QUESTDB`), and what holds without any.

use super::*;
use crate::telemetry::{
    append,
    contract::Subject,
    embedded::{EmbeddedConfig, WINDOW_US},
};
use domain::{Timestamp, telemetry::Sample};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Instant,
};
use tempfile::TempDir;

/// `http address,pg address` of a server for tests.
const SERVER: &str = "MAINSTAY_TEST_QUESTDB";

#[expect(clippy::disallowed_methods, reason = "the address that tests/run hands over")]
fn addresses() -> Option<String> {
    std::env::var(SERVER).ok()
}

fn on_server() -> bool {
    addresses().is_some()
}

/// At the beginning of 1970: nothing becomes old by itself.
struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

struct Place {
    dir: TempDir,
    table: String,
    open: Mutex<Option<Arc<QuestDb>>>,
}

impl Place {
    fn new() -> Self {
        let table = format!("t{}", uuid::Uuid::new_v4().simple());
        Self { dir: tempfile::tempdir().unwrap(), table, open: Mutex::new(None) }
    }

    fn config(&self) -> QuestDbConfig {
        let addresses = addresses().unwrap_or_else(|| "127.0.0.1:1,127.0.0.1:1".into());
        let (http, pg) = addresses.split_once(',').unwrap();
        let written_after = Duration::ZERO;
        let (http, pg, table) = (http.into(), pg.into(), self.table.clone());
        let classes = vec![(Class { name: "fast".into(), metrics: vec!["f*".into()] }, 0)];
        QuestDbConfig { http, pg, table, written_after, classes, ..QuestDbConfig::default() }
    }

    async fn engine(&self) -> Arc<QuestDb> {
        // The last one must let go of the file first.
        self.open.lock().take();
        let engine =
            QuestDb::open(self.dir.path(), EmbeddedConfig::default(), self.config(), Arc::new(Still))
                .await
                .unwrap();
        *self.open.lock() = Some(engine.clone());
        engine
    }
}

impl Drop for Place {
    /// The server holds files of every table open.
    fn drop(&mut self) {
        let config = self.config();
        for table in [self.table.clone(), format!("{}_fast", self.table)] {
            let Ok(mut server) = TcpStream::connect(&config.http) else { return };
            let asked =
                format!("GET /exec?query=DROP%20TABLE%20IF%20EXISTS%20{table} HTTP/1.0\r\nHost: x\r\n\r\n");
            // It answers and keeps the connection.
            let _ = server.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = server.write_all(asked.as_bytes()).and_then(|()| server.read(&mut [0; 512]));
        }
    }
}

#[async_trait::async_trait]
impl Subject for Place {
    async fn open(&self) -> Arc<dyn TelemetryStore> {
        self.engine().await
    }
    async fn settle(&self) {
        let engine = self.open.lock().clone().unwrap();
        engine.here.seal().await.unwrap();
        let head = engine.here.announce(TIMES_US.end).await.unwrap();
        engine.forwarding().wait_for(|told| told.reached && told.kept >= head).await.unwrap();
        engine.server.shows_all().await.unwrap();
        engine.here.hand_over().await.unwrap();
    }
    fn window_us(&self) -> i64 {
        WINDOW_US
    }
    fn counts_once(&self) -> bool {
        false
    }
}

mod contract_on_a_server {
    use super::*;
    crate::contract_suite!(Place::new(), when on_server());
}

fn batch(device: DeviceId, rows: &[(i64, f64)]) -> Batch {
    let metric = Metric::from("m");
    let sample =
        |(ts_us, value): &(i64, f64)| Sample { device, metric: metric.clone(), ts_us: *ts_us, value: *value };
    Batch { samples: rows.iter().map(sample).collect(), ..Batch::default() }
}

fn whole(device: DeviceId) -> SeriesRange {
    SeriesRange { device, metric: "m".into(), from_us: i64::MIN, to_us: i64::MAX }
}

#[tokio::test]
async fn a_server_that_is_not_there_delays_and_loses_nothing() {
    let place = Place::new();
    let nowhere = QuestDbConfig { http: "127.0.0.1:1".into(), pg: "127.0.0.1:1".into(), ..place.config() };
    let open = async || {
        let opened =
            QuestDb::open(place.dir.path(), EmbeddedConfig::default(), nowhere.clone(), Arc::new(Still));
        opened.await.unwrap()
    };
    let (store, device) = (open().await, DeviceId::generate());
    for round in 0..50 {
        append(&*store, batch(device, &[(round, 1.0)])).await.unwrap();
    }
    store.forwarding().wait_for(|told| told.failing.is_some()).await.unwrap();
    assert_eq!(store.range(whole(device), 100).await.unwrap().len(), 50, "everything is answered from here");
    store.here.seal().await.unwrap();
    assert_eq!(store.read_after(0, 100).await.unwrap().len(), 50, "the journal waits for the server");
    store.close().await.unwrap();
    drop(store);
    let store = open().await;
    assert_eq!(store.read_after(0, 100).await.unwrap().len(), 50);
    // What only the server has cannot be said without it, and is not left out in silence.
    store.here.announce(1000).await.unwrap();
    store.here.hand_over().await.unwrap();
    let began = Instant::now();
    let refused = store.range(whole(device), 100).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?} after {:?}", began.elapsed());
}

#[tokio::test]
async fn what_was_here_before_the_server_goes_there_before_anything_is_dropped() {
    if !on_server() {
        return;
    }
    let place = Place::new();
    let device = DeviceId::generate();
    let alone = Embedded::open(place.dir.path(), EmbeddedConfig::default()).unwrap();
    let rows: Vec<_> = (0..3000).map(|i| (i * 1_000_000, i as f64)).collect();
    append(&*alone, batch(device, &rows)).await.unwrap();
    alone.seal().await.unwrap();
    alone.close().await.unwrap();
    drop(alone);
    let store = place.engine().await;
    place.settle().await;
    assert_eq!(store.here.range(whole(device), usize::MAX).await.unwrap(), [], "nothing is left here");
    assert_eq!(store.range(whole(device), usize::MAX).await.unwrap().len(), 3000);
    assert_eq!(store.latest(device).await.unwrap()[0].1.value, 2999.0);
}

/// Copied, used without the server, and used with it again: what came in between is there too.
#[tokio::test]
async fn what_came_while_the_server_was_not_used_is_copied_as_well() {
    if !on_server() {
        return;
    }
    let place = Place::new();
    let device = DeviceId::generate();
    let alone = || Embedded::open(place.dir.path(), EmbeddedConfig::default()).unwrap();
    let here = alone();
    append(&*here, batch(device, &[(1, 1.0)])).await.unwrap();
    assert_eq!(copy::to_server(&here, place.config(), |_| {}).await.unwrap().samples, 1);
    let again = copy::to_server(&here, place.config(), |_| {}).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    here.close().await.unwrap();
    drop(here);
    let here = alone();
    copy::alone(&here).await.unwrap();
    append(&*here, batch(device, &[(2, 2.0)])).await.unwrap();
    here.seal().await.unwrap();
    here.close().await.unwrap();
    drop(here);
    let store = place.engine().await;
    place.settle().await;
    assert_eq!(store.here.range(whole(device), 9).await.unwrap(), [], "nothing is left here");
    assert_eq!(store.range(whole(device), 9).await.unwrap().len(), 2);
    store.close().await.unwrap();
    place.open.lock().take();
    drop(store);
    let here = alone();
    assert!(
        matches!(copy::alone(&here).await, Err(StoreError::Conflict(_))),
        "older samples are there alone"
    );
    assert_eq!(copy::to_file(&here, place.config(), |_| {}).await.unwrap().samples, 2);
    copy::alone(&here).await.unwrap();
    assert_eq!(here.range(whole(device), 9).await.unwrap().len(), 2);
    assert_eq!(here.latest(device).await.unwrap()[0].1.value, 2.0);
}

#[tokio::test]
async fn what_retention_dropped_is_not_sent_again() {
    if !on_server() {
        return;
    }
    let place = Place::new();
    let (store, device) = (place.engine().await, DeviceId::generate());
    append(&*store, batch(device, &[(1, 1.0), (3 * WINDOW_US, 3.0)])).await.unwrap();
    place.settle().await;
    store.retain(Keep::all_from(2 * WINDOW_US)).await.unwrap();
    // As after a break of the connection: everything that the journal still has.
    let entries = store.read_after(0, 100).await.unwrap();
    assert!(entries.iter().any(|entry| entry.batch.samples.len() == 2));
    let (old, young) = (&entries[0].batch.samples[0], &entries[0].batch.samples[1]);
    let wants = |store: &QuestDb, sample| store.retained.wants(entries[0].seq, sample);
    assert!(!wants(&store, old) && wants(&store, young));
    append(&*store, batch(device, &[(2, 2.0)])).await.unwrap();
    let found: Vec<_> = store.range(whole(device), 9).await.unwrap().iter().map(|row| row.value).collect();
    assert_eq!(found, [2.0, 3.0], "what is told after it is a sample like any other");
    drop(store);
    let again = place.engine().await;
    assert!(!wants(&again, old) && wants(&again, young), "remembered");
}

#[test]
fn buckets_of_two_places_become_one() {
    let rows = |values: &[f64]| -> Vec<Point> {
        values.iter().zip(0..).map(|(value, ts_us)| Point { ts_us, value: *value }).collect()
    };
    let of = |start_us, values: &[f64]| overlay::bucket(start_us, &rows(values)).unwrap();
    let joined = overlay::join(
        vec![of(0, &[1.0, 5.0]), of(10, &[2.0, 3.0])],
        vec![of(10, &[7.0, 1.0]), of(20, &[4.0])],
    );
    assert_eq!(joined, [of(0, &[1.0, 5.0]), of(10, &[2.0, 3.0, 7.0, 1.0]), of(20, &[4.0])]);
    assert_eq!(overlay::bucket(0, &[]), None);
}
