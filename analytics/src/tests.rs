mod cases;
mod edits;
mod order;
mod order_azure;
mod time;

use super::{engine::Engine, *};
use chrono::TimeDelta;
use domain::fleet::customer::Buyer;
use domain::people::party::Address;
use domain::{
    Currency, ManualClock, Money, Timestamp,
    clock::from_micros,
    condition::{
        EquipmentState, ReportedState, Severity,
        alert::{Alert, ClearReason},
        reliability,
        rule::{Condition, Rule, RuleSettings, Scope, Side},
    },
    event::DomainEvent,
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        device::{Device, DeviceProfile},
        model::Model,
        site::Site,
    },
    id::*,
    telemetry::{Batch, DeviceEvent, DeviceEventKind, Sample, StateReport, correction::Correction},
    work::{
        Priority,
        ticket::{PriorityReason, Resolution, Ticket, TicketSource, TicketState},
    },
};
use rust_decimal::Decimal;
use store::{
    place::{self, Place},
    records::{
        PageRequest,
        condition::{alerts, analytics_state, evidence, failures, rules, states},
        engine::outbox,
        fleet::{assets, customers, devices, models, sites},
        telemetry::device_events,
        work::tickets,
    },
    telemetry::{
        append,
        embedded::{Embedded, EmbeddedConfig},
    },
};
use tempfile::TempDir;

/// 2026-06-15 10:00:00 UTC.
const START_US: i64 = 1_781_517_600_000_000;
const MINUTE: i64 = 60_000_000;

/// An asset in service for a long time.
pub(crate) async fn some_asset(records: &Records) -> AssetId {
    let start = from_micros(START_US - 90 * 24 * 60 * MINUTE);
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
    let site = Site {
        id: SiteId::generate(),
        customer_id: customer.id,
        territory_id: None,
        name: "Works".into(),
        address: String::new(),
        latitude: None,
        longitude: None,
        time_zone: "UTC".into(),
        access_notes: None,
    };
    let model = Model {
        id: ModelId::generate(),
        manufacturer: "M".into(),
        name: "P1".into(),
        equipment_type: "pump".into(),
    };
    let asset = Asset {
        id: AssetId::generate(),
        customer_id: customer.id,
        site_id: site.id,
        model_id: model.id,
        name: "P-1".into(),
        serial_number: "1".into(),
        functional_location: None,
        criticality: Criticality::High,
        in_service_from: start,
        in_service_to: None,
        downtime_cost_per_hour: Some(Money::new(30_000, Currency::EUR)),
        version: 1,
    };
    let tx = records.begin().await.expect("begin");
    customers::insert(&tx, &customer).await.expect("customer");
    sites::insert(&tx, &site).await.expect("site");
    models::insert(&tx, &model).await.expect("model");
    assets::insert(&tx, &asset).await.expect("asset");
    tx.commit().await.expect("commit");
    asset.id
}

struct House {
    deps: Deps,
    clock: ManualClock,
    asset: AssetId,
    device: DeviceId,
    _data: (TempDir, Place),
}

impl House {
    async fn new() -> Self {
        let data = tempfile::tempdir().expect("temporary folder");
        // Late enough that nothing in these tests is of the future, unless a test says so.
        let clock = ManualClock::at(from_micros(START_US + 120 * MINUTE));
        let (place, records) = place::records().await;
        let telemetry = Embedded::open(data.path(), EmbeddedConfig::default()).expect("telemetry");
        let deps = Deps { records, telemetry, clock: Arc::new(clock.clone()), limits: Limits::default() };
        let asset = some_asset(&deps.records).await;
        let device = Device {
            id: DeviceId::generate(),
            asset_id: Some(asset),
            name: "pump sensor".into(),
            profile: DeviceProfile::Thingsboard,
            profile_id: None,
            gateway_id: None,
            created_at: from_micros(START_US - 90 * 24 * 60 * MINUTE),
            revoked_at: None,
        };
        let tx = deps.records.begin().await.expect("begin");
        devices::insert(&tx, &device, "hash".into()).await.expect("device");
        tx.commit().await.expect("commit");
        Self { deps, clock, asset, device: device.id, _data: (data, place) }
    }

