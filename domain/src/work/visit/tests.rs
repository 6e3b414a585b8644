use super::*;
use crate::clock::from_micros;
use proptest::prelude::*;

pub fn at(minute: i64) -> Timestamp {
    from_micros(minute * 60_000_000)
}
pub fn dispatched() -> Visit {
    Visit {
        id: VisitId::generate(),
        work_order_id: WorkOrderId::generate(),
        technician_id: TechnicianId::generate(),
        planned_start: at(0),
        planned_end: at(60),
        entered_late: false,
        state: VisitState::Dispatched { at: at(0) },
        version: 0,
    }
}

#[test]
fn travel_and_labour_come_from_the_timestamps_without_breaks() {
    let visit = dispatched().travel(at(10)).and_then(|v| v.arrive(at(40))).and_then(|v| v.pause(at(60)));
    let visit = visit.and_then(|v| v.resume(at(75))).and_then(|v| v.finish(Outcome::Fixed, at(100)));
    let visit = visit.expect("a usual day");
    let spent = |kind| visit.spent(kind, at(999)).num_minutes();
    assert_eq!((spent(TimeKind::Travel), spent(TimeKind::Labour), spent(TimeKind::Break)), (30, 45, 15));
}

#[test]
fn a_phone_with_a_slow_clock_never_makes_negative_time() {
    let visit = dispatched().travel(at(30)).and_then(|v| v.arrive(at(20))).expect("arrive");
    let visit = visit.finish(Outcome::Fixed, at(5)).expect("finish");
    assert!(visit.spans(at(99)).is_empty());
}

#[test]
fn a_visit_reported_afterwards_keeps_its_hours() {
    let told = Visit { state: VisitState::Dispatched { at: at(600) }, ..dispatched() };
    let visit = told.travel(at(390)).and_then(|v| v.arrive(at(420))).expect("arrive");
    let visit = visit.finish(Outcome::Fixed, at(540)).expect("finish");
    let spent = |kind| visit.spent(kind, at(999)).num_minutes();
    assert_eq!((spent(TimeKind::Travel), spent(TimeKind::Labour)), (30, 120));
}

#[test]
fn who_turns_back_reports_nothing_but_the_way() {
    let on_the_way = dispatched().travel(at(10)).expect("travel");
    let back = on_the_way.clone().decline("the van broke down".into(), at(40)).expect("decline");
    assert_eq!(back.spent(TimeKind::Travel, at(999)).num_minutes(), 30);
    assert_eq!(back.state.outcome(), None);
    assert!(!back.state.is_at_work());
    let again = back.clone().schedule(back.technician_id, at(100), at(160), at(50)).expect("planned anew");
    assert!(again.spans(at(999)).is_empty(), "the way is in the time entries of the first attempt");
    let called = on_the_way.cancel("the customer called it off".into(), at(5)).expect("cancel");
    assert!(called.spans(at(999)).is_empty(), "a slow clock makes no negative way");
}

#[test]
fn who_leaves_the_site_keeps_the_hours_there() {
    let there = dispatched().travel(at(10)).and_then(|v| v.arrive(at(40))).and_then(|v| v.pause(at(60)));
    let left = there.expect("a break").cancel("evacuated".into(), at(90)).expect("cancel");
    let spent = |kind| left.spent(kind, at(999)).num_minutes();
    assert_eq!((spent(TimeKind::Travel), spent(TimeKind::Labour), spent(TimeKind::Break)), (30, 20, 30));
    assert!(left.cancel("again".into(), at(91)).is_err());
}

#[test]
fn an_arrival_hours_before_setting_off_is_a_contradiction() {
    let visit = dispatched().travel(at(600)).expect("travel");
    assert!(visit.state.contradicts(at(584)) && !visit.state.contradicts(at(585)));
    assert!(!dispatched().state.contradicts(at(-10_000)), "nothing was done yet");
}

#[test]
fn a_running_break_ends_with_the_visit() {
    let there = dispatched().arrive(at(10)).and_then(|v| v.pause(at(20))).expect("a break");
    assert_eq!(there.state.last_done_at(), Some(at(20)));
    let done = there.finish(Outcome::Fixed, at(35)).expect("finish");
    let spent = |kind| done.spent(kind, at(999)).num_minutes();
    assert_eq!((spent(TimeKind::Travel), spent(TimeKind::Labour), spent(TimeKind::Break)), (0, 10, 15));
    assert_eq!((done.state.outcome(), done.state.last_done_at()), (Some(Outcome::Fixed), Some(at(35))));
}

#[test]
fn what_still_runs_counts_until_now() {
    let spent = |visit: &Visit, kind| visit.spent(kind, at(100)).num_minutes();
    let on_the_way = dispatched().travel(at(70)).expect("travel");
    assert_eq!(spent(&on_the_way, TimeKind::Travel), 30);
    let there = on_the_way.arrive(at(80)).expect("arrive");
    assert_eq!((spent(&there, TimeKind::Travel), spent(&there, TimeKind::Labour)), (10, 20));
    let at_lunch = there.pause(at(95)).expect("pause");
    assert_eq!((spent(&at_lunch, TimeKind::Labour), spent(&at_lunch, TimeKind::Break)), (15, 5));
    assert!(at_lunch.clone().pause(at(96)).is_err(), "the break runs already");
    let back = at_lunch.resume(at(99)).expect("resume");
    assert_eq!(back.state.last_done_at(), Some(at(99)));
    assert!(back.resume(at(99)).is_err(), "no break runs");
}

