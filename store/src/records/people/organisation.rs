//! The one service organisation of this installation. Its single row is the guard against two first runs at once.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{self, kept::entity},
        condition::state_days,
    },
};
use domain::{Money, clock::from_micros, people::organisation::Organisation};
use sea_orm::{ActiveValue::Set, ConnectionTrait, QuerySelect, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

const ONLY: i32 = 1;

entity! {
    "organisation" by { id: i32 } {
        name: String,
        /// As it stands on an envelope.
        address: String,
        /// JSON of the parts of the address; none in a row of before there were parts.
        address_parts: Option<String>,
        tax_id: Option<String>,
        /// JSON of what invoices need.
        seller: Option<String>,
        currency: String,
        time_zone: String,
        language: String,
        labour_rate_minor: i64,
        travel_rate_minor: i64,
        labour_step_minutes: i32,
        travel_step_minutes: i32,
        labour_cost_minor: i64,
        /// Decimal fraction as text.
        tax_rate: String,
        payment_terms_days: i32,
        set_up_at_us: Option<i64>,
    }
}

/// `None` before the first run.
pub async fn get(db: &Db) -> Result<Option<Organisation>, StoreError> {
    Entity::find_by_id(ONLY).one(db).await?.map(from_row).transpose()
}

/// In whose days figures are summed; `None` before the first run.
pub(in crate::records) async fn time_zone(db: &Db) -> Result<Option<String>, StoreError> {
    let query = Entity::find_by_id(ONLY).select_only().column(Column::TimeZone);
    Ok(query.into_tuple().one(db).await?)
}

/// A conflict means that somebody else completed the first run.
pub async fn insert(tx: &Db, organisation: &Organisation) -> Result<(), StoreError> {
    Entity::insert(to_row(organisation)?).exec_without_returning(tx).await?;
    state_days::rebuild(tx).await
}

/// Saves the organisation, making it if there was none.
pub async fn save(tx: &Db, organisation: &Organisation) -> Result<(), StoreError> {
    let zone = time_zone(tx).await?;
    let all = [
        Column::Name,
        Column::Address,
        Column::AddressParts,
        Column::TaxId,
        Column::Seller,
        Column::Currency,
        Column::TimeZone,
        Column::Language,
        Column::LabourRateMinor,
        Column::TravelRateMinor,
        Column::LabourStepMinutes,
        Column::TravelStepMinutes,
        Column::LabourCostMinor,
        Column::TaxRate,
        Column::PaymentTermsDays,
        Column::SetUpAtUs,
    ];
    Entity::insert(to_row(organisation)?)
        .on_conflict(OnConflict::column(Column::Id).update_columns(all).to_owned())
        .exec_without_returning(tx)
        .await?;
    if zone.as_ref() != Some(&organisation.time_zone) {
        state_days::rebuild(tx).await?;
    }
    Ok(())
}

/// What holds the organisation to its currency and to its time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// There are amounts in it.
    pub currency: bool,
    /// There are days that were cut in it: of terms, papers and figures.
    pub zone: bool,
}

pub async fn bound(db: &Db) -> Result<Bound, StoreError> {
    let amounts = [
        ("lines", "id"),
        ("parts", "id"),
        ("contracts", "id"),
        ("invoices", "id"),
        ("kpi_facts", "subject_id"),
        ("assets", "downtime_cost_minor"),
        ("technicians", "cost_per_hour_minor"),
    ];
    let days = [
        ("contracts", "start_us"),
        ("warranties", "start_us"),
        ("invoices", "issued_at_us"),
        ("kpi_facts", "day"),
    ];
    Ok(Bound { currency: any(db, &amounts).await?, zone: any(db, &days).await? })
}

/// True when one of the tables has a row whose column is filled.
async fn any(db: &Db, places: &[(&'static str, &'static str)]) -> Result<bool, StoreError> {
    for (table, column) in places {
        let mut query = Query::select();
        query.expr(Expr::val(1)).from(*table).and_where(Expr::col(*column).is_not_null()).limit(1);
        if db.query_one(&query).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn to_row(organisation: &Organisation) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        id: Set(ONLY),
        name: Set(organisation.name.clone()),
        address: Set(organisation.address.lines().join("\n")),
        address_parts: Set(Some(columns::json(&organisation.address)?)),
        tax_id: Set(organisation.tax_id.clone()),
        seller: Set(Some(columns::json(&organisation.seller)?)),
        currency: Set(organisation.currency.to_string()),
        time_zone: Set(organisation.time_zone.clone()),
        language: Set(organisation.language.clone()),
        labour_rate_minor: Set(organisation.labour_rate_per_hour.minor),
        travel_rate_minor: Set(organisation.travel_rate_per_hour.minor),
        labour_step_minutes: Set(organisation.labour_step_minutes.try_into().unwrap_or(i32::MAX)),
        travel_step_minutes: Set(organisation.travel_step_minutes.try_into().unwrap_or(i32::MAX)),
        labour_cost_minor: Set(organisation.labour_cost_per_hour.minor),
        tax_rate: Set(organisation.tax_rate.to_string()),
        payment_terms_days: Set(organisation.payment_terms_days.try_into().unwrap_or(i32::MAX)),
        set_up_at_us: Set(organisation.set_up_at.map(|at| at.timestamp_micros())),
    })
}

fn from_row(row: Model) -> Result<Organisation, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of the organisation"));
    let currency = columns::currency(&row.currency)?;
    Ok(Organisation {
        name: row.name,
        address: columns::address(row.address_parts.as_deref(), &row.address)?,
        tax_id: row.tax_id,
        seller: columns::from_json_if_any(row.seller.as_deref())?,
        currency,
        time_zone: row.time_zone,
        language: row.language,
        labour_rate_per_hour: Money::new(row.labour_rate_minor, currency),
        travel_rate_per_hour: Money::new(row.travel_rate_minor, currency),
        labour_step_minutes: row.labour_step_minutes.try_into().map_err(|_| corrupt("labour step"))?,
        travel_step_minutes: row.travel_step_minutes.try_into().map_err(|_| corrupt("travel step"))?,
        labour_cost_per_hour: Money::new(row.labour_cost_minor, currency),
        tax_rate: row.tax_rate.parse().map_err(|_| corrupt("tax rate"))?,
        payment_terms_days: row.payment_terms_days.try_into().map_err(|_| corrupt("payment terms"))?,
        set_up_at: row.set_up_at_us.map(from_micros),
    })
}
