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
    Scheduled {
        at: Timestamp,
    },
    InProgress {
        since: Timestamp,
    },
    OnHold {
        reason: String,
        since: Timestamp,
    },
    Completed {
        at: Timestamp,
    },
    Approved {
        #[serde(flatten)]
        ended: Ended,
        at: Timestamp,
    },
    Invoiced {
        #[serde(flatten)]
        ended: Ended,
        approved_at: Timestamp,
        invoice_id: InvoiceId,
        at: Timestamp,
    },
    /// Approved, and nothing was left to invoice.
    Closed {
        #[serde(flatten)]
        ended: Ended,
        at: Timestamp,
    },
    Canceled {
        reason: String,
        at: Timestamp,
    },
    CannotComplete {
        reason: String,
        at: Timestamp,
    },
}

/// How the work ended before the office looked at its money. What was worked on a job that was given up or canceled is
/// billed like any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ended {
    Completed { completed_at: Timestamp },
    GivenUp { gave_up_at: Timestamp, reason: String },
    Canceled { canceled_at: Timestamp, reason: String },
}

impl Ended {
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Completed { completed_at: at }
            | Self::GivenUp { gave_up_at: at, .. }
            | Self::Canceled { canceled_at: at, .. } => *at,
        }
    }
    fn into_state(self) -> WorkOrderState {
        match self {
            Self::Completed { completed_at } => WorkOrderState::Completed { at: completed_at },
            Self::GivenUp { gave_up_at, reason } => WorkOrderState::CannotComplete { reason, at: gave_up_at },
            Self::Canceled { canceled_at, reason } => WorkOrderState::Canceled { reason, at: canceled_at },
        }
    }
}

