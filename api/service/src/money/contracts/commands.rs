//! Making and changing contracts and warranties.

use super::schedule::keeps_invoiced;
use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
    scope,
};
use domain::{
    Date, Money, Timestamp,
    calendar::{date_of, end_of_day, last_day, start_of_day},
    id::{AssetId, ContractId, CustomerId, WarrantyId},
    money::{
        contract::{
            Contract, CoveredAssets, InvalidContract, Limits, Shares, Tier,
            billing::{Billing, Due, Every},
        },
        warranty::Warranty,
    },
    people::account::Scope,
    reason::{Reason, Refusal},
    work::line::LineKind,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, ops::RangeInclusive};
use store::{
    StoreError,
    records::{
        Db,
        fleet::{assets, customers},
        money::{contracts, warranties},
        people::organisation,
    },
};

/// A promise is kept within a year.
const PROMISED_HOURS: RangeInclusive<u32> = 1..=8760;
/// Hours and visits of one term.
const INCLUDED_MOST: u32 = 100_000;

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractInput {
    #[schema(value_type = uuid::Uuid)]
    pub customer_id: CustomerId,
    pub number: String,
    #[schema(value_type = String)]
    pub tier: Tier,
    /// Assets of the customer; all of them, also later ones, when left out.
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    pub asset_ids: Option<BTreeSet<AssetId>>,
    /// First and last day, both covered, in the organisation's time zone.
    #[schema(value_type = String, example = "2026-01-01")]
    pub starts_on: Date,
    #[schema(value_type = String, example = "2026-12-31")]
    pub ends_on: Date,
    /// Fractions from 0 to 1.
    #[schema(value_type = String)]
    pub labour_share: Decimal,
    #[schema(value_type = String)]
    pub travel_share: Decimal,
    #[schema(value_type = String)]
    pub parts_share: Decimal,
    #[schema(value_type = Option<String>)]
    pub included_hours: Option<Decimal>,
    pub included_visits: Option<u32>,
    pub included_parts: Option<Money>,
    pub response_hours: Option<u32>,
    pub restore_hours: Option<u32>,
    /// Of the whole term, in the organisation's currency.
    pub price: Money,
    /// How the price is invoiced: `every` `month`, `quarter`, `year` or `once`, `due` in `advance` or in `arrears`, and
    /// the first day `from` which it is invoiced here. Absent: every year in advance for a new contract, as it was for
    /// another. Null: not invoiced here.
    #[serde(default, with = "said")]
    pub billing: Option<Option<Billing>>,
    /// Guaranteed uptime as a fraction.
    #[schema(value_type = Option<String>)]
    pub availability_guarantee: Option<Decimal>,
}

impl ContractInput {
    async fn read(
        &self,
        db: &Db,
        scope: Scope,
        id: ContractId,
        version: i64,
        before: Option<&Contract>,
    ) -> Result<Contract, CommandError> {
        let mut checks = Checks::default();
        let number = checks.required("number", &self.number, MAX_NAME);
        if customers::find(db, scope, self.customer_id).await?.is_none() {
            checks.add("customer_id", Reason::UnknownChoice);
        }
        if let Some(ids) = &self.asset_ids {
            let found = assets::find_by_ids(db, scope, ids.iter().copied()).await?;
            if found.len() != ids.len() || found.values().any(|asset| asset.customer_id != self.customer_id) {
                checks.add("asset_ids", Reason::AssetOfAnotherCustomer);
            }
        }
        for (field, hours) in
            [("response_hours", &self.response_hours), ("restore_hours", &self.restore_hours)]
        {
            checks.within(field, hours.as_ref(), &PROMISED_HOURS, Reason::ContractsHours);
        }
        checks.within(
            "included_visits",
            self.included_visits.as_ref(),
            &(0..=INCLUDED_MOST),
            Reason::ContractsIncluded,
        );
        let most = Decimal::from(INCLUDED_MOST);
        checks.within(
            "included_hours",
            self.included_hours.as_ref(),
            &(Decimal::ZERO..=most),
            Reason::ContractsIncluded,
        );
        for (field, share) in [
            ("labour_share", Some(&self.labour_share)),
            ("travel_share", Some(&self.travel_share)),
            ("parts_share", Some(&self.parts_share)),
            ("availability_guarantee", self.availability_guarantee.as_ref()),
        ] {
            checks.within(field, share, &(Decimal::ZERO..=Decimal::ONE), Reason::ContractsShare);
        }
        checks.price("included_parts", self.included_parts);
        checks.price("price", Some(self.price));
        checks.finish()?;
        let kept = before.map(|before| (before.start, before.end));
        let (start, end) = term(db, (self.starts_on, self.ends_on), kept).await?;
        let ours = organisation::get(db).await?.ok_or(CommandError::Refused(Refusal::NoOrganisation))?;
        if self.price.currency != ours.currency {
            return Err(CommandError::field("price", Reason::WorkOrdersOurCurrency));
        }
        let yearly = Billing { every: Every::Year, due: Due::Advance, from: None };
        let contract = Contract {
            id,
            customer_id: self.customer_id,
            number,
            tier: self.tier,
            covers_assets: self.asset_ids.clone().map_or(CoveredAssets::All, CoveredAssets::Listed),
            start,
            end,
            shares: Shares { labour: self.labour_share, travel: self.travel_share, parts: self.parts_share },
            limits: Limits {
                hours: self.included_hours,
                visits: self.included_visits,
                parts: self.included_parts,
            },
            response_hours: self.response_hours,
            restore_hours: self.restore_hours,
            price: self.price,
            billing: self.billing.unwrap_or(before.map_or(Some(yearly), |before| before.billing)),
            availability_guarantee: self.availability_guarantee,
            version,
        };
        let contract = contract.validate().map_err(|e| match e {
            InvalidContract::EndBeforeStart => CommandError::field("ends_on", Reason::ContractsEnd),
            InvalidContract::ShareOutOfRange => CommandError::field("labour_share", Reason::ContractsShare),
            InvalidContract::NegativeLimit => CommandError::field("included_hours", Reason::Negative),
            InvalidContract::GuaranteeOutOfRange => {
                CommandError::field("availability_guarantee", Reason::ContractsShare)
            }
            InvalidContract::NoAssets => CommandError::field("asset_ids", Reason::AssetOfAnotherCustomer),
            InvalidContract::MixedCurrencies => {
                CommandError::field("included_parts", Reason::ContractsCurrency)
            }
        })?;
        if before.is_some() && contract.billing.is_some() {
            keeps_invoiced(db, &contract, &ours).await?;
        }
        Ok(contract)
    }
}

