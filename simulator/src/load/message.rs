//! What a device of a load says: values that nobody means, each at a time of its own.

use super::wire;
use crate::{
    noise,
    voice::{Format, Voice},
};
use domain::Timestamp;
use std::io::Write;

pub struct Maker {
    voice: Voice,
    device: usize,
    values: usize,
    /// Times of one device never repeat, however fast it sends: a repeated time would overwrite a sample.
    at_ms: i64,
    sent: u64,
    payload: Vec<u8>,
}

impl Maker {
    pub fn new(device: usize, voice: Voice, values: usize, now: Timestamp) -> Self {
        Self {
            voice,
            device,
            values,
            at_ms: now.timestamp_millis() - OLDEST_MS,
            sent: 0,
            payload: Vec::new(),
        }
    }

    /// Appends the next message as a packet; answers its identifier.
    pub fn write(&mut self, out: &mut Vec<u8>) -> u16 {
        self.sent += 1;
        self.at_ms += 1;
        self.payload.clear();
        // Into memory, which takes everything.
        let _ = match self.voice.format {
            Format::Thingsboard => self.thingsboard(),
            Format::Json => self.json(),
            Format::Influx => self.influx(),
        };
        let id = (self.sent % u64::from(u16::MAX)) as u16 + 1;
        wire::publish(&self.voice.topic, id, &self.payload, out);
        id
    }

    fn thingsboard(&mut self) -> std::io::Result<()> {
        write!(self.payload, r#"{{"ts":{},"values":{{"#, self.at_ms)?;
        for n in 0..self.values {
            let (comma, value) = (if n > 0 { "," } else { "" }, self.value(n));
            write!(self.payload, r#"{comma}"value_{n}":{value}"#)?;
        }
        write!(self.payload, "}}}}")
    }

    fn json(&mut self) -> std::io::Result<()> {
        write!(self.payload, r#"{{"time":{}"#, self.at_ms)?;
        for n in 0..self.values {
            write!(self.payload, r#","value_{n}":{}"#, self.value(n))?;
        }
        write!(self.payload, "}}")
    }

    fn influx(&mut self) -> std::io::Result<()> {
        write!(self.payload, "load,device={} ", self.device)?;
        for n in 0..self.values {
            let (comma, value) = (if n > 0 { "," } else { "" }, self.value(n));
            write!(self.payload, "{comma}value_{n}={value}")?;
        }
        write!(self.payload, " {}000000", self.at_ms)
    }

    /// With two digits behind the point, as sensors have.
    fn value(&self, n: usize) -> f64 {
        let place = self.sent.cast_signed() * 31 + n as i64;
        (noise::uniform(self.device as u64, place) * 1e4).round() / 100.0
    }
}

/// Faster than a message a millisecond, the times run ahead of the clock: they begin so long before it.
const OLDEST_MS: i64 = 6 * 3_600_000;
