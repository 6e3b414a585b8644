//! Customers, sites, models, assets and devices together: what one table promises usually involves another.

use super::place;
use crate::{
    StoreError,
    records::{
        PageRequest, Records,
        across::{choices, demo as demo_things},
        fleet::{assets, customers, devices, models, sites, territories},
    },
};
use domain::fleet::customer::Buyer;
use domain::{
    Currency, Money,
    clock::from_micros,
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        device::{Device, DeviceProfile},
        model::Model,
        site::Site,
        territory::Territory,
    },
    id::{AssetId, CustomerId, DeviceId, ModelId, SiteId, TerritoryId},
    people::account::{Actor, Role, Scope},
};
use sea_orm::{EntityTrait, entity::prelude::Uuid};
use std::time::Instant;

fn everything() -> Scope {
    Actor::system().scope()
}

struct House {
    records: Records,
    _place: place::Place,
}

async fn house() -> House {
    let (place, records) = place::records().await;
    House { records, _place: place }
}

fn customer(name: &str) -> Customer {
    Customer {
        id: CustomerId::generate(),
        name: name.into(),
        email: Some("ana@example.com".into()),
        phone: None,
        tax_id: Some("ESB1".into()),
        billing_address: "Calle Mayor 1".into(),
        buyer: Buyer::default(),
        currency: "RON".parse().unwrap(),
        created_at: from_micros(5),
    }
}
fn site(customer_id: CustomerId, territory_id: Option<TerritoryId>) -> Site {
    Site {
        id: SiteId::generate(),
        customer_id,
        territory_id,
        name: "Plant".into(),
        address: "Strada 1".into(),
        latitude: Some(45.5),
        longitude: Some(-3.25),
        time_zone: "Europe/Bucharest".into(),
        access_notes: None,
    }
}
fn model(name: &str) -> Model {
    Model {
        id: ModelId::generate(),
        manufacturer: "Carrier".into(),
        name: name.into(),
        equipment_type: "chiller".into(),
    }
}
fn asset(site: &Site, model_id: ModelId, name: &str, serial_number: &str) -> Asset {
    Asset {
        id: AssetId::generate(),
        customer_id: site.customer_id,
        site_id: site.id,
        model_id,
        name: name.into(),
        serial_number: serial_number.into(),
        functional_location: Some("Roof".into()),
        criticality: Criticality::Critical,
        in_service_from: from_micros(1),
        in_service_to: Some(from_micros(2)),
        downtime_cost_per_hour: Some(Money::new(12_345, Currency::EUR)),
        version: 1,
    }
}
fn device(asset_id: Option<AssetId>, name: &str) -> Device {
    Device {
        id: DeviceId::generate(),
        asset_id,
        name: name.into(),
        profile: DeviceProfile::Thingsboard,
        profile_id: None,
        gateway_id: None,
        created_at: from_micros(7),
        revoked_at: None,
    }
}

struct Fleet {
    customer: Customer,
    site: Site,
    model: Model,
    asset: Asset,
    device: Device,
}

/// One of each, whose device signs in with `token`.
async fn fleet(records: &Records, name: &str, token: &str) -> Fleet {
    let customer = customer(name);
    let territory = Territory { id: TerritoryId::generate(), name: format!("Area {name}") };
    let site = site(customer.id, Some(territory.id));
    let model = model(&format!("Model {name}"));
    let asset = asset(&site, model.id, &format!("Asset {name}"), name);
    let device = device(Some(asset.id), &format!("Device {name}"));
    let tx = records.begin().await.unwrap();
    territories::insert(&tx, &territory).await.unwrap();
    customers::insert(&tx, &customer).await.unwrap();
    sites::insert(&tx, &site).await.unwrap();
    models::insert(&tx, &model).await.unwrap();
    assets::insert(&tx, &asset).await.unwrap();
    devices::insert(&tx, &device, devices::token_hash(token)).await.unwrap();
    tx.commit().await.unwrap();
    Fleet { customer, site, model, asset, device }
}

#[tokio::test]
async fn everything_comes_back_as_it_was_kept() {
    let house = house().await;
    let db = house.records.read();
    let made = fleet(&house.records, "A", "token").await;
    assert_eq!(customers::get(db, made.customer.id).await.unwrap(), Some(made.customer.clone()));
    assert_eq!(sites::get(db, made.site.id).await.unwrap(), Some(made.site.clone()));
    assert_eq!(models::get(db, made.model.id).await.unwrap(), Some(made.model.clone()));
    assert_eq!(assets::get(db, made.asset.id).await.unwrap(), Some(made.asset.clone()));
    assert_eq!(devices::get(db, made.device.id).await.unwrap(), Some(made.device.clone()));
    assert_eq!(devices::of_asset(db, made.asset.id).await.unwrap(), std::slice::from_ref(&made.device));
    assert_eq!(devices::asset_map(db).await.unwrap().get(&made.device.id), Some(&made.asset.id));
    assert_eq!(assets::get(db, AssetId::generate()).await.unwrap(), None);
}

