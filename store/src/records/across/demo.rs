//! The demo: how far it is, and what it made. One row while there is a demo or the beginning of one, and a row for each
//! thing that nothing else of it takes with it. Its removal is one list of tables in their order.

use crate::{
    StoreError,
    records::{
        Db,
        columns::kept::entity,
        condition::state_days::{self, Part},
        engine::command_keys,
        fleet::{assets, devices},
    },
};
use domain::{Timestamp, clock::from_micros, id::DeviceId};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait,
    entity::prelude::*,
    sea_query::{Expr, OnConflict, Query, SelectStatement, SimpleExpr},
};
use sea_orm_migration::prelude::*;
use serde_json::Value;

entity! {
    "demo" by { id: i32 } {
        stage: String,
        anchor_us: i64,
    }
}

entity! {
    mod thing:
    "demo_things" by {
        /// One of [`super::KINDS`].
        kind: String,
        id: Uuid,
    } {
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    pub stage: Stage,
    /// The end of its generated past: all its times follow from this one.
    pub anchor: Timestamp,
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

/// What is remembered of it; all else hangs on these.
pub const KINDS: [&str; 10] = [
    "account",
    "api_token",
    "customer",
    "device",
    "model",
    "part",
    "rule",
    "stock_location",
    "technician",
    "territory",
];
const ONLY_ROW: i32 = 1;

pub async fn get(db: &Db) -> Result<Option<Demo>, StoreError> {
    let Some(row) = Entity::find_by_id(ONLY_ROW).one(db).await? else { return Ok(None) };
    let stage = [Stage::Loading, Stage::Loaded].into_iter().find(|stage| stage.as_str() == row.stage);
    let stage = stage.ok_or_else(|| StoreError::Corrupt("the demo's stage".into()))?;
    Ok(Some(Demo { stage, anchor: from_micros(row.anchor_us) }))
}

pub async fn save(tx: &Db, demo: &Demo) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(ONLY_ROW),
        stage: Set(demo.stage.as_str().into()),
        anchor_us: Set(demo.anchor.timestamp_micros()),
    };
    let changed = [Column::Stage, Column::AnchorUs];
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Id).update_columns(changed).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Remembers that the demo made this.
pub async fn remember(tx: &Db, kind: &str, id: Uuid) -> Result<(), StoreError> {
    let row = thing::ActiveModel { kind: Set(kind.into()), id: Set(id) };
    let mut known = OnConflict::columns([thing::Column::Kind, thing::Column::Id]);
    let known = known.update_column(thing::Column::Kind).to_owned();
    thing::Entity::insert(row).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}

/// What it made of this kind.
pub async fn made(db: &Db, kind: &str) -> Result<Vec<Uuid>, StoreError> {
    let of_kind = thing::Entity::find().filter(thing::Column::Kind.eq(kind));
    Ok(of_kind.all(db).await?.into_iter().map(|row| row.id).collect())
}

/// Whether it made this.
pub async fn has_made(db: &Db, kind: &str, id: Uuid) -> Result<bool, StoreError> {
    Ok(thing::Entity::find_by_id((kind.to_owned(), id)).one(db).await?.is_some())
}

/// Remembers what its tokens made before a power cut kept it from being remembered: commands keep their answers in the
/// transaction in which they happen. The second word of a key is the kind of what was made.
pub async fn recall(tx: &Db) -> Result<(), StoreError> {
    for token in made(tx, "api_token").await? {
        let keys =
            command_keys::Entity::find().filter(command_keys::Column::Key.starts_with(token.to_string()));
        for row in keys.all(tx).await? {
            let kind = row.key.split_once(':').and_then(|(_, key)| key.split(' ').nth(1));
            let Some(kind) = kind.and_then(|kind| KINDS.into_iter().find(|known| *known == kind)) else {
                continue;
            };
            let answer: Value = serde_json::from_str(&row.answer).unwrap_or_default();
            if let Some(id) = answer["body"]["id"].as_str().and_then(|id| id.parse().ok()) {
                remember(tx, kind, id).await?;
            }
        }
    }
    Ok(())
}

