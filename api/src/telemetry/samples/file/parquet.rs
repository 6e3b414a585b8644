//! Apache Parquet, as pandas, DuckDB, Spark and the like read it: columns `time` (microseconds, UTC), `device_id`, `metric`
//! and one for each value.

use super::{Row, Sheet};
use parking_lot::Mutex;
use parquet::{
    basic::Compression,
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use std::{
    io::{self, Write},
    sync::Arc,
};

/// Rows of one group: what a reader takes at once.
const GROUP: usize = 50_000;

/// What was written and is not yet sent.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub struct Parquet {
    names: Vec<&'static str>,
    written: Written,
    file: Option<SerializedFileWriter<Written>>,
    waiting: Vec<Row>,
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

impl Parquet {
    pub fn new(names: Vec<&'static str>) -> Self {
        Self { names, written: Written::default(), file: None, waiting: Vec::new() }
    }

    fn open(&self) -> Result<SerializedFileWriter<Written>, ParquetError> {
        let values: Vec<String> = self.names.iter().map(|name| format!("required double {name};")).collect();
        let schema = format!(
            "message telemetry {{ required int64 time (TIMESTAMP(MICROS,true)); required binary device_id (STRING); \
             required binary metric (STRING); {} }}",
            values.join(" ")
        );
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        SerializedFileWriter::new(
            self.written.clone(),
            Arc::new(parse_message_type(&schema)?),
            Arc::new(properties),
        )
    }

    fn group(&mut self, rows: &[Row]) -> Result<(), ParquetError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut group = file.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = group.next_column()? {
            match column.untyped() {
                ColumnWriter::Int64ColumnWriter(writer) => {
                    let times: Vec<i64> = rows.iter().map(|(at, _)| at.ts_us).collect();
                    writer.write_batch(&times, None, None)?;
                }
                ColumnWriter::ByteArrayColumnWriter(writer) => {
                    let text = |(at, _): &Row| match place {
                        1 => ByteArray::from(at.device.to_string().into_bytes()),
                        _ => ByteArray::from(at.metric.as_bytes().to_vec()),
                    };
                    writer.write_batch(&rows.iter().map(text).collect::<Vec<_>>(), None, None)?;
                }
                ColumnWriter::DoubleColumnWriter(writer) => {
                    let value = |(_, values): &Row| values.get().get(place - 3).copied().unwrap_or(f64::NAN);
                    writer.write_batch(&rows.iter().map(value).collect::<Vec<_>>(), None, None)?;
                }
                _ => return Err(ParquetError::General("a column of a kind that is not written".into())),
            }
            column.close()?;
            place += 1;
        }
        group.close()?;
        Ok(())
    }
}

impl Sheet for Parquet {
    fn begin(&mut self) -> io::Result<Vec<u8>> {
        self.file = Some(self.open().map_err(failed)?);
        Ok(self.written.take())
    }

    fn rows(&mut self, rows: &[Row]) -> io::Result<Vec<u8>> {
        self.waiting.extend_from_slice(rows);
        if self.waiting.len() >= GROUP {
            let rows = std::mem::take(&mut self.waiting);
            self.group(&rows).map_err(failed)?;
        }
        Ok(self.written.take())
    }

    fn end(mut self: Box<Self>) -> io::Result<Vec<u8>> {
        let rows = std::mem::take(&mut self.waiting);
        if !rows.is_empty() {
            self.group(&rows).map_err(failed)?;
        }
        if let Some(file) = self.file.take() {
            file.close().map_err(failed)?;
        }
        Ok(self.written.take())
    }
}
