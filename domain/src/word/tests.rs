//! One word per thing: what it is called in addresses, pages and translations is what it is stored as.

use crate::{
    condition::{EquipmentState, Severity, alert::ClearReason},
    event::DomainEvent,
    fleet::{asset::Criticality, device::DeviceProfile},
    money::{
        contract::{
            Tier,
            billing::{Due, Every},
        },
        payment::{Direction, PaymentMethod},
    },
    people::account::Role,
    telemetry::connection::EndReason,
    work::{
        Priority,
        stock::{MovementReason, StockLocationKind},
        ticket::{Resolution, TicketSource, TicketState},
        visit::{Outcome, TimeKind, VisitState},
        work_order::{WorkOrderKind, WorkOrderState},
    },
};
use serde::{Serialize, de::DeserializeOwned};

fn stored_as_called<T: Copy + Serialize>(all: &[T], called: impl Fn(T) -> &'static str) {
    for one in all {
        assert_eq!(serde_json::to_value(one).expect("json"), called(*one));
    }
}

#[test]
fn a_thing_is_stored_under_the_word_it_is_called() {
    stored_as_called(&Role::ALL, Role::as_str);
    stored_as_called(&Criticality::ALL, Criticality::as_str);
    stored_as_called(&DeviceProfile::ALL, DeviceProfile::as_str);
    stored_as_called(&EquipmentState::ALL, EquipmentState::as_str);
    stored_as_called(&Severity::ALL, Severity::as_str);
    stored_as_called(&ClearReason::ALL, ClearReason::as_str);
    stored_as_called(&EndReason::ALL, EndReason::as_str);
    stored_as_called(&Priority::ALL, Priority::as_str);
    stored_as_called(&Tier::ALL, Tier::as_str);
    stored_as_called(&Every::ALL, Every::as_str);
    stored_as_called(&Due::ALL, Due::as_str);
    stored_as_called(&Direction::ALL, Direction::as_str);
    stored_as_called(&PaymentMethod::ALL, PaymentMethod::as_str);
    stored_as_called(&StockLocationKind::ALL, StockLocationKind::as_str);
    stored_as_called(&MovementReason::ALL, MovementReason::as_str);
    stored_as_called(&TicketSource::ALL, TicketSource::as_str);
    stored_as_called(&Resolution::ALL, Resolution::as_str);
    stored_as_called(&WorkOrderKind::ALL, WorkOrderKind::as_str);
    stored_as_called(&Outcome::ALL, Outcome::as_str);
    stored_as_called(&TimeKind::ALL, TimeKind::as_str);
}

#[test]
fn a_word_from_outside_is_read_as_what_it_names() {
    assert!(
        Role::ALL
            .into_iter()
            .all(|role| role.as_str().parse() == Ok(role) && role.to_string() == role.as_str())
    );
    assert!("root".parse::<Role>().is_err());
    assert!(EndReason::ALL.into_iter().all(|reason| EndReason::parse(reason.as_str()) == Some(reason)));
    assert_eq!(EndReason::parse("boredom"), None);
}

/// Reads what is stored under `word`, with every fact that any word may carry.
fn read<T: DeserializeOwned>(tag: &str, word: &str) -> T {
    let id = "01890000-0000-7000-8000-000000000000";
    let at = "2026-01-02T03:04:05Z";
    let mut facts = serde_json::json!({
        "at": at, "since": at, "resolved_at": at, "approved_at": at, "completed_at": at,
        "work_order_id": id, "invoice_id": id, "of": id, "resolution": "remote", "outcome": "fixed", "reason": "late",
        "trip": { "travel_started_at": null, "arrived_at": at, "breaks": [] },
        "alert": id, "group": id, "asset": id, "opens_ticket": true, "from": id, "into": id,
        "ticket": id, "work_order": id, "visit": id, "invoice": id,
    });
    facts[tag] = word.into();
    serde_json::from_value(facts).unwrap_or_else(|error| panic!("{word}: {error}"))
}

#[test]
fn a_state_is_read_under_the_word_it_is_called() {
    for word in TicketState::WORDS {
        assert_eq!(read::<TicketState>("status", word).as_str(), word);
    }
    for word in WorkOrderState::WORDS {
        assert_eq!(read::<WorkOrderState>("status", word).as_str(), word);
    }
    for word in [
        "proposed",
        "scheduled",
        "dispatched",
        "accepted",
        "declined",
        "traveling",
        "on_site",
        "break",
        "done",
        "canceled",
    ] {
        assert_eq!(read::<VisitState>("status", word).as_str(), word);
    }
    for word in [
        "alert_raised",
        "alert_cleared",
        "alert_group_cleared",
        "alert_groups_merged",
        "ticket_opened",
        "ticket_resolved",
        "work_order_created",
        "work_order_completed",
        "work_order_approved",
        "work_order_changed",
        "visit_changed",
        "invoice_changed",
        "invoice_issued",
        "invoice_paid",
        "invoice_credited",
    ] {
        assert_eq!(read::<DomainEvent>("kind", word).kind(), word);
    }
}
