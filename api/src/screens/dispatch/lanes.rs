//! Everybody's day on the board: hours, grid lines, bookings and the line of now share one scale, [`Hours`].
//!
//! A booking is as wide as its time and as high as its words; bookings at the same hour stand below each other.

use crate::work::work_orders::view::{duration, priority_class, skill};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    work::{technician::Technician, visit::Visit},
};
use maud::{Markup, html};
use service::screens::dispatch::queries::{Board, booked};
use web::request::View;

/// Shown of every day, whatever is booked.
const USUAL: (i64, i64) = (6, 20);
const QUARTER: TimeDelta = TimeDelta::minutes(15);
/// Narrower bookings, in quarters of an hour, show their number alone; the rest is in their title.
const NARROW: i64 = 4;

/// The hours that the board shows, counted from the first instant of the day: on the two days a year that are an hour
/// longer or shorter, the labels still say what the clock on the wall does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    day: Timestamp,
    from: i64,
    to: i64,
}

impl Hours {
    pub fn of(board: &Board) -> Self {
        let (day, end) = board.day;
        let length = (end - day).num_hours();
        let hour = |at: Timestamp| (at - day).num_minutes().div_euclid(60);
        let from = board.visits.iter().map(|visit| hour(visit.planned_start)).min().unwrap_or(USUAL.0);
        let last = board.visits.iter().map(|visit| hour(visit.planned_end - TimeDelta::seconds(1)) + 1).max();
        Self { day, from: from.clamp(0, USUAL.0), to: last.unwrap_or(USUAL.1).clamp(USUAL.1, length) }
    }
    fn len(self) -> i64 {
        self.to - self.from
    }
    fn start(self) -> Timestamp {
        self.day + TimeDelta::hours(self.from)
    }
    /// The first and the last grid line, in quarters of an hour from 1, of a booking.
    fn lines(self, visit: &Visit) -> (i64, i64) {
        let quarters = self.len() * 4;
        let minutes = |at: Timestamp| (at - self.start()).num_minutes();
        let (width, from) = (QUARTER.num_minutes(), minutes(visit.planned_start));
        let first = from.div_euclid(width).clamp(0, quarters - 1);
        let last = (minutes(visit.planned_end) + width - 1).div_euclid(width).clamp(first + 1, quarters);
        (first + 1, last + 1)
    }
    /// Where `at` lies, as a share of the width; none outside.
    fn share(self, at: Timestamp) -> Option<f64> {
        let share = (at - self.start()).num_seconds() as f64 / (self.len() * 3600) as f64;
        (0.0..=1.0).contains(&share).then_some(share)
    }
}

/// The row of each booking, in the order given (by start): the first in which nothing is in its way.
fn rows(lines: &[(i64, i64)]) -> Vec<usize> {
    let mut ends: Vec<i64> = vec![];
    lines
        .iter()
        .map(|(first, last)| {
            let free = ends.iter().position(|end| end <= first).unwrap_or(ends.len());
            if free == ends.len() {
                ends.push(*last);
            } else {
                ends[free] = *last;
            }
            free + 1
        })
        .collect()
}

pub fn draw(view: &View, board: &Board, now: Timestamp) -> Markup {
    let (lang, hours) = (view.lang, Hours::of(board));
    let wall = |hour: i64| (hours.day + TimeDelta::hours(hour)).with_timezone(&view.zone).format("%H");
    html! {
        section.lanes.card #lanes data-live-refresh="work_orders" aria-label=(lang.t("dispatch-technicians")) tabindex="0"
            style={ "--hours:" (hours.len()) ";--quarters:" (hours.len() * 4) } {
            div.hours aria-hidden="true" { span {} div { @for hour in hours.from..hours.to { span { (wall(hour)) } } } }
            @for technician in &board.technicians { (lane(view, board, hours, technician)) }
            @if board.technicians.is_empty() { p.nothing { (lang.t("dispatch-nobody")) } }
            @if let Some(share) = hours.share(now) {
                div.nowline style={ "--now:" (share) } { span { (now.with_timezone(&view.zone).format("%H:%M")) } }
            }
            p.legend {
                span.k.crit {} (lang.t("priority-critical")) span.k.warn {} (lang.t("priority-high")) span.k {} (lang.t("dispatch-planned"))
                span.live data-live="work_orders" { (lang.t("live")) }
            }
        }
    }
}

