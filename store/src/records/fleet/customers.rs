//! Who owns equipment and pays for its service.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted, columns,
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            readable, scope,
            search::{self, Kind},
        },
        work::work_orders,
    },
};
use domain::{clock::from_micros, fleet::customer::Customer, id::CustomerId, people::account::Scope};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    /// As it stands on an envelope.
    pub billing_address: String,
    /// JSON of the parts of the address; none in a row of before there were parts.
    pub address_parts: Option<String>,
    /// JSON of what invoices need.
    pub buyer: Option<String>,
    pub currency: String,
    pub demo: bool,
    pub created_at_us: i64,
    /// What a search looks in.
    pub search: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Customer {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let currency = columns::currency(&row.currency)?;
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            email: row.email,
            phone: row.phone,
            tax_id: row.tax_id,
            billing_address: columns::address(row.address_parts.as_deref(), &row.billing_address)?,
            buyer: columns::from_json_if_any(row.buyer.as_deref())?,
            currency,
            demo: row.demo,
            created_at: from_micros(row.created_at_us),
        })
    }
}

fn row(customer: &Customer) -> Result<ActiveModel, StoreError> {
    let words =
        [Some(&customer.name), customer.email.as_ref(), customer.phone.as_ref(), customer.tax_id.as_ref()];
    Ok(ActiveModel {
        id: Set(customer.id.into()),
        name: Set(customer.name.clone()),
        email: Set(customer.email.clone()),
        phone: Set(customer.phone.clone()),
        tax_id: Set(customer.tax_id.clone()),
        billing_address: Set(customer.billing_address.lines().join("\n")),
        address_parts: Set(Some(columns::json(&customer.billing_address)?)),
        buyer: Set(Some(columns::json(&customer.buyer)?)),
        currency: Set(customer.currency.to_string()),
        demo: Set(customer.demo),
        created_at_us: Set(customer.created_at.timestamp_micros()),
        search: Set(search::text(&words)),
    })
}

pub async fn insert(tx: &Db, customer: &Customer) -> Result<(), StoreError> {
    Entity::insert(row(customer)?).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn update(tx: &Db, customer: &Customer) -> Result<(), StoreError> {
    Entity::update(row(customer)?).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(Customer::try_from).transpose()
}

/// The customer, if `scope` covers it.
pub async fn find(db: &Db, scope: Scope, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    let row = Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?;
    row.map(Customer::try_from).transpose()
}

pub(in crate::records) fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::Id.eq(Uuid::from(customer)),
        |technician| {
            Column::Id.in_subquery(work_orders::named_by(technician, work_orders::Column::CustomerId))
        },
    )
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<HashMap<CustomerId, Customer>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    let (found, _) = readable::each("customer", rows, |row| (row.id, &row.name), Customer::try_from);
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
    Ok(page.read("customer", |row| (row.id, &row.name), Customer::try_from))
}

pub async fn count(db: &Db) -> Result<u64, StoreError> {
    Ok(Entity::find().count(db).await?)
}

/// Removes the demo's customers. Everything that belongs to them must be gone.
pub async fn delete_demo(tx: &Db) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Demo.eq(true)).exec(tx).await?;
    Ok(())
}
