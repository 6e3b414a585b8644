//! Promises for single machines.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::kept::{table, usual},
        lists::{
            order::{self, orders},
            scope,
        },
    },
};
use domain::{
    Timestamp,
    id::{AssetId, CustomerId, WarrantyId},
    money::warranty::Warranty,
    people::account::Scope,
    work::line_kind::LineKind,
};
use sea_orm::{QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::BTreeSet;

table! {
    Warranty in "warranties" {
        id: WarrantyId,
        asset_id: AssetId,
        start_us as start: Timestamp,
        end_us as end: Timestamp,
        covers: BTreeSet<LineKind>,
        supplier: Option<String>,
        version: i64,
    }
}
usual! { Warranty by WarrantyId: insert, get }

/// Every warranty of `asset`, whatever its time, the first to start first.
pub async fn of_asset(db: &Db, asset: AssetId) -> Result<Vec<Warranty>, StoreError> {
    let query = Entity::find().filter(Column::AssetId.eq(Uuid::from(asset)));
    let rows = query.order_by_asc(Column::StartUs).order_by_asc(Column::Id).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub asset: Option<AssetId>,
    pub customer: Option<CustomerId>,
}

orders! {
    /// What warranties are sorted by.
    descending { Newest "newest" by Id, Start "start" by StartUs, End "end" by EndUs }
}

/// The newest first, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Warranty>, StoreError> {
    let mut query = Entity::find().filter(scope::by_asset(scope, Column::AssetId));
    if let Some(id) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.customer {
        query = query.filter(Column::AssetId.in_subquery(scope::assets_of(id)));
    }
    let page = order::page(db, "warranties", query, page).await?;
    Ok(page.read("warranty", |row| (row.id, ""), from_row))
}
