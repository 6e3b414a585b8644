//! Charts, drawn by the server as SVG and made lively by `charts.js`.
//!
//! The drawing is in data space: x is seconds since the start of the period, y is 0 at the top of the value axis and
//! [`HEIGHT`] at its bottom. The browser scales it without a second renderer, zooms by moving the `viewBox`, and appends
//! live values. Without JavaScript the page shows the same picture, with its axes, and the values as a table.

mod mini;
pub mod scale;
mod strip;

pub use mini::{bars, pairs, spark};
pub use strip::{Span, mini_strip, shares, spans, state_pill, state_strip, state_word};

use super::request::View;
use domain::{Timestamp, clock::from_micros, condition::cadence::Cadence};
use maud::{Markup, html};
use scale::Scale;
use std::fmt::Write;
use store::telemetry::{Bucket, Point};

/// Height of the drawing in its own units.
pub const HEIGHT: f64 = 1000.0;
/// So few values are drawn as dots, each to be seen.
const FEW: usize = 80;
/// Rows of the table that stands for the picture.
const TABLE_ROWS: usize = 60;

/// One drawn place of a line: a value, or the mean of a bucket with its extremes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub at_us: i64,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// The values of one metric, in time order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    spots: Vec<Spot>,
    /// Spots stand for buckets: the range between their extremes is drawn too.
    envelope: bool,
    /// Neighbours farther apart than this have nothing between them.
    gap_us: i64,
}

impl Line {
    pub fn of_points(points: &[Point]) -> Self {
        let spots = points
            .iter()
            .map(|p| Spot { at_us: p.ts_us, value: p.value, low: p.value, high: p.value })
            .collect();
        Self::new(spots, false, 0)
    }
    /// Spots stand in the middle of their buckets.
    pub fn of_buckets(buckets: &[Bucket], bucket_us: i64) -> Self {
        let spots = buckets
            .iter()
            .map(|b| Spot { at_us: b.start_us + bucket_us / 2, value: b.avg(), low: b.min, high: b.max })
            .collect();
        Self::new(spots, true, bucket_us)
    }
    fn new(mut spots: Vec<Spot>, envelope: bool, bucket_us: i64) -> Self {
        spots.retain(|spot| spot.value.is_finite() && spot.low.is_finite() && spot.high.is_finite());
        let gap_us = expected_us(&spots).max(bucket_us * 5 / 2);
        Self { spots, envelope, gap_us }
    }
    pub fn last(&self) -> Option<Spot> {
        self.spots.last().copied()
    }
    pub fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }
    fn extremes(&self) -> (f64, f64) {
        self.spots.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), spot| {
            (low.min(spot.low), high.max(spot.high))
        })
    }
    /// Runs of spots without a gap between them.
    fn runs(&self) -> impl Iterator<Item = &[Spot]> {
        self.spots.chunk_by(|a, b| b.at_us - a.at_us <= self.gap_us)
    }
}

/// How long after a value the next one still belongs to it, by the rhythm in which these came.
fn expected_us(spots: &[Spot]) -> i64 {
    let mut cadence = Cadence::default();
    for pair in spots.windows(2) {
        cadence.observe(pair[1].at_us - pair[0].at_us);
    }
    cadence.limit_us()
}

/// A band of values that a rule watches: everything beyond `value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub value: f64,
    /// True when larger values are the bad ones.
    pub above: bool,
    /// True for an alarm, false for a warning.
    pub alarm: bool,
}

/// Something that happened at an instant: an alert, a ticket, a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: Timestamp,
    pub label: String,
    pub href: Option<String>,
}

/// Where the browser gets more: finer values when zooming, and live ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Answers `?metric=&from=&to=&bucket=&aggregates=` as JSON.
    pub url: String,
    pub metric: String,
    /// Live topic, such as `device:<id>`; none for a period that lies in the past.
    pub topic: Option<String>,
}

/// One chart.
#[derive(Clone, Debug)]
pub struct Plot {
    pub title: String,
    pub unit: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub line: Line,
    pub limits: Vec<Limit>,
    pub marks: Vec<Mark>,
    pub source: Option<Source>,
    /// The first of a stack is drawn taller.
    pub tall: bool,
}

