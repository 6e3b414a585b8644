//! The time that a device wrote beside its values, in whatever unit: seconds, milliseconds, microseconds or
//! nanoseconds since 1970, as a number or as text, or ISO 8601 text with its zone.

use crate::{json::Scalar, time::event_time_us};
use chrono::{NaiveDateTime, TimeZone};
use domain::{Timestamp, calendar::Zone, telemetry::Rejection};

/// Below each of these a number is of the unit: as seconds it would reach the year 5138, as a smaller unit 1973.
const UNITS: [(f64, f64); 3] = [(1e11, 1e-3), (1e14, 1.0), (1e17, 1e3)];
const NANOSECONDS: f64 = 1e6;
/// 1973. A smaller number beside flat values may as well be a reading that happens to be called `ts`.
const FIRST_MS: f64 = 1e11;

/// What stands under `ts`.
pub enum Stamp {
    Absent,
    /// Milliseconds since 1970.
    Ms(f64),
    /// As sent; no time.
    Other(String),
}

impl Stamp {
    pub fn read(scalar: Option<&Scalar<'_>>) -> Self {
        match scalar {
            None | Some(Scalar::Null) => Self::Absent,
            Some(Scalar::Number(number)) => Self::Ms(milliseconds(*number)),
            Some(Scalar::LongInteger(digits)) => number(digits),
            Some(Scalar::Text(text)) => match text.trim().parse::<Timestamp>() {
                Ok(at) => Self::Ms(at.timestamp_micros() as f64 / 1e3),
                Err(_) => number(text),
            },
            Some(Scalar::NotFinite) => Self::Other("not a finite number".into()),
            Some(Scalar::Bool(value)) => Self::Other(value.to_string()),
        }
    }

    /// A time without a zone is of the clock on the wall in `zone`. In the hour that comes twice it is the later one,
    /// unless that is still to come.
    pub fn on_the_wall(self, zone: Option<Zone>, horizon_us: i64) -> Self {
        let (Self::Other(text), Some(zone)) = (&self, zone) else { return self };
        let Ok(wall) = text.trim().replace(' ', "T").parse::<NaiveDateTime>() else { return self };
        let at = zone.from_local_datetime(&wall);
        let later = at.latest().filter(|at| at.timestamp_micros() <= horizon_us);
        match later.or(at.earliest()) {
            Some(at) => Self::Ms(at.timestamp_micros() as f64 / 1e3),
            None => self,
        }
    }

    /// Whether it is to be taken for the time of the values that stand beside it.
    pub fn is_beside_values(&self) -> bool {
        matches!(self, Self::Ms(ms) if *ms >= FIRST_MS)
    }

    /// Since 1970, when it is a time.
    pub fn sent_us(&self) -> Option<i64> {
        match self {
            Self::Ms(ms) => Some((ms * 1_000.0).round() as i64),
            Self::Absent | Self::Other(_) => None,
        }
    }

    /// The event time in microseconds, or why it is not believed.
    pub fn event_time_us(&self, received_at_us: i64, horizon_us: i64) -> Result<i64, Rejection> {
        match self {
            Self::Absent => Ok(received_at_us),
            Self::Ms(ms) => event_time_us(*ms, horizon_us),
            Self::Other(sent) => Err(Rejection::WrongShape(format!("ts {sent:?} is no time with a zone"))),
        }
    }
}

fn number(text: &str) -> Stamp {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Stamp::Ms(milliseconds(number)),
        _ => Stamp::Other(text.chars().take(60).collect()),
    }
}

fn milliseconds(number: f64) -> f64 {
    let unit = UNITS.iter().find(|(below, _)| number.abs() < *below);
    number / unit.map_or(NANOSECONDS, |(_, per_ms)| *per_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_800_000_000_000_000;
    const AT_US: i64 = 1_700_000_000_123_456;

    fn time(scalar: Scalar<'_>) -> Option<i64> {
        Stamp::read(Some(&scalar)).event_time_us(1, NOW_US).ok()
    }

    #[test]
    fn every_unit_means_the_same_instant() {
        assert_eq!(time(Scalar::Number(1_700_000_000.0)), Some(1_700_000_000_000_000));
        assert_eq!(time(Scalar::Number(1_700_000_000.123_456)), Some(AT_US));
        assert_eq!(time(Scalar::Number(1_700_000_000_123.456)), Some(AT_US));
        assert_eq!(time(Scalar::Number(1_700_000_000_123_456.0)), Some(AT_US));
        assert_eq!(time(Scalar::LongInteger("1700000000123456000")), Some(AT_US));
        for text in [
            "1700000000.123456",
            "1700000000123.456",
            " 1700000000123456 ",
            "1700000000123456000",
            "2023-11-14T22:13:20.123456Z",
            "2023-11-14 22:13:20.123456Z",
            "2023-11-15T06:13:20.123456+08:00",
            "2023-11-14T18:13:20.123456-0400",
        ] {
            assert_eq!(time(Scalar::Text(text.into())), Some(AT_US), "{text}");
        }
    }

    #[test]
    fn a_clock_on_the_wall_is_read_in_its_zone() {
        let zone = domain::calendar::zone("Europe/Bucharest");
        let read = |text: &str, horizon_us| {
            Stamp::read(Some(&Scalar::Text(text.to_owned().into()))).on_the_wall(zone, horizon_us).sent_us()
        };
        assert_eq!(read("2023-11-15T00:13:20.123456", NOW_US), Some(AT_US));
        assert_eq!(read("2023-11-15 00:13:20.123456", NOW_US), Some(AT_US));
        assert_eq!(read("2023-11-14T22:13:20.123456Z", NOW_US), Some(AT_US), "it says its zone");
        assert_eq!(read("2023-03-26T03:30:00", NOW_US), None, "the clocks went from three to four");
        // From four back to three: half past three came at 0:30 and at 1:30 UTC.
        let first = 1_698_539_400_000_000;
        assert_eq!(read("2023-10-29T03:30:00", first + 60_000_000), Some(first));
        assert_eq!(read("2023-10-29T03:30:00", NOW_US), Some(first + 3_600_000_000));
        assert_eq!(read("yesterday", NOW_US), None);
    }

    #[test]
    fn what_is_no_time_is_refused_as_it_was_sent() {
        for text in ["yesterday", "", "2023-11-14T22:13:20", "NaN", "1e999"] {
            let stamp = Stamp::read(Some(&Scalar::Text(text.into())));
            let refused = stamp.event_time_us(1, NOW_US).unwrap_err();
            assert!(matches!(&refused, Rejection::WrongShape(why) if why.contains(text)), "{refused}");
            assert!(!stamp.is_beside_values());
        }
        assert_eq!(time(Scalar::Null), Some(1), "no time, so that of receipt");
        assert_eq!(time(Scalar::Number(1_000.0)), None, "1970");
        assert!(!Stamp::read(Some(&Scalar::Number(21.5))).is_beside_values());
        assert!(Stamp::read(Some(&Scalar::Number(315_532_800.0))).is_beside_values(), "1980 is a clock");
    }
}
