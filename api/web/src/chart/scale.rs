//! Axes: four even steps of a round size for values, and round times in the reader's zone.

use crate::i18n::Lang;
use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use domain::{Timestamp, clock::from_micros};

/// A value axis of four steps: the plot's grid has four rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub min: f64,
    pub max: f64,
    /// Decimals that tell neighbouring labels apart.
    pub digits: usize,
}

const STEPS: f64 = 4.0;
/// Axes of larger values end at the values themselves.
const LARGEST_ROUND: f64 = 1e307;
/// Larger values are labelled by their power of ten.
const LONGEST: f64 = 1e15;
const ROUND: [f64; 4] = [1.0, 2.0, 2.5, 5.0];

impl Scale {
    /// The smallest round axis that holds `low..=high`. Values that are no numbers give 0 to 1.
    pub fn around(low: f64, high: f64) -> Self {
        let (low, high) =
            if low.is_finite() && high.is_finite() && low <= high { (low, high) } else { (0.0, 1.0) };
        // A constant series gets room for a tenth of itself, so that its line is not the frame.
        let largest = low.abs().max(high.abs());
        if largest > LARGEST_ROUND {
            return Self::at_the_end_of_the_range(low, high);
        }
        let span = (high - low).max(largest * 0.02).max(1e-9);
        let mut power = (span / STEPS).log10().floor() as i32;
        loop {
            for round in ROUND {
                let step = round * 10_f64.powi(power);
                let min = (low / step).floor() * step;
                let max = min + STEPS * step;
                if max >= high && max - min >= span {
                    return Self { min, max, digits: digits_of(round, power) };
                }
            }
            power += 1;
        }
    }
    /// No rounding: a round number beyond these would be none.
    fn at_the_end_of_the_range(low: f64, high: f64) -> Self {
        let (min, max) = if low < high { (low, high) } else { (low.min(0.0), high.max(0.0)) };
        Self { min, max, digits: 0 }
    }
    pub fn holds(self, value: f64) -> bool {
        (self.min..=self.max).contains(&value)
    }
    /// Where `value` lies: 0 at the top, [`super::HEIGHT`] at the bottom. Halves, because the difference of two very large
    /// numbers is none.
    pub fn y(self, value: f64) -> f64 {
        (self.max / 2.0 - value / 2.0) / (self.max / 2.0 - self.min / 2.0) * super::HEIGHT
    }
    /// The five labels, from the top down, each with its place in percent.
    pub fn labels(self, lang: Lang) -> impl Iterator<Item = (u32, String)> {
        (0..=4).map(move |row| {
            let down = f64::from(row) / STEPS;
            let value = if (self.max - self.min).is_finite() {
                self.max - down * (self.max - self.min)
            } else {
                self.max * (1.0 - down) + self.min * down
            };
            let text =
                if value.abs() < LONGEST { lang.number(value, self.digits) } else { format!("{value:.2e}") };
            (row * 25, text)
        })
    }
}

fn digits_of(round: f64, power: i32) -> usize {
    let power = if round == 2.5 { power - 1 } else { power };
    usize::try_from(-power).unwrap_or(0).min(9)
}

/// Seconds between the labels of a time axis.
const TIME_STEPS: [i64; 19] = [
    1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800,
    2_592_000,
];
const TIME_LABELS: i64 = 6;

/// Labels of a time axis, each with its place in percent of `from..to`.
pub fn time_labels(from_us: i64, to_us: i64, lang: Lang, zone: Tz) -> Vec<(f64, String)> {
    let span = (to_us - from_us).max(1);
    let wanted = span / 1_000_000 / TIME_LABELS;
    let step = TIME_STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(31_536_000) * 1_000_000;
    let offset = offset_us(from_micros(from_us), zone);
    let mut at = (from_us + offset).div_euclid(step) * step + step - offset;
    let mut labels = Vec::new();
    while at < to_us {
        let place = (at - from_us) as f64 / span as f64 * 100.0;
        if (3.0..97.0).contains(&place) {
            labels.push((place, label(from_micros(at).with_timezone(&zone), step, lang)));
        }
        at += step;
    }
    labels
}

