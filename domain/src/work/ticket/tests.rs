use super::*;
use crate::{Currency, clock::from_micros};
use proptest::prelude::*;

fn ticket() -> Ticket {
    let at = from_micros(0);
    Ticket {
        id: TicketId::generate(),
        number: "T-1".into(),
        asset_id: AssetId::generate(),
        customer_id: CustomerId::generate(),
        site_id: SiteId::generate(),
        subject: "Vibration".into(),
        description: String::new(),
        source: TicketSource::Agent,
        alert_group_id: None,
        priority: Priority::Medium,
        priority_reason: PriorityReason::Given,
        fault_at: None,
        reported_at: at,
        opened_at: at,
        first_response_at: None,
        restored_at: None,
        reopened_at: vec![],
        state: TicketState::New,
        version: 0,
    }
}

#[test]
fn nobody_resolves_on_site_without_a_work_order() {
    let at = from_micros(1);
    assert!(ticket().resolve(Resolution::OnSite, at).is_err());
    let sent = ticket().open_work_order(WorkOrderId::generate(), at).expect("open");
    assert!(sent.clone().resolve(Resolution::SelfCleared, at).is_err(), "a technician is on the way");
    assert!(sent.resolve(Resolution::OnSite, at).is_ok());
}

#[test]
fn of_a_circle_of_duplicates_none_would_be_open() {
    let (at, first, second) = (from_micros(1), ticket(), ticket());
    let marked = first.clone().mark_duplicate(&second, at).expect("a duplicate");
    assert!(second.clone().mark_duplicate(&marked, at).is_err());
    assert!(first.clone().mark_duplicate(&first, at).is_err());
    assert_eq!(marked.undo_duplicate(at).map(|t| t.state), Ok(TicketState::Triaged { at }));
    assert!(second.undo_duplicate(at).is_err());
}

#[test]
fn a_reopened_ticket_is_not_restored() {
    let (first, later) = (from_micros(5), from_micros(9));
    let resolved = ticket().resolve(Resolution::Remote, first).expect("resolve").restored(first);
    let reopened = resolved.reopen(later).expect("reopen");
    assert_eq!((reopened.restored_at, reopened.reopened_at.as_slice()), (None, [later].as_slice()));
    assert!(ticket().reopen(later).is_err(), "nothing was resolved");
}

#[test]
fn an_override_keeps_what_was_computed() {
    let reason = PriorityReason::Computed {
        severity: Severity::Critical,
        criticality: Criticality::Critical,
        downtime_cost_per_hour: None,
    };
    let t = Ticket { priority: Priority::Critical, priority_reason: reason, ..ticket() };
    let t = t.override_priority(Priority::Low, "spare is running".into());
    assert_eq!((t.priority, t.priority_reason.computed()), (Priority::Low, Some(Priority::Critical)));
}

#[test]
fn a_ticket_waits_for_one_thing_at_a_time_and_never_while_a_technician_is_on_it() {
    let at = from_micros(1);
    let waiting = ticket().wait(WaitingFor::Parts, at).expect("wait");
    assert_eq!(waiting.state, TicketState::WaitingParts { since: at });
    assert!(waiting.clone().wait(WaitingFor::Parts, at).is_err(), "it waits already");
    let waiting = waiting.wait(WaitingFor::Customer, at).expect("for the customer now");
    assert_eq!(waiting.state, TicketState::WaitingCustomer { since: at });
    let triaged = waiting.triage(at).expect("back from waiting");
    assert!(triaged.clone().triage(at).is_err(), "it was looked at already");
    let sent = triaged.open_work_order(WorkOrderId::generate(), at).expect("open");
    assert!(sent.clone().wait(WaitingFor::Parts, at).is_err());
    assert!(sent.clone().triage(at).is_err());
    assert!(sent.clone().open_work_order(WorkOrderId::generate(), at).is_err(), "one work order at a time");
    assert!(sent.clone().mark_duplicate(&ticket(), at).is_err());
    assert_eq!(sent.return_from_work_order(at).map(|t| t.state), Ok(TicketState::Triaged { at }));
    assert!(ticket().return_from_work_order(at).is_err(), "none was open");
}

#[test]
fn what_a_work_order_found_resolves_its_ticket() {
    let at = from_micros(1);
    for resolution in Resolution::ALL {
        let sent = ticket().open_work_order(WorkOrderId::generate(), at).expect("open");
        let on_site = matches!(resolution, Resolution::OnSite | Resolution::NoFaultFound);
        assert_eq!(sent.resolve(resolution, at).is_ok(), on_site, "{resolution:?}");
        let from_the_desk = resolution != Resolution::OnSite;
        assert_eq!(ticket().resolve(resolution, at).is_ok(), from_the_desk, "{resolution:?}");
    }
}

