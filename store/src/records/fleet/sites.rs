//! Customers' places.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::kept::{table, usual},
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
    id::{CustomerId, SiteId, TerritoryId},
    people::account::Scope,
};
use sea_orm::entity::prelude::*;
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Site in "sites" {
        id: SiteId,
        customer_id: CustomerId,
        territory_id: Option<TerritoryId>,
        name: String,
        address: String,
        latitude: Option<f64>,
        longitude: Option<f64>,
        time_zone: String,
        access_notes: Option<String>,
    }
    columns |site| {
        /// What a search looks in.
        search: String = search::text(&[Some(&site.name), Some(&site.address)]),
    }
}
usual! { Site by SiteId: insert, get, find, save }

pub(in crate::records) fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::CustomerId.eq(Uuid::from(customer)),
        |technician| Column::Id.in_subquery(scope::named_by_work_of(technician, work_orders::Column::SiteId)),
    )
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = SiteId>,
) -> Result<HashMap<SiteId, Site>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    rows.into_iter().map(|row| Ok((row.id.into(), from_row(row)?))).collect()
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
    Ok(order::page(db, "sites", query, page).await?.read("site", |row| (row.id, &row.name), from_row))
}