#[tokio::test]
async fn only_the_present_token_opens_the_door() {
    let house = house().await;
    let (records, db) = (&house.records, house.records.read());
    let made = fleet(records, "A", "first").await;
    let id = made.device.id;
    assert_eq!(devices::authenticate(db, "first").await.unwrap().map(|d| d.id), Some(id));
    assert_eq!(devices::authenticate(db, "other").await.unwrap(), None);

    let tx = records.begin().await.unwrap();
    devices::rotate(&tx, id, devices::token_hash("second")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(devices::authenticate(db, "first").await.unwrap(), None);
    assert!(devices::authenticate(db, "second").await.unwrap().is_some());

    let tx = records.begin().await.unwrap();
    devices::revoke(&tx, id, from_micros(9)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(devices::authenticate(db, "second").await.unwrap(), None);
    assert_eq!(devices::get(db, id).await.unwrap().unwrap().revoked_at, Some(from_micros(9)));
    assert_eq!(devices::credentials_changed_after(db, 0, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_must_be_unique_is() {
    let house = house().await;
    let made = fleet(&house.records, "A", "token").await;
    let tx = house.records.begin().await.unwrap();
    let same_token = devices::insert(&tx, &device(None, "B"), devices::token_hash("token")).await;
    assert!(matches!(same_token, Err(StoreError::Conflict(_))), "{same_token:?}");
    drop(tx);
    let tx = house.records.begin().await.unwrap();
    let same_serial = assets::insert(&tx, &asset(&made.site, made.model.id, "B", "A")).await;
    assert!(matches!(same_serial, Err(StoreError::Conflict(_))), "{same_serial:?}");
    drop(tx);
    let tx = house.records.begin().await.unwrap();
    // Nobody knows the serial numbers of these two.
    assets::insert(&tx, &asset(&made.site, made.model.id, "B", "")).await.unwrap();
    assets::insert(&tx, &asset(&made.site, made.model.id, "C", "")).await.unwrap();
    let nowhere = Asset { site_id: SiteId::generate(), ..asset(&made.site, made.model.id, "D", "D") };
    let nowhere = assets::insert(&tx, &nowhere).await;
    assert!(matches!(nowhere, Err(StoreError::Conflict(_))), "an asset without a site: {nowhere:?}");
}

#[tokio::test]
async fn the_second_of_two_editors_is_told() {
    let house = house().await;
    let made = fleet(&house.records, "A", "token").await;
    let tx = house.records.begin().await.unwrap();
    let first = assets::update(&tx, Asset { name: "First".into(), ..made.asset.clone() }).await.unwrap();
    assert_eq!(first.version, 2);
    let second = assets::update(&tx, Asset { name: "Second".into(), ..made.asset.clone() }).await;
    assert!(matches!(second, Err(StoreError::Conflict(_))), "{second:?}");
    tx.commit().await.unwrap();
    let kept = assets::get(house.records.read(), made.asset.id).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.version), ("First", 2));
}

#[tokio::test]
async fn lists_are_narrowed_and_searched() {
    let house = house().await;
    let db = house.records.read();
    let ours = fleet(&house.records, "Ours 100%", "a").await;
    fleet(&house.records, "Theirs", "b").await;
    let page = PageRequest::default();
    let names = |filter: assets::Filter| {
        let page = page.clone();
        async move {
            let found = assets::list(db, everything(), &filter, &page).await.unwrap();
            found.items.into_iter().map(|asset| asset.name).collect::<Vec<_>>()
        }
    };
    let text = |text: &str| assets::Filter { text: Some(text.into()), ..Default::default() };
    assert_eq!(names(assets::Filter::default()).await, ["Asset Ours 100%", "Asset Theirs"]);
    assert_eq!(names(text("ROOF")).await.len(), 2);
    assert_eq!(names(text("100%")).await, ["Asset Ours 100%"], "a percent sign is no wildcard");
    assert_eq!(names(text("a_s")).await, [""; 0], "an underscore is no wildcard");
    let own = assets::Filter { customer: Some(ours.customer.id), ..Default::default() };
    assert_eq!(names(own).await, ["Asset Ours 100%"]);
    let model = assets::Filter { model: Some(ours.model.id), ..Default::default() };
    assert_eq!(names(model).await, ["Asset Ours 100%"]);
    let owner = Actor { role: Role::Integration, customer: Some(ours.customer.id), ..Actor::system() };
    let all = devices::Filter::default();
    assert_eq!(
        devices::list(db, owner.scope(), &all, &PageRequest::default()).await.unwrap().items,
        [ours.device]
    );
    let stranger = Actor {
        role: Role::Technician,
        technician: Some(domain::id::TechnicianId::generate()),
        ..Actor::system()
    };
    for nobody in [stranger.scope(), Scope::nothing()] {
        let none = assets::list(db, nobody, &assets::Filter::default(), &page).await.unwrap().items;
        assert_eq!(none, [], "a technician without work sees nothing");
        assert_eq!(assets::find(db, nobody, ours.asset.id).await.unwrap(), None);
    }
    let unknown =
        assets::Filter { state: Some(domain::condition::EquipmentState::Unknown), ..Default::default() };
    assert_eq!(names(unknown).await.len(), 2, "of assets that never spoke nothing is known");
}

#[tokio::test]
async fn pages_of_ten_thousand_assets_are_complete_and_fast() {
    let house = house().await;
    let made = fleet(&house.records, "A", "token").await;
    let tx = house.records.begin().await.unwrap();
    let rows: Vec<_> = (0..9_999)
        // Names repeat, so the id has to decide.
        .map(|n| assets::to_row(&asset(&made.site, made.model.id, &format!("Pump {}", n % 100), "")).unwrap())
        .collect();
    for some in rows.chunks(1_000) {
        assets::Entity::insert_many(some.to_vec()).exec_without_returning(&*tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut page = PageRequest::first(500);
    let (mut seen, mut slowest) = (std::collections::BTreeSet::new(), 0.0_f64);
    loop {
        let began = Instant::now();
        let found = assets::list(house.records.read(), everything(), &assets::Filter::default(), &page)
            .await
            .unwrap();
        slowest = slowest.max(began.elapsed().as_secs_f64());
        seen.extend(found.items.iter().map(|asset| asset.id));
        let Some(cursor) = found.next_cursor else { break };
        page.cursor = Some(cursor);
    }
    assert_eq!(seen.len(), 10_000);
    assert!(slowest < 1.0, "a page took {slowest} s");
    page.cursor = Some("not a cursor".into());
    let refused = assets::list(house.records.read(), everything(), &assets::Filter::default(), &page).await;
    assert!(matches!(refused, Err(StoreError::Cursor)));
}

#[tokio::test]
async fn the_demo_leaves_and_what_is_ones_own_stays() {
    let house = house().await;
    let (records, db) = (&house.records, house.records.read());
    let demo = fleet(records, "Demo", "a").await;
    let own = fleet(records, "Own", "b").await;
    let tx = records.begin().await.unwrap();
    // One's own device on a demo asset, and one's own asset of a demo model.
    let guest = device(Some(demo.asset.id), "Guest");
    devices::insert(&tx, &guest, devices::token_hash("c")).await.unwrap();
    let adopted = asset(&own.site, demo.model.id, "Adopted", "X");
    assets::insert(&tx, &adopted).await.unwrap();
    tx.commit().await.unwrap();

    let tx = records.begin().await.unwrap();
    let made: [(&str, Uuid); 4] = [
        ("customer", demo.customer.id.into()),
        ("model", demo.model.id.into()),
        ("device", demo.device.id.into()),
        ("territory", demo.site.territory_id.expect("a territory").into()),
    ];
    for (kind, id) in made {
        demo_things::remember(&tx, kind, id).await.unwrap();
    }
    assert_eq!(demo_things::remove(&tx).await.unwrap(), [demo.device.id]);
    tx.commit().await.unwrap();

    assert_eq!(customers::get(db, demo.customer.id).await.unwrap(), None);
    assert_eq!(sites::get(db, demo.site.id).await.unwrap(), None);
    assert_eq!(assets::get(db, demo.asset.id).await.unwrap(), None);
    assert_eq!(devices::get(db, demo.device.id).await.unwrap(), None);
    assert!(models::get(db, demo.model.id).await.unwrap().is_some(), "an own asset is of this model");
    assert_eq!(devices::get(db, guest.id).await.unwrap().map(|d| d.asset_id), Some(None));
    assert_eq!(assets::get(db, own.asset.id).await.unwrap(), Some(own.asset));
    assert_eq!(assets::get(db, adopted.id).await.unwrap(), Some(adopted));
    assert_eq!(territories::all(db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_one_that_is_called_just_so_comes_before_those_that_contain_it() {
    let house = house().await;
    let (owner, type_of) = (customer("Nordmill"), model("30XA"));
    let place = site(owner.id, None);
    let tx = house.records.begin().await.unwrap();
    customers::insert(&tx, &owner).await.unwrap();
    sites::insert(&tx, &place).await.unwrap();
    models::insert(&tx, &type_of).await.unwrap();
    for (name, serial) in [("CH-10", "1"), ("CH-1", "2"), ("A CH-1 twin", "3"), ("\u{dc}nit", "4")] {
        assets::insert(&tx, &asset(&place, type_of.id, name, serial)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let names = async |sought: &str, limit: u64| -> Vec<String> {
        let found = choices::assets(house.records.read(), everything(), None, sought, limit).await.unwrap();
        found.into_iter().map(|asset| asset.name).collect()
    };
    assert_eq!(names("ch-1", 20).await, ["CH-1", "A CH-1 twin", "CH-10"]);
    assert_eq!(names("ch-1", 1).await, ["CH-1"]);
    assert_eq!(names("", 2).await, ["A CH-1 twin", "CH-1"], "nothing typed: by name");
    assert_eq!(names("\u{fc}nit", 20).await, ["\u{dc}nit"]);
    assert_eq!(names("ch-10 nordmill plant", 20).await, ["CH-10"], "by its customer and site");
    assert_eq!(names("4", 20).await, ["\u{dc}nit"], "by its serial number");
    assert_eq!(names("ch-1 nobody", 20).await, Vec::<String>::new(), "every word must be found");
}
