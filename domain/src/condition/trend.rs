//! A straight line through recent points: how fast a value moves and when it reaches a level.

/// Least squares over (time in microseconds, value).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    pub per_hour: f64,
    /// Share of the variation that the line explains, 0 to 1.
    pub r_squared: f64,
    /// The line's value at the newest point.
    pub at_end: f64,
}

/// `None` for fewer than three points, no spread in time, or values too large to add up.
pub fn fit(points: &[(i64, f64)]) -> Option<Trend> {
    let (last, n) = (points.last()?.0, points.len() as f64);
    if points.len() < 3 {
        return None;
    }
    let hours = |ts_us: i64| (ts_us - last) as f64 / 3.6e9;
    let mean_x = points.iter().map(|(ts, _)| hours(*ts)).sum::<f64>() / n;
    let mean_y = points.iter().map(|(_, value)| value).sum::<f64>() / n;
    let (mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0);
    for (ts, value) in points {
        let (dx, dy) = (hours(*ts) - mean_x, value - mean_y);
        sxx += dx * dx;
        sxy += dx * dy;
        syy += dy * dy;
    }
    if sxx <= 0.0 {
        return None;
    }
    let per_hour = sxy / sxx;
    let r_squared = if syy > 0.0 { (sxy * sxy / (sxx * syy)).min(1.0) } else { 0.0 };
    let at_end = mean_y - per_hour * mean_x;
    // Sums of very large values are no numbers, and tell nothing.
    let known = [per_hour, at_end, sxy, syy].iter().all(|number| number.is_finite());
    known.then_some(Trend { per_hour, r_squared, at_end })
}

impl Trend {
    /// Hours from the newest point until `level`; 0 when already beyond in the direction of the trend, `None` when the
    /// line explains too little or moves away.
    pub fn hours_to(&self, level: f64) -> Option<f64> {
        let hours = (level - self.at_end) / self.per_hour;
        (self.r_squared >= 0.5 && hours.is_finite() && hours >= 0.0).then_some(hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_a_line_to_its_level() {
        let points: Vec<_> = (0..10).map(|hour| (hour * 3_600_000_000, 5.0 + hour as f64 * 0.5)).collect();
        let trend = fit(&points).expect("ten points");
        assert!((trend.per_hour - 0.5).abs() < 1e-9);
        assert!((trend.hours_to(11.5).expect("rising") - 4.0).abs() < 1e-9);
        assert_eq!(trend.hours_to(1.0), None, "moving away");
    }

    #[test]
    fn a_line_through_scattered_points_is_the_one_of_least_squares() {
        // By hand: hours -3 to 0, sums of squares 5, 7 and 14.
        let points = [(0, 1.0), (1, 3.0), (2, 2.0), (3, 6.0)].map(|(hour, y)| (hour * 3_600_000_000, y));
        let trend = fit(&points).expect("four points");
        for (got, want) in [(trend.per_hour, 1.4), (trend.r_squared, 0.7), (trend.at_end, 5.1)] {
            assert!((got - want).abs() < 1e-12, "{got} is not {want}");
        }
        assert!((trend.hours_to(8.6).expect("rising") - 2.5).abs() < 1e-12);
        let falling = fit(&points.map(|(ts, y)| (ts, -y))).expect("four points");
        assert!((falling.hours_to(-8.6).expect("falling") - 2.5).abs() < 1e-12);
    }

    #[test]
    fn too_little_is_no_trend() {
        let at =
            |hours: &[i64]| fit(&hours.iter().map(|h| (h * 3_600_000_000, *h as f64)).collect::<Vec<_>>());
        assert_eq!((at(&[]), at(&[1]), at(&[1, 2]), at(&[2, 2, 2])), (None, None, None, None));
        assert_eq!(at(&[1, 2, 3]).map(|trend| trend.r_squared), Some(1.0));
        let flat = fit(&[(0, 5.0), (1, 5.0), (2, 5.0)]).expect("three points");
        assert_eq!(
            (flat.per_hour, flat.r_squared, flat.hours_to(6.0)),
            (0.0, 0.0, None),
            "it explains nothing"
        );
    }

    #[test]
    fn a_level_that_is_reached_is_reached_now() {
        let trend = Trend { per_hour: 2.0, r_squared: 0.5, at_end: 10.0 };
        assert_eq!((trend.hours_to(10.0), trend.hours_to(13.0)), (Some(0.0), Some(1.5)));
        assert_eq!(Trend { r_squared: 0.49, ..trend }.hours_to(13.0), None, "the line explains too little");
        assert_eq!(Trend { per_hour: 0.0, ..trend }.hours_to(13.0), None);
    }

    #[test]
    fn the_largest_values_tell_nothing() {
        for value in [1e300, 1e308] {
            let points: Vec<_> =
                (0..10).map(|i| (i * 3_600_000_000, if i % 2 == 0 { value } else { -value })).collect();
            assert_eq!(fit(&points), None);
        }
    }

    #[test]
    fn noise_predicts_nothing() {
        let points: Vec<_> =
            (0..10).map(|hour| (hour * 3_600_000_000, if hour % 2 == 0 { 1.0 } else { 2.0 })).collect();
        assert_eq!(fit(&points).and_then(|trend| trend.hours_to(10.0)), None);
    }
}