/// From the first instant of `first` to the instant after `last`, in the organisation's time zone. Days that `kept`
/// already has keep their instants, so that saving what was not touched changes nothing.
async fn term(
    db: &Db,
    (first, last): (Date, Date),
    kept: Option<(Timestamp, Timestamp)>,
) -> Result<(Timestamp, Timestamp), CommandError> {
    let organisation = organisation::get(db).await?.ok_or(CommandError::Refused(Refusal::NoOrganisation))?;
    let zone = organisation.zone();
    let kept_start = kept.map(|(start, _)| start).filter(|start| date_of(*start, zone) == first);
    let kept_end = kept.map(|(_, end)| end).filter(|end| last_day(*end, zone) == last);
    Ok((
        kept_start.unwrap_or_else(|| start_of_day(first, zone)),
        kept_end.unwrap_or_else(|| end_of_day(last, zone)),
    ))
}

/// Tells a value that is absent from one that is null.
mod said {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(s)
    }
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(d).map(Some)
    }
}

pub async fn create(deps: &Deps, mut cx: Context, input: ContractInput) -> Result<Contract, CommandError> {
    let tx = match cx.begin(&deps.records, "contracts.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(contract) => return Ok(contract),
    };
    let contract = input.read(&tx, cx.scope(), ContractId::generate(), 1, None).await?;
    contracts::insert(&tx, &contract).await.map_err(taken)?;
    cx.finish(tx, contract).await
}

pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: ContractId,
    version: i64,
    input: ContractInput,
) -> Result<Contract, CommandError> {
    let tx = match cx.begin(&deps.records, "contracts.update", &(id, version, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(contract) => return Ok(contract),
    };
    let before = scope::contract(&tx, cx.scope(), id).await?;
    if before.customer_id != input.customer_id {
        return Err(CommandError::field("customer_id", Reason::ContractsCustomer));
    }
    let contract = input.read(&tx, cx.scope(), id, version, Some(&before)).await?;
    let contract = contracts::update(&tx, contract).await.map_err(taken)?;
    cx.finish(tx, contract).await
}

/// A number that another contract has is something the form can say.
fn taken(error: StoreError) -> CommandError {
    match error {
        StoreError::Conflict(what) if what.contains("contracts.number") => {
            CommandError::field("number", Reason::ContractsNumber)
        }
        error => error.into(),
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarrantyInput {
    #[schema(value_type = uuid::Uuid)]
    pub asset_id: AssetId,
    /// First and last day, both covered, in the organisation's time zone.
    #[schema(value_type = String, example = "2026-01-01")]
    pub starts_on: Date,
    #[schema(value_type = String, example = "2027-12-31")]
    pub ends_on: Date,
    /// `labour`, `travel`, `part`, `expense`.
    #[schema(value_type = Vec<String>)]
    pub covers: BTreeSet<LineKind>,
    /// Who repays us; our own promise when left out.
    pub supplier: Option<String>,
}

pub async fn create_warranty(
    deps: &Deps,
    mut cx: Context,
    input: WarrantyInput,
) -> Result<Warranty, CommandError> {
    let tx = match cx.begin(&deps.records, "warranties.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(warranty) => return Ok(warranty),
    };
    let mut checks = Checks::default();
    if assets::find(&tx, cx.scope(), input.asset_id).await?.is_none() {
        checks.add("asset_id", Reason::UnknownChoice);
    }
    if input.covers.is_empty() {
        checks.add("covers", Reason::UnknownChoice);
    }
    if input.ends_on < input.starts_on {
        checks.add("ends_on", Reason::ContractsEnd);
    }
    let supplier = checks.optional("supplier", input.supplier.as_deref(), MAX_NAME);
    checks.finish()?;
    let (start, end) = term(&tx, (input.starts_on, input.ends_on), None).await?;
    let warranty = Warranty {
        id: WarrantyId::generate(),
        asset_id: input.asset_id,
        start,
        end,
        covers: input.covers,
        supplier,
        version: 1,
    };
    warranties::insert(&tx, &warranty).await?;
    cx.finish(tx, warranty).await
}
