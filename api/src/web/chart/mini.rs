//! Small pictures beside a number. The number carries the meaning, so they are hidden from screen readers.

use maud::{Markup, PreEscaped, html};
use std::fmt::Write;

/// A sparkline; `class` colours it (`ok`, `warn`, `crit` or nothing). Values that are no numbers leave a gap.
pub fn spark(values: &[f64], class: &str) -> Markup {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let mut d = String::new();
    let mut pen_down = false;
    for (index, value) in values.iter().enumerate() {
        if value.is_finite() {
            // Halves, because the difference of two very large numbers is none.
            let y = 9.0 - 8.0 * ((value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0).max(5e-10));
            let _ = write!(d, "{}{index} {y:.2}", if pen_down { "L" } else { "M" });
            if !pen_down {
                d.push_str("h0");
            }
        }
        pen_down = value.is_finite();
    }
    html! {
        svg class={ "spark " (class) } viewBox={ "0 0 " (values.len().saturating_sub(1).max(1)) " 10" }
            preserveAspectRatio="none" aria-hidden="true" { path d=(d) {} }
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
        assert!(spark(&[], "ok").into_string().contains(r#"d="""#));
        assert!(spark(&[3.0], "").into_string().contains("M0 9.00h0"));
        assert!(spark(&[-1e308, 1e308], "").into_string().contains("M0 9.00h0L1 1.00"));
        let gap = spark(&[1.0, f64::NAN, 2.0], "").into_string();
        assert!(gap.contains("M0 9.00h0M2 1.00h0") && !gap.contains("NaN"), "{gap}");
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
