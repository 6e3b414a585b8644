//! Promises for single machines.

use crate::{
    StoreError,
    records::{Db, List, PageRequest, Paged, columns, fleet::assets, lists::scope},
};
use domain::{
    clock::from_micros,
    id::{AssetId, CustomerId, WarrantyId},
    money::warranty::Warranty,
    people::account::Scope,
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "warranties")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub asset_id: Uuid,
    pub start_us: i64,
    pub end_us: i64,
    /// JSON list of the kinds of lines.
    pub covers: String,
    pub supplier: Option<String>,
    pub version: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn to_row(warranty: &Warranty) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        id: Set(warranty.id.into()),
        asset_id: Set(warranty.asset_id.into()),
        start_us: Set(warranty.start.timestamp_micros()),
        end_us: Set(warranty.end.timestamp_micros()),
        covers: Set(columns::json(&warranty.covers)?),
        supplier: Set(warranty.supplier.clone()),
        version: Set(warranty.version),
    })
}

fn from_row(row: Model) -> Result<Warranty, StoreError> {
    Ok(Warranty {
        id: row.id.into(),
        asset_id: row.asset_id.into(),
        start: from_micros(row.start_us),
        end: from_micros(row.end_us),
        covers: columns::from_json(&row.covers)?,
        supplier: row.supplier,
        version: row.version,
    })
}

pub async fn insert(tx: &Db, warranty: &Warranty) -> Result<(), StoreError> {
    Entity::insert(to_row(warranty)?).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: WarrantyId) -> Result<Option<Warranty>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

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

const LIST: List<Uuid> = List::named("warranties");

/// The newest first.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Paged<Warranty>, StoreError> {
    let mut query = Entity::find().filter(scope::by_asset(scope, Column::AssetId));
    if let Some(id) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.customer {
        query = query.filter(Column::AssetId.in_subquery(assets::of_customer(id)));
    }
    if let Some(last) = LIST.place(page)? {
        query = query.filter(Column::Id.lt(last));
    }
    let rows = query.order_by_desc(Column::Id).limit(page.limit + 1).all(db).await?;
    let page = LIST.page(rows, page.limit, |row: &Model| row.id);
    Ok(page.read("warranty", |row| (row.id, ""), from_row))
}

/// Removes the warranties of the demo's assets.
pub async fn delete_demo(tx: &Db) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::AssetId.in_subquery(assets::demo_assets())).exec(tx).await?;
    Ok(())
}
