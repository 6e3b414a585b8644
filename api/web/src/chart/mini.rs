//! Small pictures beside a number. The number carries the meaning, so they are hidden from screen readers.

use maud::{Markup, PreEscaped, html};
use std::fmt::Write;

/// A sparkline; `class` colours it (`ok`, `warn`, `crit` or nothing). Neighbours are joined. Over what has no value,
/// such as a day on which nothing failed, a thin dashed line leads on to the next one; a value without neighbours is a
/// dot.
pub fn spark(values: &[f64], class: &str) -> Markup {
    let spots = spots(values);
    let (mut line, mut over, mut dots) = (String::new(), String::new(), String::new());
    for run in spots.chunk_by(|a, b| a.0 + 1 == b.0) {
        draw(if run.len() == 1 { &mut dots } else { &mut line }, run);
    }
    for pair in spots.windows(2).filter(|pair| pair[0].0 + 1 < pair[1].0) {
        draw(&mut over, pair);
    }
    html! {
        svg class={ "spark " (class) } viewBox={ "0 0 " (values.len().saturating_sub(1).max(1)) " 10" }
            preserveAspectRatio="none" aria-hidden="true" {
            @for (part, d) in [("over", over), ("line", line), ("dots", dots)] {
                @if !d.is_empty() { path class=(part) d=(d) {} }
            }
        }
    }
}

/// The places of the values that are numbers: which one, and how far down. Where all are the same, in the middle.
fn spots(values: &[f64]) -> Vec<(usize, f64)> {
    let finite = || values.iter().copied().enumerate().filter(|(_, value)| value.is_finite());
    let (low, high) =
        finite().fold((f64::MAX, f64::MIN), |(low, high), (_, value)| (low.min(value), high.max(value)));
    // Halves, because the difference of two very large numbers is none.
    let height = high / 2.0 - low / 2.0;
    let y = |value: f64| if height > 0.0 { 9.0 - 8.0 * ((value / 2.0 - low / 2.0) / height) } else { 5.0 };
    finite().map(|(index, value)| (index, y(value))).collect()
}

/// One sub-path; a single place is a dot, as wide as its stroke.
fn draw(d: &mut String, spots: &[(usize, f64)]) {
    for (nth, (x, y)) in spots.iter().enumerate() {
        let _ = write!(d, "{}{x} {y:.2}", if nth == 0 { 'M' } else { 'L' });
    }
    if spots.len() == 1 {
        d.push_str("h0");
    }
}

/// A row of small bars, one class each: `ok`, `warn`, `crit`, or nothing for unknown.
pub fn bars(classes: &[&str]) -> Markup {
    html! { div.bars aria-hidden="true" { @for class in classes { i class=(class) {} } } }
}

/// Paired columns, such as opened and closed per day.
pub fn pairs(values: &[(f64, f64)]) -> Markup {
    let highest = values.iter().fold(1.0_f64, |high, (a, b)| high.max(*a).max(*b));
    let mut columns = String::new();
    for (index, (a, b)) in values.iter().enumerate() {
        for (shift, value, class) in [(1.0, a, "a"), (5.0, b, "b")] {
            let height = if value.is_finite() { (value / highest * 100.0).max(0.0) } else { 0.0 };
            let x = index as f64 * 10.0 + shift;
            let top = 100.0 - height;
            let _ = write!(
                columns,
                r#"<rect class="{class}" x="{x:.1}" y="{top:.1}" width="3.4" height="{height:.1}"/>"#
            );
        }
    }
    html! {
        svg.pairs viewBox={ "0 0 " (values.len().max(1) * 10) " 100" } preserveAspectRatio="none" aria-hidden="true" {
            (PreEscaped(columns))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_survives_nothing_one_value_and_no_numbers() {
        assert!(!spark(&[], "ok").into_string().contains("<path"));
        assert!(!spark(&[f64::NAN, f64::INFINITY], "ok").into_string().contains("<path"));
        assert!(spark(&[-1e308, 1e308], "").into_string().contains(r#"class="line" d="M0 9.00L1 1.00""#));
        assert!(spark(&[7.0, 7.0], "").into_string().contains("M0 5.00L1 5.00"));
    }

    /// It used to be a speck of one pixel.
    #[test]
    fn few_values_are_dots_that_a_dashed_line_leads_along() {
        assert!(spark(&[3.0], "").into_string().contains(r#"<path class="dots" d="M0 5.00h0">"#));
        let gap = spark(&[1.0, f64::NAN, 2.0], "").into_string();
        assert!(gap.contains(r#"class="dots" d="M0 9.00h0M2 1.00h0""#), "{gap}");
        assert!(gap.contains(r#"class="over" d="M0 9.00L2 1.00""#) && !gap.contains("NaN"), "{gap}");
        let run = spark(&[1.0, 2.0, f64::NAN, f64::NAN, 3.0], "").into_string();
        assert!(run.contains(r#"class="line" d="M0 9.00L1 5.00""#), "{run}");
        assert!(run.contains(r#"class="over" d="M1 5.00L4 1.00""#), "{run}");
        assert!(run.contains(r#"class="dots" d="M4 1.00h0""#), "{run}");
    }

    #[test]
    fn columns_are_scaled_to_the_highest() {
        let svg = pairs(&[(2.0, 4.0), (f64::NAN, 0.0)]).into_string();
        assert!(
            svg.contains(r#"height="50.0""#) && svg.contains(r#"height="100.0""#) && !svg.contains("NaN"),
            "{svg}"
        );
    }
}
