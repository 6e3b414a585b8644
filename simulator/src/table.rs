//! Recorded data in CSV files, plain or compressed (`.gz`, `.xz`), as entries of devices.

use crate::payload::{ERROR, Entry, FAILURE, MAINTENANCE};
use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDateTime};
use csv::StringRecord;
use domain::Timestamp;
use std::{fs::File, io::Read, path::Path};

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RowKind {
    /// Values of metrics.
    Telemetry,
    /// One code a row.
    Errors,
    Failures,
    Maintenance,
}

impl RowKind {
    fn key(self) -> Option<&'static str> {
        match self {
            Self::Telemetry => None,
            Self::Errors => Some(ERROR),
            Self::Failures => Some(FAILURE),
            Self::Maintenance => Some(MAINTENANCE),
        }
    }
}

/// Which column means what.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub kind: RowKind,
    pub time: String,
    /// Names the device; without it all rows are of one device.
    pub id: Option<String>,
    /// Empty: every column that is neither time nor id.
    pub values: Vec<String>,
    /// The column of the code, for everything but telemetry.
    pub event: Option<String>,
}

/// One row: the device's id as recorded, and what it said.
pub type Row = (String, Entry);

/// The rows of the file at `path`, as they stand in it.
pub fn read(path: &Path, mapping: &Mapping) -> Result<impl Iterator<Item = Result<Row>> + Send + use<>> {
    let shown = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let reader: Box<dyn Read + Send> = match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("xz") => Box::new(xz2::read::XzDecoder::new_multi_decoder(file)),
        _ => Box::new(file),
    };
    let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
    let columns = Columns::find(table.headers().with_context(|| format!("reading {shown}"))?, mapping)
        .with_context(|| shown.clone())?;
    Ok(table.into_records().zip(2..).map(move |(record, line)| {
        let at = || format!("{shown}, line {line}");
        columns.row(&record.with_context(at)?).with_context(at)
    }))
}

struct Columns {
    time: usize,
    id: Option<usize>,
    values: Vec<(usize, String)>,
    event: Option<(usize, &'static str)>,
}

impl Columns {
    fn find(header: &StringRecord, mapping: &Mapping) -> Result<Self> {
        let column = |name: &str| {
            let found = header.iter().position(|column| column == name);
            found.with_context(|| {
                format!("no column {name:?}; there are {:?}", header.iter().collect::<Vec<_>>())
            })
        };
        let time = column(&mapping.time)?;
        let id = mapping.id.as_deref().map(column).transpose()?;
        let event = match (mapping.kind.key(), mapping.event.as_deref()) {
            (None, _) => None,
            (Some(key), Some(name)) => Some((column(name)?, key)),
            (Some(key), None) => bail!("rows of {key} need --event-column"),
        };
        let values = if event.is_some() {
            Vec::new()
        } else if mapping.values.is_empty() {
            let others = header.iter().enumerate().filter(|(index, _)| *index != time && Some(*index) != id);
            others.map(|(index, name)| (index, name.to_owned())).collect()
        } else {
            mapping.values.iter().map(|name| Ok((column(name)?, name.clone()))).collect::<Result<_>>()?
        };
        Ok(Self { time, id, values, event })
    }

    fn row(&self, record: &StringRecord) -> Result<Row> {
        let cell = |index: usize| record.get(index).unwrap_or_default();
        let at = parse_time(cell(self.time))?;
        let id = self.id.map_or("1", cell).to_owned();
        let mut entry = Entry::new(at);
        if let Some((index, key)) = self.event {
            entry = entry.with(key, cell(index));
        }
        for (index, name) in &self.values {
            let text = cell(*index);
            entry = match text.parse::<f64>() {
                _ if text.is_empty() => entry,
                Ok(number) if number.is_finite() => entry.with(name, number),
                _ => entry.with(name, text),
            };
        }
        Ok((id, entry))
    }
}

/// RFC 3339, `YYYY-MM-DD HH:MM:SS` taken as UTC, or a number of (milli)seconds since 1970.
pub fn parse_time(text: &str) -> Result<Timestamp> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    for pattern in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, pattern) {
            return Ok(at.and_utc());
        }
    }
    let number: i64 = text.parse().ok().with_context(|| format!("{text:?} is no time"))?;
    // Seconds stay below this until the year 5138; milliseconds have been above it since 1973.
    let millis = if number.abs() < 100_000_000_000 { number.saturating_mul(1000) } else { number };
    DateTime::from_timestamp_millis(millis).with_context(|| format!("{text:?} is no time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const CSV: &str = "when,machine,volt,note\n2015-01-01 06:00:00,7,1.5,\n1420095600,7,,cold\n";

    fn mapping(kind: RowKind) -> Mapping {
        Mapping { kind, time: "when".into(), id: Some("machine".into()), values: Vec::new(), event: None }
    }
    fn rows(path: &Path, mapping: &Mapping) -> Vec<Row> {
        read(path, mapping).unwrap().collect::<Result<_>>().unwrap()
    }

    #[test]
    fn columns_become_values_from_plain_and_compressed_files_alike() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("t.csv");
        std::fs::write(&plain, CSV).unwrap();
        let packed = folder.path().join("t.csv.gz");
        let mut gz =
            flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::fast());
        gz.write_all(CSV.as_bytes()).unwrap();
        gz.finish().unwrap();
        let squeezed = folder.path().join("t.csv.xz");
        let mut xz = xz2::write::XzEncoder::new(File::create(&squeezed).unwrap(), 1);
        xz.write_all(CSV.as_bytes()).unwrap();
        xz.finish().unwrap();
        let expected = vec![
            ("7".to_owned(), Entry::new("2015-01-01T06:00:00Z".parse().unwrap()).with("volt", 1.5)),
            ("7".to_owned(), Entry::new("2015-01-01T07:00:00Z".parse().unwrap()).with("note", "cold")),
        ];
        for path in [plain, packed, squeezed] {
            assert_eq!(rows(&path, &mapping(RowKind::Telemetry)), expected, "{}", path.display());
        }
    }

    #[test]
    fn codes_become_events_and_mistakes_name_column_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.csv");
        std::fs::write(&path, "when,machine,code\n2015-01-01 06:00:00,7,E4\nyesterday,7,E5\n").unwrap();
        let codes = Mapping { event: Some("code".into()), ..mapping(RowKind::Errors) };
        let mut rows = read(&path, &codes).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().1.values["error"], "E4");
        let error = format!("{:#}", rows.next().unwrap().unwrap_err());
        assert!(error.contains("line 3") && error.contains("yesterday"), "{error}");
        let wrong = Mapping { time: "at".into(), ..codes };
        let error = format!("{:#}", read(&path, &wrong).err().unwrap());
        assert!(error.contains("\"at\"") && error.contains("\"when\""), "{error}");
    }
}
