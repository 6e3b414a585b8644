//! What the demo consists of, and what happened to its machines: constants and pure functions of its anchor time, so
//! that a second start knows the same past as the first.

use chrono::{TimeDelta, Timelike};
use domain::{Timestamp, fleet::asset::Criticality, money::contract::Tier, people::account::Role};

/// Sign-ins that come with the demo; all have one password.
pub const SIGN_INS: [(&str, &str, Role); 4] = [
    ("manager@demo.example", "Elena Rusu", Role::ServiceManager),
    ("dispatcher@demo.example", "Javier Ortuño", Role::Dispatcher),
    ("technician@demo.example", "Ana Dobrescu", Role::Technician),
    ("customer@demo.example", "Ioana Marin", Role::Customer),
];
/// Index of the technician and of the customer whose sign-in there is.
pub const TECHNICIAN: usize = 2;
pub const CUSTOMER: usize = 3;
/// Who plans and bills.
pub const DISPATCHER: &str = SIGN_INS[1].1;

/// How far back its past goes.
pub const DAYS: i64 = 90;

pub struct CustomerPlan {
    pub name: &'static str,
    pub email: &'static str,
    pub tax_id: &'static str,
    /// Street, postal code, city, country.
    pub address: [&'static str; 4],
    pub site: &'static str,
    pub city: &'static str,
    pub zone: &'static str,
    pub place: (f64, f64),
    pub territory: usize,
    pub access: Option<&'static str>,
    pub contract: Option<ContractPlan>,
}

/// Tier; shares of labour, travel and parts in percent; hours of labour in the term; response and restore hours.
pub type ContractPlan = (Tier, [i64; 3], Option<i64>, u32, u32);

pub const TERRITORIES: [&str; 4] = ["Iberia", "Nord Italia", "România", "华东"];

pub const CUSTOMERS: [CustomerPlan; 6] = [
    CustomerPlan {
        name: "Hospital Universitario Valdenar",
        email: "mantenimiento@valdenar.example",
        tax_id: "ESQ2800417H",
        address: ["Calle de los Olmos 118", "28031", "Madrid", "ES"],
        site: "Campus Valdenar",
        city: "Madrid",
        zone: "Europe/Madrid",
        place: (40.3860, -3.6210),
        territory: 0,
        access: Some(
            "Register at the technical entrance, door 4. Ask for the plant manager before entering radiology.",
        ),
        contract: Some((Tier::Premium, [100, 100, 100], None, 4, 24)),
    },
    CustomerPlan {
        name: "Frigolevante Logística S.L.",
        email: "averias@frigolevante.example",
        tax_id: "ESB4610392K",
        address: ["Avenida del Azahar 27", "46024", "Valencia", "ES"],
        site: "Almacén frigorífico Norte",
        city: "Valencia",
        zone: "Europe/Madrid",
        place: (39.4510, -0.3360),
        territory: 0,
        access: None,
        contract: Some((Tier::Standard, [100, 100, 0], Some(60), 8, 48)),
    },
    CustomerPlan {
        name: "Officine Bellacorte S.p.A.",
        email: "manutenzione@bellacorte.example",
        tax_id: "IT09120340018",
        address: ["Via dei Tornitori 45", "10156", "Torino", "IT"],
        site: "Stabilimento di Torino",
        city: "Torino",
        zone: "Europe/Rome",
        place: (45.1150, 7.7020),
        territory: 1,
        access: Some("Safety shoes and hearing protection. Lorry gate closes at 18:00."),
        contract: Some((Tier::Basic, [50, 0, 0], Some(40), 24, 72)),
    },
    CustomerPlan {
        name: "Carpatia Foods S.R.L.",
        email: "tehnic@carpatiafoods.example",
        tax_id: "RO38120457",
        address: ["Strada Zizinului 210", "500407", "Brașov", "RO"],
        site: "Fabrica Brașov",
        city: "Brașov",
        zone: "Europe/Bucharest",
        place: (45.6480, 25.6330),
        territory: 2,
        access: Some("Hygiene lock: no jewellery, hair net. Lines stop for cleaning from 22:00."),
        contract: Some((Tier::Standard, [100, 100, 50], Some(80), 8, 36)),
    },
    CustomerPlan {
        name: "Terminal Marea Albastră S.A.",
        email: "dispecerat@mareaalbastra.example",
        tax_id: "RO17844210",
        address: ["Incinta Port, Dana 52", "900900", "Constanța", "RO"],
        site: "Terminal Constanța Sud",
        city: "Constanța",
        zone: "Europe/Bucharest",
        place: (44.1140, 28.6420),
        territory: 2,
        access: None,
        contract: None,
    },
    CustomerPlan {
        name: "苏州蓝禾精密制造有限公司",
        email: "shebei@lanhe.example",
        tax_id: "91320594MA1X2LHJ7Q",
        address: ["江苏省苏州市工业园区星海街 388 号", "215028", "苏州", "CN"],
        site: "苏州工厂",
        city: "苏州",
        zone: "Asia/Shanghai",
        place: (31.3170, 120.6790),
        territory: 3,
        access: None,
        contract: Some((Tier::Premium, [100, 100, 80], None, 6, 24)),
    },
];

pub struct ModelPlan {
    pub manufacturer: &'static str,
    pub name: &'static str,
    /// Also the simulator's word for it.
    pub equipment_type: &'static str,
    pub skill: &'static str,
}

pub const MODELS: [ModelPlan; 6] = [
    ModelPlan {
        manufacturer: "Nordkalt",
        name: "NK-420 water chiller",
        equipment_type: "chiller",
        skill: "f_gas",
    },
    ModelPlan {
        manufacturer: "Aerovolt",
        name: "AV-75 screw compressor",
        equipment_type: "compressor",
        skill: "mechanics",
    },
    ModelPlan {
        manufacturer: "Hydrel",
        name: "HX-32 process pump",
        equipment_type: "pump",
        skill: "mechanics",
    },
    ModelPlan {
        manufacturer: "Confezia",
        name: "CZ-9 flow packer",
        equipment_type: "packaging_line",
        skill: "automation",
    },
    ModelPlan {
        manufacturer: "Radionova",
        name: "RN-64 CT scanner",
        equipment_type: "ct_scanner",
        skill: "imaging",
    },
    ModelPlan {
        manufacturer: "Ventara",
        name: "VT-12 air handler",
        equipment_type: "air_handler",
        skill: "electrical",
    },
];

/// The values of a kind of machine as the simulator sends them, and their units. Their names are usual words.
pub fn units(equipment_type: &str) -> &'static [(&'static str, &'static str)] {
    match equipment_type {
        "chiller" => &[
            ("supply_temperature", "°C"),
            ("suction_pressure", "bar"),
            ("discharge_pressure", "bar"),
            ("motor_current", "A"),
            ("vibration", "mm/s"),
        ],
        "compressor" => &[
            ("pressure", "bar"),
            ("discharge_temperature", "°C"),
            ("vibration", "mm/s"),
            ("motor_current", "A"),
            ("filter_pressure_drop", "bar"),
        ],
        "pump" => &[
            ("flow", "m³/h"),
            ("pressure", "bar"),
            ("vibration", "mm/s"),
            ("bearing_temperature", "°C"),
            ("motor_current", "A"),
        ],
        "packaging_line" => &[
            ("rate", "1/min"),
            ("reject_share", "%"),
            ("motor_temperature", "°C"),
            ("vibration", "mm/s"),
            ("air_pressure", "bar"),
        ],
        "ct_scanner" => &[
            ("tube_temperature", "°C"),
            ("cooling_flow", "l/min"),
            ("gantry_vibration", "mm/s"),
            ("room_temperature", "°C"),
            ("scans_per_hour", "1/h"),
        ],
        "air_handler" => &[
            ("supply_temperature", "°C"),
            ("filter_pressure_drop", "Pa"),
            ("airflow", "m³/h"),
            ("fan_vibration", "mm/s"),
            ("fan_current", "A"),
        ],
        _ => &[],
    }
}