impl WorkOrderState {
    pub const WORDS: [&'static str; 10] = [
        "unscheduled",
        "scheduled",
        "in_progress",
        "on_hold",
        "completed",
        "approved",
        "invoiced",
        "closed",
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
            Self::Closed { .. } => "closed",
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
    /// Times and findings may still be changed.
    pub fn is_editable(&self) -> bool {
        self.is_open() || matches!(self, Self::Completed { .. })
    }
    /// Lines may still be changed: until the office approves, however the work ended.
    pub fn accepts_lines(&self) -> bool {
        self.is_editable() || matches!(self, Self::Canceled { .. } | Self::CannotComplete { .. })
    }
    /// How and when the work ended; `None` while it is open.
    pub fn ended(&self) -> Option<Ended> {
        match self {
            Self::Completed { at } => Some(Ended::Completed { completed_at: *at }),
            Self::CannotComplete { reason, at } => {
                Some(Ended::GivenUp { gave_up_at: *at, reason: reason.clone() })
            }
            Self::Canceled { reason, at } => {
                Some(Ended::Canceled { canceled_at: *at, reason: reason.clone() })
            }
            Self::Approved { ended, .. } | Self::Invoiced { ended, .. } | Self::Closed { ended, .. } => {
                Some(ended.clone())
            }
            Self::Unscheduled | Self::Scheduled { .. } | Self::InProgress { .. } | Self::OnHold { .. } => {
                None
            }
        }
    }
    pub fn completed_at(&self) -> Option<Timestamp> {
        match self.ended()? {
            Ended::Completed { completed_at } => Some(completed_at),
            Ended::GivenUp { .. } | Ended::Canceled { .. } => None,
        }
    }
    /// When the office approved its times, lines and coverage.
    pub fn approved_at(&self) -> Option<Timestamp> {
        match self {
            Self::Approved { at, .. } | Self::Closed { at, .. } => Some(*at),
            Self::Invoiced { approved_at, .. } => Some(*approved_at),
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
    /// The office has checked it. Without a line to bill it is closed: no invoice follows.
    pub fn approve(mut self, has_lines: bool, at: Timestamp) -> Result<Self, InvalidTransition> {
        let approves = self.state.accepts_lines() && !self.state.is_open();
        let Some(ended) = self.state.ended().filter(|_| approves) else {
            return Err(self.invalid("approve"));
        };
        self.state = if has_lines {
            WorkOrderState::Approved { ended, at }
        } else {
            WorkOrderState::Closed { ended, at }
        };
        Ok(self)
    }
    /// A mistake was seen: back to where it can be corrected, and approved again.
    pub fn withdraw_approval(mut self) -> Result<Self, InvalidTransition> {
        match self.state {
            WorkOrderState::Approved { ended, .. } | WorkOrderState::Closed { ended, .. } => {
                self.state = ended.into_state();
                Ok(self)
            }
            _ => Err(self.invalid("withdraw_approval")),
        }
    }
    pub fn invoice(mut self, invoice_id: InvoiceId, at: Timestamp) -> Result<Self, InvalidTransition> {
        match self.state {
            WorkOrderState::Approved { ended, at: approved_at } => {
                self.state = WorkOrderState::Invoiced { ended, approved_at, invoice_id, at };
                Ok(self)
            }
            _ => Err(self.invalid("invoice")),
        }
    }
    /// Lines of it were credited: they can be corrected, approved and invoiced again. Work that was opened before, by
    /// another credit note or by withdrawing an approval of its other lines, stays open.
    pub fn reopen_for_correction(mut self) -> Result<Self, InvalidTransition> {
        match self.state {
            WorkOrderState::Invoiced { ended, .. }
            | WorkOrderState::Approved { ended, .. }
            | WorkOrderState::Closed { ended, .. } => {
                self.state = ended.into_state();
                Ok(self)
            }
            _ if self.state.accepts_lines() => Ok(self),
            _ => Err(self.invalid("reopen_for_correction")),
        }
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
        assert!(work_order().approve(true, at(1)).is_err());
        assert!(work_order().invoice(InvoiceId::generate(), at(1)).is_err());
        let held = work_order().hold(Standing::Booked, "waiting for a crane".into(), at(1)).expect("hold");
        assert!(held.clone().follow(Standing::AtWork, at(2)).is_err(), "nobody sets off to a job on hold");
        assert_eq!(
            held.resume(Standing::Booked, at(2)).map(|w| w.state),
            Ok(WorkOrderState::Scheduled { at: at(2) })
        );
    }

    fn ended(state: WorkOrderState) -> WorkOrder {
        WorkOrder { state, ..work_order() }
    }

    #[test]
    fn an_approval_is_withdrawn_to_how_the_work_ended() {
        let gave_up = WorkOrderState::CannotComplete { reason: "no spares".into(), at: at(3) };
        let canceled = WorkOrderState::Canceled { reason: "not needed".into(), at: at(3) };
        for before in [WorkOrderState::Completed { at: at(3) }, gave_up, canceled] {
            for has_lines in [true, false] {
                let approved = ended(before.clone()).approve(has_lines, at(5)).expect("approve");
                assert_eq!(approved.state.as_str(), if has_lines { "approved" } else { "closed" });
                assert_eq!(
                    (approved.state.approved_at(), approved.state.accepts_lines()),
                    (Some(at(5)), false)
                );
                assert_eq!(approved.state.ended().map(|ended| ended.at()), Some(at(3)));
                assert!(approved.clone().approve(has_lines, at(6)).is_err(), "approved twice");
                assert_eq!(approved.withdraw_approval().map(|work| work.state), Ok(before.clone()));
            }
        }
        assert!(ended(WorkOrderState::Completed { at: at(3) }).withdraw_approval().is_err());
    }

    #[test]
    fn credited_work_opens_for_correction_and_is_invoiced_again() {
        let approved = ended(WorkOrderState::Completed { at: at(3) }).approve(true, at(5)).expect("approve");
        let invoiced = approved.invoice(InvoiceId::generate(), at(6)).expect("invoice");
        assert!(
            invoiced.clone().withdraw_approval().is_err(),
            "an invoiced approval is credited, not withdrawn"
        );
        assert!(invoiced.clone().invoice(InvoiceId::generate(), at(7)).is_err(), "invoiced once");
        let open = invoiced.reopen_for_correction().expect("reopen");
        assert_eq!(open.state, WorkOrderState::Completed { at: at(3) });
        assert!(open.clone().invoice(InvoiceId::generate(), at(8)).is_err(), "approved again first");
        assert_eq!(open.clone().reopen_for_correction().as_ref(), Ok(&open));
        let again = open.approve(true, at(8)).and_then(|work| work.invoice(InvoiceId::generate(), at(9)));
        assert_eq!(again.map(|work| work.state.as_str()), Ok("invoiced"));
        assert!(work_order().reopen_for_correction().is_ok_and(|work| work.state.is_open()));
    }

    #[test]
    fn nobody_gives_up_a_job_with_a_technician_at_work() {
        let begun = ended(WorkOrderState::InProgress { since: at(1) });
        assert!(begun.clone().give_up(Standing::AtWork, "late".into(), at(2)).is_err());
        let given_up = begun.give_up(Standing::NobodyBooked, "no spares".into(), at(2)).expect("give up");
        assert_eq!(given_up.state, WorkOrderState::CannotComplete { reason: "no spares".into(), at: at(2) });
        assert!(given_up.state.accepts_lines() && !given_up.state.is_open() && !given_up.state.is_editable());
        assert_eq!(given_up.state.completed_at(), None);
        assert!(given_up.give_up(Standing::NobodyBooked, "again".into(), at(3)).is_err());
        let begun = ended(WorkOrderState::InProgress { since: at(1) });
        assert!(
            begun.cancel("not needed".into(), at(2)).is_err(),
            "what has begun is given up, not canceled"
        );
    }

    #[test]
    fn states_kept_before_work_could_be_closed_are_still_read() {
        let old =
            r#"{"status":"approved","completed_at":"2026-01-02T03:04:05Z","at":"2026-01-03T00:00:00Z"}"#;
        let read: WorkOrderState = serde_json::from_str(old).expect("read");
        assert_eq!(read.completed_at(), "2026-01-02T03:04:05Z".parse().ok());
        assert_eq!(read.as_str(), "approved");
        let kept = serde_json::to_string(&read).expect("json");
        assert_eq!(serde_json::from_str::<WorkOrderState>(&kept).ok(), Some(read));
        let given_up = ended(WorkOrderState::CannotComplete { reason: "no spares".into(), at: at(3) });
        let approved = given_up.approve(true, at(5)).expect("approve").state;
        let kept = serde_json::to_string(&approved).expect("json");
        assert_eq!(serde_json::from_str::<WorkOrderState>(&kept).ok(), Some(approved));
    }

    proptest! {
        /// Two visits and the office press anything in any order: the work order never contradicts its visits.
        #[test]
        fn no_sequence_of_commands_reaches_an_illegal_state(
            commands in proptest::collection::vec((0_u8..17, 0_usize..2), 0..80),
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
                    12 => work.clone().approve(true, now),
                    14 => work.clone().withdraw_approval(),
                    15 => work.clone().give_up(standing, "no spares".into(), now),
                    16 => work.clone().reopen_for_correction(),
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
                if let WorkOrderState::Invoiced { ended, approved_at, at, .. } = &work.state {
                    prop_assert!(ended.at() <= *approved_at && approved_at <= at);
                }
                if matches!(work.state.ended(), Some(Ended::GivenUp { .. })) {
                    prop_assert!(!at_work, "nobody works on what was given up");
                }
                let proposed = visits.iter().any(|v| v.state == VisitState::Proposed);
                prop_assert!(!proposed);
            }
        }
    }
}