impl Plot {
    /// The chart as a figure with its heading, readout, axes and table.
    pub fn figure(&self, view: &View) -> Markup {
        let scale = self.scale();
        let last = self.line.last();
        let source = self.source.as_ref();
        html! {
            figure.card.chart.tall[self.tall] data-chart
                data-t0=(self.from.timestamp_micros() as f64 / 1e6) data-ymin=(scale.min) data-ymax=(scale.max)
                data-gap=(self.line.gap_us as f64 / 1e6) data-digits=(scale.digits + 1) data-unit=(self.unit)
                data-zone=(view.zone.name()) data-src=[source.map(|s| &s.url)] data-metric=[source.map(|s| &s.metric)]
                data-topic=[source.and_then(|s| s.topic.as_ref())] {
                figcaption {
                    h2 { (self.title) }
                    span.now {
                        b data-now { (last.map_or_else(|| "–".into(), |s| view.lang.number(s.value, scale.digits + 1))) }
                        " " (self.unit)
                    }
                }
                (self.plot(view, scale))
                (self.table(view, scale))
            }
        }
    }

    /// The picture with its axes alone, and nothing that moves: for cards that freeze a moment.
    pub fn picture(&self, view: &View) -> Markup {
        self.plot(view, self.scale())
    }

    fn plot(&self, view: &View, scale: Scale) -> Markup {
        html! {
            div.plot {
                div.ylab aria-hidden="true" {
                    @for (place, text) in scale.labels(view.lang) { span style={ "top:" (place) "%" } { (text) } }
                }
                div.area {
                    (self.svg(view, scale))
                    @if self.line.is_empty() { p.nodata { (view.lang.t("chart-no-data")) } }
                    @for limit in &self.limits { (limit.beyond(view, scale, &self.unit)) }
                    @for (index, mark) in self.marks.iter().enumerate() { (self.flag(index, mark)) }
                    div.cross hidden {} div.brush hidden {} div.tip hidden {}
                }
                div.xlab aria-hidden="true" {
                    @for (place, text) in self.time_labels(view) {
                        span style={ "left:" (format!("{place:.2}")) "%" } { (text) }
                    }
                }
            }
        }
    }

    fn svg(&self, view: &View, scale: Scale) -> Markup {
        let width = self.x(self.to.timestamp_micros()).max(1e-6);
        html! {
            svg viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="img"
                aria-label=(self.summary(view, scale)) {
                @for limit in &self.limits { (band(*limit, scale, width)) }
                @if self.line.envelope { path.env d=(self.envelope_path(scale)) {} }
                path.line d=(self.line_path(scale)) {}
                path.dots d=(self.dots_path(scale)) {}
                @for mark in &self.marks {
                    @let x = self.x(mark.at.timestamp_micros());
                    line.mark x1=(x) x2=(x) y1="0" y2=(HEIGHT) {}
                }
            }
        }
    }

    /// The value axis. A limit belongs on it unless it is so far off that the line would become flat.
    fn scale(&self) -> Scale {
        let (low, high) = self.line.extremes();
        let reach = 2.0 * (high - low).max(high.abs() * 0.1);
        let near =
            self.limits.iter().filter(|limit| limit.value >= low - reach && limit.value <= high + reach);
        let (low, high) =
            near.fold((low, high), |(low, high), limit| (low.min(limit.value), high.max(limit.value)));
        Scale::around(low, high)
    }

    fn x(&self, at_us: i64) -> f64 {
        (at_us - self.from.timestamp_micros()) as f64 / 1e6
    }

    /// One sub-path a run; a lone value is a dot.
    fn line_path(&self, scale: Scale) -> String {
        let mut d = String::with_capacity(self.line.spots.len() * 14);
        for run in self.line.runs() {
            for (index, spot) in run.iter().enumerate() {
                let _ =
                    write!(d, "{}{} {:.2}", letter(index), round(self.x(spot.at_us)), scale.y(spot.value));
            }
            if let [lone] = run {
                let _ = write!(d, "L{} {:.2}", round(self.x(lone.at_us)), scale.y(lone.value));
            }
        }
        d
    }

    /// Where a value has no neighbour to be joined to, or where there are few: a dot each.
    fn dots_path(&self, scale: Scale) -> String {
        let few = self.line.spots.len() <= FEW;
        let seen = self.line.runs().filter(|run| few || run.len() == 1).flatten();
        let mut d = String::new();
        for spot in seen {
            let _ = write!(d, "M{} {:.2}h0", round(self.x(spot.at_us)), scale.y(spot.value));
        }
        d
    }

    /// One closed sub-path a run: the lows forward, the highs back.
    fn envelope_path(&self, scale: Scale) -> String {
        let mut d = String::with_capacity(self.line.spots.len() * 28);
        for run in self.line.runs() {
            for (index, spot) in run.iter().enumerate() {
                let _ = write!(d, "{}{} {:.2}", letter(index), round(self.x(spot.at_us)), scale.y(spot.low));
            }
            for spot in run.iter().rev() {
                let _ = write!(d, "L{} {:.2}", round(self.x(spot.at_us)), scale.y(spot.high));
            }
            d.push('Z');
        }
        d
    }

