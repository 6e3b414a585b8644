//! Bytes of a journal entry: what one group commit writes to the table `log`.
//!
//! A sample takes about ten bytes: neighbours come from one message, so the steps in series number and time are small.

use super::series::{DeviceNo, Registry, SeriesNo};
use crate::StoreError;
use domain::{
    condition::ReportedState,
    telemetry::{Batch, DeviceEvent, DeviceEventKind, Sample, StateReport},
};
use std::ops::Range;

const VERSION: u8 = 1;
/// The same, and behind it which samples are history.
const WITH_HISTORY: u8 = 2;

pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small steps in either direction become small numbers.
pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends the entry for `batch` to `out`. `series` holds the number of each sample; every device is registered.
pub fn encode(batch: &Batch, series: &[SeriesNo], registry: &Registry, out: &mut Vec<u8>) {
    out.reserve(16 + 12 * batch.samples.len());
    out.push(if batch.historical.is_empty() { VERSION } else { WITH_HISTORY });
    put(out, batch.samples.len() as u64);
    let (mut last_no, mut last_us) = (0i64, 0i64);
    for (sample, no) in batch.samples.iter().zip(series) {
        let no = i64::from(*no);
        put_signed(out, no - last_no);
        put_signed(out, sample.ts_us.wrapping_sub(last_us));
        out.extend_from_slice(&sample.value.to_le_bytes());
        (last_no, last_us) = (no, sample.ts_us);
    }
    let device_no = |id| registry.device(id).map_or(DeviceNo::MAX, |device| device.no);
    put(out, batch.states.len() as u64);
    for report in &batch.states {
        put(out, u64::from(device_no(report.device)));
        put_signed(out, report.ts_us);
        out.push(state_code(report.state));
        match &report.cause {
            None => out.push(0),
            Some(cause) => {
                out.push(1);
                put_text(out, cause);
            }
        }
    }
    put(out, batch.events.len() as u64);
    for event in &batch.events {
        put(out, u64::from(device_no(event.device)));
        put_signed(out, event.ts_us);
        out.push(kind_code(event.kind));
        put_text(out, &event.code);
        put_text(out, &event.text);
    }
    if !batch.historical.is_empty() {
        put(out, batch.historical.len() as u64);
        for range in &batch.historical {
            put(out, range.start as u64);
            put(out, range.len() as u64);
        }
    }
}

/// Calls `sample` with (series, time, value) for each sample of `entry`, without building a batch.
pub fn samples(entry: &[u8], mut sample: impl FnMut(SeriesNo, i64, f64)) -> Result<(), StoreError> {
    let mut input = Input::open(entry)?;
    input.samples(&mut sample)
}

/// The whole entry. Samples, states and events of forgotten devices are left out.
pub fn decode(entry: &[u8], registry: &Registry) -> Result<Batch, StoreError> {
    let mut input = Input::open(entry)?;
    let mut batch = Batch::default();
    // Places in the entry of the samples that are left out, ascending.
    let (mut place, mut forgotten) = (0, Vec::new());
    input.samples(&mut |no, ts_us, value| {
        match registry.name(no) {
            Some((device, metric)) => {
                batch.samples.push(Sample { device: *device, metric: metric.clone(), ts_us, value });
            }
            None => forgotten.push(place),
        }
        place += 1;
    })?;
    for _ in 0..input.number()? {
        let no = input.device()?;
        let ts_us = input.signed()?;
        let state = state_of(input.byte()?)?;
        let cause = if input.byte()? == 0 { None } else { Some(input.text()?) };
        if let Some(device) = registry.device_id(no) {
            batch.states.push(StateReport { device, ts_us, state, cause });
        }
    }
    for _ in 0..input.number()? {
        let no = input.device()?;
        let ts_us = input.signed()?;
        let kind = kind_of(input.byte()?)?;
        let (code, text) = (input.text()?, input.text()?);
        if let Some(device) = registry.device_id(no) {
            batch.events.push(DeviceEvent { device, ts_us, kind, code, text });
        }
    }
    if entry.first() == Some(&WITH_HISTORY) {
        batch.historical = input.history(&forgotten)?;
    }
    Ok(batch)
}

