//! The catalogue of parts.

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
            search::{self, Kind},
        },
    },
};
use domain::{
    id::{AssetId, PartId},
    work::stock::Part,
};
use sea_orm::{ConnectionTrait, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Part in "parts" {
        id: PartId,
        number: String,
        name: String,
        active: bool,
        version: i64,
    }
    columns |part| first {
        columns::one_currency(part.unit_price, part.unit_cost)?;
    } {
        unit_price_minor: i64 = part.unit_price.minor,
        unit_cost_minor: i64 = part.unit_cost.minor,
        currency: String = part.unit_price.currency.to_string(),
        /// Thousandths.
        reorder_point_milli: i64 = columns::milli(part.reorder_point)?,
        /// What a search looks in.
        search: String = search::text(&[Some(&part.number), Some(&part.name)]),
    }
    fields |row| {
        unit_price: columns::money(row.unit_price_minor, &row.currency)?,
        unit_cost: columns::money(row.unit_cost_minor, &row.currency)?,
        reorder_point: columns::from_milli(row.reorder_point_milli),
    }
}
usual! { Part by PartId: insert, get, update }

pub async fn find_by_number(db: &Db, number: &str) -> Result<Option<Part>, StoreError> {
    Entity::find().filter(Column::Number.eq(number)).one(db).await?.map(from_row).transpose()
}

orders! {
    /// What parts are sorted by.
    ascending { Number "number" by Number, Name "name" by Name }
}

/// Active parts, by number if nothing else is asked for; `search` is a part of the number or name.
pub async fn list(
    db: &Db,
    search: Option<&str>,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Part>, StoreError> {
    let mut query = Entity::find().filter(Column::Active.eq(true));
    if let Some(text) = search.map(str::trim).filter(|text| !text.is_empty()) {
        query = query.filter(search::found(Dialect::of(db), Kind::Part, Column::Id, Column::Search, text));
    }
    let page = order::page(db, "parts", query, page).await?;
    Ok(page.read("part", |row| (row.id, &row.number), from_row))
}

/// Parts that jobs at each of `assets` have used.
pub async fn used_at_assets(
    db: &Db,
    assets: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, Vec<PartId>>, StoreError> {
    use super::{lines, work_orders};
    let mut query = Query::select();
    query
        .distinct()
        .expr(Expr::col((work_orders::Entity, work_orders::Column::AssetId)))
        .expr(Expr::col((lines::Entity, lines::Column::PartId)))
        .from(work_orders::Entity)
        .inner_join(
            lines::Entity,
            Expr::col((lines::Entity, lines::Column::WorkOrderId))
                .equals((work_orders::Entity, work_orders::Column::Id)),
        )
        .and_where(work_orders::Column::AssetId.is_in(assets.into_iter().map(Uuid::from)))
        .and_where(Expr::col((lines::Entity, lines::Column::PartId)).is_not_null());
    let mut used = HashMap::<AssetId, Vec<PartId>>::new();
    for row in db.query_all(&query).await? {
        let (asset, part): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        used.entry(asset.into()).or_default().push(part.into());
    }
    Ok(used)
}
