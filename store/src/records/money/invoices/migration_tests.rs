//! A folder of an earlier version is opened: its invoices are what they were, with accounts, dates and credit notes.

use crate::records::{
    Records,
    migrations::Migrator,
    money::{
        credit_notes,
        invoices::{self, Filter, Shelf},
        payments,
    },
};
use domain::{Date, id::InvoiceId};
use sea_orm::{ConnectionTrait, Database};
use sea_orm_migration::MigratorTrait;
use uuid::Uuid;

const LINE: &str = r#"{"id":"ID","line_id":"LINE","work_order_id":"00000000-0000-0000-0000-0000000000aa",
    "work_order":"WO-1","asset":"CH-204","kind":"labour","description":"Bearing","quantity":"2",
    "unit_price":{"amount":"50.00","currency":"EUR"},"gross":{"amount":"100.00","currency":"EUR"},
    "payer":{"kind":"customer"},"covered_share":"0","reason":"no_contract_or_warranty",
    "net":{"amount":"100.00","currency":"EUR"},"tax_rate":"0.21"}"#;

/// 23:30 on 10 June in Madrid, which is 21:30 UTC; due thirty times 24 hours later.
const ISSUED: &str = r#"{"number":{"series":"invoice","year":2026,"number":N},"at":"2026-06-10T22:30:00Z","due":"2026-07-10T22:30:00Z"}"#;

fn date(text: &str) -> Date {
    text.parse().expect("date")
}

#[tokio::test]
async fn invoices_of_an_earlier_version_keep_their_money_and_become_dated_by_the_organisation() {
    let folder = tempfile::tempdir().expect("folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("records.db").display());
    let db = Database::connect(&url).await.expect("open");
    let before = Migrator::migrations().iter().position(|step| step.name() == "0112_invoice_accounts");
    let steps = u32::try_from(before.expect("the migration")).expect("few");
    Migrator::up(&db, Some(steps)).await.expect("the tables as they were");
    let run = async |sql: String| db.execute_unprepared(&sql).await.expect("insert");
    run("INSERT INTO organisation (id, name, address, currency, time_zone, language, labour_rate_minor, travel_rate_minor,
        labour_cost_minor, tax_rate, payment_terms_days) VALUES (1, 'N', '', 'EUR', 'Europe/Madrid', 'en', 1, 1, 1, '0.21', 30)".into()).await;
    let customer = Uuid::from_u128(1);
    run(format!(
        "INSERT INTO customers (id, name, billing_address, currency, demo, created_at_us, search)
        VALUES (x'{}', 'A', '', 'EUR', 0, 0, 'a')",
        customer.simple()
    ))
    .await;
    let states = [
        r#"{"name":"issued","issued":I}"#,
        r#"{"name":"partly_paid","issued":I,"paid":{"amount":"21.00","currency":"EUR"}}"#,
        r#"{"name":"paid","issued":I,"at":"2026-06-20T10:00:00Z"}"#,
        r#"{"name":"credited","issued":I,"note":{"series":"credit_note","year":2026,"number":1},"at":"2026-06-11T08:00:00Z"}"#,
    ];
    for (n, (state, status)) in
        (1_u128..).zip(states.iter().zip(["issued", "partly_paid", "paid", "credited"]))
    {
        let (id, line) = (Uuid::from_u128(100 + n), Uuid::from_u128(200 + n));
        let facts = state.replace('I', &ISSUED.replace('N', &n.to_string()));
        run(format!("INSERT INTO invoices (id, customer_id, currency, created_at_us, status, number, issued_at_us, due_us,
            paid_at_us, total_minor, open_minor, facts, parties, language, version)
            VALUES (x'{}', x'{}', 'EUR', {n}, '{status}', 'INV-2026-0000{n}', 1, 1, NULL, 12100, 0, '{facts}',
            '[{{\"name\":\"N\",\"address\":\"\",\"tax_id\":null}},{{\"name\":\"A\",\"address\":\"\",\"tax_id\":null}}]', 'en', 3)",
            id.simple(), customer.simple())).await;
        let item =
            LINE.replace("ID", &line.to_string()).replace("LINE", &Uuid::from_u128(300 + n).to_string());
        run(format!(
            "INSERT INTO invoice_lines (id, invoice_id, position, line_id, work_order_id, live, facts)
            VALUES (x'{}', x'{}', 0, x'{}', x'{}', {}, '{item}')",
            line.simple(),
            id.simple(),
            Uuid::from_u128(300 + n).simple(),
            Uuid::from_u128(0xaa).simple(),
            i32::from(status != "credited")
        ))
        .await;
    }
    let pay = async |n: u128, minor: i64, at_us: i64| {
        run(format!(
            "INSERT INTO payments (id, invoice_id, amount_minor, currency, method, at_us, reference)
            VALUES (x'{}', x'{}', {minor}, 'EUR', 'card', {at_us}, '')",
            Uuid::now_v7().simple(),
            Uuid::from_u128(n).simple()
        ))
        .await
    };
    let us = |text: &str| text.parse::<domain::Timestamp>().expect("instant").timestamp_micros();
    pay(102, 2_100, us("2026-06-15T22:30:00Z")).await;
    pay(103, 10_000, us("2026-06-20T22:30:00Z")).await;
    pay(103, 2_100, us("2026-06-18T10:00:00Z")).await;
    db.close().await.expect("close");

    let records = Records::open(folder.path()).await.expect("migrates");
    let read = records.read();
    let get = async |n: u128| {
        invoices::get(read, InvoiceId(Uuid::from_u128(n))).await.expect("read").expect("there")
    };
    let of = |invoice: &domain::money::invoice::Invoice| (invoice.state.as_str(), invoice.open().minor);
    assert_eq!(of(&get(101).await), ("issued", 12_100));
    assert_eq!(of(&get(102).await), ("partly_paid", 10_000));
    assert_eq!(of(&get(103).await), ("paid", 0));
    assert_eq!(of(&get(104).await), ("credited", 0));
    let issued = *get(101).await.state.issued().expect("issued");
    assert_eq!((issued.on, issued.due), (date("2026-06-11"), date("2026-07-11")), "days in Madrid");
    assert_eq!(
        get(103).await.state.paid_on(),
        Some(date("2026-06-21")),
        "the last money, not the last booking"
    );
    let moved = payments::of_invoice(read, InvoiceId(Uuid::from_u128(103))).await.expect("payments");
    assert_eq!(
        moved.iter().map(|payment| payment.on).collect::<Vec<_>>(),
        [date("2026-06-18"), date("2026-06-21")]
    );
    let notes = credit_notes::of_invoice(read, InvoiceId(Uuid::from_u128(104))).await.expect("notes");
    assert_eq!((notes.len(), notes[0].total.minor, notes[0].on), (1, 12_100, date("2026-06-11")));
    assert_eq!(notes[0].number.to_string(), "CN-2026-00001");
    let overdue = Filter { shelf: Shelf::Overdue(date("2026-07-12")), ..Filter::default() };
    let late =
        invoices::list(read, domain::people::account::Actor::system().scope(), &overdue, &Default::default())
            .await
            .expect("list")
            .items;
    assert_eq!(late.len(), 2);
    assert!(late.iter().all(|row| row.is_overdue(date("2026-07-12")) && !row.is_overdue(date("2026-07-11"))));
    records.close().await.expect("close");
}
