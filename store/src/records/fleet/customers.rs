//! Who owns equipment and pays for its service.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{
            self,
            kept::{table, usual},
        },
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            readable, scope,
            search::{self, Kind},
        },
        work::work_orders,
    },
};
use domain::{Timestamp, fleet::customer::Customer, id::CustomerId, people::account::Scope};
use sea_orm::entity::prelude::*;
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Customer in "customers" {
        id: CustomerId,
        name: String,
        email: Option<String>,
        phone: Option<String>,
        tax_id: Option<String>,
        created_at_us as created_at: Timestamp,
    }
    columns |customer| first {
        let words =
            [Some(&customer.name), customer.email.as_ref(), customer.phone.as_ref(), customer.tax_id.as_ref()];
    } {
        /// As it stands on an envelope.
        billing_address: String = customer.billing_address.lines().join("\n"),
        /// JSON of the parts of the address; none in a row of before there were parts.
        address_parts: Option<String> = Some(columns::json(&customer.billing_address)?),
        /// JSON of what invoices need.
        buyer: Option<String> = Some(columns::json(&customer.buyer)?),
        currency: String = customer.currency.to_string(),
        /// What a search looks in.
        search: String = search::text(&words),
    }
    fields |row| {
        billing_address: columns::address(row.address_parts.as_deref(), &row.billing_address)?,
        currency: columns::currency(&row.currency)?,
        buyer: columns::from_json_if_any(row.buyer.as_deref())?,
    }
}
usual! { Customer by CustomerId: insert, get, find, save }

pub(in crate::records) fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::Id.eq(Uuid::from(customer)),
        |technician| {
            Column::Id.in_subquery(scope::named_by_work_of(technician, work_orders::Column::CustomerId))
        },
    )
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<HashMap<CustomerId, Customer>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    let (found, _) = readable::each("customer", rows, |row| (row.id, &row.name), from_row);
    Ok(found.into_iter().map(|customer| (customer.id, customer)).collect())
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub text: Option<String>,
}

orders! {
    /// What customers are sorted by.
    ascending {
        Name "name" by Name,
        Email "email" by Email,
        Phone "phone" by Phone,
        Currency "currency" by Currency,
    }
}

/// By name, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Customer>, StoreError> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(text) = &filter.text {
        query =
            query.filter(search::found(Dialect::of(db), Kind::Customer, Column::Id, Column::Search, text));
    }
    let page = order::page(db, "customers", query, page).await?;
    Ok(page.read("customer", |row| (row.id, &row.name), from_row))
}

pub async fn count(db: &Db) -> Result<u64, StoreError> {
    Ok(Entity::find().count(db).await?)
}