    async fn rule(&self, condition: Condition) -> Rule {
        let rule = Rule {
            id: RuleId::generate(),
            version: 1,
            settings: RuleSettings {
                name: "watch".into(),
                condition,
                scope: Scope::All,
                severity: Severity::Major,
                opens_ticket: true,
                enabled: true,
                historical_limit_seconds: 86_400,
                historical_opens_ticket: false,
                clear_after_quiet_seconds: None,
                component: Some("bearing".into()),
                action: None,
                expected_downtime_hours: Some(Decimal::from(4)),
                failure_level: None,
            },
            built_in: false,
            created_at: self.deps.clock.now(),
            updated_at: self.deps.clock.now(),
        };
        let tx = self.deps.records.begin().await.expect("begin");
        rules::insert(&tx, &rule).await.expect("rule");
        tx.commit().await.expect("commit");
        rule
    }

    fn hot(&self) -> Condition {
        Condition::Threshold {
            metric: "t".into(),
            side: Side::Above,
            raise: 80.0,
            clear: 70.0,
            for_seconds: 120,
        }
    }

    /// Values of `t`, a minute apart, from `start` minutes after the beginning on.
    async fn values(&self, start: i64, values: &[f64]) {
        for (index, value) in (0..).zip(values) {
            let ts_us = START_US + (start + index) * MINUTE;
            let sample = Sample { device: self.device, metric: "t".into(), ts_us, value: *value };
            append(self.deps.telemetry.as_ref(), Batch { samples: vec![sample], ..Batch::default() })
                .await
                .expect("kept");
        }
    }
    async fn report(&self, minute: i64, state: ReportedState) {
        let report =
            StateReport { device: self.device, ts_us: START_US + minute * MINUTE, state, cause: None };
        append(self.deps.telemetry.as_ref(), Batch { states: vec![report], ..Batch::default() })
            .await
            .expect("kept");
    }
    async fn event(&self, minute: i64, kind: DeviceEventKind, code: &str) {
        let ts_us = START_US + minute * MINUTE;
        let event = DeviceEvent { device: self.device, ts_us, kind, code: code.into(), text: code.into() };
        append(self.deps.telemetry.as_ref(), Batch { events: vec![event], ..Batch::default() })
            .await
            .expect("kept");
    }

    /// Takes in everything, as a process that starts now and is killed afterwards.
    async fn live_once(&self) -> Engine {
        let mut engine = Engine::recover(&self.deps).await.expect("recovers");
        self.go_on(&mut engine).await;
        engine
    }
    async fn go_on(&self, engine: &mut Engine) {
        let stop = CancellationToken::new();
        while !engine.take_in(&self.deps, &stop).await.expect("takes in") {}
        engine.settle(&self.deps).await.expect("settles");
    }
    async fn edit(&self, rule: &Rule, change: impl FnOnce(&mut RuleSettings)) -> Rule {
        let mut rule = rule.clone();
        change(&mut rule.settings);
        let tx = self.deps.records.begin().await.expect("begin");
        let rule = rules::update(&tx, rule, self.deps.clock.now()).await.expect("edited");
        tx.commit().await.expect("commit");
        rule
    }

    /// What was concluded anew.
    async fn recomputed(&self) -> Vec<Correction> {
        let kinds = vec![DeviceEventKind::Correction];
        let filter = device_events::Filter { kinds, ..Default::default() };
        let found = device_events::list(self.deps.records.read(), &filter, &PageRequest::first(100)).await;
        let told = found.expect("list").items;
        told.iter().filter_map(Correction::of).map(|(_, correction)| correction).collect()
    }

    async fn alerts(&self) -> Vec<Alert> {
        let filter = alerts::Filter { show: alerts::Show::All, ..alerts::Filter::default() };
        let page = PageRequest::first(500);
        let mut found = alerts::list(
            self.deps.records.read(),
            domain::people::account::Actor::system().scope(),
            &filter,
            self.deps.clock.now(),
            &page,
        )
        .await
        .expect("list")
        .items;
        found.sort_by_key(|alert| alert.raised_at);
        found
    }
    async fn told(&self) -> Vec<&'static str> {
        let events = outbox::read_after(self.deps.records.read(), 0, 1000).await.expect("outbox");
        events.into_iter().map(|(_, recorded)| recorded.event.kind()).collect()
    }
    async fn log(&self) -> Vec<(i64, EquipmentState)> {
        let (from, to) = (from_micros(0), Timestamp::MAX_UTC);
        let log = states::of_asset(self.deps.records.read(), self.asset, from, to).await.expect("log");
        log.into_iter().map(|i| ((i.from.timestamp_micros() - START_US) / MINUTE, i.state)).collect()
    }
}

