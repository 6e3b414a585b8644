//! Tables of invoices, and how those of earlier versions became what they are.

use super::super::credit_notes;
use crate::{
    StoreError,
    records::{columns, people::organisation},
};
use domain::{
    Currency, Date, Money, Timestamp,
    calendar::{Zone, date_of},
    clock::from_micros,
    money::invoice::{
        Account, Invoice, InvoiceLine, InvoiceNumber, InvoiceState, Issued, Party,
        credit::{Heading, Wanted},
    },
};
use sea_orm::{ConnectionTrait, QueryResult};
use sea_orm_migration::{prelude::*, schema};
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

pub(in crate::records) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0072_invoices"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let invoices = Table::create()
            .table("invoices")
            .col(schema::uuid("id").primary_key())
            .col(schema::uuid("customer_id"))
            .col(schema::string("currency"))
            .col(schema::big_integer("created_at_us"))
            .col(schema::string("status"))
            .col(schema::string_null("number").unique_key())
            .col(schema::big_integer_null("issued_at_us"))
            .col(schema::big_integer_null("due_us"))
            .col(schema::big_integer_null("paid_at_us"))
            .col(schema::big_integer("total_minor"))
            .col(schema::big_integer("open_minor"))
            .col(schema::text("facts"))
            .col(schema::text("parties"))
            .col(schema::string("language"))
            .col(schema::big_integer("version"))
            .foreign_key(ForeignKey::create().from("invoices", "customer_id").to("customers", "id"))
            .to_owned();
        manager.create_table(invoices).await?;
        let lines = Table::create()
            .table("invoice_lines")
            .col(schema::uuid("id").primary_key())
            .col(schema::uuid("invoice_id"))
            .col(schema::integer("position"))
            .col(schema::uuid("line_id"))
            .col(schema::uuid("work_order_id"))
            .col(schema::boolean("live"))
            .col(schema::text("facts"))
            .foreign_key(ForeignKey::create().from("invoice_lines", "invoice_id").to("invoices", "id"))
            .to_owned();
        manager.create_table(lines).await?;
        let counters = Table::create()
            .table("invoice_numbers")
            .col(schema::string("series"))
            .col(schema::integer("year"))
            .col(schema::big_integer("last"))
            .primary_key(Index::create().col("series").col("year"))
            .to_owned();
        manager.create_table(counters).await?;
        for (name, table, columns) in [
            ("invoices_by_status", "invoices", ["status", "created_at_us", "id"].as_slice()),
            ("invoices_of_customer", "invoices", &["customer_id", "created_at_us", "id"]),
            ("invoices_by_creation", "invoices", &["created_at_us", "id"]),
            ("invoice_lines_of_invoice", "invoice_lines", &["invoice_id", "position"]),
            ("invoice_lines_of_work_order", "invoice_lines", &["work_order_id"]),
        ] {
            let mut index = Index::create().name(name).table(table).to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        // What makes a second click, a second draft and a race harmless: one live invoice line per line.
        let once = Index::create()
            .name("invoice_lines_once")
            .table("invoice_lines")
            .col("line_id")
            .unique()
            .cond_where(Expr::col("live").eq(true))
            .to_owned();
        manager.create_index(once).await
    }
}

