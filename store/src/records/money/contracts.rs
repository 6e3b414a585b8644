//! What customers have bought, and what each contract has borne so far.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{
            self,
            kept::{entity, table, was_saved},
        },
        lists::{
            order::{self, orders},
            scope,
        },
    },
};
use domain::{
    Timestamp,
    id::{AssetId, ContractId, CustomerId, LineId},
    money::contract::{Contract, ContractState, CoveredAssets, Limits, Shares, Tier, Used, billing::Billing},
    people::account::Scope,
    work::line::{HOUR_US, LineKind},
};
use rust_decimal::Decimal;
use sea_orm::{ActiveValue::Set, Condition, ConnectionTrait, QueryOrder, Select, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::{BTreeSet, HashMap};

table! {
    Contract in "contracts" {
        id: ContractId,
        customer_id: CustomerId,
        number: String,
        tier: Tier,
        start_us as start: Timestamp,
        end_us as end: Timestamp,
        shares: Shares,
        response_hours: Option<u32>,
        restore_hours: Option<u32>,
        billing: Option<Billing>,
        availability_guarantee: Option<Decimal>,
        version: i64,
    }
    columns |contract| {
        all_assets: bool = contract.covers_assets == CoveredAssets::All,
        /// Decimal hours as text.
        hours_limit: Option<String> = contract.limits.hours.keep()?,
        visits_limit: Option<i64> = contract.limits.visits.keep()?,
        parts_limit_minor: Option<i64> = contract.limits.parts.map(|parts| parts.minor),
        price_minor: i64 = contract.price.minor,
        currency: String = contract.price.currency.to_string(),
    }
    fields |row| {
        // Those that are listed stand in a table of their own.
        covers_assets: if row.all_assets { CoveredAssets::All } else { CoveredAssets::Listed(BTreeSet::new()) },
        limits: Limits {
            hours: Kept::read(row.hours_limit.clone())?,
            visits: Kept::read(row.visits_limit)?,
            parts: row.parts_limit_minor.map(|minor| columns::money(minor, &row.currency)).transpose()?,
        },
        price: columns::money(row.price_minor, &row.currency)?,
    }
}

entity! {
    mod covered:
    "contract_assets" by { contract_id: Uuid, asset_id: Uuid } {
    }
}

/// A conflict means that the number is taken or a named thing is gone.
pub async fn insert(tx: &Db, contract: &Contract) -> Result<(), StoreError> {
    Entity::insert(to_row(contract)?).exec_without_returning(tx).await?;
    insert_assets(tx, contract).await
}

/// Saves `contract` over its version and answers it with the next one. A conflict means that it changed meanwhile.
pub async fn update(tx: &Db, contract: Contract) -> Result<Contract, StoreError> {
    let next = Contract { version: contract.version.saturating_add(1), ..contract };
    let same = Column::Id.eq(Uuid::from(next.id)).and(Column::Version.eq(next.version - 1));
    let done = Entity::update_many().set(to_row(&next)?).filter(same).exec(tx).await?;
    was_saved(done.rows_affected, "contracts")?;
    let old = covered::Entity::delete_many().filter(covered::Column::ContractId.eq(Uuid::from(next.id)));
    old.exec(tx).await?;
    insert_assets(tx, &next).await?;
    Ok(next)
}

async fn insert_assets(tx: &Db, contract: &Contract) -> Result<(), StoreError> {
    let CoveredAssets::Listed(assets) = &contract.covers_assets else { return Ok(()) };
    let rows = assets.iter().map(|asset| covered::ActiveModel {
        contract_id: Set(contract.id.into()),
        asset_id: Set((*asset).into()),
    });
    covered::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: ContractId) -> Result<Option<Contract>, StoreError> {
    let row = Entity::find_by_id(Uuid::from(id)).one(db).await?;
    Ok(with_assets(db, row.into_iter().collect()).await?.pop())
}

/// The contract, if `scope` covers it.
pub async fn find(db: &Db, scope: Scope, id: ContractId) -> Result<Option<Contract>, StoreError> {
    let row = Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?;
    Ok(with_assets(db, row.into_iter().collect()).await?.pop())
}

fn seen(scope: Scope) -> Condition {
    let own = |customer| Column::CustomerId.eq(Uuid::from(customer));
    scope::rows(scope, own, scope::no_technicians)
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = ContractId>,
) -> Result<HashMap<ContractId, Contract>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    Ok(with_assets(db, rows).await?.into_iter().map(|contract| (contract.id, contract)).collect())
}

/// Every contract of `customer` that names `asset` or covers all, whatever its time.
pub async fn covering(db: &Db, customer: CustomerId, asset: AssetId) -> Result<Vec<Contract>, StoreError> {
    let rows = Entity::find()
        .filter(Column::CustomerId.eq(Uuid::from(customer)))
        .filter(covers(asset))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    with_assets(db, rows).await
}

fn covers(asset: AssetId) -> Condition {
    let mut named = Query::select();
    named
        .column(covered::Column::ContractId)
        .from(covered::Entity)
        .and_where(covered::Column::AssetId.eq(Uuid::from(asset)));
    Condition::any().add(Column::AllAssets.eq(true)).add(Column::Id.in_subquery(named))
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: Option<CustomerId>,
    /// With the moment that decides.
    pub state: Option<(ContractState, Timestamp)>,
    /// Ends at or after / before these moments.
    pub ends: Option<(Timestamp, Timestamp)>,
}

orders! {
    /// What contracts are sorted by.
    ascending { Number "number" by Number, Start "start" by StartUs, End "end" by EndUs }
}

