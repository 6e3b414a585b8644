//! What one device tells about its part of an asset: states one after the other, and stops.
//!
//! A device that reports states is believed about its own part until it says otherwise. One that only records
//! failures runs again after work on the asset, and says nothing any more once another device reports the asset
//! running, which ends its stop too. The same ends the stop of a device that was taken off the asset.

use super::{DerivedFailure, Mark, MarkKind, Silence, earlier};
use crate::{
    Timestamp,
    condition::{EquipmentState, ReportedState, failure::DetectedBy},
    id::DeviceId,
};

/// All that a device tells.
pub(super) struct Told {
    pub device_id: DeviceId,
    /// Contiguous from the device's first word on; of several at one time the last counts.
    pub pieces: Vec<Piece>,
    pub stops: Vec<DeviceStop>,
}

/// One stretch of a device's log, up to the next.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub from: Timestamp,
    /// `None` when it does not speak for the asset.
    pub state: Option<EquipmentState>,
    pub cause: Option<String>,
}

/// A downtime of one part: its entry and the failures recorded within.
pub(super) struct DeviceStop {
    pub to: Option<Timestamp>,
    pub entry: DerivedFailure,
    pub recorded: Vec<DerivedFailure>,
}

/// What `device` tells by `marks`, those of all devices of the asset in order.
pub(super) fn told(device: DeviceId, marks: &[Mark], silences: &[Silence]) -> Told {
    let mut walk =
        Walk { device, segments: Vec::new(), reports: false, gone: false, open: None, stops: Vec::new() };
    for instant in marks.chunk_by(|a, b| a.at == b.at) {
        walk.step(&Instant::of(device, instant));
    }
    walk.stops.extend(walk.open.take());
    Told { device_id: device, pieces: overlay(device, &walk.segments, silences), stops: walk.stops }
}

/// A state as the marks tell it, before silences are laid over it.
struct Segment {
    from: Timestamp,
    state: Option<EquipmentState>,
    cause: Option<String>,
    /// Down because of a failure event.
    by_event: bool,
}

/// Everything that was said at one time, as it concerns one device.
struct Instant<'a> {
    at: Timestamp,
    /// Codes of the failures that it recorded.
    failed: Vec<&'a str>,
    report: Option<(ReportedState, Option<&'a str>)>,
    left: bool,
    /// Work was done on the asset, whoever says so.
    maintained: bool,
    /// Another device reports that the asset runs, or could.
    others_run: bool,
}

impl<'a> Instant<'a> {
    fn of(device: DeviceId, marks: &'a [Mark]) -> Self {
        let mut instant = Self {
            at: marks.first().map_or(Timestamp::MIN_UTC, |mark| mark.at),
            failed: Vec::new(),
            report: None,
            left: false,
            maintained: false,
            others_run: false,
        };
        for mark in marks {
            let own = mark.device_id == device;
            match &mark.what {
                MarkKind::Failure { code } if own => instant.failed.push(code),
                MarkKind::Report { state, cause } if own => instant.report = Some((*state, cause.as_deref())),
                MarkKind::Report { state: ReportedState::Up | ReportedState::Idle, .. } => {
                    instant.others_run = true;
                }
                MarkKind::Left if own => instant.left = true,
                MarkKind::Maintenance { .. } => instant.maintained = true,
                _ => {}
            }
        }
        instant
    }
}

struct Walk {
    device: DeviceId,
    segments: Vec<Segment>,
    /// It has reported a state, and was not taken off since: only it tells when its part runs again.
    reports: bool,
    /// It was taken off the asset.
    gone: bool,
    open: Option<DeviceStop>,
    stops: Vec<DeviceStop>,
}