const FAULT: [f64; 9] = [20.0, 20.0, 85.0, 86.0, 87.0, 88.0, 60.0, 60.0, 60.0];

#[tokio::test]
async fn a_held_threshold_raises_one_explained_alert_and_clears_it() {
    let house = House::new().await;
    let rule = house.rule(house.hot()).await;
    house.values(0, &FAULT).await;
    house.live_once().await;

    let found = house.alerts().await;
    assert_eq!(found.len(), 1);
    let alert = &found[0];
    assert_eq!(alert.raised_at, from_micros(START_US + 4 * MINUTE));
    assert_eq!(alert.cleared_at, Some(from_micros(START_US + 6 * MINUTE)));
    assert!(alert.opens_ticket && !alert.historical && !alert.suppressed);
    assert_eq!(alert.money_at_risk, Some(Money::new(120_000, Currency::EUR)), "4 h at 300.00");
    assert_eq!(house.told().await, ["alert_raised", "alert_cleared", "alert_group_cleared"]);

    let evidence = evidence::get(house.deps.records.read(), alert.id).await.expect("read").expect("frozen");
    assert_eq!((evidence.rule.id, evidence.rule.version), (rule.id, 1));
    assert_eq!(evidence.sentence.key, "alerts-why-threshold-above");
    assert_eq!(evidence.series.expect("series").points.len(), 5, "up to the alert and no further");
    let group = alerts::group(house.deps.records.read(), alert.group_id).await.expect("read").expect("group");
    assert!(group.ticket_open && group.closed_at.is_none(), "it waits for its ticket");
}

#[tokio::test]
async fn a_kill_at_any_entry_gives_the_same_alerts_once() {
    for killed_after in 0..FAULT.len() {
        let house = House::new().await;
        house.rule(house.hot()).await;
        house.values(0, &FAULT[..killed_after]).await;
        let mut engine = house.live_once().await;
        if killed_after % 2 == 0 {
            engine.snapshot(&house.deps).await.expect("snapshot");
        }
        drop(engine);
        house.values(killed_after as i64, &FAULT[killed_after..]).await;
        drop(house.live_once().await);
        // Once more over everything that was not written down.
        drop(house.live_once().await);
        let found = house.alerts().await;
        assert_eq!(found.len(), 1, "killed after {killed_after}");
        assert_eq!(found[0].raised_at, from_micros(START_US + 4 * MINUTE));
        assert!(found[0].cleared_at.is_some());
        assert_eq!(house.told().await, ["alert_raised", "alert_cleared", "alert_group_cleared"]);
    }
}

#[tokio::test]
async fn alerts_of_one_asset_are_one_case_until_it_was_well_for_a_day() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    house.clock.advance(TimeDelta::days(4));
    let mut engine = house.live_once().await;
    house.values(0, &FAULT).await;
    house.go_on(&mut engine).await;
    const DAY: i64 = 24 * 60;
    // Cleared at minute 6; raised again 4 minutes after each of these.
    for (minute, same) in [(20, true), (DAY, true), (2 * DAY + 10, false)] {
        house.values(minute, &FAULT).await;
        house.go_on(&mut engine).await;
        let found = house.alerts().await;
        let (last, before) = (&found[found.len() - 1], &found[found.len() - 2]);
        assert_eq!(last.group_id == before.group_id, same, "the one after minute {minute}");
    }
}

#[tokio::test]
async fn a_case_that_a_person_ended_is_not_taken_up_again() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let mut engine = house.live_once().await;
    house.values(0, &FAULT).await;
    house.go_on(&mut engine).await;
    let first = house.alerts().await.remove(0);
    let (at, db) = (house.deps.clock.now(), house.deps.records.read());
    let asset = assets::get(db, house.asset).await.expect("read").expect("asset");
    let ticket = Ticket {
        id: TicketId::generate(),
        number: "T-1".into(),
        asset_id: asset.id,
        customer_id: asset.customer_id,
        site_id: asset.site_id,
        subject: "hot".into(),
        description: String::new(),
        source: TicketSource::Automatic,
        alert_group_id: Some(first.group_id),
        priority: Priority::High,
        priority_reason: PriorityReason::Given,
        fault_at: None,
        reported_at: at,
        opened_at: at,
        first_response_at: None,
        restored_at: None,
        reopened_at: vec![],
        state: TicketState::Resolved { resolution: Resolution::Remote, at },
        version: 0,
    };
    let tx = house.deps.records.begin().await.expect("begin");
    tickets::insert(&tx, &ticket).await.expect("ticket");
    tx.commit().await.expect("commit");
    house.values(20, &FAULT).await;
    house.go_on(&mut engine).await;
    let found = house.alerts().await;
    assert_eq!(found.len(), 2);
    assert_ne!(found[0].group_id, found[1].group_id);
}

