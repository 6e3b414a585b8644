use super::*;
use crate::work::visit::{
    VisitState,
    tests::{at, dispatched},
};
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

#[test]
fn complete_work_misses_nothing_and_asks_only_for_what_it_needs() {
    let finding = Finding {
        verdict: Some(Verdict::Right),
        failure_mode: None,
        cause: None,
        note: String::new(),
        at: at(1),
    };
    let whole = WorkOrder { finding: Some(finding.clone()), signed_at: Some(at(2)), ..work_order() };
    assert_eq!(whole.missing(Outcome::Fixed, false), vec![]);
    assert_eq!(whole.missing(Outcome::Fixed, true), vec![Missing::Checklist]);
    assert_eq!(whole.missing(Outcome::NoFaultFound, true), vec![], "there is nothing to tick off");
    let without_verdict = WorkOrder { finding: Some(Finding { verdict: None, ..finding }), ..whole.clone() };
    assert_eq!(without_verdict.missing(Outcome::Fixed, false), vec![Missing::Verdict]);
    let no_alert = WorkOrder { alert_group_id: None, finding: None, ..whole.clone() };
    assert_eq!(no_alert.missing(Outcome::Fixed, false), vec![], "no alert asks for a verdict");
    let unsigned = WorkOrder { requires_signature: false, signed_at: None, ..whole };
    assert_eq!(unsigned.missing(Outcome::Fixed, false), vec![], "no signature is asked for");
    let words = [Missing::Checklist, Missing::Verdict, Missing::Signature]
        .map(|missing| Refusal::from(missing).code());
    assert_eq!(words, ["checklist_open", "verdict_missing", "signature_missing"]);
}

#[test]
fn a_work_order_stands_where_its_visits_stand() {
    let told = dispatched();
    let going = told.clone().travel(at(1)).expect("travel");
    let fixed = going.clone().arrive(at(2)).and_then(|v| v.finish(Outcome::Fixed, at(3))).expect("fixed");
    let part = going.clone().arrive(at(2)).and_then(|v| v.finish(Outcome::Partial, at(3))).expect("partly");
    let off = told.clone().cancel("moved".into(), at(1)).expect("cancel");
    assert_eq!(Standing::of([]), Standing::NobodyBooked);
    assert_eq!(Standing::of([&off, &part]), Standing::NobodyBooked);
    assert_eq!(Standing::of([&told, &off]), Standing::Booked);
    assert_eq!(Standing::of([&fixed, &told]), Standing::Booked, "a further visit is planned");
    assert_eq!(Standing::of([&told, &going, &fixed]), Standing::AtWork);
    assert_eq!(Standing::of([&part, &fixed, &off]), Standing::Settled);
}

#[test]
fn a_work_order_keeps_since_when_it_is_planned_and_under_way() {
    let follow = |work: WorkOrder, standing, minute| work.follow(standing, at(minute)).expect("follow");
    let planned = follow(work_order(), Standing::Booked, 1);
    let planned = follow(planned, Standing::Booked, 5);
    assert_eq!(planned.state, WorkOrderState::Scheduled { at: at(1) }, "a further visit moves nothing");
    let begun = follow(planned, Standing::AtWork, 9);
    let begun = follow(begun, Standing::AtWork, 12);
    assert_eq!(begun.state, WorkOrderState::InProgress { since: at(9) });
    assert_eq!(follow(begun.clone(), Standing::Booked, 15).state, WorkOrderState::Scheduled { at: at(15) });
    assert_eq!(follow(begun, Standing::NobodyBooked, 15).state, WorkOrderState::Unscheduled);
    assert!(ended(WorkOrderState::Completed { at: at(3) }).follow(Standing::AtWork, at(4)).is_err());
}

#[test]
fn work_on_hold_waits_whatever_is_planned_and_is_held_once() {
    let hold = |work: WorkOrder, standing| work.hold(standing, "a crane".into(), at(1));
    let held = hold(work_order(), Standing::NobodyBooked).expect("hold");
    for standing in [Standing::NobodyBooked, Standing::Booked] {
        assert_eq!(held.clone().follow(standing, at(2)).as_ref(), Ok(&held));
        assert!(hold(held.clone(), standing).is_err(), "it waits already");
    }
    assert!(held.follow(Standing::Settled, at(2)).is_err());
    assert!(hold(work_order(), Standing::AtWork).is_err(), "somebody is at work");
    assert!(hold(ended(WorkOrderState::Completed { at: at(3) }), Standing::Settled).is_err());
    let refused = work_order().resume(Standing::Booked, at(2)).expect_err("it does not wait");
    assert_eq!((refused.thing, refused.transition, refused.state), ("work_order", "resume", "unscheduled"));
}

#[test]
fn only_work_that_is_open_is_canceled_or_given_up() {
    let done = ended(WorkOrderState::Completed { at: at(3) });
    assert!(done.clone().cancel("not needed".into(), at(4)).is_err());
    assert!(done.clone().give_up(Standing::Settled, "late".into(), at(4)).is_err());
    assert!(done.state.is_editable() && done.state.accepts_lines() && !done.state.is_open());
    let canceled = work_order().cancel("not needed".into(), at(4)).expect("cancel");
    assert_eq!(canceled.state, WorkOrderState::Canceled { reason: "not needed".into(), at: at(4) });
    assert!(!canceled.state.is_editable() && canceled.state.accepts_lines(), "lines are still billed");
    assert!(work_order().state.is_editable() && work_order().state.accepts_lines());
    assert_eq!((work_order().state.ended(), work_order().state.approved_at()), (None, None));
}

#[test]
fn an_invoice_keeps_when_the_work_ended_and_was_approved() {
    let done = ended(WorkOrderState::Completed { at: at(3) });
    assert_eq!(done.state.completed_at(), Some(at(3)));
    let invoiced = done.approve(true, at(5)).and_then(|work| work.invoice(InvoiceId::generate(), at(6)));
    let state = invoiced.expect("invoiced").state;
    assert_eq!((state.completed_at(), state.approved_at()), (Some(at(3)), Some(at(5))));
    assert!(!state.accepts_lines());
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
            assert_eq!((approved.state.approved_at(), approved.state.accepts_lines()), (Some(at(5)), false));
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
    assert!(invoiced.clone().withdraw_approval().is_err(), "an invoiced approval is credited, not withdrawn");
    assert!(invoiced.clone().invoice(InvoiceId::generate(), at(7)).is_err(), "invoiced once");
    let open = invoiced.reopen_for_correction();
    assert_eq!(open.state, WorkOrderState::Completed { at: at(3) });
    assert!(open.clone().invoice(InvoiceId::generate(), at(8)).is_err(), "approved again first");
    assert_eq!(open.clone().reopen_for_correction(), open);
    let again = open.approve(true, at(8)).and_then(|work| work.invoice(InvoiceId::generate(), at(9)));
    assert_eq!(again.map(|work| work.state.as_str()), Ok("invoiced"));
    assert!(work_order().reopen_for_correction().state.is_open());
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
    assert!(begun.cancel("not needed".into(), at(2)).is_err(), "what has begun is given up, not canceled");
}

#[test]
fn states_kept_before_work_could_be_closed_are_still_read() {
    let old = r#"{"status":"approved","completed_at":"2026-01-02T03:04:05Z","at":"2026-01-03T00:00:00Z"}"#;
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
                16 => Ok(work.clone().reopen_for_correction()),
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
