//! InfluxDB line protocol, as InfluxDB, Telegraf, VictoriaMetrics and QuestDB take it in: a point for each place, with the
//! device and the metric as tags.

use super::{Row, Sheet};
use std::{fmt::Write, io};

pub struct Lines {
    names: Vec<&'static str>,
}

impl Lines {
    pub fn new(names: Vec<&'static str>) -> Self {
        Self { names }
    }
}

impl Sheet for Lines {
    fn begin(&mut self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn rows(&mut self, rows: &[Row]) -> io::Result<Vec<u8>> {
        let mut text = String::with_capacity(rows.len() * 100);
        for (place, values) in rows {
            let _ = write!(text, "telemetry,device={},metric=", place.device);
            push_tag(&mut text, &place.metric);
            for (at, (name, value)) in self.names.iter().zip(values.get()).enumerate() {
                let _ = write!(text, "{}{name}={value}", if at == 0 { ' ' } else { ',' });
            }
            // Nanoseconds, which is what goes without saying.
            let _ = writeln!(text, " {}000", place.ts_us);
        }
        Ok(text.into_bytes())
    }

    fn end(self: Box<Self>) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

/// A value of a tag: what separates parts is escaped.
fn push_tag(text: &mut String, value: &str) {
    for letter in value.chars() {
        if matches!(letter, ',' | '=' | ' ' | '\\') {
            text.push('\\');
        }
        text.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::push_tag;

    #[test]
    fn what_separates_is_escaped() {
        let mut text = String::new();
        push_tag(&mut text, "oil temp,°C=x");
        assert_eq!(text, r"oil\ temp\,°C\=x");
    }
}
