//! Areas that technicians cover.

use crate::{StoreError, records::Db};
use domain::{fleet::territory::Territory, id::TerritoryId};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "territories")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Territory {
    fn from(row: Model) -> Self {
        Self { id: row.id.into(), name: row.name }
    }
}

pub async fn insert(tx: &Db, territory: &Territory) -> Result<(), StoreError> {
    let row = ActiveModel { id: Set(territory.id.into()), name: Set(territory.name.clone()) };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: TerritoryId) -> Result<Option<Territory>, StoreError> {
    Ok(Entity::find_by_id(Uuid::from(id)).one(db).await?.map(Territory::from))
}

/// All of them, by name: there are few.
pub async fn all(db: &Db) -> Result<Vec<Territory>, StoreError> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    Ok(rows.into_iter().map(Territory::from).collect())
}
