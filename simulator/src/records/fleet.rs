//! Who owns what, where it stands, who looks after it.

use super::{Dice, Settings};
use anyhow::Result;
use chrono::TimeDelta;
use domain::fleet::customer::Buyer;
use domain::people::organisation::Seller;
use domain::{
    Currency, Money,
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        device::{Device, DeviceProfile},
        model::Model,
        site::Site,
        territory::Territory,
    },
    id::{DeviceId, TechnicianId},
    money::contract::{Contract, CoveredAssets, Limits, Shares, Tier},
    people::organisation::Organisation,
    work::{
        stock::{MovementReason, Part, StockLocation, StockLocationKind, StockMovement},
        technician::Technician,
    },
};
use rust_decimal::Decimal;
use store::records::{
    Records,
    fleet::{assets, customers, devices, models, sites, territories},
    money::contracts,
    people::organisation,
    work::{parts, stock, technicians},
};

pub struct Fleet {
    pub organisation: Organisation,
    pub customers: Vec<Customer>,
    pub sites: Vec<Site>,
    pub assets: Vec<Asset>,
    /// One for each asset, in their order.
    pub devices: Vec<DeviceId>,
    /// One for each customer that has one, in their order.
    pub contracts: Vec<Option<Contract>>,
    pub technicians: Vec<TechnicianId>,
    pub parts: Vec<Part>,
    /// Where all parts lie.
    pub warehouse: StockLocation,
}

const CURRENCY: Currency = Currency::EUR;
const MODELS: usize = 40;
const PARTS: usize = 300;
const TERRITORIES: [&str; 8] = ["North", "South", "East", "West", "Coast", "Hills", "Valley", "Capital"];
const KINDS: [&str; 5] = ["chiller", "pump", "compressor", "air_handler", "packaging_line"];
const TOWNS: [&str; 10] =
    ["Bilbao", "Torino", "Cluj", "苏州", "Lyon", "Porto", "Gdańsk", "Brno", "León", "Iași"];

pub async fn make(records: &Records, settings: &Settings) -> Result<Fleet> {
    let tx = records.begin().await?;
    let mut dice = Dice::new(settings.seed, "fleet", 0);
    let from = settings.from();
    let organisation = match organisation::get(&tx).await? {
        Some(organisation) => organisation,
        None => {
            let made = service_organisation(settings);
            organisation::insert(&tx, &made).await?;
            made
        }
    };
    let mut areas = Vec::new();
    for name in TERRITORIES {
        let territory = Territory { id: dice.id(from).into(), name: name.into() };
        territories::insert(&tx, &territory).await?;
        areas.push(territory.id);
    }
    let mut types = Vec::new();
    for number in 0..MODELS {
        let model = Model {
            id: dice.id(from).into(),
            manufacturer: format!("Maker {}", 1 + number % 7),
            name: format!("M-{}", 100 + number),
            equipment_type: KINDS[number % KINDS.len()].into(),
        };
        models::insert(&tx, &model).await?;
        types.push(model.id);
    }
    let mut fleet = Fleet {
        organisation,
        customers: Vec::new(),
        sites: Vec::new(),
        assets: Vec::new(),
        devices: Vec::new(),
        contracts: Vec::new(),
        technicians: Vec::new(),
        parts: Vec::new(),
        warehouse: StockLocation {
            id: dice.id(from).into(),
            kind: StockLocationKind::Central,
            name: "Warehouse".into(),
            customer_id: None,
            may_go_negative: false,
        },
    };
    stock::insert_location(&tx, &fleet.warehouse).await?;
    for number in 0..settings.assets.div_ceil(25) {
        let customer = customer(&mut dice, settings, number);
        customers::insert(&tx, &customer).await?;
        let contract = (number % 10 < 7).then(|| contract(&mut dice, settings, &customer, number));
        if let Some(contract) = &contract {
            contracts::insert(&tx, contract).await?;
        }
        fleet.customers.push(customer);
        fleet.contracts.push(contract);
    }
    for number in 0..settings.assets.div_ceil(10) {
        let owner = &fleet.customers[number % fleet.customers.len()];
        let town = TOWNS[number % TOWNS.len()];
        let site = Site {
            id: dice.id(from).into(),
            customer_id: owner.id,
            territory_id: Some(areas[number % areas.len()]),
            name: format!("{town} plant {}", number + 1),
            address: format!("{} Main Road, {town}", number + 1),
            latitude: None,
            longitude: None,
            time_zone: fleet.organisation.time_zone.clone(),
            access_notes: None,
        };
        sites::insert(&tx, &site).await?;
        fleet.sites.push(site);
    }
    for number in 0..settings.assets {
        let site = &fleet.sites[number % fleet.sites.len()];
        let asset = asset(&mut dice, settings, site, number, types[number % types.len()]);
        assets::insert(&tx, &asset).await?;
        let device = Device {
            id: dice.id(from).into(),
            asset_id: Some(asset.id),
            name: asset.name.clone(),
            profile: DeviceProfile::Thingsboard,
            profile_id: None,
            gateway_id: None,
            created_at: asset.in_service_from,
            revoked_at: None,
        };
        let nobodys = devices::token_hash(&uuid::Uuid::now_v7().to_string());
        devices::insert(&tx, &device, nobodys).await?;
        fleet.devices.push(device.id);
        fleet.assets.push(asset);
    }
    for number in 0..(settings.assets / 200).max(5) {
        let technician = Technician {
            id: dice.id(from).into(),
            name: format!("Technician {}", number + 1),
            email: None,
            phone: None,
            skills: vec![],
            territory_id: Some(areas[number % areas.len()]),
            van_id: None,
            cost_per_hour: None,
            active: true,
            version: 1,
        };
        technicians::insert(&tx, &technician).await?;
        fleet.technicians.push(technician.id);
    }
    for number in 0..PARTS {
        let cost = 500 + 137 * number as i64;
        let part = Part {
            id: dice.id(from).into(),
            number: format!("P-{:05}", 10_000 + number),
            name: format!(
                "{} {}",
                ["Bearing", "Filter", "Seal", "Belt", "Valve", "轴承"][number % 6],
                number
            ),
            unit_price: Money::new(cost * 8 / 5, CURRENCY),
            unit_cost: Money::new(cost, CURRENCY),
            reorder_point: Decimal::from(2),
            active: true,
            version: 1,
        };
        parts::insert(&tx, &part).await?;
        stock::insert(&tx, &received(&mut dice, settings, &part, &fleet.warehouse)).await?;
        fleet.parts.push(part);
    }
    tx.commit().await?;
    Ok(fleet)
}

