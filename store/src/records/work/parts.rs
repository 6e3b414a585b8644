//! The catalogue of parts.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted, columns,
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
use sea_orm::{ActiveValue::Set, ConnectionTrait, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: String,
    pub name: String,
    pub unit_price_minor: i64,
    pub unit_cost_minor: i64,
    pub currency: String,
    /// Thousandths.
    pub reorder_point_milli: i64,
    pub active: bool,
    pub demo: bool,
    pub version: i64,
    /// What a search looks in.
    pub search: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A conflict means that the number is taken.
pub async fn insert(tx: &Db, part: &Part) -> Result<(), StoreError> {
    Entity::insert(to_row(part)?).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves, if nobody changed it meanwhile; answers it with its new version.
pub async fn update(tx: &Db, part: &Part) -> Result<Part, StoreError> {
    let saved = Part { version: part.version.saturating_add(1), ..part.clone() };
    let result = Entity::update_many()
        .set(to_row(&saved)?)
        .filter(Column::Id.eq(Uuid::from(part.id)))
        .filter(Column::Version.eq(part.version))
        .exec(tx)
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict(format!("part {} changed meanwhile", part.number)));
    }
    Ok(saved)
}

pub async fn get(db: &Db, id: PartId) -> Result<Option<Part>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

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

fn to_row(part: &Part) -> Result<ActiveModel, StoreError> {
    if part.unit_price.currency != part.unit_cost.currency {
        return Err(StoreError::Corrupt(format!(
            "price and cost of part {} differ in currency",
            part.number
        )));
    }
    Ok(ActiveModel {
        id: Set(part.id.into()),
        number: Set(part.number.clone()),
        name: Set(part.name.clone()),
        unit_price_minor: Set(part.unit_price.minor),
        unit_cost_minor: Set(part.unit_cost.minor),
        currency: Set(part.unit_price.currency.to_string()),
        reorder_point_milli: Set(columns::milli(part.reorder_point)?),
        active: Set(part.active),
        demo: Set(part.demo),
        version: Set(part.version),
        search: Set(search::text(&[Some(&part.number), Some(&part.name)])),
    })
}

pub(in crate::records) fn from_row(row: Model) -> Result<Part, StoreError> {
    Ok(Part {
        id: row.id.into(),
        number: row.number,
        name: row.name,
        unit_price: columns::money(row.unit_price_minor, &row.currency)?,
        unit_cost: columns::money(row.unit_cost_minor, &row.currency)?,
        reorder_point: columns::from_milli(row.reorder_point_milli),
        active: row.active,
        demo: row.demo,
        version: row.version,
    })
}
