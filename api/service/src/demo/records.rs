//! The demo's things: customers with their sites and assets, contracts and warranties, technicians, parts on shelves
//! and in vans, rules and devices. All of it in one transaction, so that there is all of it or nothing.

use super::plan::{
    ASSETS, AssetPlan, CUSTOMERS, CustomerPlan, DAYS, MODELS, PARTS, TECHNICIANS, TERRITORIES, units,
};
use crate::{command::CommandError, people::accounts::secrets};
use chrono::TimeDelta;
use domain::fleet::customer::Buyer;
use domain::{
    Currency, Money, Timestamp,
    calendar::{Zone, date_of, end_of_day, start_of_day},
    condition::{
        Severity,
        rule::{Condition, DeviationLimit, Direction, Rule, RuleSettings, Scope, Side},
    },
    fleet::{
        asset::Asset,
        customer::Customer,
        device::{Device, DeviceProfile},
        model::{MetricName, Model},
        site::Site,
        territory::Territory,
    },
    id::{
        AssetId, ContractId, CustomerId, DeviceId, ModelId, PartId, RuleId, SiteId, StockLocationId,
        StockMovementId, TechnicianId, TerritoryId, WarrantyId,
    },
    money::{
        contract::{
            Contract, CoveredAssets, Limits, Shares,
            billing::{Billing, Due, Every},
        },
        warranty::Warranty,
    },
    work::{
        line::LineKind,
        stock::{MovementReason, Part, StockLocation, StockLocationKind, StockMovement},
        technician::Technician,
    },
};
use rust_decimal::Decimal;
use store::{
    StoreError,
    records::{
        Tx,
        condition::rules,
        fleet::{assets, customers, devices, model_metrics, models, sites, territories},
        money::{contracts, warranties},
        people::organisation,
        work::{parts, stock, technicians},
    },
};

/// What the service history needs to know again.
pub struct Things {
    pub customers: Vec<CustomerId>,
    /// In the order of the plan.
    pub assets: Vec<AssetId>,
    pub technicians: Vec<TechnicianId>,
    pub parts: Vec<PartId>,
}

pub async fn insert(tx: &Tx, anchor: Timestamp) -> Result<Things, CommandError> {
    let before = anchor - TimeDelta::days(DAYS);
    let zone = organisation::get(tx).await?.map_or(Zone::UTC, |organisation| organisation.zone());
    let mut territory_ids = Vec::new();
    for name in TERRITORIES {
        let territory = Territory { id: TerritoryId::generate(), name: name.into(), demo: true };
        territories::insert(tx, &territory).await?;
        territory_ids.push(territory.id);
    }
    let mut model_ids = Vec::new();
    for plan in &MODELS {
        let model = Model {
            id: ModelId::generate(),
            manufacturer: plan.manufacturer.into(),
            name: plan.name.into(),
            equipment_type: plan.equipment_type.into(),
            demo: true,
        };
        models::insert(tx, &model).await?;
        let named = |(metric, unit): &(&str, &str)| MetricName {
            metric: (*metric).into(),
            name: String::new(),
            unit: (*unit).into(),
        };
        let names: Vec<MetricName> = units(plan.equipment_type).iter().map(named).collect();
        model_metrics::replace(tx, model.id, &names).await?;
        model_ids.push(model.id);
    }
    let mut places = Vec::new();
    for (plan, number) in CUSTOMERS.iter().zip(1..) {
        places.push(customer(tx, plan, number, territory_ids[plan.territory], (before, zone)).await?);
    }
    let mut asset_ids = Vec::new();
    for plan in &ASSETS {
        asset_ids.push(asset(tx, plan, places[plan.customer], model_ids[plan.model], (anchor, zone)).await?);
    }
    let part_ids = parts_and_vans(tx, before).await?;
    let technician_ids = people(tx, &territory_ids, &part_ids, before).await?;
    for settings in rule_settings() {
        let rule = Rule {
            id: RuleId::generate(),
            version: 1,
            settings,
            built_in: false,
            demo: true,
            created_at: before,
            updated_at: before,
        };
        rules::insert(tx, &rule).await?;
    }
    Ok(Things {
        customers: places.into_iter().map(|(customer, _)| customer).collect(),
        assets: asset_ids,
        technicians: technician_ids,
        parts: part_ids,
    })
}

