//! A job to do at an asset. Its visits carry it from scheduled to completed; people approve, hold, cancel and invoice.

use super::{
    InvalidTransition, Priority,
    visit::{Outcome, Visit},
};
use crate::{
    Timestamp,
    condition::alert::Verdict,
    id::{AlertGroupId, AssetId, CustomerId, InvoiceId, SiteId, TicketId, WorkOrderId},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder {
    pub id: WorkOrderId,
    /// `WO-1001`.
    pub number: String,
    pub ticket_id: Option<TicketId>,
    pub asset_id: AssetId,
    pub customer_id: CustomerId,
    pub site_id: SiteId,
    pub kind: WorkOrderKind,
    pub priority: Priority,
    pub subject: String,
    pub description: String,
    /// What a technician must be able to do; words of [`super::technician::Technician::skills`].
    pub required_skill: Option<String>,
    pub estimated_minutes: u32,
    pub requires_signature: bool,
    /// The alert group whose verdict the technician gives.
    pub alert_group_id: Option<AlertGroupId>,
    pub finding: Option<Finding>,
    /// Damage by the user: neither warranty nor contract covers it.
    pub misuse: bool,
    /// The customer put a name under it.
    pub signed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub state: WorkOrderState,
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkOrderKind {
    Corrective,
    Preventive,
    Installation,
    Inspection,
}

impl WorkOrderKind {
    pub const ALL: [Self; 4] = [Self::Corrective, Self::Preventive, Self::Installation, Self::Inspection];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Corrective => "corrective",
            Self::Preventive => "preventive",
            Self::Installation => "installation",
            Self::Inspection => "inspection",
        }
    }
}

/// What the technician found: label of the alert, and of the reliability figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Was the alert right? None when there was no alert.
    pub verdict: Option<Verdict>,
    /// How it failed, such as `bearing wear`; none when nothing had failed.
    pub failure_mode: Option<String>,
    pub cause: Option<String>,
    pub note: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum WorkOrderState {
    Unscheduled,
    Scheduled { at: Timestamp },
    InProgress { since: Timestamp },
    OnHold { reason: String, since: Timestamp },
    Completed { at: Timestamp },
    Approved { completed_at: Timestamp, at: Timestamp },
    Invoiced { completed_at: Timestamp, approved_at: Timestamp, invoice_id: InvoiceId, at: Timestamp },
    Canceled { reason: String, at: Timestamp },
    CannotComplete { reason: String, at: Timestamp },
}

impl WorkOrderState {
    pub const WORDS: [&'static str; 9] = [
        "unscheduled",
        "scheduled",
        "in_progress",
        "on_hold",
        "completed",
        "approved",
        "invoiced",
        "canceled",
        "cannot_complete",
    ];
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Scheduled { .. } => "scheduled",
            Self::InProgress { .. } => "in_progress",
            Self::OnHold { .. } => "on_hold",
            Self::Completed { .. } => "completed",
            Self::Approved { .. } => "approved",
            Self::Invoiced { .. } => "invoiced",
            Self::Canceled { .. } => "canceled",
            Self::CannotComplete { .. } => "cannot_complete",
        }
    }
    /// Work is still to be done.
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Unscheduled | Self::Scheduled { .. } | Self::InProgress { .. } | Self::OnHold { .. }
        )
    }
    /// Lines, times and findings may still be changed.
    pub fn is_editable(&self) -> bool {
        self.is_open() || matches!(self, Self::Completed { .. })
    }
    pub fn completed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Completed { at }
            | Self::Approved { completed_at: at, .. }
            | Self::Invoiced { completed_at: at, .. } => Some(*at),
            _ => None,
        }
    }
}

/// Where all visits of a work order stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// None is planned or under way, and none has settled it.
    NobodyBooked,
    Booked,
    AtWork,
    /// All that began are over, and one of them settled it.
    Settled,
}

impl Standing {
    pub fn of<'a>(visits: impl IntoIterator<Item = &'a Visit>) -> Self {
        let (mut booked, mut at_work, mut settled) = (false, false, false);
        for visit in visits {
            booked |= visit.state.is_booked();
            at_work |= visit.state.is_at_work();
            settled |= visit.state.outcome().is_some_and(Outcome::settles);
        }
        match (at_work, booked, settled) {
            (true, ..) => Self::AtWork,
            (_, true, _) => Self::Booked,
            (_, _, true) => Self::Settled,
            _ => Self::NobodyBooked,
        }
    }
}

/// Why work that is said to be done is not complete. Each is something the technician can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    Checklist,
    Verdict,
    Signature,
}

impl Missing {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checklist => "checklist_open",
            Self::Verdict => "verdict_missing",
            Self::Signature => "signature_missing",
        }
    }
}