#[test]
fn a_visit_is_told_accepted_and_begun_in_this_order() {
    let planned = Visit { state: VisitState::Scheduled { at: at(0) }, ..dispatched() };
    assert!(planned.clone().accept(at(1)).is_err(), "nobody told the technician");
    assert!(planned.clone().decline("ill".into(), at(1)).is_err());
    assert!(planned.clone().travel(at(1)).is_err() && planned.clone().arrive(at(1)).is_err());
    let told = planned.dispatch(at(1)).expect("dispatch");
    assert!(told.clone().dispatch(at(2)).is_err(), "told once");
    assert!(told.clone().decline("ill".into(), at(2)).is_ok());
    let accepted = told.accept(at(2)).expect("accept");
    assert!(accepted.clone().accept(at(3)).is_err(), "accepted once");
    assert!(accepted.clone().decline("ill".into(), at(3)).is_ok());
    let refused = accepted.clone().finish(Outcome::Fixed, at(3)).expect_err("nobody was there");
    assert_eq!((refused.thing, refused.transition, refused.state), ("visit", "finish", "accepted"));
    let there = accepted.clone().arrive(at(3)).expect("there already");
    assert_eq!(there.state.travel_started_at(), None);
    assert!(accepted.travel(at(3)).is_ok());
}

#[test]
fn who_is_at_work_is_called_back_before_the_visit_is_planned_anew() {
    let again = |visit: Visit| {
        let technician = visit.technician_id;
        visit.schedule(technician, at(100), at(90), at(50))
    };
    let on_the_way = dispatched().travel(at(10)).expect("travel");
    assert!(again(on_the_way.clone()).is_err());
    assert!(again(on_the_way.arrive(at(20)).expect("arrive")).is_err());
    let asked_again = again(dispatched().accept(at(5)).expect("accept")).expect("planned anew");
    assert_eq!(asked_again.state, VisitState::Scheduled { at: at(50) });
    assert_eq!((asked_again.planned_start, asked_again.planned_end), (at(100), at(100)), "never backwards");
}

#[test]
fn when_somebody_set_off_is_kept_however_the_visit_ended() {
    let on_the_way = dispatched().travel(at(10)).expect("travel");
    let there = on_the_way.clone().arrive(at(40)).expect("arrive");
    let ended = [
        on_the_way.clone(),
        on_the_way.decline("ill".into(), at(20)).expect("decline"),
        there.clone(),
        there.clone().finish(Outcome::Partial, at(50)).expect("finish"),
        there.cancel("evacuated".into(), at(50)).expect("cancel"),
    ];
    for visit in ended {
        assert_eq!(visit.state.travel_started_at(), Some(at(10)), "{:?}", visit.state);
    }
    assert_eq!(dispatched().state.travel_started_at(), None);
    let called_off = dispatched().cancel("moved".into(), at(5)).expect("cancel");
    assert_eq!((called_off.state.begun(), called_off.state.trip()), (None, None));
}

#[test]
fn a_call_off_by_a_slow_clock_is_not_before_what_was_done_but_may_be_before_the_plan() {
    let on_the_way = dispatched().travel(at(10)).expect("travel");
    let back = on_the_way.decline("ill".into(), at(4)).expect("decline");
    assert_eq!(back.state.last_done_at(), Some(at(10)));
    let never_begun = Visit { state: VisitState::Dispatched { at: at(30) }, ..dispatched() };
    let off = never_begun.cancel("moved".into(), at(20)).expect("cancel");
    assert_eq!(off.state.last_done_at(), Some(at(20)));
}

proptest! {
    #[test]
    fn spans_never_overlap_whatever_is_pressed(steps in proptest::collection::vec((0_u8..9, -30_i64..60), 0..40)) {
        let (mut visit, mut clock) = (dispatched(), 0);
        for (command, minutes) in steps {
            clock += minutes;
            let now = at(clock);
            let before = visit.clone();
            let next = match command {
                0 => visit.accept(now),
                1 => visit.decline("ill".into(), now),
                2 => visit.travel(now),
                3 => visit.arrive(now),
                4 => visit.pause(now),
                5 => visit.resume(now),
                6 => visit.finish(Outcome::Partial, now),
                7 => visit.cancel("moved".into(), now),
                _ => visit.schedule(before.technician_id, now, now, now).and_then(|v| v.dispatch(now)),
            };
            if next.is_ok() {
                let over = matches!(before.state, VisitState::Done { .. } | VisitState::Canceled { .. });
                prop_assert!(!over, "what is over stays over");
            }
            visit = next.unwrap_or(before);
            let spans = visit.spans(at(100_000));
            prop_assert!(spans.windows(2).all(|w| w[0].to <= w[1].from));
            prop_assert!(spans.iter().all(|span| span.from < span.to));
        }
    }
}
