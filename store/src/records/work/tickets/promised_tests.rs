use super::{Open, open};
use crate::records::{
    Records,
    insight::kpi_facts::{self, Subject},
    tests::{fixture, place},
    work::tickets,
};
use domain::{
    Timestamp,
    calendar::Zone,
    clock::from_micros,
    id::TicketId,
    insight::kpi::{Dimensions, Promise, of_ticket},
    people::account::{Actor, Role, Scope},
    work::{Priority, ticket::Ticket},
};

fn hour(hours: i64) -> Timestamp {
    from_micros(hours * 3_600_000_000)
}

fn ticket(number: i64, reported: i64, priority: Priority) -> Ticket {
    Ticket { priority, ..fixture::ticket(&format!("T-{number}"), 60 * reported, None) }
}

/// Each with what it is promised.
async fn with(list: &[(Ticket, Promise)]) -> (place::Place, Records) {
    let (place, records) = place::records().await;
    let tx = records.begin().await.unwrap();
    for (ticket, promise) in list {
        tickets::insert(&tx, ticket).await.unwrap();
        let (id, label) = (ticket.id.into(), ticket.number.clone());
        let subject = Subject { id, kind: "ticket", label, dimensions: Dimensions::default() };
        kpi_facts::put(&tx, &subject, &of_ticket(ticket, *promise), Zone::UTC).await.unwrap();
    }
    tx.commit().await.unwrap();
    (place, records)
}

fn promise(response: Option<u32>, restore: Option<u32>) -> Promise {
    Promise { response_hours: response, restore_hours: restore }
}

fn everything() -> Scope {
    Actor::system().scope()
}

async fn seen(records: &Records, scope: Scope, at_risk_before: Timestamp) -> Open {
    open(records.read(), scope, 9, at_risk_before).await.unwrap()
}

async fn first(records: &Records, limit: u64) -> Vec<(String, Option<Timestamp>)> {
    let found = open(records.read(), everything(), limit, hour(0)).await.unwrap();
    found.first.into_iter().map(|item| (item.ticket.number, item.due)).collect()
}

#[tokio::test]
async fn the_oldest_of_more_open_tickets_than_a_page_holds_is_the_first_that_is_due() {
    let list: Vec<_> = (0..600)
        .map(|n| (ticket(n, n, Priority::Low), promise(Some(4), Some(24))))
        .chain([(ticket(700, 1, Priority::Critical), Promise::default())])
        .collect();
    let (_place, records) = with(&list).await;
    let due = |n: i64| (format!("T-{n}"), Some(hour(n + 4)));
    assert_eq!(first(&records, 3).await, [due(0), due(1), due(2)]);
    // Late or due within the hour: 0 to 95.
    let all = seen(&records, everything(), hour(100)).await;
    assert_eq!((all.count, all.at_risk), (601, 96));
    let all = first(&records, 1_000).await;
    assert_eq!(all.last(), Some(&("T-700".into(), None)), "what is promised nothing comes last");
    assert_eq!(all.len(), 601);
}

#[tokio::test]
async fn what_was_answered_is_due_when_the_equipment_must_work_and_what_is_restored_never() {
    let answered = Ticket { first_response_at: Some(hour(1)), ..ticket(1, 0, Priority::Low) };
    let late = Ticket { first_response_at: Some(hour(9)), ..ticket(2, 0, Priority::Low) };
    let restored = Ticket { restored_at: Some(hour(2)), ..answered.clone() };
    let restored = Ticket { id: TicketId::generate(), number: "T-3".into(), ..restored };
    let both = promise(Some(4), Some(24));
    let (_place, records) = with(&[(restored, both), (late, both), (answered, both)]).await;
    let mut found = first(&records, 9).await;
    found.sort();
    let expected = [("T-1", Some(hour(24))), ("T-2", Some(hour(24))), ("T-3", None)];
    assert_eq!(found, expected.map(|(number, due)| (number.to_owned(), due)));
    assert_eq!(seen(&records, everything(), hour(24)).await.at_risk, 0);
    assert_eq!(seen(&records, everything(), hour(25)).await.at_risk, 2);
}

#[tokio::test]
async fn of_two_that_are_due_together_the_higher_priority_comes_first_and_another_customers_not_at_all() {
    let four = promise(Some(4), None);
    let [low, critical] = [(1, Priority::Low), (2, Priority::Critical)].map(|(n, p)| ticket(n, 0, p));
    let mine = low.customer_id;
    let (_place, records) = with(&[(low, four), (critical, four)]).await;
    let due = Some(hour(4));
    assert_eq!(first(&records, 9).await, [("T-2".into(), due), ("T-1".into(), due)]);
    let scope = Actor { role: Role::Customer, customer: Some(mine), ..Actor::system() }.scope();
    let found = seen(&records, scope, hour(9)).await;
    assert_eq!(found.first.iter().map(|item| item.ticket.number.as_str()).collect::<Vec<_>>(), ["T-1"]);
    assert_eq!((found.count, found.at_risk), (1, 1));
    let nobody = seen(&records, Scope::nothing(), hour(9)).await;
    assert_eq!(nobody, Open::default());
}
