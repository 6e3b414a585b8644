//! Money that came in, and money that went back.

use super::invoices;
use crate::{
    StoreError,
    records::{
        Db, List, PageRequest, Paged,
        columns::{
            self,
            kept::{table, usual},
        },
        lists::{keyset, scope},
    },
};
use domain::{
    Date,
    id::{CustomerId, InvoiceId, PaymentId},
    money::payment::Direction,
    money::payment::Payment,
    money::payment::PaymentMethod,
    people::account::Scope,
};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    Payment in "payments" {
        id: PaymentId,
        invoice_id: InvoiceId,
        direction: Direction,
        method: PaymentMethod,
        on_day as on: Date,
        reference: String,
    }
    columns |payment| {
        amount_minor: i64 = payment.amount.minor,
        currency: String = payment.amount.currency.to_string(),
    }
    fields |row| {
        amount: columns::money(row.amount_minor, &row.currency)?,
    }
}
usual! { Payment by PaymentId: insert }

/// By the day the money moved.
pub async fn of_invoice(db: &Db, invoice: InvoiceId) -> Result<Vec<Payment>, StoreError> {
    let query = Entity::find().filter(Column::InvoiceId.eq(Uuid::from(invoice)));
    let rows = query.order_by_asc(Column::OnDay).order_by_asc(Column::Id).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub invoice: Option<InvoiceId>,
    pub customer: Option<CustomerId>,
}

const LIST: List<(i64, Uuid)> = List::named("payments");

/// The newest first.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Paged<Payment>, StoreError> {
    let own = |customer| Column::InvoiceId.in_subquery(invoices::of_customer(customer));
    let mut query = Entity::find().filter(scope::rows(scope, own, scope::no_technicians));
    if let Some(id) = filter.invoice {
        query = query.filter(Column::InvoiceId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.customer {
        query = query.filter(Column::InvoiceId.in_subquery(invoices::of_customer(id)));
    }
    query = query.filter(keyset::before(Column::OnDay, Column::Id, LIST.place(page)?));
    let rows =
        query.order_by_desc(Column::OnDay).order_by_desc(Column::Id).limit(page.limit + 1).all(db).await?;
    let page = LIST.page(rows, page.limit, |row: &Model| (row.on_day.into(), row.id));
    Ok(page.read("payment", |row| (row.id, &row.reference), from_row))
}

/// Removes the payments of the demo's invoices.
pub async fn delete_demo(tx: &Db) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::InvoiceId.in_subquery(invoices::demo_invoices())).exec(tx).await?;
    Ok(())
}