/// Deletes what it made with all that hangs on it, and answers its devices. What one's own work names stays: parts and
/// technicians inactive, and a device of one's own on a demo asset without an asset.
pub async fn remove(tx: &Db) -> Result<Vec<DeviceId>, StoreError> {
    recall(tx).await?;
    for (table, column, of) in what_people_did() {
        delete(tx, table, in_any(column, of)).await?;
    }
    for part in [Part::Log, Part::Failures, Part::Service] {
        state_days::forget(tx, assets::Column::Id.in_subquery(equipment()), part).await?;
    }
    for (table, column, of) in what_machines_said() {
        delete(tx, table, in_any(column, of)).await?;
    }
    retire(tx).await?;
    let gone = made(tx, "device").await?;
    devices::credentials_changed(tx, gone.iter().copied()).await?;
    let own = Query::update().table("devices").values([("asset_id", Option::<Uuid>::None.into())]).to_owned();
    for token in made(tx, "api_token").await? {
        delete(tx, "command_keys", Expr::col("key").like(format!("{token}:%"))).await?;
    }
    for (table, column, of) in the_things() {
        if table == "assets" {
            tx.execute(own.clone().and_where(in_any("asset_id", equipment()))).await?;
        }
        delete(tx, table, in_any(column, of)).await?;
    }
    for table in ["demo_things", "demo"] {
        tx.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    Ok(gone.into_iter().map(DeviceId).collect())
}

type Of = (&'static str, &'static str, SelectStatement);

/// Work and money of its customers, what hangs on a row before the row.
fn what_people_did() -> Vec<Of> {
    let bills = || ids("invoices", "customer_id", remembered("customer"));
    let (jobs, cases) =
        (|| ids("work_orders", "asset_id", equipment()), || ids("tickets", "asset_id", equipment()));
    let trips = || ids("visits", "work_order_id", jobs());
    let contracts = || ids("contracts", "customer_id", remembered("customer"));
    vec![
        // Ids are unique over all things.
        ("transitions", "thing_id", bills()),
        ("transitions", "thing_id", cases()),
        ("transitions", "thing_id", trips()),
        ("transitions", "thing_id", jobs()),
        ("payments", "invoice_id", bills()),
        ("credit_notes", "invoice_id", bills()),
        ("invoice_lines", "invoice_id", bills()),
        ("invoices", "customer_id", remembered("customer")),
        ("time_entries", "visit_id", trips()),
        ("checklist_items", "work_order_id", jobs()),
        ("signatures", "work_order_id", jobs()),
        ("lines", "work_order_id", jobs()),
        ("visits", "work_order_id", jobs()),
        ("work_orders", "asset_id", equipment()),
        ("tickets", "asset_id", equipment()),
        ("contract_assets", "contract_id", contracts()),
        ("contracts", "customer_id", remembered("customer")),
        ("warranties", "asset_id", equipment()),
    ]
}

/// What is known of its machines from what they sent.
fn what_machines_said() -> Vec<Of> {
    vec![
        ("evidence", "alert_id", ids("alerts", "asset_id", equipment())),
        ("alerts", "asset_id", equipment()),
        ("alert_groups", "asset_id", equipment()),
        ("failures", "asset_id", equipment()),
        ("state_intervals", "asset_id", equipment()),
        ("state_marks", "asset_id", equipment()),
        ("device_events", "asset_id", equipment()),
        ("device_events", "device_id", remembered("device")),
        ("device_attributes", "device_id", remembered("device")),
        ("device_memories", "device_id", remembered("device")),
        ("device_metrics", "device_id", remembered("device")),
        ("device_clocks", "device_id", remembered("device")),
        ("silences", "device_id", remembered("device")),
        ("connections", "device_id", remembered("device")),
    ]
}

/// What it made, as far as nothing of one's own names it.
fn the_things() -> Vec<Of> {
    vec![
        ("rule_versions", "rule_id", remembered("rule")),
        ("rules", "id", remembered("rule")),
        ("known_browsers", "account_id", remembered("account")),
        ("sessions", "account_id", remembered("account")),
        ("accounts", "id", remembered("account")),
        ("api_tokens", "id", remembered("api_token")),
        (
            "technicians",
            "id",
            unnamed("technician", &[("lines", "technician_id"), ("visits", "technician_id")]),
        ),
        ("stock_movements", "part_id", unnamed("part", &[("lines", "part_id")])),
        ("stock_levels", "part_id", unnamed("part", &[("lines", "part_id")])),
        ("parts", "id", unnamed("part", &[("lines", "part_id")])),
        ("stock_levels", "stock_location_id", unnamed("stock_location", &PLACES)),
        ("stock_locations", "id", unnamed("stock_location", &PLACES)),
        ("devices", "id", remembered("device")),
        ("assets", "customer_id", remembered("customer")),
        ("model_metrics", "model_id", unnamed("model", &[("assets", "model_id")])),
        ("models", "id", unnamed("model", &[("assets", "model_id")])),
        ("sites", "customer_id", remembered("customer")),
        ("customers", "id", remembered("customer")),
        (
            "territories",
            "id",
            unnamed("territory", &[("sites", "territory_id"), ("technicians", "territory_id")]),
        ),
    ]
}

/// What may name a place of the stock.
const PLACES: [(&str, &str); 4] = [
    ("lines", "stock_location_id"),
    ("stock_movements", "from_location_id"),
    ("stock_movements", "to_location_id"),
    ("technicians", "van_id"),
];

/// Its technicians and parts that one's own work names are offered to nobody any more.
async fn retire(tx: &Db) -> Result<(), StoreError> {
    for (table, kind) in [("technicians", "technician"), ("parts", "part")] {
        let inactive = Query::update()
            .table(table)
            .values([("active", false.into())])
            .and_where(in_any("id", remembered(kind)))
            .to_owned();
        tx.execute(&inactive).await?;
    }
    Ok(())
}

fn equipment() -> SelectStatement {
    ids("assets", "customer_id", remembered("customer"))
}

fn remembered(kind: &str) -> SelectStatement {
    Query::select().column("id").from("demo_things").and_where(Expr::col("kind").eq(kind)).take()
}

/// What it made of a kind and no row of these columns names.
fn unnamed(kind: &str, columns: &[(&'static str, &'static str)]) -> SelectStatement {
    let mut query = remembered(kind);
    for (table, column) in columns {
        let named =
            Query::select().column(*column).from(*table).and_where(Expr::col(*column).is_not_null()).take();
        query.and_where(Expr::col("id").not_in_subquery(named));
    }
    query
}

fn ids(table: &'static str, column: &'static str, of: SelectStatement) -> SelectStatement {
    Query::select().column("id").from(table).and_where(in_any(column, of)).take()
}

fn in_any(column: &'static str, of: SelectStatement) -> SimpleExpr {
    Expr::col(column).in_subquery(of)
}

async fn delete(tx: &Db, table: &'static str, matching: SimpleExpr) -> Result<(), StoreError> {
    tx.execute(Query::delete().from_table(table).and_where(matching)).await?;
    Ok(())
}