/// Dates of the organisation instead of instants, an account for each paper, lines that contracts bring, and credit
/// notes as papers of their own.
pub(in crate::records) struct Accounts;
impl MigrationName for Accounts {
    fn name(&self) -> &str {
        "0112_invoice_accounts"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Accounts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["issued_on", "due_on", "paid_on"] {
            let column = schema::integer_null(name);
            manager.alter_table(Table::alter().table("invoices").add_column(column).to_owned()).await?;
        }
        widen_lines(manager).await?;
        credit_notes::create_table(manager).await?;
        let db = manager.get_connection();
        let zone = organisation::zone_at_rest(db).await?;
        date_payments(manager, zone).await?;
        convert(db, zone).await.map_err(|error| DbErr::Custom(error.to_string()))?;
        for name in ["due_us", "paid_at_us"] {
            manager.alter_table(Table::alter().table("invoices").drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

/// A line may come from a contract's period: SQLite loosens a column only by copying its table.
async fn widen_lines(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let wide = Table::create()
        .table("invoice_lines_wide")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("invoice_id"))
        .col(schema::integer("position"))
        .col(schema::uuid_null("line_id"))
        .col(schema::uuid_null("work_order_id"))
        .col(schema::uuid_null("contract_id"))
        .col(schema::integer_null("period_from"))
        .col(schema::boolean("live"))
        .col(schema::text("facts"))
        .foreign_key(ForeignKey::create().from("invoice_lines_wide", "invoice_id").to("invoices", "id"))
        .to_owned();
    manager.create_table(wide).await?;
    let kept = ["id", "invoice_id", "position", "line_id", "work_order_id", "live", "facts"];
    let mut copy = Query::insert();
    copy.into_table("invoice_lines_wide").columns(kept);
    let all = Query::select().columns(kept).from("invoice_lines").take();
    copy.select_from(all).map_err(|error| DbErr::Custom(error.to_string()))?;
    manager.get_connection().execute(&copy).await?;
    manager.drop_table(Table::drop().table("invoice_lines").to_owned()).await?;
    manager.rename_table(Table::rename().table("invoice_lines_wide", "invoice_lines").to_owned()).await?;
    let indexes: [(&str, &[&str]); 2] = [
        ("invoice_lines_of_invoice", &["invoice_id", "position"]),
        ("invoice_lines_of_work_order", &["work_order_id"]),
    ];
    crate::records::migrations::create_indexes(manager, "invoice_lines", &indexes).await?;
    // What makes a second click, a second draft, a second run and a race harmless: one live invoice line per line of
    // a job, and one per period of a contract.
    let once: [(&str, &[&str]); 2] = [
        ("invoice_lines_once", &["line_id"]),
        ("invoice_lines_period_once", &["contract_id", "period_from"]),
    ];
    for (name, columns) in once {
        let mut index = Index::create().name(name).table("invoice_lines").unique().to_owned();
        for column in columns {
            index.col(*column);
        }
        manager.create_index(index.cond_where(Expr::col("live").eq(true)).to_owned()).await?;
    }
    Ok(())
}

/// Money moves on a day of the organisation, in or out.
async fn date_payments(manager: &SchemaManager<'_>, zone: Zone) -> Result<(), DbErr> {
    let mut direction = schema::string("direction");
    direction.default("in");
    let mut on = schema::integer("on_day");
    on.default(0);
    for column in [direction, on] {
        manager.alter_table(Table::alter().table("payments").add_column(column).to_owned()).await?;
    }
    let db = manager.get_connection();
    let all = Query::select().columns(["id", "at_us"]).from("payments").take();
    for row in db.query_all(&all).await? {
        let day = date_of(from_micros(row.try_get("", "at_us")?), zone).day_number();
        let dated = Query::update()
            .table("payments")
            .value("on_day", day)
            .and_where(Expr::col("id").eq(row.try_get::<Uuid>("", "id")?))
            .take();
        db.execute(&dated).await?;
    }
    manager.drop_index(Index::drop().name("payments_by_time").table("payments").to_owned()).await?;
    manager.alter_table(Table::alter().table("payments").drop_column("at_us").to_owned()).await?;
    crate::records::migrations::create_indexes(manager, "payments", &[("payments_by_day", &["on_day", "id"])])
        .await
}

/// The state as it was kept before.
#[derive(Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
enum Before {
    Issued { issued: IssuedBefore },
    PartlyPaid { issued: IssuedBefore, paid: Money },
    Paid { issued: IssuedBefore },
    Credited { issued: IssuedBefore, note: InvoiceNumber, at: Timestamp },
}

#[derive(Deserialize)]
struct IssuedBefore {
    number: InvoiceNumber,
    at: Timestamp,
    due: Timestamp,
}

async fn convert(db: &impl ConnectionTrait, zone: Zone) -> Result<(), StoreError> {
    let money = Query::select().columns(["invoice_id", "on_day"]).from("payments").take();
    let mut last_paid = HashMap::<Uuid, i32>::new();
    for row in db.query_all(&money).await? {
        let (invoice, day): (Uuid, i32) = (row.try_get("", "invoice_id")?, row.try_get("", "on_day")?);
        last_paid.entry(invoice).and_modify(|last| *last = std::cmp::max(day, *last)).or_insert(day);
    }
    let columns = ["id", "customer_id", "currency", "created_at_us", "total_minor", "facts"];
    let papers =
        Query::select().columns(columns).from("invoices").and_where(Expr::col("number").is_not_null()).take();
    for row in db.query_all(&papers).await? {
        let id: Uuid = row.try_get("", "id")?;
        let last = last_paid.get(&id).copied().map(Date::of_day_number);
        let (invoice, heading) = read(db, &row, last, zone).await?;
        let invoice = match heading {
            Some(heading) => {
                let taken_back = invoice.credit(&[], &Wanted::Everything, heading);
                let (invoice, note) =
                    taken_back.map_err(|e| StoreError::Corrupt(format!("invoice {id}: {e}")))?;
                credit_notes::insert(db, &note).await?;
                invoice
            }
            None => invoice,
        };
        let issued = invoice.state.issued();
        let update = Query::update()
            .table("invoices")
            .value("facts", columns::json(&invoice.state)?)
            .value("status", invoice.state.as_str())
            .value("issued_on", issued.map(|issued| issued.on.day_number()))
            .value("due_on", issued.map(|issued| issued.due.day_number()))
            .value("paid_on", invoice.state.paid_on().map(Date::day_number))
            .value("open_minor", invoice.open().minor)
            .and_where(Expr::col("id").eq(id))
            .take();
        db.execute(&update).await?;
    }
    Ok(())
}

/// The paper with its account, and the heading of the note that took it back.
async fn read(
    db: &impl ConnectionTrait,
    row: &QueryResult,
    last_paid_on: Option<Date>,
    zone: Zone,
) -> Result<(Invoice, Option<Heading>), StoreError> {
    let id: Uuid = row.try_get("", "id")?;
    let code: String = row.try_get("", "currency")?;
    let total = columns::money(row.try_get("", "total_minor")?, &code)?;
    // As it was kept before facts had a version.
    let facts: String = row.try_get("", "facts")?;
    let before: Before =
        serde_json::from_str(&facts).map_err(|e| StoreError::Corrupt(format!("invoice {id}: {e}")))?;
    let (issued, paid, heading) = match before {
        Before::Issued { issued } => (issued, Money::zero(total.currency), None),
        Before::PartlyPaid { issued, paid } => (issued, paid, None),
        Before::Paid { issued } => (issued, total, None),
        Before::Credited { issued, note, at } => {
            let heading = Heading { number: note, at, on: date_of(at, zone), reason: String::new() };
            (issued, Money::zero(total.currency), Some(heading))
        }
    };
    let lines = Query::select()
        .column("facts")
        .from("invoice_lines")
        .and_where(Expr::col("invoice_id").eq(id))
        .order_by("position", Order::Asc)
        .take();
    let lines = db.query_all(&lines).await?.into_iter().map(|row| {
        let facts: String = row.try_get("", "facts")?;
        columns::from_json::<InvoiceLine>(&facts)
    });
    let currency: Currency = total.currency;
    let IssuedBefore { number, at, due } = issued;
    let issued = Issued { number, at, on: date_of(at, zone), due: date_of(due, zone) };
    let account = Account { paid, last_paid_on, ..Account::new(total) };
    let invoice = Invoice {
        id: id.into(),
        customer_id: row.try_get::<Uuid>("", "customer_id")?.into(),
        currency,
        created_at: from_micros(row.try_get("", "created_at_us")?),
        state: InvoiceState::Issued { issued, account },
        issuer: Party::default(),
        recipient: Party::default(),
        language: String::new(),
        lines: lines.collect::<Result<_, StoreError>>()?,
        version: 0,
    };
    Ok((invoice, heading))
}
