//! Money that came in, and money that went back.

use super::invoices;
use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{
            self,
            kept::{table, usual},
        },
        lists::{
            order::{self, orders},
            scope,
        },
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
use sea_orm::{QueryOrder, entity::prelude::*};
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

orders! {
    /// What payments are sorted by.
    descending { Day "on" by OnDay, Amount "amount" by AmountMinor }
}

/// The newest first, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Payment>, StoreError> {
    let own = |customer| Column::InvoiceId.in_subquery(invoices::of_customer(customer));
    let mut query = Entity::find().filter(scope::rows(scope, own, scope::no_technicians));
    if let Some(id) = filter.invoice {
        query = query.filter(Column::InvoiceId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.customer {
        query = query.filter(Column::InvoiceId.in_subquery(invoices::of_customer(id)));
    }
    let page = order::page(db, "payments", query, page).await?;
    Ok(page.read("payment", |row| (row.id, &row.reference), from_row))
}