fn lane(view: &View, board: &Board, hours: Hours, technician: &Technician) -> Markup {
    let lang = view.lang;
    let initials: String =
        technician.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let load = booked(&board.visits, technician.id);
    let percent = (load.num_minutes() * 100 / 480).clamp(0, 100);
    let skills: Vec<String> = technician.skills.iter().map(|word| skill(lang, word)).collect();
    let own: Vec<&Visit> = board.visits.iter().filter(|visit| visit.technician_id == technician.id).collect();
    let lines: Vec<(i64, i64)> = own.iter().map(|visit| hours.lines(visit)).collect();
    html! {
        div.lane {
            div.who {
                span.av aria-hidden="true" { (initials) }
                div { b { (technician.name) } small { (skills.join(" · ")) }
                    small { (lang.with("dispatch-booked", &[("time", duration(lang, load).into())])) }
                    span.load aria-hidden="true" { i style={ "width:" (percent) "%" } {} } }
            }
            div.track {
                @for ((visit, (first, last)), row) in own.iter().zip(&lines).zip(rows(&lines)) {
                    (block(view, board, visit, (*first, *last), row))
                }
            }
        }
    }
}

fn block(view: &View, board: &Board, visit: &Visit, (first, last): (i64, i64), row: usize) -> Markup {
    let work = board.work_orders.get(&visit.work_order_id);
    let site = work.and_then(|work| board.sites.get(&work.site_id)).map_or("", |site| &site.name);
    let class = work.map_or("", |work| priority_class(work.priority));
    let number = work.map_or("", |work| work.number.as_str());
    let subject = work.map_or_else(String::new, |work| view.lang.phrase(&work.subject));
    let time = |at: Timestamp| at.with_timezone(&view.zone).format("%H:%M").to_string();
    let status = view.lang.t(&format!("visit-state-{}", visit.state.as_str()));
    let (start, end) = (time(visit.planned_start), time(visit.planned_end));
    let title = format!("{number} {subject} · {start}–{end} · {site} · {status}");
    html! {
        a class={ "blk " (class) } href={ "/dispatch/visits/" (visit.id) } title=(title)
            style={ "grid-column:" (first) "/" (last) ";grid-row:" (row) } {
            @if last - first < NARROW { b { (number) } span.sr { (title) } } @else {
                b { (number) " " (subject) }
                small { (start) " · " (site) }
                small { (status) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        clock::from_micros,
        id::{TechnicianId, VisitId, WorkOrderId},
        work::visit::VisitState,
    };
    use std::collections::HashMap;

    fn at(minutes: i64) -> Timestamp {
        from_micros(minutes * 60_000_000)
    }
    fn visit(from: i64, to: i64) -> Visit {
        Visit {
            id: VisitId::generate(),
            work_order_id: WorkOrderId::generate(),
            technician_id: TechnicianId::generate(),
            planned_start: at(from),
            planned_end: at(to),
            entered_late: false,
            state: VisitState::Scheduled { at: at(0) },
            version: 0,
        }
    }
    fn board(hours: i64, visits: Vec<Visit>) -> Board {
        Board {
            day: (at(0), at(hours * 60)),
            waiting: vec![],
            waiting_in_all: 0,
            technicians: vec![],
            visits,
            work_orders: HashMap::new(),
            assets: HashMap::new(),
            sites: HashMap::new(),
            best: HashMap::new(),
            unreadable: vec![],
        }
    }

    #[test]
    fn a_booking_stands_between_the_lines_of_its_own_hours() {
        let hours = Hours::of(&board(24, vec![]));
        assert_eq!((hours.from, hours.to), USUAL);
        assert_eq!(hours.lines(&visit(6 * 60, 7 * 60)), (1, 5));
        assert_eq!(hours.lines(&visit(19 * 60 + 45, 20 * 60)), (56, 57));
        assert_eq!(hours.lines(&visit(9 * 60 + 10, 9 * 60 + 20)), (13, 15), "the quarters that it touches");
        assert_eq!(hours.share(at(13 * 60)), Some(0.5));
        assert_eq!(hours.share(at(21 * 60)), None);
    }

    #[test]
    fn night_work_widens_the_scale_instead_of_standing_at_its_edge() {
        let hours = Hours::of(&board(24, vec![visit(4 * 60 + 30, 6 * 60), visit(21 * 60, 23 * 60 + 10)]));
        assert_eq!((hours.from, hours.to), (4, 24));
        let over_midnight = Hours::of(&board(23, vec![visit(22 * 60, 25 * 60)]));
        assert_eq!(over_midnight.to, 23, "the day that lost an hour has 23");
        assert_eq!(over_midnight.lines(&visit(22 * 60, 25 * 60)).1, (23 - 6) * 4 + 1);
    }

    #[test]
    fn bookings_at_one_hour_stand_below_each_other() {
        assert_eq!(rows(&[(1, 5), (3, 7), (5, 9), (6, 8)]), [1, 2, 1, 3]);
    }
}