#[tokio::test]
async fn old_data_raises_historical_alerts_that_open_nothing() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    house.clock.advance(TimeDelta::days(2));
    house.values(0, &FAULT).await;
    house.live_once().await;
    let found = house.alerts().await;
    assert!(found[0].historical && !found[0].opens_ticket);
    let events = outbox::read_after(house.deps.records.read(), 0, 10).await.expect("outbox");
    assert!(matches!(events[0].1.event, DomainEvent::AlertRaised { opens_ticket: false, .. }));
    let group =
        alerts::group(house.deps.records.read(), found[0].group_id).await.expect("read").expect("group");
    assert!(group.closed_at.is_some());
}

#[tokio::test]
async fn a_late_report_corrects_log_and_failures() {
    let house = House::new().await;
    let mut engine = house.live_once().await;
    house.report(0, ReportedState::Up).await;
    house.report(10, ReportedState::Up).await;
    house.go_on(&mut engine).await;
    house.report(5, ReportedState::DownUnplanned).await;
    house.go_on(&mut engine).await;
    assert_eq!(
        house.log().await,
        [(0, EquipmentState::Up), (5, EquipmentState::DownUnplanned), (10, EquipmentState::Up)]
    );
    let known =
        failures::all(house.deps.records.read(), &failures::Filter::default()).await.expect("failures");
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].restored_at, Some(from_micros(START_US + 10 * MINUTE)));
    let found = house.alerts().await;
    assert_eq!((found.len(), found[0].rule_id), (1, rules::FAILURE_RULE));
    assert!(found[0].cleared_at.is_some());
    let told = house.recomputed().await;
    assert!(
        told.iter().any(|one| one.from_us == START_US + 5 * MINUTE && one.count > 0),
        "what came late and mattered is written down: {told:?}"
    );

    house.report(7, ReportedState::Up).await;
    house.go_on(&mut engine).await;
    assert_eq!(
        house.log().await,
        [(0, EquipmentState::Up), (5, EquipmentState::DownUnplanned), (7, EquipmentState::Up)]
    );
}

#[tokio::test]
async fn planned_downtime_suppresses_alerts() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    house.report(0, ReportedState::DownPlanned).await;
    house.values(1, &FAULT).await;
    house.live_once().await;
    let found = house.alerts().await;
    assert!(found[0].suppressed && !found[0].opens_ticket);
}

#[tokio::test]
async fn what_still_holds_when_the_planned_window_ends_asks_for_its_ticket() {
    // Cleared within the window, at its end, after it, and not at all.
    for (values, asks) in [(4, false), (16, false), (40, true), (100, true)] {
        for up_first in [false, true] {
            let house = House::new().await;
            house.rule(house.hot()).await;
            let mut engine = house.live_once().await;
            house.report(0, ReportedState::DownPlanned).await;
            if up_first {
                house.report(20, ReportedState::Up).await;
            }
            let mut hot = vec![85.0; values];
            if values < 100 {
                hot.extend([60.0; 10]);
            }
            house.values(1, &hot).await;
            house.go_on(&mut engine).await;
            house.report(20, ReportedState::Up).await;
            house.go_on(&mut engine).await;
            let found = house.alerts().await;
            assert_eq!(found.len(), 1);
            let lifted = !found[0].suppressed && found[0].opens_ticket;
            assert_eq!(lifted, asks, "{values} hot minutes, end of the window first: {up_first}");
        }
    }
}