impl WorkOrder {
    /// What stands between a settling visit and completion. Where no fault was found there is nothing to tick off.
    pub fn missing(&self, outcome: Outcome, checklist_open: bool) -> Vec<Missing> {
        if !outcome.settles() {
            return vec![];
        }
        let verdict_given = self.finding.as_ref().is_some_and(|finding| finding.verdict.is_some());
        let checks = [
            (Missing::Checklist, outcome == Outcome::Fixed && checklist_open),
            (Missing::Verdict, self.alert_group_id.is_some() && !verdict_given),
            (Missing::Signature, self.requires_signature && self.signed_at.is_none()),
        ];
        checks.into_iter().filter(|(_, is_missing)| *is_missing).map(|(what, _)| what).collect()
    }

    /// Brings the work order to where its visits stand: at work means in progress, settled means completed, nobody
    /// booked means that somebody must plan (a follow-up).
    pub fn follow(mut self, standing: Standing, at: Timestamp) -> Result<Self, InvalidTransition> {
        use WorkOrderState as S;
        let (scheduled, since) = match &self.state {
            S::Unscheduled => (None, at),
            S::Scheduled { at: scheduled } => (Some(*scheduled), at),
            S::InProgress { since } => (None, *since),
            // A declined or canceled visit changes nothing while the work order waits.
            S::OnHold { .. } if matches!(standing, Standing::NobodyBooked | Standing::Booked) => {
                return Ok(self);
            }
            _ => return Err(self.invalid("follow_visits")),
        };
        self.state = match standing {
            Standing::NobodyBooked => S::Unscheduled,
            Standing::Booked => S::Scheduled { at: scheduled.unwrap_or(at) },
            Standing::AtWork => S::InProgress { since },
            Standing::Settled => S::Completed { at },
        };
        Ok(self)
    }
    /// Waits for something. Whoever is at work finishes the visit first, with its outcome.
    pub fn hold(
        mut self,
        standing: Standing,
        reason: String,
        at: Timestamp,
    ) -> Result<Self, InvalidTransition> {
        let held = matches!(self.state, WorkOrderState::OnHold { .. });
        if !self.state.is_open() || held || standing == Standing::AtWork {
            return Err(self.invalid("hold"));
        }
        self.state = WorkOrderState::OnHold { reason, since: at };
        Ok(self)
    }
    /// Back to where the visits stand.
    pub fn resume(mut self, standing: Standing, at: Timestamp) -> Result<Self, InvalidTransition> {
        if !matches!(self.state, WorkOrderState::OnHold { .. }) {
            return Err(self.invalid("resume"));
        }
        self.state = WorkOrderState::Unscheduled;
        self.follow(standing, at)
    }
    pub fn approve(mut self, at: Timestamp) -> Result<Self, InvalidTransition> {
        let WorkOrderState::Completed { at: completed_at } = self.state else {
            return Err(self.invalid("approve"));
        };
        self.state = WorkOrderState::Approved { completed_at, at };
        Ok(self)
    }
    pub fn invoice(mut self, invoice_id: InvoiceId, at: Timestamp) -> Result<Self, InvalidTransition> {
        let WorkOrderState::Approved { completed_at, at: approved_at } = self.state else {
            return Err(self.invalid("invoice"));
        };
        self.state = WorkOrderState::Invoiced { completed_at, approved_at, invoice_id, at };
        Ok(self)
    }
    /// Its invoice was taken back: it may be invoiced again.
    pub fn take_back_invoice(mut self) -> Result<Self, InvalidTransition> {
        let WorkOrderState::Invoiced { completed_at, approved_at, .. } = self.state else {
            return Err(self.invalid("take_back_invoice"));
        };
        self.state = WorkOrderState::Approved { completed_at, at: approved_at };
        Ok(self)
    }
    /// Only before anybody has begun.
    pub fn cancel(mut self, reason: String, at: Timestamp) -> Result<Self, InvalidTransition> {
        if !self.state.is_open() || matches!(self.state, WorkOrderState::InProgress { .. }) {
            return Err(self.invalid("cancel"));
        }
        self.state = WorkOrderState::Canceled { reason, at };
        Ok(self)
    }
    /// Given up, for a reason the customer hears. Nobody may be at work.
    pub fn give_up(
        mut self,
        standing: Standing,
        reason: String,
        at: Timestamp,
    ) -> Result<Self, InvalidTransition> {
        if !self.state.is_open() || standing == Standing::AtWork {
            return Err(self.invalid("give_up"));
        }
        self.state = WorkOrderState::CannotComplete { reason, at };
        Ok(self)
    }

