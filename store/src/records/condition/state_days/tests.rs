//! The kept sums against the full computation, after late data, corrections, moves and another zone.

use super::{super::tallies::columns, Past, asset_uptimes, day, ledger, rebuild, version};
use crate::records::{
    Records,
    condition::{failures, states},
    engine::dialect::Dialect,
    fleet::{assets, customers, models, sites},
    people::organisation,
    tests::place,
};
use chrono::TimeDelta;
use domain::fleet::customer::Buyer;
use domain::people::organisation::Seller;
use domain::people::party::Address;
use domain::{
    Currency, Money, Timestamp,
    calendar::{Date, date_of, zone},
    clock::from_micros,
    condition::{
        EquipmentState,
        failure::{DetectedBy, Failure},
        reliability::{Period, Recorded, Uptime, restoration, uptime},
        state::{StateInterval, Stretch, splice},
        tally::Sums,
    },
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        model::Model,
        site::Site,
    },
    id::{AssetId, CustomerId, DeviceId, FailureId, ModelId, SiteId},
    people::organisation::Organisation,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::HashMap;

const ZONES: [&str; 4] = ["America/Santiago", "Europe/Madrid", "Australia/Lord_Howe", "Pacific/Apia"];
const HOUR_US: i64 = 3_600_000_000;

