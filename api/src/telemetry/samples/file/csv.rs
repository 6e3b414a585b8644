//! Comma-separated values: a row for each place.

use super::{Row, Sheet};
use std::{fmt::Write, io};
use web::{csv, time};

pub struct Csv {
    names: Vec<&'static str>,
}

impl Csv {
    pub fn new(names: Vec<&'static str>) -> Self {
        Self { names }
    }
}

impl Sheet for Csv {
    fn begin(&mut self) -> io::Result<Vec<u8>> {
        Ok(format!("time,device_id,metric,{}\r\n", self.names.join(",")).into_bytes())
    }

    fn rows(&mut self, rows: &[Row]) -> io::Result<Vec<u8>> {
        let mut text = String::with_capacity(rows.len() * 80);
        for (place, values) in rows {
            let at = time::rfc3339(domain::clock::from_micros(place.ts_us));
            let _ = write!(text, "{at},{},", place.device);
            csv::push_cell(&mut text, &place.metric);
            for value in values.get() {
                let _ = write!(text, ",{value}");
            }
            text.push_str("\r\n");
        }
        Ok(text.into_bytes())
    }

    fn end(self: Box<Self>) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }
}
