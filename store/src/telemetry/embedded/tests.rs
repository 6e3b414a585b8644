//! What only this engine promises: its file survives being copied at any moment, its limits hold, it recovers.

use super::*;
use crate::telemetry::append;
use domain::telemetry::Sample;

fn sample(device: DeviceId, metric: &str, ts_us: i64, value: f64) -> Sample {
    Sample {
        device,
        metric: metric.into(),
        ts_us,
        value,
    }
}

fn batch(samples: Vec<Sample>) -> Batch {
    Batch {
        samples,
        ..Batch::default()
    }
}

fn all(device: DeviceId, metric: &str) -> SeriesRange {
    SeriesRange {
        device,
        metric: metric.into(),
        from_us: i64::MIN,
        to_us: i64::MAX,
    }
}

#[tokio::test]
async fn keeps_what_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let device = DeviceId::generate();
    {
        let store = Embedded::open(dir.path(), EmbeddedConfig::default()).unwrap();
        for i in 0..100 {
            append(&*store, batch(vec![sample(device, "t", i * 1000, i as f64)]))
                .await
                .unwrap();
        }
        store.close().await.unwrap();
    }
    let store = Embedded::open(dir.path(), EmbeddedConfig::default()).unwrap();
    assert_eq!(store.range(all(device, "t"), 1000).await.unwrap().len(), 100);
    store.seal().await.unwrap();
    assert_eq!(store.range(all(device, "t"), 1000).await.unwrap().len(), 100);
    assert_eq!(store.stats().await.unwrap().samples, 100);
}