async fn customer(
    tx: &Tx,
    plan: &CustomerPlan,
    number: u32,
    territory: TerritoryId,
    (before, zone): (Timestamp, Zone),
) -> Result<(CustomerId, SiteId), CommandError> {
    let customer = Customer {
        id: CustomerId::generate(),
        name: plan.name.into(),
        email: Some(plan.email.into()),
        phone: None,
        tax_id: Some(plan.tax_id.into()),
        billing_address: plan.address.into(),
        buyer: Buyer::default(),
        currency: Currency::EUR,
        demo: true,
        created_at: before,
    };
    customers::insert(tx, &customer).await?;
    let site = Site {
        id: SiteId::generate(),
        customer_id: customer.id,
        territory_id: Some(territory),
        name: plan.site.into(),
        address: plan.address.into(),
        latitude: Some(plan.place.0),
        longitude: Some(plan.place.1),
        time_zone: plan.zone.into(),
        access_notes: plan.access.map(Into::into),
    };
    sites::insert(tx, &site).await?;
    let first = date_of(before - TimeDelta::days(60), zone);
    if let Some((tier, [labour, travel, parts], hours, response_hours, restore_hours)) = plan.contract {
        let percent = |value| Decimal::new(value, 2);
        let contract = Contract {
            id: ContractId::generate(),
            customer_id: customer.id,
            number: format!("SC-DEMO-{number:03}"),
            tier,
            covers_assets: CoveredAssets::All,
            start: start_of_day(first, zone),
            end: end_of_day(first.plus_days(364).unwrap_or(first), zone),
            shares: Shares { labour: percent(labour), travel: percent(travel), parts: percent(parts) },
            limits: Limits { hours: hours.map(Decimal::from), visits: None, parts: None },
            response_hours: Some(response_hours),
            restore_hours: Some(restore_hours),
            price: Money::new(1_250_000 + i64::from(number) * 215_000, Currency::EUR),
            // What was before the demo's time was invoiced elsewhere.
            billing: Some(Billing {
                every: Every::Month,
                due: Due::Advance,
                from: Some(date_of(before, zone)),
            }),
            availability_guarantee: (restore_hours <= 24).then(|| percent(98)),
            version: 1,
        };
        contracts::insert(tx, &contract).await?;
    }
    Ok((customer.id, site.id))
}

async fn asset(
    tx: &Tx,
    plan: &AssetPlan,
    (customer_id, site_id): (CustomerId, SiteId),
    model_id: ModelId,
    (anchor, zone): (Timestamp, Zone),
) -> Result<AssetId, StoreError> {
    let in_service_from = anchor - TimeDelta::days(plan.age_months * 30);
    let asset = Asset {
        id: AssetId::generate(),
        customer_id,
        site_id,
        model_id,
        name: plan.name.into(),
        serial_number: format!("D-{}", plan.name.replace('-', "")),
        functional_location: Some(plan.location.into()),
        criticality: plan.criticality,
        // The past that the demo knows begins here; a longer exposure without data would be unknown time.
        in_service_from: in_service_from.max(anchor - TimeDelta::days(DAYS)),
        in_service_to: None,
        downtime_cost_per_hour: Some(Money::new(plan.downtime_cost_per_hour * 100, Currency::EUR)),
        version: 1,
    };
    assets::insert(tx, &asset).await?;
    let first = date_of(in_service_from, zone);
    let warranty = Warranty {
        id: WarrantyId::generate(),
        asset_id: asset.id,
        start: start_of_day(first, zone),
        end: end_of_day(first.plus_days(729).unwrap_or(first), zone),
        covers: [LineKind::Labour, LineKind::Part].into(),
        supplier: Some(MODELS[plan.model].manufacturer.into()),
        version: 1,
    };
    warranties::insert(tx, &warranty).await?;
    let device = Device {
        id: DeviceId::generate(),
        asset_id: Some(asset.id),
        name: plan.name.into(),
        profile: DeviceProfile::Thingsboard,
        created_at: anchor,
        revoked_at: None,
        demo: true,
    };
    // Each start gives it a token of its own; nobody knows this one.
    let nobodys = secrets::random_secret();
    devices::insert(tx, &device, devices::token_hash(&nobodys)).await?;
    Ok(asset.id)
}

async fn parts_and_vans(tx: &Tx, before: Timestamp) -> Result<Vec<PartId>, CommandError> {
    let central = place(StockLocationKind::Central, "Central warehouse (demo)");
    stock::insert_location(tx, &central).await?;
    let mut ids = Vec::new();
    for plan in &PARTS {
        let part = Part {
            id: PartId::generate(),
            number: plan.number.into(),
            name: plan.name.into(),
            unit_price: Money::new(plan.price_minor, Currency::EUR),
            unit_cost: Money::new(plan.cost_minor, Currency::EUR),
            reorder_point: Decimal::from(plan.central / 4),
            active: true,
            demo: true,
            version: 1,
        };
        parts::insert(tx, &part).await?;
        receive(tx, part.id, central.id, plan.central, before).await?;
        ids.push(part.id);
    }
    Ok(ids)
}

async fn people(
    tx: &Tx,
    territories: &[TerritoryId],
    parts: &[PartId],
    before: Timestamp,
) -> Result<Vec<TechnicianId>, CommandError> {
    let mut ids = Vec::new();
    for plan in &TECHNICIANS {
        let van = place(StockLocationKind::Van, plan.name);
        stock::insert_location(tx, &van).await?;
        for (part, plan) in parts.iter().zip(&PARTS) {
            receive(tx, *part, van.id, plan.van, before).await?;
        }
        let technician = Technician {
            id: TechnicianId::generate(),
            name: plan.name.into(),
            email: None,
            phone: Some(plan.phone.into()),
            skills: plan.skills.iter().map(|skill| (*skill).into()).collect(),
            territory_id: Some(territories[plan.territory]),
            van_id: Some(van.id),
            cost_per_hour: Some(Money::new(plan.cost_per_hour * 100, Currency::EUR)),
            active: true,
            demo: true,
            version: 1,
        };
        technicians::insert(tx, &technician).await?;
        ids.push(technician.id);
    }
    Ok(ids)
}

