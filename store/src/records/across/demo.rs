//! How far the demo is, and the accounts that came with it. One row while there is a demo or the beginning of one.

use crate::{
    StoreError,
    records::{Db, columns::frozen},
};
use domain::{Timestamp, clock::from_micros, id::AccountId};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait,
    entity::prelude::*,
    sea_query::{Expr, OnConflict, Query, SelectStatement, SimpleExpr},
};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "demo")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub stage: String,
    pub anchor_us: i64,
    /// JSON list of ids.
    pub accounts: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    pub stage: Stage,
    /// The end of its generated past: all its times follow from this one.
    pub anchor: Timestamp,
    pub accounts: Vec<AccountId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Something of it may be there; it is made anew.
    Loading,
    Loaded,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Loaded => "loaded",
        }
    }
}

const ONLY_ROW: i32 = 1;

pub async fn get(db: &Db) -> Result<Option<Demo>, StoreError> {
    let Some(row) = Entity::find_by_id(ONLY_ROW).one(db).await? else { return Ok(None) };
    let stage = [Stage::Loading, Stage::Loaded].into_iter().find(|stage| stage.as_str() == row.stage);
    let corrupt = |what: &str| StoreError::Corrupt(format!("the demo's {what}"));
    Ok(Some(Demo {
        stage: stage.ok_or_else(|| corrupt("stage"))?,
        anchor: from_micros(row.anchor_us),
        accounts: frozen::thaw(&row.accounts)?,
    }))
}

pub async fn save(tx: &Db, demo: &Demo) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(ONLY_ROW),
        stage: Set(demo.stage.as_str().into()),
        anchor_us: Set(demo.anchor.timestamp_micros()),
        accounts: Set(frozen::freeze(&demo.accounts)?),
    };
    let changed = [Column::Stage, Column::AnchorUs, Column::Accounts];
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).update_columns(changed).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Forgets the demo itself, and its accounts with their sessions; everything else of it is deleted where it is kept.
pub async fn forget(tx: &Db) -> Result<(), StoreError> {
    let Some(demo) = get(tx).await? else { return Ok(()) };
    for account in demo.accounts {
        crate::records::people::sessions::end_all_of(tx, account).await?;
        crate::records::people::accounts::Entity::delete_by_id(Uuid::from(account)).exec(tx).await?;
    }
    Entity::delete_by_id(ONLY_ROW).exec(tx).await?;
    Ok(())
}

/// Deletes what people did for the demo's assets, then the demo's technicians, parts and places. A technician or part
/// that other work names stays, inactive.
pub async fn delete_work(tx: &Db) -> Result<(), StoreError> {
    let of_assets =
        |table: &'static str| ids(table, "asset_id", crate::records::fleet::assets::demo_assets());
    let (jobs, tickets) = (|| of_assets("work_orders"), || of_assets("tickets"));
    let visits = || ids("visits", "work_order_id", jobs());
    for (things, thing) in [(tickets(), "ticket"), (jobs(), "work_order"), (visits(), "visit")] {
        let matching = Expr::col("thing_id").in_subquery(things).and(Expr::col("thing").eq(thing));
        delete(tx, "transitions", matching).await?;
    }
    delete(tx, "time_entries", Expr::col("visit_id").in_subquery(visits())).await?;
    for table in ["checklist_items", "signatures", "lines", "visits"] {
        delete(tx, table, Expr::col("work_order_id").in_subquery(jobs())).await?;
    }
    for table in ["work_orders", "tickets"] {
        delete(tx, table, Expr::col("asset_id").in_subquery(crate::records::fleet::assets::demo_assets()))
            .await?;
    }
    let (parts, places) = (|| demo_of("parts"), || demo_of("stock_locations"));
    delete(tx, "stock_movements", Expr::col("part_id").in_subquery(parts())).await?;
    let levels =
        Expr::col("part_id").in_subquery(parts()).or(Expr::col("stock_location_id").in_subquery(places()));
    delete(tx, "stock_levels", levels).await?;
    for (table, column) in [("technicians", "technician_id"), ("parts", "part_id")] {
        let elsewhere =
            Query::select().column(column).from("lines").and_where(Expr::col(column).is_not_null()).take();
        let mut unused = Expr::col("demo").eq(true).and(Expr::col("id").not_in_subquery(elsewhere));
        if table == "technicians" {
            let visiting = Query::select().column("technician_id").from("visits").take();
            unused = unused.and(Expr::col("id").not_in_subquery(visiting));
        }
        delete(tx, table, unused).await?;
        let retire = Query::update()
            .table(table)
            .values([("active", false.into()), ("demo", false.into())])
            .and_where(Expr::col("demo").eq(true))
            .take();
        tx.execute(&retire).await?;
    }
    delete(tx, "stock_locations", Expr::col("demo").eq(true)).await
}

fn ids(table: &'static str, column: &'static str, of: SelectStatement) -> SelectStatement {
    Query::select().column("id").from(table).and_where(Expr::col(column).in_subquery(of)).take()
}

fn demo_of(table: &'static str) -> SelectStatement {
    Query::select().column("id").from(table).and_where(Expr::col("demo").eq(true)).take()
}

async fn delete(tx: &Db, table: &'static str, matching: SimpleExpr) -> Result<(), StoreError> {
    tx.execute(Query::delete().from_table(table).and_where(matching)).await?;
    Ok(())
}