#[tokio::test]
async fn a_silent_device_makes_the_state_unknown_until_data_comes() {
    let house = House::new().await;
    house.rule(Condition::NoData { metric: None, after_seconds: 1200 }).await;
    house.clock.set(from_micros(START_US + 2 * MINUTE));
    let mut engine = house.live_once().await;
    house.report(0, ReportedState::Up).await;
    house.values(0, &[1.0, 1.0, 1.0]).await;
    house.go_on(&mut engine).await;
    house.clock.set(from_micros(START_US + 10 * MINUTE));
    engine.tick(&house.deps).await.expect("tick");
    assert_eq!(house.log().await, [(0, EquipmentState::Up)]);

    house.clock.set(from_micros(START_US + 40 * MINUTE));
    engine.tick(&house.deps).await.expect("tick");
    engine.tick(&house.deps).await.expect("tick");
    assert_eq!(house.log().await, [(0, EquipmentState::Up), (3, EquipmentState::Unknown)]);
    let found = house.alerts().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].cleared_at, None);

    // Buffered data, oldest first: there was no gap after all up to minute 30.
    house.values(3, &[1.0; 27]).await;
    house.go_on(&mut engine).await;
    assert_eq!(house.log().await, [(0, EquipmentState::Up)]);
    assert!(house.alerts().await[0].cleared_at.is_some());
}

#[tokio::test]
async fn late_data_within_a_silence_shortens_it() {
    let house = House::new().await;
    let mut engine = house.live_once().await;
    house.report(0, ReportedState::Up).await;
    house.values(0, &[1.0, 1.0, 1.0]).await;
    house.values(60, &[1.0, 1.0]).await;
    house.go_on(&mut engine).await;
    assert_eq!(
        house.log().await,
        [(0, EquipmentState::Up), (3, EquipmentState::Unknown), (60, EquipmentState::Up)]
    );
    house.values(30, &[1.0]).await;
    house.values(20, &[1.0]).await;
    house.go_on(&mut engine).await;
    let log = house.log().await;
    assert_eq!(
        log,
        [
            (0, EquipmentState::Up),
            (3, EquipmentState::Unknown),
            (20, EquipmentState::Up),
            (31, EquipmentState::Unknown),
            (60, EquipmentState::Up)
        ]
    );
    assert!(!house.recomputed().await.is_empty());
}

/// What the state log says of the last 30 days.
async fn last_30_days(house: &House) -> reliability::Uptime {
    let now = house.deps.clock.now();
    let period = reliability::Period { from: now - TimeDelta::days(30), to: now };
    let log =
        states::of_asset(house.deps.records.read(), house.asset, period.from, period.to).await.expect("log");
    reliability::uptime(&log, period, from_micros(0), None).expect("in service")
}

#[tokio::test]
async fn data_that_ended_eight_months_ago_says_nothing_of_the_last_30_days() {
    for last in
        [ReportedState::Up, ReportedState::DownUnplanned, ReportedState::DownPlanned, ReportedState::Idle]
    {
        let house = House::new().await;
        house.clock.advance(TimeDelta::days(240));
        let mut engine = house.live_once().await;
        house.report(0, last).await;
        house.values(0, &[1.0; 5]).await;
        house.go_on(&mut engine).await;
        house.clock.advance(TimeDelta::seconds(3));
        engine.tick(&house.deps).await.expect("tick");
        let told = last_30_days(&house).await;
        assert_eq!(told.unknown_seconds, 720.0 * 3600.0, "{last:?}");
        assert_eq!((told.coverage(), told.technical(), told.total()), (Some(0.0), None, None));
        assert_eq!(
            house.log().await,
            [(0, last.into()), (5, EquipmentState::Unknown)],
            "known up to the last value and the minute for which it speaks"
        );
    }
}

#[tokio::test]
async fn a_restart_sees_at_once_that_data_ended_while_it_was_away() {
    let house = House::new().await;
    let mut engine = house.live_once().await;
    house.report(0, ReportedState::Up).await;
    house.values(0, &[1.0; 5]).await;
    house.go_on(&mut engine).await;
    engine.snapshot(&house.deps).await.expect("snapshot");
    drop(engine);
    house.clock.advance(TimeDelta::days(240));
    let mut engine = house.live_once().await;
    engine.tick(&house.deps).await.expect("tick");
    assert_eq!(last_30_days(&house).await.coverage(), Some(0.0));
}

