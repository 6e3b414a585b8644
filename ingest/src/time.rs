//! Which device times are believed.

use domain::{clock::from_micros, telemetry::Rejection};

/// 2000-01-01T00:00:00Z. A clock without battery starts in 1970.
const OLDEST_US: i64 = 946_684_800_000_000;

/// The event time of `ts_ms` (milliseconds since 1970, fractions allowed) in microseconds. Nothing after `horizon_us` is
/// believed: a reading of tomorrow would stand before those of today in everything that asks for the newest.
pub fn event_time_us(ts_ms: f64, horizon_us: i64) -> Result<i64, Rejection> {
    // Saturates, and every time that is believed is far below 2^53 microseconds: nothing is rounded there.
    let ts_us = (ts_ms * 1_000.0).round() as i64;
    if ts_us < OLDEST_US {
        return Err(Rejection::TooOld { ts: shown(ts_ms, ts_us) });
    }
    if ts_us > horizon_us {
        return Err(Rejection::InFuture { ts: shown(ts_ms, ts_us) });
    }
    Ok(ts_us)
}

/// The number as it was sent and the time that it means, so that seconds sent as milliseconds are recognised.
fn shown(ts_ms: f64, ts_us: i64) -> String {
    format!("{ts_ms} = {}", from_micros(ts_us).format("%Y-%m-%dT%H:%M:%SZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_800_000_000_000_000;

    #[test]
    fn milliseconds_keep_their_fraction() {
        assert_eq!(event_time_us(1_451_649_600_512.0, NOW_US), Ok(1_451_649_600_512_000));
        assert_eq!(event_time_us(1_451_649_600_512.123, NOW_US), Ok(1_451_649_600_512_123));
    }

    #[test]
    fn seconds_and_next_year_are_refused_with_the_time_they_mean() {
        let horizon_us = NOW_US + 120_000_000;
        let seconds = event_time_us(1_451_649_600.0, horizon_us).unwrap_err();
        assert_eq!(seconds, Rejection::TooOld { ts: "1451649600 = 1970-01-17T19:14:09Z".into() });
        let ahead = (NOW_US / 1_000) as f64 + 120_000.0;
        assert!(event_time_us(ahead, horizon_us).is_ok());
        assert!(matches!(event_time_us(ahead + 1.0, horizon_us), Err(Rejection::InFuture { .. })));
        assert!(matches!(event_time_us(1e300, horizon_us), Err(Rejection::InFuture { .. })));
        assert!(matches!(event_time_us(-1e300, horizon_us), Err(Rejection::TooOld { .. })));
    }
}
