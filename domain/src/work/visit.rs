//! One planned trip of one technician ("service appointment"). Travel and labour times derive from its timestamps.

use crate::word::words;
use crate::{
    Timestamp,
    id::{TechnicianId, VisitId, WorkOrderId},
    lifecycle::InvalidTransition,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantArray};

words!(Outcome, TimeKind);

/// Two clocks, or one that was set in between, may differ by so much: a press that seems to come before the one it
/// follows is then taken as of the same instant.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(15);
/// A visit is planned for this long at most.
pub const LONGEST: TimeDelta = TimeDelta::days(1);
/// A visit entered later than this after its planned start is a late paper, and is marked as one.
pub const LATE_AFTER: TimeDelta = TimeDelta::days(1);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub id: VisitId,
    pub work_order_id: WorkOrderId,
    pub technician_id: TechnicianId,
    pub planned_start: Timestamp,
    pub planned_end: Timestamp,
    /// It had begun, or should have, long before anybody entered it.
    pub entered_late: bool,
    pub state: VisitState,
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum VisitState {
    Proposed,
    Scheduled {
        at: Timestamp,
    },
    Dispatched {
        at: Timestamp,
    },
    Accepted {
        at: Timestamp,
    },
    Declined {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        begun: Option<Begun>,
        at: Timestamp,
    },
    Traveling {
        since: Timestamp,
    },
    OnSite {
        trip: Trip,
    },
    Break {
        trip: Trip,
        since: Timestamp,
    },
    Done {
        trip: Trip,
        outcome: Outcome,
        at: Timestamp,
    },
    Canceled {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        begun: Option<Begun>,
        at: Timestamp,
    },
}

/// What had been done of a visit that was broken off: it counts, though nobody reports a result of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "until", rename_all = "snake_case")]
pub enum Begun {
    Traveling { since: Timestamp },
    OnSite { trip: Trip },
}

/// What is known of a trip once the technician has arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// None when the technician was there already.
    pub travel_started_at: Option<Timestamp>,
    pub arrived_at: Timestamp,
    /// Breaks that have ended.
    pub breaks: Vec<(Timestamp, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    Fixed,
    Partial,
    NoAccess,
    PartsMissing,
    WrongSkill,
    NoFaultFound,
}

impl Outcome {
    /// Nobody has to come again.
    pub fn settles(self) -> bool {
        matches!(self, Self::Fixed | Self::NoFaultFound)
    }
}

/// What a stretch of a visit was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(EnumCount, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TimeKind {
    Travel,
    Labour,
    Break,
}

/// A stretch of a visit, from its timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub kind: TimeKind,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Span {
    pub fn duration(&self) -> TimeDelta {
        self.to - self.from
    }
}

impl VisitState {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Scheduled { .. } => "scheduled",
            Self::Dispatched { .. } => "dispatched",
            Self::Accepted { .. } => "accepted",
            Self::Declined { .. } => "declined",
            Self::Traveling { .. } => "traveling",
            Self::OnSite { .. } => "on_site",
            Self::Break { .. } => "break",
            Self::Done { .. } => "done",
            Self::Canceled { .. } => "canceled",
        }
    }
    /// Planned and not yet begun.
    pub fn is_booked(&self) -> bool {
        matches!(
            self,
            Self::Proposed | Self::Scheduled { .. } | Self::Dispatched { .. } | Self::Accepted { .. }
        )
    }
    pub fn is_at_work(&self) -> bool {
        matches!(self, Self::Traveling { .. } | Self::OnSite { .. } | Self::Break { .. })
    }
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Done { outcome, .. } => Some(*outcome),
            _ => None,
        }
    }
    /// What was done before it was broken off.
    pub fn begun(&self) -> Option<&Begun> {
        match self {
            Self::Declined { begun, .. } | Self::Canceled { begun, .. } => begun.as_ref(),
            _ => None,
        }
    }
    pub fn trip(&self) -> Option<&Trip> {
        match (self, self.begun()) {
            (Self::OnSite { trip } | Self::Break { trip, .. } | Self::Done { trip, .. }, _)
            | (_, Some(Begun::OnSite { trip })) => Some(trip),
            _ => None,
        }
    }
    /// Traveling now, or traveled then.
    pub fn travel_started_at(&self) -> Option<Timestamp> {
        match (self, self.begun()) {
            (Self::Traveling { since }, _) | (_, Some(Begun::Traveling { since })) => Some(*since),
            _ => self.trip().and_then(|trip| trip.travel_started_at),
        }
    }
    /// When the last thing was done on the way or at the site: what follows is never before it. When the visit was
    /// planned, sent or accepted says nothing of that: a visit may be reported after it was made.
    pub fn last_done_at(&self) -> Option<Timestamp> {
        match self {
            Self::Proposed | Self::Scheduled { .. } | Self::Dispatched { .. } | Self::Accepted { .. } => None,
            Self::Declined { at, .. } | Self::Canceled { at, .. } | Self::Done { at, .. } => Some(*at),
            Self::Traveling { since } | Self::Break { since, .. } => Some(*since),
            Self::OnSite { trip } => Some(trip.breaks.last().map_or(trip.arrived_at, |(_, end)| *end)),
        }
    }
    /// `at` lies so far before what was done last that no clock explains it.
    pub fn contradicts(&self, at: Timestamp) -> bool {
        self.last_done_at().is_some_and(|last| at < last - CLOCK_SKEW)
    }
}

