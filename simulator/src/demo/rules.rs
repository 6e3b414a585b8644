//! The rules that watch the demo's machines.

use domain::condition::Severity;
use domain::condition::rule::{
    Condition, DEFAULT_HISTORICAL_LIMIT_SECONDS, DeviationLimit, Direction, RuleSettings, Scope, Side,
};
use rust_decimal::Decimal;

/// Levels lie above what any healthy machine of the kind reaches and below what its faults do.
pub fn settings() -> Vec<RuleSettings> {
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
        historical_limit_seconds: DEFAULT_HISTORICAL_LIMIT_SECONDS,
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
        for settings in settings() {
            assert_eq!(settings.problems(), [], "{}", settings.name);
        }
    }
}