/// By number, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Contract>, StoreError> {
    let page = order::page(db, "contracts", matching(scope, filter), page).await?;
    let mut listed = listed_assets(db, &page.items).await?;
    Ok(page.read(
        "contract",
        |row| (row.id, &row.number),
        |row| {
            let own = listed.remove(&row.id).unwrap_or_default();
            naming(row, own)
        },
    ))
}

pub async fn count(db: &Db, scope: Scope, filter: &Filter) -> Result<u64, StoreError> {
    Ok(matching(scope, filter).count(db).await?)
}

fn matching(scope: Scope, filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(id) = filter.customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from(id)));
    }
    if let Some((state, at)) = filter.state {
        let at = at.timestamp_micros();
        query = match state {
            ContractState::NotYetStarted => query.filter(Column::StartUs.gt(at)),
            ContractState::Active => query.filter(Column::StartUs.lte(at)).filter(Column::EndUs.gt(at)),
            ContractState::Expired => query.filter(Column::EndUs.lte(at)),
        };
    }
    if let Some((from, to)) = filter.ends {
        query = query
            .filter(Column::EndUs.gte(from.timestamp_micros()))
            .filter(Column::EndUs.lt(to.timestamp_micros()));
    }
    query
}

/// Every contract whose price is invoiced here.
pub async fn invoiced(db: &Db) -> Result<Vec<Contract>, StoreError> {
    let query = Entity::find().filter(Column::Billing.is_not_null()).order_by_asc(Column::Number);
    with_assets(db, query.all(db).await?).await
}

/// What `contract` has borne: the sum over its lines, without `except` (a line that is being decided again).
pub async fn used(db: &Db, contract: ContractId, except: Option<LineId>) -> Result<Used, StoreError> {
    Ok(used_by(db, [contract], except).await?.remove(&contract).unwrap_or_default())
}

/// The same for each of `contracts` that has borne anything.
pub async fn used_by(
    db: &Db,
    contracts: impl IntoIterator<Item = ContractId>,
    except: Option<LineId>,
) -> Result<HashMap<ContractId, Used>, StoreError> {
    let mut query = Query::select();
    query
        .columns([
            "payer_id",
            "id",
            "kind",
            "visit_id",
            "quantity_milli",
            "time_us",
            "unit_price_minor",
            "currency",
            "covered_share",
        ])
        .from("lines")
        .and_where(Expr::col("payer_id").is_in(contracts.into_iter().map(Uuid::from)));
    let mut all = HashMap::<ContractId, Used>::new();
    for row in db.query_all(&query).await? {
        let id: Uuid = row.try_get("", "id")?;
        if except.is_some_and(|except| except == LineId::from(id)) {
            continue;
        }
        let payer: Uuid = row.try_get("", "payer_id")?;
        let used = all.entry(payer.into()).or_default();
        let share: String = row.try_get("", "covered_share")?;
        let share: Decimal = share.parse().map_err(|_| StoreError::Corrupt(format!("share of line {id}")))?;
        let quantity = columns::from_milli(row.try_get("", "quantity_milli")?);
        let kind: String = row.try_get("", "kind")?;
        match columns::from_word(&kind)? {
            LineKind::Labour => {
                let exact: Option<i64> = row.try_get("", "time_us")?;
                used.hours += exact.map_or(quantity, |us| Decimal::from(us) / Decimal::from(HOUR_US)) * share;
            }
            LineKind::Part => {
                let currency: String = row.try_get("", "currency")?;
                let price = columns::money(row.try_get("", "unit_price_minor")?, &currency)?;
                let borne = price.times(quantity).and_then(|gross| gross.times(share));
                let borne = borne.map_err(|e| StoreError::Corrupt(format!("line {id}: {e}")))?;
                used.parts_minor = used.parts_minor.saturating_add(borne.minor);
            }
            LineKind::Travel | LineKind::Expense => {}
        }
        let visit: Option<Uuid> = row.try_get("", "visit_id")?;
        used.visits.extend(visit.map(domain::id::VisitId::from));
    }
    Ok(all)
}

/// The assets that each of `rows` names.
async fn listed_assets(db: &Db, rows: &[Model]) -> Result<HashMap<Uuid, BTreeSet<AssetId>>, StoreError> {
    let listed: Vec<Uuid> = rows.iter().filter(|row| !row.all_assets).map(|row| row.id).collect();
    let mut assets = HashMap::<Uuid, BTreeSet<AssetId>>::new();
    if !listed.is_empty() {
        let query = covered::Entity::find().filter(covered::Column::ContractId.is_in(listed));
        for row in query.all(db).await? {
            assets.entry(row.contract_id).or_default().insert(row.asset_id.into());
        }
    }
    Ok(assets)
}

/// All of them, or none: they decide who pays.
async fn with_assets(db: &Db, rows: Vec<Model>) -> Result<Vec<Contract>, StoreError> {
    let mut assets = listed_assets(db, &rows).await?;
    rows.into_iter()
        .map(|row| {
            let listed = assets.remove(&row.id).unwrap_or_default();
            naming(row, listed)
        })
        .collect()
}

/// The contract of a row, with the assets that it names.
fn naming(row: Model, listed: BTreeSet<AssetId>) -> Result<Contract, StoreError> {
    let mut contract = from_row(row)?;
    if let CoveredAssets::Listed(assets) = &mut contract.covers_assets {
        *assets = listed;
    }
    Ok(contract)
}

#[cfg(test)]
mod tests;
