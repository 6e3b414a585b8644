//! What a judgement anew changes about the alerts that were raised before.

use super::{Change, Raised};

/// One alert of a judgement: from when it was raised until it cleared, if it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// `None` for the alert that stood where the judgement began.
    pub raised: Option<Raised>,
    pub cleared_us: Option<i64>,
}

/// An alert of the same rule on the same device, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub raised_us: i64,
    pub cleared_us: Option<i64>,
}

/// What to do about an alert. `known` is its place among those that were given.
#[derive(Clone, Debug, PartialEq)]
pub enum Correction {
    /// It was not raised so far.
    Raise(Span),
    /// It stands, but its times are others.
    Move { known: usize, raised_us: i64, cleared_us: Option<i64> },
    /// It would not have been raised.
    Withdraw { known: usize },
}

/// The alerts that `changes` make, when one stood already with `standing`.
pub fn spans(standing: bool, changes: impl IntoIterator<Item = Change>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    if standing {
        spans.push(Span { raised: None, cleared_us: None });
    }
    for change in changes {
        match change {
            Change::Raised(raised) => spans.push(Span { raised: Some(raised), cleared_us: None }),
            Change::Cleared { at_us } => {
                if let Some(last) = spans.last_mut() {
                    last.cleared_us = Some(at_us);
                }
            }
        }
    }
    spans
}

/// Compares `found`, judged from `from_us` on, with the alerts that are `known` to lie after it or to stand at it. Both
/// are in time order. An alert that was raised at the same instant, or else held at the same time, is the same alert.
pub fn correct(from_us: i64, found: Vec<Span>, known: &[Known]) -> Vec<Correction> {
    let mut free: Vec<bool> = vec![true; known.len()];
    let mut same: Vec<Option<usize>> = vec![None; found.len()];
    let start = |span: &Span| span.raised.as_ref().map_or(from_us, |raised| raised.at_us);
    let exact = |span: &Span, alert: &Known| match &span.raised {
        Some(raised) => raised.at_us == alert.raised_us,
        None => alert.raised_us <= from_us,
    };
    let meets = |span: &Span, alert: &Known| {
        span.cleared_us.is_none_or(|cleared| alert.raised_us <= cleared)
            && alert.cleared_us.is_none_or(|cleared| start(span) <= cleared)
    };
    for is_same in [&exact as &dyn Fn(&Span, &Known) -> bool, &meets] {
        for (span, same) in found.iter().zip(&mut same).filter(|(_, same)| same.is_none()) {
            *same = (0..known.len()).find(|place| free[*place] && is_same(span, &known[*place]));
            if let Some(place) = *same {
                free[place] = false;
            }
        }
    }
    let withdrawn = (0..known.len()).filter(|place| free[*place]).map(|known| Correction::Withdraw { known });
    let mut corrections: Vec<Correction> = withdrawn.collect();
    for (span, same) in found.into_iter().zip(same) {
        match (same.map(|place| (place, known[place])), &span.raised) {
            (Some((place, alert)), raised) => {
                let raised_us = raised.as_ref().map_or(alert.raised_us, |raised| raised.at_us);
                let now = Known { raised_us, cleared_us: span.cleared_us };
                if now != alert {
                    corrections.push(Correction::Move {
                        known: place,
                        raised_us,
                        cleared_us: span.cleared_us,
                    });
                }
            }
            (None, Some(_)) => corrections.push(Correction::Raise(span)),
            // It stood by a memory whose alert is gone, with the demo for instance.
            (None, None) => {}
        }
    }
    corrections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(raised_us: i64, cleared_us: Option<i64>) -> Span {
        Span { raised: Some(Raised { at_us: raised_us, ..Raised::default() }), cleared_us }
    }
    fn known(raised_us: i64, cleared_us: Option<i64>) -> Known {
        Known { raised_us, cleared_us }
    }

    #[test]
    fn what_was_concluded_before_is_not_concluded_again() {
        let found = vec![Span { raised: None, cleared_us: Some(20) }, span(30, Some(40)), span(50, None)];
        let before = [known(5, Some(20)), known(30, Some(40)), known(50, None)];
        assert_eq!(correct(10, found, &before), []);
    }

    #[test]
    fn an_alert_that_held_at_the_same_time_is_moved_not_doubled() {
        let corrections = correct(0, vec![span(10, None)], &[known(15, Some(20))]);
        assert_eq!(corrections, [Correction::Move { known: 0, raised_us: 10, cleared_us: None }]);
    }

    #[test]
    fn an_alert_of_the_same_instant_is_taken_before_one_that_only_overlaps() {
        let corrections =
            correct(0, vec![span(10, Some(30)), span(40, None)], &[known(25, None), known(40, None)]);
        assert_eq!(corrections, [Correction::Move { known: 0, raised_us: 10, cleared_us: Some(30) }]);
    }

    #[test]
    fn what_nothing_speaks_for_any_more_is_withdrawn_and_what_is_new_is_raised() {
        let corrections = correct(0, vec![span(10, Some(12))], &[known(15, Some(20)), known(30, None)]);
        assert_eq!(
            corrections,
            [
                Correction::Withdraw { known: 0 },
                Correction::Withdraw { known: 1 },
                Correction::Raise(span(10, Some(12)))
            ]
        );
    }

    #[test]
    fn a_standing_alert_whose_row_is_gone_is_left_alone() {
        let standing = spans(true, [Change::Cleared { at_us: 20 }]);
        assert_eq!(standing, [Span { raised: None, cleared_us: Some(20) }]);
        assert_eq!(correct(10, standing, &[]), []);
    }

    #[test]
    fn changes_alternate_into_spans() {
        let raised = |at_us| Change::Raised(Raised { at_us, ..Raised::default() });
        let found = spans(false, [raised(1), Change::Cleared { at_us: 2 }, raised(3)]);
        assert_eq!(found, [span(1, Some(2)), span(3, None)]);
    }
}
