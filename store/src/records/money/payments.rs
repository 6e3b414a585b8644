//! Money that came in, and money that went back.

use super::invoices;
use crate::{
    StoreError,
    records::{
        Db, List, PageRequest, Paged, columns,
        lists::{keyset, scope},
    },
};
use domain::{
    Date,
    id::{CustomerId, InvoiceId},
    money::payment::Payment,
    people::account::Scope,
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub invoice_id: Uuid,
    pub amount_minor: i64,
    pub currency: String,
    /// `in` or `out`.
    pub direction: String,
    pub method: String,
    /// Day number of the organisation's date.
    pub on_day: i32,
    pub reference: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub async fn insert(tx: &Db, payment: &Payment) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(payment.id.into()),
        invoice_id: Set(payment.invoice_id.into()),
        amount_minor: Set(payment.amount.minor),
        currency: Set(payment.amount.currency.to_string()),
        direction: Set(payment.direction.as_str().into()),
        method: Set(payment.method.as_str().into()),
        on_day: Set(payment.on.day_number()),
        reference: Set(payment.reference.clone()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

fn from_row(row: Model) -> Result<Payment, StoreError> {
    Ok(Payment {
        id: row.id.into(),
        invoice_id: row.invoice_id.into(),
        amount: columns::money(row.amount_minor, &row.currency)?,
        direction: columns::from_word(&row.direction)?,
        method: columns::from_word(&row.method)?,
        on: Date::of_day_number(row.on_day),
        reference: row.reference,
    })
}

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
