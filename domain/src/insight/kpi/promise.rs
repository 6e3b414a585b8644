//! What a ticket contributes: where it came from, how soon it was answered and resolved, and whether that was in time.
//!
//! A promise is decided when it is kept or when its time runs out, whichever is first. A promise that nobody has kept
//! yet is a contribution of the moment at which its time runs out: until then it lies ahead of every period.

use super::{Contribution, Contributions, seconds_between};
use crate::{
    Timestamp,
    calendar::later,
    work::ticket::{Resolution, Ticket, TicketSource},
};
use chrono::TimeDelta;

/// Hours promised by the contract in force when the ticket was reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    pub response_hours: Option<u32>,
    pub restore_hours: Option<u32>,
}

/// Code of tickets that the product opened by itself.
pub const FROM_AUTOMATIC: &str = "from_automatic";

/// Codes of where tickets come from, with their sources.
pub const SOURCES: [(TicketSource, &str); 4] = [
    (TicketSource::Automatic, FROM_AUTOMATIC),
    (TicketSource::Customer, "from_customer"),
    (TicketSource::Agent, "from_agent"),
    (TicketSource::Technician, "from_technician"),
];

/// Codes of the two promises of a contract: to answer, and to have the equipment working again.
pub const PROMISES: [&str; 2] = ["K14a", "K14b"];

pub fn of_ticket(ticket: &Ticket, promise: Promise) -> Vec<Contribution> {
    let mut out = Contributions { at: ticket.opened_at, list: Vec::new() };
    if let Some((_, code)) = SOURCES.iter().find(|(source, _)| *source == ticket.source) {
        out.add(code, 1, 1);
    }
    // Its original is counted.
    if ticket.state.as_str() == "duplicate" {
        return out.list;
    }
    let (answered, resolved) = (ticket.first_response_at, ticket.state.resolved_at());
    if let Some(answered) = answered {
        out.add_at("K12", answered, seconds_between(ticket.opened_at, answered), 1);
    }
    if let Some(resolved) = resolved {
        out.add_at("K13", resolved, seconds_between(ticket.opened_at, resolved), 1);
    }
    let [to_answer, to_restore] = PROMISES;
    let due = |hours: u32| later(ticket.reported_at, TimeDelta::hours(i64::from(hours)));
    if let Some(due) = promise.response_hours.map(due)
        && !went_away(ticket, due)
    {
        out.decide(to_answer, due, answered);
    }
    if let Some(due) = promise.restore_hours.map(due) {
        out.decide(to_restore, due, ticket.restored_at.or(resolved));
    }
    out.list
}

/// It went away by itself before anybody had to answer.
fn went_away(ticket: &Ticket, due: Timestamp) -> bool {
    let by_itself =
        matches!(ticket.state.resolution(), Some(Resolution::SelfCleared | Resolution::Withdrawn));
    let in_time = ticket.state.resolved_at().is_some_and(|at| at <= due);
    by_itself && in_time && ticket.first_response_at.is_none()
}

impl Contributions {
    fn decide(&mut self, code: &'static str, due: Timestamp, done: Option<Timestamp>) {
        match done.filter(|done| *done <= due) {
            Some(done) => self.add_at(code, done, 1, 1),
            None => self.add_at(code, due, 0, 1),
        }
    }
}