    /// Flags of neighbours stand below each other, and those of late marks before them: none is covered or cut off.
    fn flag(&self, index: usize, mark: &Mark) -> Markup {
        let x = self.x(mark.at.timestamp_micros());
        let percent = x / self.x(self.to.timestamp_micros()).max(1e-6) * 100.0;
        let place = format!("left:{percent:.2}%;top:{}px", 6 + index % 4 * 28);
        let class = if percent > 50.0 { "flag before" } else { "flag" };
        html! {
            @if let Some(href) = &mark.href {
                a class=(class) href=(href) data-x=(x) style=(place) { (mark.label) }
            } @else {
                span class=(class) data-x=(x) style=(place) { (mark.label) }
            }
        }
    }

    fn time_labels(&self, view: &View) -> Vec<(f64, String)> {
        scale::time_labels(self.from.timestamp_micros(), self.to.timestamp_micros(), view.lang, view.zone)
    }

    /// What the picture shows, in a sentence.
    fn summary(&self, view: &View, scale: Scale) -> String {
        let Some(last) = self.line.last() else {
            return format!("{}: {}", self.title, view.lang.t("chart-no-data"));
        };
        let number = |value: f64| {
            format!("{} {}", view.lang.number(value, scale.digits + 1), self.unit).trim().to_owned()
        };
        let (low, high) = self.line.extremes();
        view.lang.with(
            "chart-summary",
            &[
                ("title", self.title.clone().into()),
                ("last", number(last.value).into()),
                ("low", number(low).into()),
                ("high", number(high).into()),
                ("from", view.lang.date_time(self.from, view.zone).into()),
                ("to", view.lang.date_time(self.to, view.zone).into()),
                ("gaps", (self.line.runs().count() as i64 - 1).into()),
            ],
        )
    }

    /// The same values to read: every n-th, so that the table stays short.
    fn table(&self, view: &View, scale: Scale) -> Markup {
        if self.line.is_empty() {
            return html! {};
        }
        let number = |value| view.lang.number(value, scale.digits + 1);
        let every = self.line.spots.len().div_ceil(TABLE_ROWS);
        html! {
            details.data {
                summary { (view.lang.t("chart-show-table")) }
                div.scroll tabindex="0" role="region" aria-label=(self.title) {
                    table.fleet {
                        thead { tr {
                            th scope="col" { (view.lang.t("chart-time")) }
                            @if self.line.envelope {
                                th.n scope="col" { (view.lang.t("chart-lowest")) }
                                th.n scope="col" { (view.lang.t("chart-mean")) }
                                th.n scope="col" { (view.lang.t("chart-highest")) }
                            } @else {
                                th.n scope="col" { (view.lang.t("chart-value")) }
                            }
                        } }
                        tbody {
                            @for spot in self.line.spots.iter().rev().step_by(every) {
                                tr {
                                    td { (view.lang.date_time(from_micros(spot.at_us), view.zone)) }
                                    @if self.line.envelope {
                                        td.n { (number(spot.low)) } td.n { (number(spot.value)) } td.n { (number(spot.high)) }
                                    } @else {
                                        td.n { (number(spot.value)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn letter(index: usize) -> char {
    if index == 0 { 'M' } else { 'L' }
}

/// Milliseconds are as fine as a chart shows.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

impl Limit {
    fn word(self) -> &'static str {
        if self.alarm { "alarm" } else { "warn" }
    }
    /// A limit that lies outside the axis: an arrow towards it, with its value. The browser shows and hides it as the
    /// axis moves.
    fn beyond(self, view: &View, scale: Scale, unit: &str) -> Markup {
        let up = self.value > scale.max;
        let value = view.lang.number(self.value, scale.digits);
        let way = if up { "up" } else { "down" };
        html! {
            span class={ "beyond " (self.word()) " " (way) } data-beyond=(self.value) hidden[scale.holds(self.value)] {
                span aria-hidden="true" { @if up { "↑" } @else { "↓" } } " " (value) " " (unit)
            }
        }
    }
}

fn band(limit: Limit, scale: Scale, width: f64) -> Markup {
    let seen = scale.holds(limit.value);
    let y = scale.y(limit.value).clamp(0.0, HEIGHT);
    let (top, height) = if limit.above { (0.0, y) } else { (y, HEIGHT - y) };
    let word = limit.word();
    // A little wider than the picture; the browser moves bands along when it scrolls or zooms.
    let (x, wide) = (-width, width * 3.0);
    html! {
        rect class={ "b-" (word) } x=(x) y=(top) width=(wide) height=(height) {}
        line class={ "l-" (word) } x1=(x) x2=(x + wide) y1=(y) y2=(y) data-limit=(limit.value)
            data-above[limit.above] visibility=(if seen { "visible" } else { "hidden" }) {}
    }
}

#[cfg(test)]
mod tests;