fn offset_us(at: Timestamp, zone: Tz) -> i64 {
    let local = at.with_timezone(&zone).naive_local();
    (local - at.naive_utc()).num_microseconds().unwrap_or(0)
}

fn label(at: DateTime<Tz>, step: i64, lang: Lang) -> String {
    if step >= 86_400_000_000 || (at.hour() == 0 && at.minute() == 0 && step >= 3_600_000_000) {
        match lang {
            Lang::En => at.format("%-d %b").to_string(),
            Lang::Es | Lang::It => format!("{}/{}", at.day(), at.month()),
            Lang::Ro => format!("{}.{:02}", at.day(), at.month()),
            Lang::Zh => format!("{}-{}", at.month(), at.day()),
        }
    } else if step < 60_000_000 {
        at.format("%H:%M:%S").to_string()
    } else {
        at.format("%H:%M").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn axes_are_round_and_hold_the_values() {
        assert_eq!(Scale::around(2.1, 7.3), Scale { min: 2.0, max: 10.0, digits: 0 });
        assert_eq!(Scale::around(0.0, 100.0), Scale { min: 0.0, max: 100.0, digits: 0 });
        assert_eq!(Scale::around(71.2, 77.1), Scale { min: 70.0, max: 78.0, digits: 0 });
        assert_eq!(Scale::around(0.011, 0.019), Scale { min: 0.01, max: 0.02, digits: 4 });
    }

    #[test]
    fn no_numbers_and_constants_have_an_axis() {
        for (low, high) in [(f64::NAN, f64::NAN), (f64::INFINITY, f64::NEG_INFINITY), (1.0, 0.0)] {
            assert_eq!(Scale::around(low, high), Scale { min: 0.0, max: 1.0, digits: 2 });
        }
        let flat = Scale::around(21.5, 21.5);
        assert!(flat.min < 21.5 && flat.max > 21.5 && flat.max - flat.min < 3.0, "{flat:?}");
        let zero = Scale::around(0.0, 0.0);
        assert!(zero.max > zero.min);
    }

    #[test]
    fn times_are_round_in_the_readers_zone() {
        let from = "2026-03-01T10:07:30Z".parse::<Timestamp>().unwrap().timestamp_micros();
        let labels = time_labels(from, from + 3_600_000_000, Lang::En, chrono_tz::Asia::Kolkata);
        let texts: Vec<_> = labels.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["15:40", "15:50", "16:00", "16:10", "16:20", "16:30"]);
        let month = time_labels(from, from + 30 * 86_400_000_000, Lang::En, chrono_tz::Europe::Madrid);
        assert!(month.iter().all(|(_, text)| text.ends_with("Mar")), "{month:?}");
    }

    #[test]
    fn the_largest_numbers_have_an_axis_with_short_labels() {
        for (low, high) in
            [(-1e308, 1e308), (f64::MIN, f64::MAX), (1.7e308, 1.7e308), (-1e308, -1e308), (1e300, 1e300)]
        {
            let scale = Scale::around(low, high);
            assert!(scale.min <= low && scale.max >= high && scale.min < scale.max, "{scale:?}");
            for value in [low, low / 2.0 + high / 2.0, high] {
                assert!((0.0..=1000.0).contains(&scale.y(value)), "{value} on {scale:?}");
            }
            for (_, text) in scale.labels(Lang::En) {
                assert!(text.len() < 12 && !text.contains("inf") && !text.contains("NaN"), "{text}");
            }
        }
        assert_eq!(Scale::around(-1e308, 1e308).y(0.0), 500.0);
    }

    proptest! {
        #[test]
        fn every_number_has_its_place(a in prop::num::f64::NORMAL, b in prop::num::f64::NORMAL) {
            let (low, high) = (a.min(b), a.max(b));
            let scale = Scale::around(low, high);
            prop_assert!(scale.min <= low && scale.max >= high && scale.min < scale.max, "{scale:?}");
            prop_assert!(scale.y(low).is_finite() && scale.y(high).is_finite());
        }

        #[test]
        fn every_axis_holds_its_values(low in -1e12_f64..1e12, span in 0.0_f64..1e12) {
            let scale = Scale::around(low, low + span);
            prop_assert!(scale.min <= low && scale.max >= low + span, "{scale:?}");
        }
    }
}
