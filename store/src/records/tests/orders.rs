//! Every order of a list, both ways, through pages of one and two rows.

use crate::{
    StoreError,
    records::{
        PageRequest, Sortable, Sorted,
        fleet::customers,
        tests::{fixture::ticket, place::records},
        work::tickets,
    },
};
use domain::fleet::customer::Buyer;
use domain::people::party::Address;
use domain::{
    Currency,
    clock::from_micros,
    fleet::customer::Customer,
    id::CustomerId,
    people::account::{Actor, Scope},
    work::{
        Priority,
        ticket::{Resolution, Ticket, TicketState},
    },
};
use std::fmt::Debug;

fn everything() -> Scope {
    Actor::system().scope()
}

/// Reads a list through all its pages of `limit` rows, and tries each cursor in every other order.
macro_rules! through {
    ($module:ident, $db:expr, $order:expr, $limit:expr) => {{
        let (mut rows, mut page) = (vec![], PageRequest { order: $order, ..PageRequest::first($limit) });
        loop {
            let found =
                $module::list($db, everything(), &$module::Filter::default(), &page).await.expect("page");
            rows.extend(found.items);
            let Some(cursor) = found.next_cursor else { break rows };
            for order in orders::<$module::By>().into_iter().filter(|order| *order != $order) {
                let strange = PageRequest { order, cursor: Some(cursor.clone()), ..page };
                let refused = $module::list($db, everything(), &$module::Filter::default(), &strange).await;
                assert!(
                    matches!(refused, Err(StoreError::Cursor)),
                    "{order:?} took a cursor of {:?}",
                    $order
                );
            }
            page.cursor = Some(cursor);
        }
    }};
}

fn orders<B: Sortable>() -> Vec<Sorted<B>> {
    B::ALL.iter().flat_map(|by| [false, true].map(|descending| Sorted { by: *by, descending })).collect()
}

/// Values before no values, and by value and id whichever way.
fn assert_sorted<K: Ord + Debug, I: Ord + Debug>(rows: Vec<(Option<K>, I)>, descending: bool, what: &str) {
    let in_order = rows.windows(2).all(|pair| match (&pair[0], &pair[1]) {
        ((None, _), (Some(_), _)) => false,
        ((Some(_), _), (None, _)) => true,
        (one, other) => {
            if descending {
                one > other
            } else {
                one < other
            }
        }
    });
    assert!(in_order, "{what}: {rows:?}");
}

#[tokio::test]
async fn tickets_are_sorted_by_each_of_their_orders_and_shown_once() {
    let (_folder, records) = records().await;
    let tx = records.begin().await.expect("begin");
    for n in 0..12_i64 {
        let priority = Priority::ALL[usize::try_from(n).expect("small") % 4];
        let state = match n % 3 {
            0 => TicketState::New,
            1 => TicketState::Triaged { at: from_micros(n) },
            _ => TicketState::Resolved { at: from_micros(n / 2), resolution: Resolution::Remote },
        };
        let row = Ticket {
            priority,
            state,
            subject: format!("Case {}", n % 5),
            ..ticket(&format!("T-{n}"), n / 2, None)
        };
        tickets::insert(&tx, &row).await.expect("insert");
    }
    for order in orders::<tickets::By>() {
        for limit in [1, 2, 500] {
            let rows: Vec<Ticket> = through!(tickets, &tx, order, limit);
            assert_eq!(rows.len(), 12, "{order:?}");
            let rank = |word: &str, words: &[&str]| words.iter().position(|one| *one == word);
            let key = |row: &Ticket| match order.by {
                tickets::By::Opened => Some(row.opened_at.to_rfc3339()),
                tickets::By::Subject => Some(row.subject.clone()),
                tickets::By::Priority => rank(row.priority.as_str(), &["low", "medium", "high", "critical"])
                    .map(|rank| rank.to_string()),
                tickets::By::Status => {
                    rank(row.state.as_str(), &TicketState::WORDS).map(|rank| rank.to_string())
                }
                tickets::By::Resolved => row.state.resolved_at().map(|at| at.to_rfc3339()),
            };
            let rows = rows.iter().map(|row| (key(row), row.id)).collect();
            assert_sorted(rows, order.descending, &format!("{order:?} by {limit}"));
        }
    }
}

#[tokio::test]
async fn customers_without_an_address_come_last_whichever_way() {
    let (_folder, records) = records().await;
    let tx = records.begin().await.expect("begin");
    for (n, email) in [None, Some("b@x"), Some("a@x"), None, Some("a@x")].into_iter().enumerate() {
        let row = Customer {
            id: CustomerId::generate(),
            name: format!("Customer {n}"),
            tax_id: None,
            billing_address: Address::default(),
            buyer: Buyer::default(),
            email: email.map(Into::into),
            phone: None,
            currency: Currency::EUR,
            created_at: from_micros(0),
        };
        customers::insert(&tx, &row).await.expect("customer");
    }
    for descending in [false, true] {
        let order = Sorted { by: customers::By::Email, descending };
        for limit in [1, 2] {
            let rows: Vec<Customer> = through!(customers, &tx, order, limit);
            assert_eq!(rows.len(), 5);
            assert_sorted(rows.into_iter().map(|row| (row.email, row.id)).collect(), descending, "e-mail");
        }
    }
}