pub struct AssetPlan {
    pub name: &'static str,
    pub model: usize,
    pub customer: usize,
    pub location: &'static str,
    pub criticality: Criticality,
    /// In whole euros.
    pub downtime_cost_per_hour: i64,
    /// Months in service at the anchor; the manufacturer's warranty lasts 24.
    pub age_months: i64,
}

const fn asset(
    name: &'static str,
    place: (usize, usize, &'static str),
    criticality: Criticality,
    downtime_cost_per_hour: i64,
    age_months: i64,
) -> AssetPlan {
    let (model, customer, location) = place;
    AssetPlan { name, model, customer, location, criticality, downtime_cost_per_hour, age_months }
}

use Criticality::{Critical, High, Low, Medium};

pub const ASSETS: [AssetPlan; 24] = [
    asset("CH-204", (0, 0, "Roof plant room"), High, 420, 51),
    asset("CH-205", (0, 0, "Roof plant room"), High, 420, 14),
    asset("CT-01", (4, 0, "Radiology, room 2"), Critical, 1850, 33),
    asset("CT-02", (4, 0, "Emergency department"), Critical, 2100, 9),
    asset("AH-11", (5, 0, "Operating theatres"), High, 300, 40),
    asset("CH-310", (0, 1, "Cold store A"), Critical, 960, 62),
    asset("CH-311", (0, 1, "Cold store B"), Critical, 960, 20),
    asset("CO-21", (1, 1, "Machine hall"), Medium, 140, 36),
    asset("CO-40", (1, 2, "Compressor room"), High, 380, 75),
    asset("CO-41", (1, 2, "Compressor room"), Medium, 380, 17),
    asset("PU-12", (2, 2, "Coolant loop 1"), High, 260, 44),
    asset("PU-13", (2, 2, "Coolant loop 2"), Medium, 260, 44),
    asset("PK-01", (3, 3, "Hall 1, biscuits"), Critical, 780, 38),
    asset("PK-02", (3, 3, "Hall 1, wafers"), Critical, 780, 38),
    asset("PK-03", (3, 3, "Hall 2, snacks"), High, 640, 11),
    asset("CO-50", (1, 3, "Utilities"), High, 310, 29),
    asset("CH-330", (0, 3, "Utilities"), Medium, 240, 58),
    asset("PU-60", (2, 4, "Ballast station"), High, 520, 66),
    asset("PU-61", (2, 4, "Ballast station"), High, 520, 66),
    asset("PU-62", (2, 4, "Fire water"), Medium, 90, 66),
    asset("AH-70", (5, 5, "Clean room 1"), Critical, 1250, 22),
    asset("AH-71", (5, 5, "Clean room 2"), Critical, 1250, 22),
    asset("CH-80", (0, 5, "Process cooling"), High, 690, 22),
    asset("AH-72", (5, 5, "Offices"), Low, 20, 22),
];

pub struct TechnicianPlan {
    pub name: &'static str,
    pub phone: &'static str,
    pub skills: &'static [&'static str],
    pub territory: usize,
    pub cost_per_hour: i64,
}