pub(super) struct House {
    pub(super) records: Records,
    dice: StdRng,
    pub(super) fleet: Vec<Asset>,
    sites: Vec<SiteId>,
    failures: Vec<Failure>,
    zone: &'static str,
    /// The first instant anything can happen at.
    start: Timestamp,
    /// Of the first days, with its zone and version.
    past: Option<((&'static str, i64), Past)>,
    _place: place::Place,
}

fn organisation_in(zone: &str) -> Organisation {
    let rate = Money::new(5_000, Currency::EUR);
    Organisation {
        name: "Service".into(),
        address: Address::default(),
        tax_id: None,
        seller: Seller::default(),
        currency: Currency::EUR,
        time_zone: zone.into(),
        language: "en".into(),
        labour_rate_per_hour: rate,
        travel_rate_per_hour: rate,
        labour_step_minutes: 0,
        travel_step_minutes: 0,
        labour_cost_per_hour: rate,
        tax_rate: Decimal::ZERO,
        payment_terms_days: 30,
        set_up_at: None,
    }
}

impl House {
    pub(super) async fn new(seed: u64) -> Self {
        let (place, records) = place::records().await;
        let mut dice = StdRng::seed_from_u64(seed);
        // September: Santiago's day of 23 hours without a midnight; April and October change elsewhere.
        let start: Timestamp = ["2026-09-01T00:00:00Z", "2026-03-25T00:00:00Z", "2026-10-20T00:00:00Z"]
            [dice.random_range(0..3)]
        .parse()
        .unwrap();
        let zone = ZONES[dice.random_range(0..ZONES.len())];
        let tx = records.begin().await.unwrap();
        organisation::insert(&tx, &organisation_in(zone)).await.unwrap();
        let customer = Customer {
            id: CustomerId::generate(),
            name: "Acme".into(),
            email: None,
            phone: None,
            tax_id: None,
            billing_address: Address::default(),
            buyer: Buyer::default(),
            currency: Currency::EUR,
            created_at: start,
        };
        customers::insert(&tx, &customer).await.unwrap();
        let model = Model {
            id: ModelId::generate(),
            manufacturer: "M".into(),
            name: "N".into(),
            equipment_type: "pump".into(),
        };
        models::insert(&tx, &model).await.unwrap();
        let mut house = Self {
            records,
            dice,
            fleet: Vec::new(),
            sites: Vec::new(),
            failures: Vec::new(),
            zone,
            start,
            past: None,
            _place: place,
        };
        for number in 0..2 {
            let site = Site {
                id: SiteId::generate(),
                customer_id: customer.id,
                territory_id: None,
                name: format!("Site {number}"),
                address: String::new(),
                latitude: None,
                longitude: None,
                time_zone: "UTC".into(),
                access_notes: None,
            };
            sites::insert(&tx, &site).await.unwrap();
            house.sites.push(site.id);
        }
        for number in 0..3 {
            let asset = Asset {
                id: AssetId::generate(),
                customer_id: customer.id,
                site_id: house.sites[number % 2],
                model_id: model.id,
                name: format!("A-{number}"),
                serial_number: String::new(),
                functional_location: None,
                criticality: Criticality::High,
                in_service_from: house.instant(),
                in_service_to: None,
                downtime_cost_per_hour: None,
                version: 1,
            };
            assets::insert(&tx, &asset).await.unwrap();
            house.fleet.push(asset);
        }
        tx.commit().await.unwrap();
        house
    }

    fn instant(&mut self) -> Timestamp {
        self.start + TimeDelta::microseconds(self.dice.random_range(0..14 * 24 * HOUR_US))
    }

    async fn log(&self, asset: AssetId) -> Vec<Stretch> {
        states::stretches(self.records.read(), asset, from_micros(0), None).await.unwrap()
    }

    /// Something happens, as the product would write it down.
    async fn step(&mut self) {
        let which = self.dice.random_range(0..self.fleet.len());
        let asset = self.fleet[which].clone();
        let tx = self.records.begin().await.unwrap();
        match self.dice.random_range(0..8) {
            // A part of the log is written anew: late data, a silence, the present.
            0..4 => {
                let old = self.log(asset.id).await;
                let (a, b) = (self.instant(), self.instant());
                let (from, to) = (a.min(b), a.max(b) + TimeDelta::microseconds(1));
                let to = (self.dice.random_range(0..3) > 0).then_some(to);
                let middle = self.instant().max(from);
                let state = |dice: &mut StdRng| EquipmentState::ALL[dice.random_range(0..5)];
                let stretch = |from, to, state, resumes| Stretch { from, to, state, cause: None, resumes };
                let (one, two) = (state(&mut self.dice), state(&mut self.dice));
                let resumes = self.dice.random_range(0..2) > 0;
                let written = [stretch(from, Some(middle), one, resumes), stretch(middle, to, two, false)];
                let new = splice(&old, from, to, &written);
                states::replace(&tx, asset.id, &old, &new).await.unwrap();
            }
            4 => {
                let at = self.instant();
                let failure = Failure {
                    id: FailureId::generate(),
                    asset_id: asset.id,
                    device_id: DeviceId::generate(),
                    at,
                    restored_at: None,
                    code: None,
                    cause: None,
                    detected_by: DetectedBy::StateReport,
                };
                failures::insert(&tx, &failure).await.unwrap();
                self.failures.push(failure);
            }
            5 if !self.failures.is_empty() => {
                let index = self.dice.random_range(0..self.failures.len());
                if self.dice.random_range(0..3) == 0 {
                    failures::delete(&tx, &self.failures.remove(index)).await.unwrap();
                } else {
                    let after = TimeDelta::microseconds(self.dice.random_range(0..30 * HOUR_US));
                    let failure = &mut self.failures[index];
                    failure.restored_at = Some(failure.at + after);
                    failures::update(&tx, failure).await.unwrap();
                }
            }
            6 => {
                let mut moved = asset;
                moved.site_id = self.sites[self.dice.random_range(0..2)];
                moved.in_service_from = self.instant();
                moved.in_service_to = (self.dice.random_range(0..2) > 0).then(|| self.instant());
                self.fleet[which] = assets::update(&tx, moved).await.unwrap();
            }
            _ => {
                self.zone = ZONES[self.dice.random_range(0..ZONES.len())];
                organisation::save(&tx, &organisation_in(self.zone)).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    /// Every row of both tables that says something.
    async fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let site = format!("day || {}", Dialect::of(self.records.read()).id_text("site_id"));
        for (table, key) in [("fleet_days", "day"), ("site_days", site.as_str())] {
            let sums = columns();
            let none: Vec<String> = sums.iter().map(|name| format!("{name} = 0")).collect();
            let sql = format!(
                "SELECT {key} || ':' || start_us || ':' || {} AS line FROM {table} WHERE NOT ({}) ORDER BY 1",
                sums.join(" || ',' || "),
                none.join(" AND ")
            );
            let db = self.records.read();
            let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
            rows.extend(found.unwrap().iter().map(|row| row.try_get::<String>("", "line").unwrap()));
        }
        rows
    }

    async fn computed(&self, sites: &[SiteId], period: Period) -> Option<Uptime> {
        let mut total: Option<Uptime> = None;
        for asset in self.fleet.iter().filter(|asset| sites.contains(&asset.site_id)) {
            let interval = |s: Stretch| StateInterval {
                asset_id: asset.id,
                from: s.from,
                to: s.to,
                state: s.state,
                cause: None,
                resumes: s.resumes,
            };
            let log: Vec<_> = self.log(asset.id).await.into_iter().map(interval).collect();
            let one = uptime(&log, period, asset.in_service_from, asset.in_service_to);
            total = match (total, one) {
                (Some(a), Some(b)) => Some(a.plus(b)),
                (a, b) => a.or(b),
            };
        }
        total
    }

    async fn compare(&mut self) {
        let now = self.instant();
        let zone = zone(self.zone).unwrap();
        let last = date_of(now, zone);
        let first = date_of(self.start, zone).plus_days(self.dice.random_range(-1..10)).unwrap().min(last);
        let days: Vec<_> =
            (first.day_number()..=last.day_number()).map(|n| day(Date::of_day_number(n), zone)).collect();
        let db = self.records.read();
        let kept = ledger(db, first.day_number(), last.day_number() + 1, now).await.unwrap();
        let each = kept.each(days.iter().copied(), now);
        let whole = each.iter().fold(Sums::default(), |a, b| a.plus(b));
        let period = |day: domain::condition::tally::Day| Period { from: day.from, to: day.to.min(now) };
        for (day, sums) in days.iter().zip(&each) {
            let full = self.computed(&self.sites, period(*day)).await;
            same(sums.uptime(), full.filter(|_| day.from < day.to.min(now)));
        }
        let span = Period { from: days[0].from, to: now };
        if span.from >= span.to {
            return;
        }
        same(whole.uptime(), self.computed(&self.sites, span).await);
        let service: HashMap<_, _> = self.fleet.iter().map(|a| (a.id, a.service())).collect();
        let found = Recorded::of(self.failures.clone(), |id| service.get(&id).copied()).in_service;
        let full = restoration(&found, span);
        let own = whole.restoration(kept.open_at_start);
        assert_eq!((own.restored, own.open), (full.restored, full.open));
        let within = found.iter().filter(|f| span.from <= f.at && f.at < span.to).count();
        assert_eq!(whole.failures, i64::try_from(within).unwrap());
        let by_asset = asset_uptimes(db, span.from, span.to).await.unwrap();
        for asset in &self.fleet {
            let kept = by_asset.iter().find(|found| found.id == asset.id).map(|found| found.uptime);
            let log = states::of_asset(db, asset.id, span.from, span.to).await.unwrap();
            same(kept, uptime(&log, span, asset.in_service_from, asset.in_service_to));
        }
        let until = self.dice.random_range(first.day_number()..=last.day_number());
        let past = Past::load(self.records.read(), days[0], until).await.unwrap();
        self.compare_sites(&past, span).await;
        let span = Period { from: self.first_days().0.from, to: now.max(self.start + TimeDelta::days(2)) };
        self.keep_first_days().await;
        let (_, past) = self.past.as_ref().unwrap();
        self.compare_sites(past, span).await;
    }

    /// Where the first day is, and the number of the day after the third.
    fn first_days(&self) -> (domain::condition::tally::Day, i32) {
        let zone = zone(self.zone).unwrap();
        let first = date_of(self.start, zone);
        (day(first, zone), first.day_number() + 3)
    }

    /// Read again only if something is said to have changed.
    async fn keep_first_days(&mut self) {
        let (db, (first, to)) = (self.records.read(), self.first_days());
        let now = (self.zone, version(db, first.number, to).await.unwrap());
        if self.past.as_ref().is_none_or(|(then, _)| *then != now) {
            self.past = Some((now, Past::load(db, first, to).await.unwrap()));
        }
    }

    async fn compare_sites(&self, past: &Past, span: Period) {
        let by_site = past.uptimes(self.records.read(), span.to).await.unwrap();
        for site in &self.sites {
            same(by_site.get(site).copied(), self.computed(&[*site], span).await);
        }
    }
}

fn same(kept: Option<Uptime>, full: Option<Uptime>) {
    let seconds = |u: Uptime| {
        let known = [u.up_seconds, u.down_unplanned_seconds, u.down_planned_seconds, u.idle_seconds];
        (u.in_service_seconds, known, u.unknown_seconds, u.downtime_events)
    };
    let rounded = |u: Option<Uptime>| {
        u.map(seconds).map(|(service, known, unknown, stops)| {
            // Whole microseconds, as they were written: far enough from the noise of the sums in floats.
            let us = |seconds: f64| (seconds * 1e6).round() as i64;
            (us(service), known.map(us), us(unknown), stops)
        })
    };
    assert_eq!(rounded(kept), rounded(full));
}

#[tokio::test]
async fn kept_sums_equal_the_full_computation_after_late_data_and_corrections() {
    for _ in 0..8 {
        let seed: u64 = rand::random();
        println!("seed {seed}");
        let mut house = House::new(seed).await;
        for _ in 0..12 {
            house.step().await;
            house.compare().await;
        }
        let kept = house.rows().await;
        let tx = house.records.begin().await.unwrap();
        rebuild(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(kept, house.rows().await, "kept step by step is what is summed at once");
    }
}
