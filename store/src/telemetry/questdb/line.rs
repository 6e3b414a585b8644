//! The way that samples take to the server: one request after the other, over its HTTP port.

use super::{QuestDbConfig, Retained, TIMES_US, tables::Tables};
use crate::{
    StoreError,
    telemetry::{Committed, Point},
};
use domain::{
    id::DeviceId,
    telemetry::{Metric, Sample},
};
use questdb::ingress::{Buffer, ColumnName, Sender, TableName, TimestampMicros};
use std::sync::Arc;

/// The connection that samples go over, with its buffer; away while a request is under way.
pub struct Line(Option<Box<(Sender, Buffer, Tables)>>);

impl Line {
    pub fn open(config: &QuestDbConfig) -> Result<Self, StoreError> {
        let quoted = |text: &str| text.replace(';', ";;");
        let settings = format!(
            "http::addr={};username={};password={};protocol_version=2;retry_timeout=0;request_timeout=30000;",
            config.http,
            quoted(&config.user),
            quoted(&config.password)
        );
        let sender = Sender::from_conf(settings).map_err(failed)?;
        let buffer = sender.new_buffer();
        Ok(Self(Some(Box::new((sender, buffer, Tables::of(config)?)))))
    }

    pub fn take(&mut self) -> Self {
        Self(self.0.take())
    }

    pub async fn put_all(self, entries: Vec<Committed>, retained: Arc<Retained>) -> Result<Self, StoreError> {
        self.put(move |row| {
            entries.iter().try_for_each(|entry| {
                let mut wanted =
                    entry.batch.samples.iter().filter(|sample| retained.wants(entry.seq, sample));
                wanted.try_for_each(&mut *row)
            })
        })
        .await
    }

    pub async fn put_series(
        self,
        device: DeviceId,
        metric: Metric,
        rows: Vec<Point>,
    ) -> Result<Self, StoreError> {
        let sample =
            move |row: &Point| Sample { device, metric: metric.clone(), ts_us: row.ts_us, value: row.value };
        self.put(move |put| rows.iter().try_for_each(|row| put(&sample(row)))).await
    }

    /// One request with everything that `each` shows.
    async fn put(
        self,
        each: impl FnOnce(&mut dyn FnMut(&Sample) -> Result<(), StoreError>) -> Result<(), StoreError>
        + Send
        + 'static,
    ) -> Result<Self, StoreError> {
        blocking(move || {
            let Some(mut line) = self.0 else {
                return Err(StoreError::Unavailable("QuestDB: no connection".into()));
            };
            let (sender, buffer, tables) = &mut *line;
            buffer.clear();
            let [device, metric, value] = ["device", "metric", "value"].map(ColumnName::new_unchecked);
            let mut name = uuid::Uuid::encode_buffer();
            each(&mut |sample: &Sample| {
                if !TIMES_US.contains(&sample.ts_us) {
                    return Ok(());
                }
                let id: &str = sample.device.0.hyphenated().encode_lower(&mut name);
                let table = TableName::new_unchecked(tables.for_metric(&sample.metric));
                let row = buffer.table(table).and_then(|row| {
                    row.symbol(device, id)?
                        .symbol(metric, &*sample.metric)?
                        .column_f64(value, sample.value)?
                        .at(TimestampMicros::new(sample.ts_us))
                });
                row.map_err(failed)
            })?;
            if !buffer.is_empty() {
                sender.flush(buffer).map_err(failed)?;
            }
            Ok(Self(Some(line)))
        })
        .await
    }
}

fn failed(error: questdb::Error) -> StoreError {
    StoreError::Unavailable(format!("QuestDB: {error}"))
}

pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StoreError::Unavailable(format!("sending to QuestDB fell: {error}"))))
}