impl Walk {
    fn step(&mut self, instant: &Instant<'_>) {
        for code in &instant.failed {
            self.record_failure(instant.at, code);
        }
        self.reports = !instant.left && (self.reports || instant.report.is_some());
        let last = self.segments.last();
        let by_event = last.is_some_and(|segment| segment.by_event);
        let down = last.is_some_and(|segment| segment.state == Some(EquipmentState::DownUnplanned));
        let (at, failed) = (instant.at, !instant.failed.is_empty());
        if instant.left {
            self.gone = true;
            self.say(at, None, None, false);
        } else if let Some((state, cause)) = instant.report {
            self.enter(at, state, cause);
        } else if instant.maintained && (failed || by_event) {
            self.enter(at, ReportedState::Up, None);
        } else if failed && !down {
            self.gone = false;
            self.say(at, Some(EquipmentState::DownUnplanned), instant.failed.first().copied(), true);
        } else if instant.others_run && !self.reports {
            self.say(at, None, None, false);
            self.restore(at);
        } else if self.gone && instant.maintained {
            self.restore(at);
        }
    }

    fn record_failure(&mut self, at: Timestamp, code: &str) {
        let failure = DerivedFailure {
            at,
            restored_at: None,
            code: Some(code.to_owned()),
            cause: None,
            device_id: self.device,
            detected_by: DetectedBy::FailureEvent,
        };
        let stop = self.open.get_or_insert_with(|| DeviceStop {
            to: None,
            entry: failure.clone(),
            recorded: Vec::new(),
        });
        if stop.recorded.iter().all(|known| known.code != failure.code) {
            stop.recorded.push(failure);
        }
    }

    fn enter(&mut self, at: Timestamp, state: ReportedState, cause: Option<&str>) {
        self.gone = false;
        match state {
            ReportedState::DownUnplanned if self.open.is_none() => {
                let entry = DerivedFailure {
                    at,
                    restored_at: None,
                    code: None,
                    cause: cause.map(String::from),
                    device_id: self.device,
                    detected_by: DetectedBy::StateReport,
                };
                self.open = Some(DeviceStop { to: None, entry, recorded: Vec::new() });
            }
            ReportedState::Up | ReportedState::Idle => self.restore(at),
            _ => {}
        }
        self.say(at, Some(state.into()), cause, false);
    }

    fn say(&mut self, from: Timestamp, state: Option<EquipmentState>, cause: Option<&str>, by_event: bool) {
        // Said again it is no new state: how often must not count, for repetitions are not all kept.
        let again = self.segments.last().is_some_and(|last| {
            (last.state, last.cause.as_deref(), last.by_event) == (state, cause, by_event)
        });
        if !again && (state.is_some() || !self.segments.is_empty()) {
            self.segments.push(Segment { from, state, cause: cause.map(String::from), by_event });
        }
    }

    fn restore(&mut self, at: Timestamp) {
        self.stops.extend(self.open.take().map(|stop| DeviceStop { to: Some(at), ..stop }));
    }
}

/// Cuts the silences of the device out of its segments as unknown.
fn overlay(device: DeviceId, segments: &[Segment], silences: &[Silence]) -> Vec<Piece> {
    let mut silences: Vec<&Silence> = silences.iter().filter(|silence| silence.device_id == device).collect();
    silences.sort_by_key(|silence| silence.from);
    let mut pieces = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let end = segments.get(index + 1).map(|next| next.from);
        let piece = |from: Timestamp| Piece { from, state: segment.state, cause: segment.cause.clone() };
        let mut from = Some(segment.from);
        for silence in silences.iter().filter(|_| segment.state.is_some()) {
            let Some(known) = from else { break };
            let (start, stop) = (silence.from.max(known), earlier(silence.to, end));
            if stop.is_some_and(|stop| stop <= start) {
                continue;
            }
            // Where a silence begins or ends with the segment, nothing is left: the piece is empty and passed over.
            pieces.push(piece(known));
            pieces.push(Piece { from: start, state: Some(EquipmentState::Unknown), cause: None });
            from = stop;
        }
        pieces.extend(from.map(piece));
    }
    pieces
}