pub const TECHNICIANS: [TechnicianPlan; 5] = [
    TechnicianPlan {
        name: "Lucía Ferrándiz",
        phone: "+34 600 000 114",
        skills: &["f_gas", "electrical", "imaging", "mechanics"],
        territory: 0,
        cost_per_hour: 34,
    },
    TechnicianPlan {
        name: "Marco Tessari",
        phone: "+39 320 000 0172",
        skills: &["mechanics", "electrical"],
        territory: 1,
        cost_per_hour: 36,
    },
    TechnicianPlan {
        name: "Ana Dobrescu",
        phone: "+40 720 000 193",
        skills: &["automation", "mechanics"],
        territory: 2,
        cost_per_hour: 27,
    },
    TechnicianPlan {
        name: "Radu Moldovan",
        phone: "+40 720 000 168",
        skills: &["f_gas", "mechanics", "electrical"],
        territory: 2,
        cost_per_hour: 28,
    },
    TechnicianPlan {
        name: "陈立伟",
        phone: "+86 130 0000 0155",
        skills: &["electrical", "f_gas"],
        territory: 3,
        cost_per_hour: 29,
    },
];

pub struct PartPlan {
    pub number: &'static str,
    pub name: &'static str,
    pub price_minor: i64,
    pub cost_minor: i64,
    pub central: i64,
    pub van: i64,
}