fn damaged() -> StoreError {
    StoreError::Corrupt("a journal entry or a chunk cannot be read".into())
}

/// What is left to read.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn open(entry: &'a [u8]) -> Result<Self, StoreError> {
        match entry.split_first() {
            Some((&(VERSION | WITH_HISTORY), rest)) => Ok(Self(rest)),
            _ => Err(damaged()),
        }
    }

    fn samples(&mut self, sample: &mut impl FnMut(SeriesNo, i64, f64)) -> Result<(), StoreError> {
        let (mut no, mut ts_us) = (0i64, 0i64);
        for _ in 0..self.number()? {
            no = no.wrapping_add(self.signed()?);
            ts_us = ts_us.wrapping_add(self.signed()?);
            let value = self.double()?;
            sample(SeriesNo::try_from(no).map_err(|_| damaged())?, ts_us, value);
        }
        Ok(())
    }

    /// The ranges of historical samples, of which those at `forgotten` were left out.
    fn history(&mut self, forgotten: &[usize]) -> Result<Vec<Range<usize>>, StoreError> {
        let mut history = Vec::new();
        for _ in 0..self.number()? {
            let start = usize::try_from(self.number()?).map_err(|_| damaged())?;
            let length = usize::try_from(self.number()?).map_err(|_| damaged())?;
            let end = start.checked_add(length).ok_or_else(damaged)?;
            let moved = |place| place - forgotten.partition_point(|gone| *gone < place);
            history.push(moved(start)..moved(end));
        }
        history.retain(|range| !range.is_empty());
        Ok(history)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], StoreError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, StoreError> {
        Ok(self.bytes(1)?[0])
    }

    pub fn double(&mut self) -> Result<f64, StoreError> {
        let bytes = self.bytes(8)?.try_into().map_err(|_| damaged())?;
        Ok(f64::from_le_bytes(bytes))
    }

    pub fn number(&mut self) -> Result<u64, StoreError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(damaged())
    }

    pub fn signed(&mut self) -> Result<i64, StoreError> {
        let value = self.number()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn device(&mut self) -> Result<DeviceNo, StoreError> {
        DeviceNo::try_from(self.number()?).map_err(|_| damaged())
    }

    fn text(&mut self) -> Result<String, StoreError> {
        let length = usize::try_from(self.number()?).map_err(|_| damaged())?;
        String::from_utf8(self.bytes(length)?.to_vec()).map_err(|_| damaged())
    }
}

fn state_code(state: ReportedState) -> u8 {
    match state {
        ReportedState::Up => 1,
        ReportedState::DownUnplanned => 2,
        ReportedState::DownPlanned => 3,
        ReportedState::Idle => 4,
    }
}

fn state_of(code: u8) -> Result<ReportedState, StoreError> {
    Ok(match code {
        1 => ReportedState::Up,
        2 => ReportedState::DownUnplanned,
        3 => ReportedState::DownPlanned,
        4 => ReportedState::Idle,
        _ => return Err(damaged()),
    })
}

fn kind_code(kind: DeviceEventKind) -> u8 {
    match kind {
        DeviceEventKind::Failure => 1,
        DeviceEventKind::Error => 2,
        DeviceEventKind::Warning => 3,
        DeviceEventKind::Maintenance => 4,
        DeviceEventKind::Text => 5,
        DeviceEventKind::Attribute => 6,
        DeviceEventKind::Connection => 7,
        DeviceEventKind::Declaration => 8,
        DeviceEventKind::Correction => 9,
        DeviceEventKind::Claim => 10,
    }
}

fn kind_of(code: u8) -> Result<DeviceEventKind, StoreError> {
    Ok(match code {
        1 => DeviceEventKind::Failure,
        2 => DeviceEventKind::Error,
        3 => DeviceEventKind::Warning,
        4 => DeviceEventKind::Maintenance,
        5 => DeviceEventKind::Text,
        6 => DeviceEventKind::Attribute,
        7 => DeviceEventKind::Connection,
        8 => DeviceEventKind::Declaration,
        9 => DeviceEventKind::Correction,
        10 => DeviceEventKind::Claim,
        _ => return Err(damaged()),
    })
}