impl Visit {
    /// Plans it anew, for the same or another technician; who had accepted is asked again. Whoever has set off must
    /// have been called back first, see [`Visit::cancel`] and [`Visit::decline`].
    pub fn schedule(
        mut self,
        technician: TechnicianId,
        start: Timestamp,
        end: Timestamp,
        at: Timestamp,
    ) -> Result<Self, InvalidTransition> {
        if !self.state.is_booked() && !matches!(self.state, VisitState::Declined { .. }) {
            return Err(self.invalid("schedule"));
        }
        (self.technician_id, self.planned_start, self.planned_end) = (technician, start, end.max(start));
        self.state = VisitState::Scheduled { at };
        Ok(self)
    }
    /// Tells the technician.
    pub fn dispatch(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            VisitState::Scheduled { .. } => Ok(self.to(|_| VisitState::Dispatched { at })),
            _ => Err(self.invalid("dispatch")),
        }
    }
    pub fn accept(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            VisitState::Dispatched { .. } => Ok(self.to(|_| VisitState::Accepted { at })),
            _ => Err(self.invalid("accept")),
        }
    }
    /// The technician does not come, turns back, or leaves without having worked.
    pub fn decline(self, reason: String, at: Timestamp) -> Result<Self, InvalidTransition> {
        let told = matches!(self.state, VisitState::Dispatched { .. } | VisitState::Accepted { .. });
        if !told && !self.state.is_at_work() {
            return Err(self.invalid("decline"));
        }
        Ok(self.break_off(at, |begun, at| VisitState::Declined { reason, begun, at }))
    }
    /// Setting off accepts.
    pub fn travel(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            VisitState::Dispatched { .. } | VisitState::Accepted { .. } => {
                Ok(self.to(|_| VisitState::Traveling { since: at }))
            }
            _ => Err(self.invalid("travel")),
        }
    }
    /// Without a travel before it, the technician was there already.
    pub fn arrive(self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let travel_started_at = match self.state {
            VisitState::Dispatched { .. } | VisitState::Accepted { .. } => None,
            VisitState::Traveling { since } => Some(since),
            _ => return Err(self.invalid("arrive")),
        };
        Ok(self.to(|last| VisitState::OnSite {
            trip: Trip { travel_started_at, arrived_at: last.max(at), breaks: vec![] },
        }))
    }
    pub fn pause(mut self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let last = self.state.last_done_at().unwrap_or(at);
        match self.state {
            VisitState::OnSite { trip } => {
                self.state = VisitState::Break { trip, since: at.max(last) };
                Ok(self)
            }
            _ => Err(self.invalid("pause")),
        }
    }
    pub fn resume(mut self, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            VisitState::Break { mut trip, since } => {
                trip.breaks.push((since, at.max(since)));
                self.state = VisitState::OnSite { trip };
                Ok(self)
            }
            _ => Err(self.invalid("resume")),
        }
    }
    /// A running break ends with the visit.
    pub fn finish(mut self, outcome: Outcome, at: Timestamp) -> Result<Self, InvalidTransition> {
        let at = self.state.last_done_at().map_or(at, |last| at.max(last));
        let trip = match self.state {
            VisitState::OnSite { trip } => trip,
            VisitState::Break { mut trip, since } => {
                trip.breaks.push((since, at));
                trip
            }
            _ => return Err(self.invalid("finish")),
        };
        self.state = VisitState::Done { trip, outcome, at };
        Ok(self)
    }
    /// The office calls it off, or calls back whoever has set off.
    pub fn cancel(self, reason: String, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            VisitState::Done { .. } | VisitState::Canceled { .. } => Err(self.invalid("cancel")),
            _ => Ok(self.break_off(at, |begun, at| VisitState::Canceled { reason, begun, at })),
        }
    }
    /// Ends it without a result; what was done until then is kept.
    fn break_off(mut self, at: Timestamp, end: impl FnOnce(Option<Begun>, Timestamp) -> VisitState) -> Self {
        let under_way = self.state.is_at_work();
        let at = self.state.last_done_at().filter(|_| under_way).map_or(at, |last| at.max(last));
        let begun = match self.state {
            VisitState::Traveling { since } => Some(Begun::Traveling { since }),
            VisitState::OnSite { trip } => Some(Begun::OnSite { trip }),
            VisitState::Break { mut trip, since } => {
                trip.breaks.push((since, at));
                Some(Begun::OnSite { trip })
            }
            _ => None,
        };
        self.state = end(begun, at);
        self
    }

    /// Travel, labour and breaks so far, in order and without overlap; what still runs ends at `now`.
    pub fn spans(&self, now: Timestamp) -> Vec<Span> {
        let mut spans = vec![];
        let mut add = |kind, from: Timestamp, to: Timestamp| {
            if to > from {
                spans.push(Span { kind, from, to });
            }
        };
        match (&self.state, self.state.begun()) {
            (VisitState::Traveling { since }, _) => add(TimeKind::Travel, *since, now),
            (
                VisitState::Declined { at, .. } | VisitState::Canceled { at, .. },
                Some(Begun::Traveling { since }),
            ) => add(TimeKind::Travel, *since, *at),
            _ => {}
        }
        let Some(trip) = self.state.trip() else { return spans };
        if let Some(from) = trip.travel_started_at {
            add(TimeKind::Travel, from, trip.arrived_at);
        }
        let mut from = trip.arrived_at;
        for (start, end) in &trip.breaks {
            add(TimeKind::Labour, from, *start);
            add(TimeKind::Break, *start, *end);
            from = *end;
        }
        match self.state {
            VisitState::OnSite { .. } => add(TimeKind::Labour, from, now),
            VisitState::Break { since, .. } => {
                add(TimeKind::Labour, from, since);
                add(TimeKind::Break, since, now);
            }
            VisitState::Done { at, .. }
            | VisitState::Declined { at, .. }
            | VisitState::Canceled { at, .. } => add(TimeKind::Labour, from, at),
            VisitState::Proposed
            | VisitState::Scheduled { .. }
            | VisitState::Dispatched { .. }
            | VisitState::Accepted { .. }
            | VisitState::Traveling { .. } => {}
        }
        spans
    }
    /// Total of one kind so far.
    pub fn spent(&self, kind: TimeKind, now: Timestamp) -> TimeDelta {
        self.spans(now).iter().filter(|span| span.kind == kind).map(Span::duration).sum()
    }

    fn to(mut self, next: impl FnOnce(Timestamp) -> VisitState) -> Self {
        let last = self.state.last_done_at().unwrap_or(Timestamp::MIN_UTC);
        self.state = next(last);
        self
    }
    fn invalid(&self, transition: &'static str) -> InvalidTransition {
        InvalidTransition { thing: "visit", transition, state: self.state.as_str() }
    }
}

#[cfg(test)]
pub(in crate::work) mod tests;