/// More than all jobs together could use.
fn received(dice: &mut Dice, settings: &Settings, part: &Part, to: &StockLocation) -> StockMovement {
    StockMovement {
        id: dice.id(settings.from()).into(),
        part_id: part.id,
        from: None,
        to: Some(to.id),
        quantity: Decimal::from(50 + settings.work_orders / 50),
        reason: MovementReason::Receipt,
        line_id: None,
        note: String::new(),
        at: settings.from(),
    }
}

fn service_organisation(settings: &Settings) -> Organisation {
    let rate = |minor| Money::new(minor, CURRENCY);
    Organisation {
        name: "Generated Service".into(),
        address: "1 Main Road".into(),
        tax_id: None,
        seller: Seller::default(),
        currency: CURRENCY,
        time_zone: "Europe/Madrid".into(),
        language: "en".into(),
        labour_rate_per_hour: rate(9_500),
        travel_rate_per_hour: rate(6_000),
        labour_step_minutes: 0,
        travel_step_minutes: 0,
        labour_cost_per_hour: rate(4_200),
        tax_rate: Decimal::new(21, 2),
        payment_terms_days: 30,
        set_up_at: Some(settings.from()),
    }
}

fn customer(dice: &mut Dice, settings: &Settings, number: usize) -> Customer {
    Customer {
        id: dice.id(settings.from()).into(),
        name: format!("{} Works {}", TOWNS[number % TOWNS.len()], number + 1),
        email: Some(format!("office{}@customer.example", number + 1)),
        phone: None,
        tax_id: Some(format!("T{:08}", number + 1)),
        billing_address: format!("{} Main Road", number + 1).as_str().into(),
        buyer: Buyer::default(),
        currency: CURRENCY,
        created_at: settings.from(),
    }
}

fn contract(dice: &mut Dice, settings: &Settings, customer: &Customer, number: usize) -> Contract {
    let share = |hundredths| Decimal::new(hundredths, 2);
    Contract {
        id: dice.id(settings.from()).into(),
        customer_id: customer.id,
        number: format!("SC-{:05}", number + 1),
        tier: Tier::ALL[number % 3],
        covers_assets: CoveredAssets::All,
        start: settings.from(),
        end: settings.until + chrono::TimeDelta::days(200),
        shares: Shares { labour: share(80), travel: share(80), parts: share(50) },
        limits: Limits::default(),
        response_hours: Some(4),
        restore_hours: Some(24),
        price: Money::new(2_500_000, CURRENCY),
        availability_guarantee: None,
        billing: None,
        version: 1,
    }
}

fn asset(
    dice: &mut Dice,
    settings: &Settings,
    site: &Site,
    number: usize,
    model_id: domain::id::ModelId,
) -> Asset {
    let past = settings.until - settings.from();
    let age = TimeDelta::seconds((past.num_seconds() as f64 * dice.within(0.7, 1.0)) as i64);
    let in_service_from = settings.until - age;
    // One in fifty was taken out of service not long ago.
    let gone = dice.below(50) == 0;
    Asset {
        id: dice.id(settings.from()).into(),
        customer_id: site.customer_id,
        site_id: site.id,
        model_id,
        name: format!("A-{:06}", number + 1),
        serial_number: format!("SN{:08}", 10_000_000 + number),
        functional_location: Some(format!("Hall {}", 1 + number % 9)),
        criticality: Criticality::ALL[number % 4],
        in_service_from,
        in_service_to: gone.then(|| settings.until - age / 10),
        downtime_cost_per_hour: Some(Money::new(10_000 + 500 * (number % 40) as i64, CURRENCY)),
        version: 1,
    }
}
