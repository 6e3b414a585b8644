//! Customers' places.

use super::customers;
use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            scope,
            search::{self, Kind},
        },
        work::work_orders,
    },
};
use domain::{
    fleet::site::Site,
    id::{CustomerId, SiteId},
    people::account::Scope,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sites")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub customer_id: Uuid,
    pub territory_id: Option<Uuid>,
    pub name: String,
    pub address: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub time_zone: String,
    pub access_notes: Option<String>,
    /// What a search looks in.
    pub search: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Site {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            customer_id: row.customer_id.into(),
            territory_id: row.territory_id.map(Into::into),
            name: row.name,
            address: row.address,
            latitude: row.latitude,
            longitude: row.longitude,
            time_zone: row.time_zone,
            access_notes: row.access_notes,
        }
    }
}

fn row(site: &Site) -> ActiveModel {
    ActiveModel {
        id: Set(site.id.into()),
        customer_id: Set(site.customer_id.into()),
        territory_id: Set(site.territory_id.map(Into::into)),
        name: Set(site.name.clone()),
        address: Set(site.address.clone()),
        latitude: Set(site.latitude),
        longitude: Set(site.longitude),
        time_zone: Set(site.time_zone.clone()),
        access_notes: Set(site.access_notes.clone()),
        search: Set(search::text(&[Some(&site.name), Some(&site.address)])),
    }
}

pub async fn insert(tx: &Db, site: &Site) -> Result<(), StoreError> {
    Entity::insert(row(site)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn update(tx: &Db, site: &Site) -> Result<(), StoreError> {
    Entity::update(row(site)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: SiteId) -> Result<Option<Site>, StoreError> {
    Ok(Entity::find_by_id(Uuid::from(id)).one(db).await?.map(Site::from))
}

/// The site, if `scope` covers it.
pub async fn find(db: &Db, scope: Scope, id: SiteId) -> Result<Option<Site>, StoreError> {
    Ok(Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?.map(Site::from))
}

pub(in crate::records) fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::CustomerId.eq(Uuid::from(customer)),
        |technician| Column::Id.in_subquery(work_orders::named_by(technician, work_orders::Column::SiteId)),
    )
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = SiteId>,
) -> Result<HashMap<SiteId, Site>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), Site::from(row))).collect())
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: Option<CustomerId>,
    pub text: Option<String>,
}

orders! {
    /// What sites are sorted by.
    ascending { Name "name" by Name, Address "address" by Address, TimeZone "time_zone" by TimeZone }
}

/// By name, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Site>, StoreError> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(id) = filter.customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from(id)));
    }
    if let Some(text) = &filter.text {
        query = query.filter(search::found(Dialect::of(db), Kind::Site, Column::Id, Column::Search, text));
    }
    Ok(order::page(db, "sites", query, page).await?.map(Site::from))
}

/// Removes the sites of the demo's customers. Their assets must be gone.
pub async fn delete_demo(tx: &Db) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::CustomerId.in_subquery(demo_customers())).exec(tx).await?;
    Ok(())
}

/// Ids of the demo's customers, for filters of tables that name a customer.
pub(in crate::records) fn demo_customers() -> sea_orm::sea_query::SelectStatement {
    let mut query = Query::select();
    query.column(customers::Column::Id).from(customers::Entity).and_where(customers::Column::Demo.eq(true));
    query
}