fn place(kind: StockLocationKind, name: &str) -> StockLocation {
    StockLocation {
        id: StockLocationId::generate(),
        kind,
        name: name.into(),
        customer_id: None,
        may_go_negative: false,
        demo: true,
    }
}

async fn receive(
    tx: &Tx,
    part_id: PartId,
    to: StockLocationId,
    quantity: i64,
    at: Timestamp,
) -> Result<(), CommandError> {
    let movement = StockMovement {
        id: StockMovementId::generate(),
        part_id,
        from: None,
        to: Some(to),
        quantity: Decimal::from(quantity),
        reason: MovementReason::Receipt,
        line_id: None,
        note: String::new(),
        at,
    };
    stock::insert(tx, &movement).await.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(())
}

/// Levels lie above what any healthy machine of the kind reaches and below what its faults do.
fn rule_settings() -> Vec<RuleSettings> {
    let above = |raise, clear| (Side::Above, raise, clear);
    let below = |raise, clear| (Side::Below, raise, clear);
    let mut rules = vec![
        threshold("Pump vibration high", "pump", "vibration", above(5.0, 3.5), Some(8.0), "bearing"),
        threshold("Chiller vibration high", "chiller", "vibration", above(5.0, 3.5), Some(8.5), "bearing"),
        threshold(
            "Compressor vibration high",
            "compressor",
            "vibration",
            above(5.5, 4.0),
            Some(9.0),
            "bearing",
        ),
        threshold(
            "Packer vibration high",
            "packaging_line",
            "vibration",
            above(5.5, 4.0),
            Some(8.5),
            "bearing",
        ),
        threshold(
            "Fan vibration high",
            "air_handler",
            "fan_vibration",
            above(4.5, 3.0),
            Some(7.5),
            "bearing",
        ),
        threshold(
            "Suction pressure low",
            "chiller",
            "suction_pressure",
            below(3.2, 3.6),
            Some(2.2),
            "refrigerant circuit",
        ),
        threshold(
            "Discharge temperature high",
            "compressor",
            "discharge_temperature",
            above(101.0, 95.0),
            Some(116.0),
            "cooler",
        ),
        threshold(
            "Motor temperature high",
            "packaging_line",
            "motor_temperature",
            above(78.0, 70.0),
            Some(95.0),
            "motor",
        ),
        threshold(
            "Tube temperature high",
            "ct_scanner",
            "tube_temperature",
            above(76.0, 70.0),
            Some(90.0),
            "tube cooling",
        ),
        threshold(
            "Filter pressure drop high",
            "air_handler",
            "filter_pressure_drop",
            above(260.0, 200.0),
            Some(380.0),
            "filter",
        ),
        threshold(
            "Inlet filter clogged",
            "compressor",
            "filter_pressure_drop",
            above(0.6, 0.4),
            None,
            "filter",
        ),
    ];
    let by = DeviationLimit::Percent(22.0);
    let (mean_over_seconds, baseline_seconds) = (2 * 3600, 7 * 86_400);
    let (metric, for_seconds) = ("flow".into(), 3600);
    let condition = Condition::Deviation {
        metric,
        side: Direction::Below,
        mean_over_seconds,
        baseline_seconds,
        by,
        for_seconds,
    };
    let strainer = rule("Pump flow below its own baseline", condition, "pump", Severity::Minor);
    rules.push(RuleSettings { component: Some("strainer".into()), ..strainer });
    let silence = Condition::NoData { metric: None, after_seconds: 3600 };
    let silence = rule("No data for an hour", silence, "", Severity::Warning);
    rules.push(RuleSettings { scope: Scope::All, opens_ticket: false, ..silence });
    rules
}

fn threshold(
    name: &str,
    equipment_type: &str,
    metric: &str,
    (side, raise, clear): (Side, f64, f64),
    failure_level: Option<f64>,
    component: &str,
) -> RuleSettings {
    let condition = Condition::Threshold { metric: metric.into(), side, raise, clear, for_seconds: 30 };
    RuleSettings {
        failure_level,
        component: Some(component.into()),
        expected_downtime_hours: Some(Decimal::from(8)),
        ..rule(name, condition, equipment_type, Severity::Major)
    }
}

fn rule(name: &str, condition: Condition, equipment_type: &str, severity: Severity) -> RuleSettings {
    RuleSettings {
        name: name.into(),
        condition,
        scope: Scope::EquipmentType(equipment_type.into()),
        severity,
        opens_ticket: true,
        enabled: true,
        historical_limit_seconds: domain::condition::rule::DEFAULT_HISTORICAL_LIMIT_SECONDS,
        historical_opens_ticket: false,
        clear_after_quiet_seconds: Some(1800),
        component: None,
        action: None,
        expected_downtime_hours: None,
        failure_level: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_one_that_a_person_could_have_typed() {
        for settings in rule_settings() {
            assert_eq!(settings.problems(), [], "{}", settings.name);
        }
    }
}
