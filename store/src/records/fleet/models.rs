//! Types of equipment.

use super::assets;
use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::kept::{table, usual},
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            search::{self, Kind},
        },
    },
};
use domain::{fleet::model::Model as EquipmentModel, id::ModelId, people::account::Scope};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    EquipmentModel in "models" {
        id: ModelId,
        manufacturer: String,
        name: String,
        equipment_type: String,
    }
    columns |model| first {
        let words = [Some(&model.manufacturer), Some(&model.name), Some(&model.equipment_type)];
    } {
        /// What a search looks in.
        search: String = search::text(&words),
    }
}
usual! { EquipmentModel by ModelId: insert, save, get, find }

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
) -> Result<Option<EquipmentModel>, StoreError> {
    let query = Entity::find().filter(Column::Manufacturer.eq(manufacturer)).filter(Column::Name.eq(name));
    query.one(db).await?.map(from_row).transpose()
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = ModelId>,
) -> Result<HashMap<ModelId, EquipmentModel>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    rows.into_iter().map(|row| Ok((row.id.into(), from_row(row)?))).collect()
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
) -> Result<Paged<EquipmentModel>, StoreError> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(text) = &filter.text {
        query = query.filter(search::found(Dialect::of(db), Kind::Model, Column::Id, Column::Search, text));
    }
    Ok(order::page(db, "models", query, page).await?.read("model", |row| (row.id, &row.name), from_row))
}

/// The types of equipment that there are models of.
pub async fn equipment_types(db: &Db, scope: Scope) -> Result<Vec<String>, StoreError> {
    let query = Entity::find().select_only().column(Column::EquipmentType).distinct();
    Ok(query.filter(seen(scope)).order_by_asc(Column::EquipmentType).into_tuple().all(db).await?)
}