#[tokio::test]
async fn data_that_comes_in_pieces_leaves_no_silence_behind() {
    let house = House::new().await;
    house.clock.advance(TimeDelta::days(240));
    let mut engine = house.live_once().await;
    house.report(0, ReportedState::Up).await;
    for start in [0, 5, 10] {
        house.values(start, &[1.0; 5]).await;
        house.go_on(&mut engine).await;
        house.clock.advance(TimeDelta::minutes(1));
        engine.tick(&house.deps).await.expect("tick");
    }
    assert_eq!(house.log().await, [(0, EquipmentState::Up), (15, EquipmentState::Unknown)]);
}

#[tokio::test]
async fn a_device_that_is_taken_off_or_revoked_speaks_for_the_asset_no_longer() {
    for revoked in [false, true] {
        let house = House::new().await;
        let mut engine = house.live_once().await;
        house.report(0, ReportedState::Up).await;
        house.go_on(&mut engine).await;
        house.clock.set(from_micros(START_US + 7 * MINUTE));
        let now = house.deps.clock.now();
        let tx = house.deps.records.begin().await.expect("begin");
        let device = devices::get(&tx, house.device).await.expect("read").expect("device");
        if revoked {
            devices::revoke(&tx, device.id, now).await.expect("revoked");
        } else {
            devices::update(&tx, &Device { asset_id: None, ..device }).await.expect("taken off");
        }
        tx.commit().await.expect("commit");
        drop(engine);
        house.live_once().await.tick(&house.deps).await.expect("tick");
        assert_eq!(house.log().await, [(0, EquipmentState::Up), (7, EquipmentState::Unknown)], "{revoked}");
    }
}

#[tokio::test]
async fn recorded_failures_and_error_codes_are_kept_once() {
    let house = House::new().await;
    house
        .rule(Condition::EventCode {
            event: DeviceEventKind::Error,
            codes: vec!["error1".into()],
            count: 1,
            within_seconds: 3600,
        })
        .await;
    let mut engine = house.live_once().await;
    for _ in 0..2 {
        house.event(0, DeviceEventKind::Error, "error1").await;
        house.event(5, DeviceEventKind::Failure, "comp1").await;
        house.event(20, DeviceEventKind::Maintenance, "comp1").await;
        house.go_on(&mut engine).await;
    }
    let known =
        failures::all(house.deps.records.read(), &failures::Filter::default()).await.expect("failures");
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].code.as_deref(), Some("comp1"));
    assert_eq!(known[0].restored_at, Some(from_micros(START_US + 20 * MINUTE)));
    let found = house.alerts().await;
    assert_eq!(found.len(), 2, "one for the code, one for the failure");
    assert_eq!(found[0].group_id, found[1].group_id);
}

#[tokio::test]
async fn an_edited_rule_withdraws_its_alert() {
    let house = House::new().await;
    let rule = house.rule(house.hot()).await;
    let mut engine = house.live_once().await;
    house.values(0, &FAULT[..6]).await;
    house.go_on(&mut engine).await;
    assert_eq!(house.alerts().await[0].cleared_at, None);
    house.edit(&rule, |settings| settings.enabled = false).await;
    house.go_on(&mut engine).await;
    let alert = house.alerts().await.remove(0);
    assert!(alert.cleared_at.is_some() && alert.clear_reason == Some(ClearReason::RuleChanged));
}

#[tokio::test]
async fn runs_until_told_to_stop_and_leaves_its_memory() {
    let house = House::new().await;
    house.rule(house.hot()).await;
    let stop = CancellationToken::new();
    let deps = Deps {
        records: house.deps.records.clone(),
        telemetry: Arc::clone(&house.deps.telemetry),
        clock: Arc::clone(&house.deps.clock),
        limits: Limits::default(),
    };
    let handle = {
        let stop = stop.clone();
        async move { run(deps, stop).await }
    };
    let watch = async {
        house.values(0, &FAULT).await;
        let mut commits = house.deps.records.commits();
        while house.alerts().await.is_empty() {
            timeout(Duration::from_secs(20), commits.changed()).await.expect("in time").expect("open");
        }
        stop.cancel();
    };
    let (ran, ()) = tokio::join!(handle, watch);
    ran.expect("ends well");
    drop(house.live_once().await);
    assert_eq!(house.alerts().await.len(), 1);
}

#[test]
fn what_follows_from_messages_is_the_same_on_postgresql() {
    place::once_more_on_postgresql("::", 40);
}