    fn invalid(&self, transition: &'static str) -> InvalidTransition {
        InvalidTransition { thing: "work_order", transition, state: self.state.as_str() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::visit::{
        VisitState,
        tests::{at, dispatched},
    };
    use super::*;
    use proptest::prelude::*;

    fn work_order() -> WorkOrder {
        WorkOrder {
            id: WorkOrderId::generate(),
            number: "WO-1".into(),
            ticket_id: None,
            asset_id: AssetId::generate(),
            customer_id: CustomerId::generate(),
            site_id: SiteId::generate(),
            kind: WorkOrderKind::Corrective,
            priority: Priority::High,
            subject: "Vibration".into(),
            description: String::new(),
            required_skill: None,
            estimated_minutes: 60,
            requires_signature: true,
            alert_group_id: Some(AlertGroupId::generate()),
            finding: None,
            misuse: false,
            signed_at: None,
            created_at: at(0),
            state: WorkOrderState::Unscheduled,
            version: 0,
        }
    }

    #[test]
    fn says_what_is_missing_only_when_it_would_complete() {
        let work = work_order();
        assert_eq!(work.missing(Outcome::Partial, true), vec![]);
        assert_eq!(
            work.missing(Outcome::Fixed, true),
            vec![Missing::Checklist, Missing::Verdict, Missing::Signature]
        );
        let verdict = Some(Verdict::FalseAlarm);
        let finding = Finding { verdict, failure_mode: None, cause: None, note: String::new(), at: at(1) };
        let work = WorkOrder { finding: Some(finding), ..work };
        assert_eq!(work.missing(Outcome::NoFaultFound, true), vec![Missing::Signature]);
    }

    #[test]
    fn a_partial_visit_asks_for_a_follow_up_and_a_fixing_one_completes() {
        let trip = |outcome| {
            dispatched().travel(at(1)).and_then(|v| v.arrive(at(2))).and_then(|v| v.finish(outcome, at(3)))
        };
        let first = trip(Outcome::Partial).expect("trip");
        let work = work_order().follow(Standing::of([&first]), at(3)).expect("follow");
        assert_eq!(work.state, WorkOrderState::Unscheduled);
        let second = trip(Outcome::Fixed).expect("trip");
        let work = work.follow(Standing::of([&first, &second]), at(9)).expect("follow");
        assert_eq!(work.state, WorkOrderState::Completed { at: at(9) });
    }

    #[test]
    fn nothing_is_approved_before_it_is_done_or_invoiced_before_it_is_approved() {
        assert!(work_order().approve(at(1)).is_err());
        assert!(work_order().invoice(InvoiceId::generate(), at(1)).is_err());
        let held = work_order().hold(Standing::Booked, "waiting for a crane".into(), at(1)).expect("hold");
        assert!(held.clone().follow(Standing::AtWork, at(2)).is_err(), "nobody sets off to a job on hold");
        assert_eq!(
            held.resume(Standing::Booked, at(2)).map(|w| w.state),
            Ok(WorkOrderState::Scheduled { at: at(2) })
        );
    }

    proptest! {
        /// Two visits and the office press anything in any order: the work order never contradicts its visits.
        #[test]
        fn no_sequence_of_commands_reaches_an_illegal_state(
            commands in proptest::collection::vec((0_u8..14, 0_usize..2), 0..80),
        ) {
            let mut work = work_order();
            let mut visits = [dispatched(), dispatched()];
            for (minute, (command, which)) in commands.into_iter().enumerate() {
                let now = at(i64::try_from(minute).expect("small"));
                let visit = visits[which].clone();
                let moved = match command {
                    0 => visit.accept(now),
                    1 => visit.travel(now),
                    2 => visit.arrive(now),
                    3 => visit.pause(now),
                    4 => visit.resume(now),
                    5 => visit.finish(Outcome::Fixed, now),
                    6 => visit.finish(Outcome::Partial, now),
                    7 => visit.decline("ill".into(), now),
                    8 => visit.cancel("moved".into(), now),
                    _ => Err(InvalidTransition { thing: "visit", transition: "none", state: "none" }),
                };
                // A visit and its work order move in one transaction: both or neither.
                if let Ok(moved) = moved {
                    let mut after = visits.clone();
                    after[which] = moved;
                    if let Ok(next) = work.clone().follow(Standing::of(&after), now) {
                        (work, visits) = (next, after);
                    }
                }
                let standing = Standing::of(&visits);
                let next = match command {
                    9 => work.clone().hold(standing, "parts".into(), now),
                    10 => work.clone().resume(standing, now),
                    11 => work.clone().cancel("by customer".into(), now),
                    12 => work.clone().approve(now),
                    13 => work.clone().invoice(InvoiceId::generate(), now),
                    _ => Ok(work.clone()),
                };
                work = next.unwrap_or(work);

                let fixed = visits.iter().any(|v| v.state.outcome().is_some_and(Outcome::settles));
                let at_work = visits.iter().any(|v| v.state.is_at_work());
                if let WorkOrderState::OnHold { .. } = work.state {
                    prop_assert!(!at_work);
                }
                prop_assert!(work.state.completed_at().is_none() || (fixed && !at_work), "{:?} {:?}", work.state, visits);
                if let WorkOrderState::InProgress { .. } = work.state {
                    prop_assert!(at_work);
                }
                if let WorkOrderState::Invoiced { completed_at, approved_at, at, .. } = work.state {
                    prop_assert!(completed_at <= approved_at && approved_at <= at);
                }
                let proposed = visits.iter().any(|v| v.state == VisitState::Proposed);
                prop_assert!(!proposed);
            }
        }
    }
}
