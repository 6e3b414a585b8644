use super::*;
use crate::i18n::Lang;

fn view() -> View {
    View { lang: Lang::En, zone: chrono_tz::UTC, civil: chrono_tz::UTC, user: None, path: "/".into() }
}

fn plot(line: Line) -> Plot {
    Plot {
        title: "Vibration".into(),
        unit: "mm/s".into(),
        from: from_micros(1_000_000_000),
        to: from_micros(1_100_000_000),
        line,
        limits: Vec::new(),
        marks: Vec::new(),
        source: None,
        tall: false,
    }
}

fn points(values: &[(i64, f64)]) -> Line {
    let points: Vec<_> =
        values.iter().map(|(s, value)| Point { ts_us: (1000 + s) * 1_000_000, value: *value }).collect();
    Line::of_points(&points)
}

#[test]
fn nothing_is_drawn_over_missing_data() {
    let line = points(&[(0, 1.0), (10, 2.0), (20, 3.0), (70, 2.0), (80, 1.0)]);
    let plot = plot(line);
    let d = plot.line_path(plot.scale());
    assert_eq!(d.matches('M').count(), 2, "{d}");
    assert!(d.contains("M70 "), "{d}");
    assert!(plot.summary(&view(), plot.scale()).contains("1 gap"), "{}", plot.summary(&view(), plot.scale()));
}

#[test]
fn a_lone_value_is_a_dot() {
    let plot = plot(points(&[(5, 21.5)]));
    let d = plot.line_path(plot.scale());
    assert!(d.starts_with("M5 ") && d.contains("L5 "), "{d}");
}

#[test]
fn no_values_are_said_in_words() {
    let html = plot(Line::default()).figure(&view()).into_string();
    assert!(html.contains("No data in this period"));
    assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
    assert!(!html.contains("<details"), "nothing to show as a table");
}

#[test]
fn what_is_no_number_is_left_out() {
    let html = plot(points(&[(0, 1.0), (10, f64::NAN), (20, f64::INFINITY), (30, 2.0)]))
        .figure(&view())
        .into_string();
    assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
}

#[test]
fn buckets_keep_their_extremes() {
    let bucket = |start_us, min, max| Bucket { start_us, min, max, sum: min + max, count: 2, last: max };
    let buckets = [bucket(1_000_000_000, 1.0, 9.0), bucket(1_010_000_000, 2.0, 4.0)];
    let plot = plot(Line::of_buckets(&buckets, 10_000_000));
    let scale = plot.scale();
    assert!(scale.min <= 1.0 && scale.max >= 9.0, "the mean alone would cut the spike off: {scale:?}");
    let d = plot.envelope_path(scale);
    assert_eq!((d.matches('M').count(), d.matches('L').count(), d.matches('Z').count()), (1, 3, 1), "{d}");
    assert!(plot.figure(&view()).into_string().contains("Highest"));
}

#[test]
fn a_far_limit_does_not_flatten_the_line() {
    let mut plot = plot(points(&[(0, 2.0), (10, 3.0)]));
    plot.limits = vec![
        Limit { value: 4.5, above: true, alarm: false },
        Limit { value: 5000.0, above: true, alarm: true },
    ];
    let scale = plot.scale();
    assert!(scale.max >= 4.5 && scale.max < 20.0, "{scale:?}");
    let html = plot.figure(&view()).into_string();
    assert!(html.contains("data-limit=\"4.5\" data-above visibility=\"visible\""), "{html}");
    assert!(html.contains("data-limit=\"5000\" data-above visibility=\"hidden\""), "{html}");
}

#[test]
fn titles_are_escaped() {
    let mut plot = plot(Line::default());
    plot.title = "<script>".into();
    assert!(!plot.figure(&view()).into_string().contains("<script>"));
}

#[test]
fn a_limit_beyond_the_axis_is_an_arrow_and_not_a_line_at_the_edge() {
    let limit = |value, above| Limit { value, above, alarm: true };
    let line = points(&[(0, 20.0), (10, 21.0), (20, 22.0)]);
    let far = Plot { limits: vec![limit(400.0, true)], ..plot(line.clone()) }.figure(&view()).into_string();
    assert!(far.contains("visibility=\"hidden\"") && !far.contains("visibility=\"visible\""), "{far}");
    let arrow =
        far.split("data-beyond=\"400\"").nth(1).expect("an arrow").split("</span>").next().expect("text");
    assert!(!arrow.contains("hidden>") && arrow.contains('↑'), "{arrow}");
    assert!(far.contains("400"), "with its value");
    let near = Plot { limits: vec![limit(23.0, true)], ..plot(line) }.figure(&view()).into_string();
    assert!(near.contains("visibility=\"visible\""), "{near}");
    assert!(near.contains("data-beyond=\"23\" hidden"), "{near}");
}

#[test]
fn few_values_are_dots_that_can_be_seen_and_are_joined_over_their_usual_distance() {
    // Bursts of five a tenth of a second apart each hour.
    let mut values = vec![];
    for hour in 0..8 {
        for tick in 0..5 {
            values.push(Point {
                ts_us: 1_000_000_000 + hour * 3_600_000_000 + tick * 100_000,
                value: 20.0 + hour as f64,
            });
        }
    }
    let plot = plot(Line::of_points(&values));
    assert_eq!(plot.line_path(plot.scale()).matches('M').count(), 1, "one line through all hours");
    assert_eq!(plot.dots_path(plot.scale()).matches("h0").count(), values.len());
    let many: Vec<_> = (0..500).map(|s| (s, f64::from(s as i32))).chain([(5000, 1.0)]).collect();
    let plot = self::plot(points(&many));
    assert_eq!(plot.dots_path(plot.scale()).matches("h0").count(), 1, "the lone one alone");
}

#[test]
fn a_frozen_picture_has_axes() {
    let drawn = plot(points(&[(0, 20.0), (10, 22.0)])).picture(&view()).into_string();
    assert!(drawn.contains("class=\"ylab\"") && drawn.contains("class=\"xlab\""), "{drawn}");
    assert!(!drawn.contains("data-chart"), "nothing in it moves");
}
