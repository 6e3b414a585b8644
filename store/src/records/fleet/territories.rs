//! Areas that technicians cover.

use crate::{
    StoreError,
    records::{
        Db,
        columns::kept::{table, usual},
    },
};
use domain::{fleet::territory::Territory, id::TerritoryId};
use sea_orm::{QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    Territory in "territories" {
        id: TerritoryId,
        name: String,
    }
}
usual! { Territory by TerritoryId: insert, get }

/// All of them, by name: there are few.
pub async fn all(db: &Db) -> Result<Vec<Territory>, StoreError> {
    let rows = Entity::find().order_by_asc(Column::Name).all(db).await?;
    rows.into_iter().map(from_row).collect()
}
