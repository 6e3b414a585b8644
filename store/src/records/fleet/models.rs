//! Types of equipment.

use super::assets;
use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            search::{self, Kind},
        },
    },
};
use domain::{id::ModelId, people::account::Scope};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "models")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub manufacturer: String,
    pub name: String,
    pub equipment_type: String,
    /// What a search looks in.
    pub search: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for domain::fleet::model::Model {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            manufacturer: row.manufacturer,
            name: row.name,
            equipment_type: row.equipment_type,
        }
    }
}

fn row(model: &domain::fleet::model::Model) -> ActiveModel {
    let words = [Some(&model.manufacturer), Some(&model.name), Some(&model.equipment_type)];
    ActiveModel {
        id: Set(model.id.into()),
        manufacturer: Set(model.manufacturer.clone()),
        name: Set(model.name.clone()),
        equipment_type: Set(model.equipment_type.clone()),
        search: Set(search::text(&words)),
    }
}

pub async fn insert(tx: &Db, model: &domain::fleet::model::Model) -> Result<(), StoreError> {
    Entity::insert(row(model)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn update(tx: &Db, model: &domain::fleet::model::Model) -> Result<(), StoreError> {
    Entity::update(row(model)).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: ModelId) -> Result<Option<domain::fleet::model::Model>, StoreError> {
    Ok(Entity::find_by_id(Uuid::from(id)).one(db).await?.map(Into::into))
}

/// The model, if `scope` covers it.
pub async fn find(
    db: &Db,
    scope: Scope,
    id: ModelId,
) -> Result<Option<domain::fleet::model::Model>, StoreError> {
    Ok(Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?.map(Into::into))
}

/// The catalogue is everybody's, but what other customers own is not: whoever is bound sees the models of the machines
/// they see, and those that no machine is of yet.
pub(in crate::records) fn seen(scope: Scope) -> Condition {
    if scope.is_everything() {
        return Condition::all();
    }
    let of_assets = || Query::select().column(assets::Column::ModelId).from(assets::Entity).to_owned();
    let mut own = of_assets();
    own.cond_where(assets::seen(scope));
    Condition::any().add(Column::Id.in_subquery(own)).add(Column::Id.not_in_subquery(of_assets()))
}

/// The model of that maker and name.
pub async fn find_by_name(
    db: &Db,
    manufacturer: &str,
    name: &str,
) -> Result<Option<domain::fleet::model::Model>, StoreError> {
    let query = Entity::find().filter(Column::Manufacturer.eq(manufacturer)).filter(Column::Name.eq(name));
    Ok(query.one(db).await?.map(Into::into))
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = ModelId>,
) -> Result<HashMap<ModelId, domain::fleet::model::Model>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.into())).collect())
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub text: Option<String>,
}

orders! {
    /// What models are sorted by.
    ascending { Name "name" by Name, Manufacturer "manufacturer" by Manufacturer }
}

/// By name, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<domain::fleet::model::Model>, StoreError> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(text) = &filter.text {
        query = query.filter(search::found(Dialect::of(db), Kind::Model, Column::Id, Column::Search, text));
    }
    Ok(order::page(db, "models", query, page).await?.map(Into::into))
}

/// The types of equipment that there are models of.
pub async fn equipment_types(db: &Db, scope: Scope) -> Result<Vec<String>, StoreError> {
    let query = Entity::find().select_only().column(Column::EquipmentType).distinct();
    Ok(query.filter(seen(scope)).order_by_asc(Column::EquipmentType).into_tuple().all(db).await?)
}