#[test]
fn a_closed_ticket_keeps_when_and_how_it_was_resolved() {
    let resolved = ticket().resolve(Resolution::Remote, from_micros(5)).expect("resolve");
    assert!(resolved.clone().resolve(Resolution::Remote, from_micros(6)).is_err(), "resolved once");
    let closed = resolved.close(from_micros(9)).expect("close");
    let kept = (closed.state.resolved_at(), closed.state.resolution());
    assert_eq!(kept, (Some(from_micros(5)), Some(Resolution::Remote)));
    assert_eq!((ticket().state.resolved_at(), ticket().state.resolution()), (None, None));
    let refused = ticket().close(from_micros(9)).expect_err("not resolved");
    assert_eq!((refused.thing, refused.transition, refused.state), ("ticket", "close", "new"));
}

#[test]
fn the_first_answer_counts_and_equipment_is_not_well_before_its_fault() {
    let answered = ticket().responded(from_micros(5)).responded(from_micros(9));
    assert_eq!(answered.first_response_at, Some(from_micros(5)));
    let early = ticket().responded(from_micros(-5));
    assert_eq!(early.first_response_at, Some(from_micros(0)), "not before it was opened");
    let faulty = Ticket { fault_at: Some(from_micros(5)), ..ticket() };
    assert_eq!(faulty.clone().restored(from_micros(3)).restored_at, Some(from_micros(5)));
    let restored = faulty.restored(from_micros(8));
    assert_eq!(restored.restored_at, Some(from_micros(8)));
    assert_eq!(restored.relapsed().restored_at, None);
}

#[test]
fn severity_criticality_and_money_add_up_to_the_priority() {
    use Priority as P;
    let cost = |units: i64| Some(Money::new(units * 100, Currency::EUR));
    let of = |severity, criticality, units| assess(severity, criticality, cost(units));
    assert_eq!(of(Severity::Info, Criticality::Medium, 0), P::Low, "1");
    assert_eq!(of(Severity::Warning, Criticality::Medium, 0), P::Medium, "2");
    assert_eq!(of(Severity::Info, Criticality::Medium, 200), P::Medium, "2, from 200 an hour on");
    assert_eq!(of(Severity::Info, Criticality::Medium, 199), P::Low, "1");
    assert_eq!(of(Severity::Minor, Criticality::High, 0), P::Medium, "3");
    assert_eq!(of(Severity::Minor, Criticality::High, 999), P::High, "4");
    assert_eq!(of(Severity::Info, Criticality::Critical, 200), P::High, "4");
    assert_eq!(of(Severity::Critical, Criticality::High, 0), P::High, "5");
    assert_eq!(of(Severity::Critical, Criticality::Critical, 0), P::Critical, "6");
    assert_eq!(of(Severity::Critical, Criticality::Low, 0), P::Medium, "3");
    assert_eq!(of(Severity::Major, Criticality::Low, 0), P::Medium, "2");
}

#[test]
fn money_raises_priority() {
    let cost = |units: i64| Some(Money::new(units * 100, Currency::EUR));
    assert_eq!(assess(Severity::Major, Criticality::High, None), Priority::High);
    assert_eq!(assess(Severity::Major, Criticality::High, cost(1000)), Priority::Critical);
    assert_eq!(assess(Severity::Info, Criticality::Low, cost(199)), Priority::Low);
}

proptest! {
    /// Whatever is asked in whatever order, the facts of a ticket agree with its state.
    #[test]
    fn no_sequence_of_commands_reaches_an_illegal_state(commands in proptest::collection::vec(0_u8..10, 0..60)) {
        let mut t = ticket();
        for (step, command) in commands.into_iter().enumerate() {
            let at = from_micros(i64::try_from(step).expect("small") + 1);
            let before = t.clone();
            let next = match command {
                0 => t.triage(at),
                1 => t.wait(WaitingFor::Customer, at),
                2 => t.wait(WaitingFor::Parts, at),
                3 => t.open_work_order(WorkOrderId::generate(), at),
                4 => t.return_from_work_order(at),
                5 => t.resolve(Resolution::OnSite, at),
                6 => t.resolve(Resolution::Remote, at),
                7 => t.close(at),
                8 => t.reopen(at),
                _ => t.mark_duplicate(&ticket(), at),
            };
            t = match next {
                Ok(next) => {
                    prop_assert_ne!(&next.state, &before.state);
                    prop_assert_ne!(before.state.as_str(), "duplicate", "a duplicate is final");
                    if next.state.resolution() == Some(Resolution::OnSite) && before.state.is_open() {
                        let had_work_order = matches!(before.state, TicketState::WorkOrderOpen { .. });
                        prop_assert!(had_work_order);
                    }
                    if let TicketState::Closed { .. } = next.state {
                        prop_assert_eq!(before.state.as_str(), "resolved");
                    }
                    next
                }
                Err(error) => {
                    prop_assert_eq!(error.state, before.state.as_str());
                    before
                }
            };
            prop_assert_eq!(t.state.is_open(), t.state.resolution().is_none() && t.state.as_str() != "duplicate");
        }
    }
}
