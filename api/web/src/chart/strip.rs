//! The state strip: what the equipment did over a period, as coloured time and as words.

use crate::request::View;
use domain::{
    Timestamp,
    condition::{EquipmentState, reliability::Period, state::StateInterval},
};
use maud::{Markup, html};
use std::fmt::Write;

const WIDTH: f64 = 1000.0;
/// A stop of a minute within a month would be thinner than a pixel: stops are drawn at least this wide.
const NARROWEST_STOP: f64 = 2.5;

/// In the order in which they are drawn: stops last, so that nothing hides them.
const STATES: [EquipmentState; 4] =
    [EquipmentState::Up, EquipmentState::Idle, EquipmentState::DownPlanned, EquipmentState::DownUnplanned];

/// A half-open time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
    pub state: EquipmentState,
}

/// The word of a state, in styles and translation keys.
pub fn state_word(state: EquipmentState) -> &'static str {
    match state {
        EquipmentState::Up => "up",
        EquipmentState::DownUnplanned => "down-unplanned",
        EquipmentState::DownPlanned => "down-planned",
        EquipmentState::Idle => "idle",
        EquipmentState::Unknown => "unknown",
    }
}

/// A state as a pill.
pub fn state_pill(view: &View, state: EquipmentState) -> Markup {
    let class = match state {
        EquipmentState::Up => "pill ok",
        EquipmentState::DownUnplanned => "pill crit",
        EquipmentState::DownPlanned => "pill warn",
        EquipmentState::Idle | EquipmentState::Unknown => "pill",
    };
    html! { span class=(class) { (view.lang.t(&format!("chart-state-{}", state_word(state)))) } }
}

/// The share of `from..to` in each state, largest first, absent states left out. Time in no span is unknown.
pub fn shares(spans: &[Span], from: Timestamp, to: Timestamp) -> Vec<(EquipmentState, f64)> {
    let total = seconds(from, to);
    if total <= 0.0 {
        return Vec::new();
    }
    let mut shares: Vec<_> = STATES
        .into_iter()
        .map(|state| {
            let of_state = cut(spans, from, to).filter(|span| span.state == state);
            (state, of_state.map(|span| seconds(span.from, span.to)).sum::<f64>() / total)
        })
        .collect();
    let known: f64 = shares.iter().map(|(_, share)| share).sum();
    shares.push((EquipmentState::Unknown, (1.0 - known).max(0.0)));
    shares.retain(|(_, share)| *share > 0.000_000_1);
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares
}

/// The strip with its legend. The legend says in words and shares what the colours show.
pub fn state_strip(view: &View, spans: &[Span], from: Timestamp, to: Timestamp) -> Markup {
    let shares = shares(spans, from, to);
    let words: Vec<String> = shares.iter().map(|share| legend_text(view, *share)).collect();
    html! {
        figure.strip {
            svg viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" role="img" aria-label=(words.join(", ")) {
                @for state in STATES {
                    path class=(state_word(state)) d=(path(spans, state, from, to)) {}
                }
            }
            div.ends aria-hidden="true" {
                span { (view.lang.date_time(from, view.zone)) }
                span { (view.lang.date_time(to, view.zone)) }
            }
            figcaption {
                @for (share, words) in shares.iter().zip(&words) {
                    span { i class=(state_word(share.0)) aria-hidden="true" {} (words) }
                }
            }
        }
    }
}

/// The strip alone, for a row of a table: [`shares`] as text stand in its label.
pub fn mini_strip(view: &View, spans: &[Span], from: Timestamp, to: Timestamp) -> Markup {
    let words: Vec<String> =
        shares(spans, from, to).into_iter().map(|share| legend_text(view, share)).collect();
    html! {
        svg.ministrip viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" role="img" aria-label=(words.join(", ")) {
            @for state in STATES {
                path class=(state_word(state)) d=(path(spans, state, from, to)) {}
            }
        }
    }
}

fn legend_text(view: &View, (state, share): (EquipmentState, f64)) -> String {
    let name = view.lang.t(&format!("chart-state-{}", state_word(state)));
    // 99.96 % must not read as 100 %.
    let percent = share * 100.0;
    let digits = if percent > 99.0 && percent < 100.0 { 2 } else { 1 };
    format!("{name} {}\u{a0}%", view.lang.number(percent, digits))
}

fn path(spans: &[Span], state: EquipmentState, from: Timestamp, to: Timestamp) -> String {
    let total = seconds(from, to).max(1e-6);
    let mut d = String::new();
    for span in cut(spans, from, to).filter(|span| span.state == state) {
        let x = seconds(from, span.from) / total * WIDTH;
        let mut width = seconds(span.from, span.to) / total * WIDTH;
        if matches!(state, EquipmentState::DownUnplanned | EquipmentState::DownPlanned) {
            width = width.max(NARROWEST_STOP);
        }
        let x = x.min(WIDTH - width);
        let _ = write!(d, "M{x:.2} 0h{width:.2}v10h-{width:.2}z");
    }
    d
}

fn cut(spans: &[Span], from: Timestamp, to: Timestamp) -> impl Iterator<Item = Span> + '_ {
    spans
        .iter()
        .map(move |span| Span { from: span.from.max(from), to: span.to.min(to), state: span.state })
        .filter(|span| span.from < span.to)
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.timestamp_micros() - from.timestamp_micros()) as f64 / 1e6
}

/// A state log as the strip shows it.
pub fn spans(intervals: &[StateInterval], period: Period) -> Vec<Span> {
    intervals
        .iter()
        .filter_map(|interval| {
            let (from, to) = interval.clip(period.from, period.to)?;
            Some(Span { from, to, state: interval.state })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::clock::from_micros;

    fn span(from: i64, to: i64, state: EquipmentState) -> Span {
        Span { from: from_micros(from * 1_000_000), to: from_micros(to * 1_000_000), state }
    }

    #[test]
    fn time_that_nobody_spoke_of_is_unknown() {
        let spans = [span(0, 50, EquipmentState::Up), span(60, 70, EquipmentState::DownUnplanned)];
        let shares = shares(&spans, from_micros(10_000_000), from_micros(110_000_000));
        assert_eq!(
            shares,
            [(EquipmentState::Unknown, 0.5), (EquipmentState::Up, 0.4), (EquipmentState::DownUnplanned, 0.1)]
        );
    }

    #[test]
    fn an_empty_period_has_no_shares() {
        let at = from_micros(5);
        assert!(shares(&[span(0, 50, EquipmentState::Up)], at, at).is_empty());
    }

    #[test]
    fn a_short_stop_is_wide_enough_to_see() {
        let spans = [span(86_400, 86_460, EquipmentState::DownUnplanned)];
        let d = path(&spans, EquipmentState::DownUnplanned, from_micros(0), from_micros(30 * 86_400_000_000));
        assert!(d.contains("h2.50v10"), "{d}");
    }
}