const fn part(number: &'static str, name: &'static str, money: (i64, i64), stock: (i64, i64)) -> PartPlan {
    PartPlan { number, name, price_minor: money.0, cost_minor: money.1, central: stock.0, van: stock.1 }
}

pub const PARTS: [PartPlan; 8] = [
    part("BRG-6308", "Bearing 6308-2RS C3", (8650, 3120), (40, 6)),
    part("SEAL-32", "Mechanical seal 32 mm", (14_200, 6150), (24, 4)),
    part("R513A-1", "Refrigerant R513A, 1 kg", (5400, 2980), (160, 16)),
    part("VLV-EXP", "Expansion valve", (31_900, 17_400), (10, 2)),
    part("FLT-F7", "Filter cassette F7", (4280, 1760), (90, 10)),
    part("FAN-EC", "EC fan 450 mm", (58_900, 36_100), (8, 1)),
    part("CLP-CT", "Tube cooling pump", (128_000, 84_500), (6, 1)),
    part("SNS-VIB", "Vibration sensor", (17_600, 8200), (20, 4)),
];

/// What a fault is called by the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultMode {
    BearingWear,
    RefrigerantLeak,
    FilterClogging,
    Overheating,
    SensorDropout,
}

impl FaultMode {
    /// Index of the part that mends it, and how many.
    pub fn part(self) -> (usize, i64) {
        match self {
            Self::BearingWear => (0, 2),
            Self::RefrigerantLeak => (2, 4),
            Self::FilterClogging => (4, 2),
            Self::Overheating => (6, 1),
            Self::SensorDropout => (7, 1),
        }
    }
    pub fn subject(self) -> &'static str {
        match self {
            Self::BearingWear => "Bearing worn",
            Self::RefrigerantLeak => "Refrigerant leak",
            Self::FilterClogging => "Filter clogged",
            Self::Overheating => "Overheating",
            Self::SensorDropout => "Sensor without signal",
        }
    }
    pub fn cause(self) -> &'static str {
        match self {
            Self::BearingWear => "lubrication",
            Self::RefrigerantLeak => "flare joint",
            Self::FilterClogging => "dust",
            Self::Overheating => "coolant pump worn",
            Self::SensorDropout => "cable",
        }
    }
}

/// One fault of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Index into [`ASSETS`].
    pub asset: usize,
    pub mode: FaultMode,
    pub onset: Timestamp,
    pub full: Timestamp,
    pub restored: Timestamp,
    /// The machine stopped at `full`; otherwise it was mended while it ran.
    pub trips: bool,
}

/// A planned stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub asset: usize,
    pub from: Timestamp,
    pub to: Timestamp,
}

use FaultMode::{BearingWear, FilterClogging, Overheating, RefrigerantLeak, SensorDropout};

/// Asset, mode, days before the anchor at which it is complete, hours of the day (UTC) then, hours until it was
/// mended, days it took to grow, whether it stopped the machine.
const FAULTS: [(usize, FaultMode, i64, u32, i64, i64, bool); 26] = [
    (5, RefrigerantLeak, 84, 9, 7, 9, true),
    (12, BearingWear, 81, 13, 5, 8, true),
    (8, Overheating, 78, 10, 9, 5, true),
    (20, FilterClogging, 76, 6, 4, 16, false),
    (17, BearingWear, 73, 11, 22, 12, true),
    (2, Overheating, 70, 12, 6, 4, true),
    (10, SensorDropout, 68, 8, 5, 1, false),
    (22, RefrigerantLeak, 65, 3, 8, 10, true),
    (15, FilterClogging, 62, 9, 26, 14, false),
    (13, Overheating, 59, 7, 4, 3, true),
    (0, BearingWear, 56, 14, 10, 11, true),
    (18, FilterClogging, 53, 10, 30, 9, false),
    (9, BearingWear, 50, 8, 7, 7, false),
    (4, FilterClogging, 47, 7, 5, 18, false),
    (14, BearingWear, 44, 15, 6, 6, true),
    (6, RefrigerantLeak, 41, 11, 9, 8, false),
    (19, BearingWear, 37, 9, 28, 13, true),
    (3, Overheating, 34, 9, 5, 3, true),
    (16, RefrigerantLeak, 31, 12, 11, 9, true),
    (21, BearingWear, 27, 4, 6, 10, false),
    (11, BearingWear, 24, 10, 8, 9, true),
    (12, Overheating, 20, 16, 4, 3, true),
    (7, FilterClogging, 16, 8, 7, 12, false),
    (5, BearingWear, 12, 13, 8, 8, true),
    (17, FilterClogging, 8, 9, 9, 7, true),
    (1, SensorDropout, 5, 10, 6, 1, false),
];

/// Asset, days before the anchor, hour (UTC), hours of work.
const SERVICES: [(usize, i64, u32, i64); 12] = [
    (2, 83, 19, 3),
    (6, 74, 8, 3),
    (14, 66, 22, 4),
    (20, 60, 2, 2),
    (9, 64, 6, 3),
    (3, 48, 19, 3),
    (0, 40, 9, 3),
    (13, 35, 22, 4),
    (22, 28, 2, 3),
    (18, 21, 8, 3),
    (10, 14, 6, 3),
    (16, 9, 9, 3),
];

pub fn faults(anchor: Timestamp) -> Vec<Fault> {
    let fault = |(asset, mode, days, hour, repair_hours, growth_days, trips)| {
        let full = day(anchor, days, hour) + TimeDelta::minutes(23);
        let restored = full + TimeDelta::hours(repair_hours);
        Fault { asset, mode, onset: full - TimeDelta::days(growth_days), full, restored, trips }
    };
    FAULTS.into_iter().map(fault).collect()
}

pub fn services(anchor: Timestamp) -> Vec<Service> {
    let service = |(asset, days, hour, hours)| {
        let from = day(anchor, days, hour);
        Service { asset, from, to: from + TimeDelta::hours(hours) }
    };
    SERVICES.into_iter().map(service).collect()
}

/// `hour` o'clock UTC, `days` before the anchor's day.
fn day(anchor: Timestamp, days: i64, hour: u32) -> Timestamp {
    let midnight = anchor
        - TimeDelta::seconds(i64::from(anchor.num_seconds_from_midnight()))
        - TimeDelta::nanoseconds(i64::from(anchor.nanosecond()));
    midnight - TimeDelta::days(days) + TimeDelta::hours(i64::from(hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_one_trouble_at_a_time_and_all_of_it_in_the_past() {
        let anchor: Timestamp = "2026-11-23T00:00:30Z".parse().expect("a time");
        let mut spans: Vec<(usize, Timestamp, Timestamp)> =
            faults(anchor).iter().map(|f| (f.asset, f.onset, f.restored)).collect();
        spans.extend(services(anchor).iter().map(|s| (s.asset, s.from, s.to)));
        spans.sort_unstable();
        for pair in spans.windows(2) {
            let ((a, _, ended), (b, began, _)) = (pair[0], pair[1]);
            assert!(a != b || ended < began, "{} twice at once: {pair:?}", ASSETS[a].name);
        }
        assert!(spans.iter().all(|(_, _, ended)| *ended < anchor));
        assert!(faults(anchor).iter().all(|fault| fault.full > anchor - TimeDelta::days(DAYS)));
    }

    #[test]
    fn every_customer_has_somebody_with_the_skill_for_their_machines() {
        for asset in &ASSETS {
            let territory = CUSTOMERS[asset.customer].territory;
            let skill = MODELS[asset.model].skill;
            let able = TECHNICIANS.iter().any(|t| t.territory == territory && t.skills.contains(&skill));
            assert!(able, "nobody for {}", asset.name);
        }
    }
}
