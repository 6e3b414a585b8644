//! The form of a rule: one set of fields for each kind of condition.

use domain::{
    condition::{
        Severity,
        rule::{self, Condition, DeviationLimit, Direction, RuleSettings, Scope, Side},
    },
    id::{AssetId, ModelId},
    reason::Reason,
    telemetry::DeviceEventKind,
};
use maud::{Markup, html};
use service::command::CommandError;
use uuid::Uuid;
use web::{
    chooser::Kind,
    form::{Check, Fields, Form},
    i18n::Lang,
    request::View,
};

const MINUTE: u32 = 60;
const HOUR: u32 = 3600;
const DAY: u32 = 86_400;

/// The kinds that people can choose for a new rule.
pub const KINDS: [&str; 4] = ["threshold", "deviation", "event_code", "no_data"];

/// The values of `settings` as the form shows them.
pub fn fill(settings: &RuleSettings, version: i64, lang: Lang) -> Form {
    let number = |value: f64| lang.show_float(value);
    let minutes = |seconds: u32| lang.show_span(seconds, MINUTE);
    let hours = |seconds: u32| lang.show_span(seconds, HOUR);
    let mut values: Vec<(&str, String)> = vec![
        ("version", version.to_string()),
        ("kind", settings.condition.kind().into()),
        ("name", settings.name.clone()),
        ("scope", scope_value(&settings.scope)),
        ("severity", settings.severity.as_str().into()),
        ("historical_limit", hours(settings.historical_limit_seconds)),
        ("component", settings.component.clone().unwrap_or_default()),
        ("action", settings.action.clone().unwrap_or_default()),
        (
            "expected_downtime_hours",
            settings.expected_downtime_hours.map_or(String::new(), |hours| lang.show_decimal(hours)),
        ),
        ("failure_level", settings.failure_level.map_or(String::new(), number)),
        ("clear_after_quiet", settings.clear_after_quiet_seconds.map_or(String::new(), minutes)),
    ];
    for (name, on) in [
        ("enabled", settings.enabled),
        ("opens_ticket", settings.opens_ticket),
        ("historical_opens_ticket", settings.historical_opens_ticket),
    ] {
        if on {
            values.push((name, "on".into()));
        }
    }
    match &settings.condition {
        Condition::Threshold { metric, side, raise, clear, for_seconds } => {
            let side = if *side == Side::Above { "above" } else { "below" };
            values.extend([("metric", metric.clone()), ("side", side.into())]);
            values.extend([
                ("raise", number(*raise)),
                ("clear", number(*clear)),
                ("for", minutes(*for_seconds)),
            ]);
        }
        Condition::Deviation { metric, side, mean_over_seconds, baseline_seconds, by, for_seconds } => {
            let side = match side {
                Direction::Above => "above",
                Direction::Below => "below",
                Direction::Either => "either",
            };
            let (unit, limit) = match by {
                DeviationLimit::Sigma(limit) => ("sigma", limit),
                DeviationLimit::Percent(limit) => ("percent", limit),
            };
            values.extend([("metric", metric.clone()), ("side", side.into()), ("unit", unit.into())]);
            values.extend([("limit", number(*limit)), ("mean_over_seconds", hours(*mean_over_seconds))]);
            let days = lang.show_span(*baseline_seconds, DAY);
            values.extend([("baseline_seconds", days), ("for", minutes(*for_seconds))]);
        }
        Condition::NoData { metric, after_seconds } => {
            values.extend([
                ("metric", metric.clone().unwrap_or_default()),
                ("after_seconds", minutes(*after_seconds)),
            ]);
        }
        Condition::EventCode { event, codes, count, within_seconds } => {
            let event = EVENTS.iter().find(|(kind, _)| kind == event).map_or("error", |(_, word)| word);
            values.extend([("event", event.into()), ("codes", codes.join(", "))]);
            values.extend([("count", count.to_string()), ("within_seconds", hours(*within_seconds))]);
        }
        Condition::DownUnplanned => {}
    }
    Form::filled(values).translated(lang, &["name", "component", "action"])
}

const EVENTS: [(DeviceEventKind, &str); 4] = [
    (DeviceEventKind::Error, "error"),
    (DeviceEventKind::Warning, "warning"),
    (DeviceEventKind::Failure, "failure"),
    (DeviceEventKind::Text, "text"),
];

fn scope_value(scope: &Scope) -> String {
    match scope {
        Scope::All => "all".into(),
        Scope::Model(id) => format!("model:{id}"),
        Scope::Asset(id) => format!("asset:{id}"),
        Scope::EquipmentType(kind) => format!("type:{kind}"),
    }
}

fn scope(text: &str) -> Option<Scope> {
    if text == "all" {
        return Some(Scope::All);
    }
    let (kind, value) = text.split_once(':')?;
    match kind {
        "model" => value.parse::<Uuid>().ok().map(|id| Scope::Model(ModelId(id))),
        "asset" => value.parse::<Uuid>().ok().map(|id| Scope::Asset(AssetId(id))),
        "type" => Some(Scope::EquipmentType(value.into())),
        _ => None,
    }
}

/// What was typed, as settings; the rule's own checks follow in the command.
pub fn read(form: &Form, lang: Lang) -> Result<RuleSettings, CommandError> {
    let mut check = form.check(lang);
    let name = check.required("name", rule::MAX_NAME);
    let condition = condition(form, &mut check);
    let scope = check.read("scope", Reason::UnknownChoice, scope);
    let severity = Severity::ALL.into_iter().find(|severity| severity.as_str() == form.value("severity"));
    if severity.is_none() {
        check.error("severity", Reason::UnknownChoice);
    }
    let historical_limit_seconds = seconds(&mut check, "historical_limit", HOUR).unwrap_or(0);
    let clear_after_quiet_seconds =
        check.optional("clear_after_quiet", |check, name| check.span(name, MINUTE));
    let component = Some(check.text("component", rule::MAX_NAME)).filter(|text| !text.is_empty());
    let action = Some(check.text("action", rule::MAX_ACTION)).filter(|text| !text.is_empty());
    let expected_downtime_hours = check.optional("expected_downtime_hours", Check::decimal);
    let failure_level = check.optional("failure_level", Check::float);
    check.finish()?;
    let (Some(condition), Some(scope), Some(severity)) = (condition, scope, severity) else {
        return Err(CommandError::field("kind", Reason::UnknownChoice));
    };
    Ok(RuleSettings {
        name,
        condition,
        scope,
        severity,
        opens_ticket: form.checked("opens_ticket"),
        enabled: form.checked("enabled"),
        historical_limit_seconds,
        historical_opens_ticket: form.checked("historical_opens_ticket"),
        clear_after_quiet_seconds,
        component,
        action,
        expected_downtime_hours,
        failure_level,
    })
}

/// Spans are typed in the units that people think in, under names of their own.
pub fn on_the_form(error: CommandError) -> CommandError {
    error.renamed(&[
        ("scope", "scope"),
        ("value", "limit"),
        ("for_seconds", "for"),
        ("historical_limit_seconds", "historical_limit"),
        ("clear_after_quiet_seconds", "clear_after_quiet"),
    ])
}

fn condition(form: &Form, check: &mut Check<'_>) -> Option<Condition> {
    Some(match form.value("kind") {
        "threshold" => {
            let (raise, clear) = (check.float("raise"), check.float("clear"));
            Condition::Threshold {
                metric: check.required("metric", 128),
                side: if form.value("side") == "below" { Side::Below } else { Side::Above },
                for_seconds: seconds(check, "for", MINUTE)?,
                raise: raise?,
                clear: clear?,
            }
        }
        "deviation" => {
            let limit = check.float("limit");
            let mean_over_seconds = seconds(check, "mean_over_seconds", HOUR);
            let baseline_seconds = seconds(check, "baseline_seconds", DAY);
            Condition::Deviation {
                metric: check.required("metric", 128),
                side: match form.value("side") {
                    "below" => Direction::Below,
                    "either" => Direction::Either,
                    _ => Direction::Above,
                },
                for_seconds: seconds(check, "for", MINUTE)?,
                mean_over_seconds: mean_over_seconds?,
                baseline_seconds: baseline_seconds?,
                by: match form.value("unit") {
                    "percent" => DeviationLimit::Percent(limit?),
                    _ => DeviationLimit::Sigma(limit?),
                },
            }
        }
        "no_data" => Condition::NoData {
            metric: form.optional("metric").map(String::from),
            after_seconds: seconds(check, "after_seconds", MINUTE)?,
        },
        "event_code" => Condition::EventCode {
            event: EVENTS
                .iter()
                .find(|(_, word)| *word == form.value("event"))
                .map_or(DeviceEventKind::Error, |(k, _)| *k),
            codes: form
                .value("codes")
                .split(',')
                .map(str::trim)
                .filter(|c| !c.is_empty())
                .map(String::from)
                .collect(),
            count: check.whole("count", Reason::RulesCount)?,
            within_seconds: seconds(check, "within_seconds", HOUR)?,
        },
        "down_unplanned" => Condition::DownUnplanned,
        _ => {
            check.error("kind", Reason::UnknownChoice);
            return None;
        }
    })
}

/// A length of time typed in units of `unit` seconds; 0 when left empty.
fn seconds(check: &mut Check<'_>, name: &'static str, unit: u32) -> Option<u32> {
    if check.is_empty(name) { Some(0) } else { check.span(name, unit) }
}

/// The fields, without the form element and its button.
pub fn fields(view: &View, form: &Form) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
    let word = |words: &[&str], prefix: &str| -> Vec<(String, String)> {
        words
            .iter()
            .map(|word| ((*word).to_string(), lang.t(&format!("{prefix}{}", word.replace('_', "-")))))
            .collect()
    };
    let severities = word(&Severity::ALL.map(Severity::as_str), "alerts-severity-");
    html! {
        (f.hidden("kind")) (f.hidden("version"))
        @if form.checked("enabled") { (f.hidden("enabled")) }
        (f.text("name", "rules-name").required().attribute("maxlength", "120"))
        (condition_fields(lang, form, f))
        div.pair {
            (f.choose("scope", "rules-scope", Kind::RuleScopes).required())
            (f.select("severity", "rules-severity", &severities))
        }
        (f.checkbox("opens_ticket", "rules-opens-ticket"))
        details { summary { (lang.t("rules-more")) }
            div.stack {
                div.pair {
                    (f.number("clear_after_quiet", "rules-clear-after-quiet").hint("rules-clear-after-quiet-hint"))
                    (f.number("failure_level", "rules-failure-level").hint("rules-failure-level-hint"))
                }
                div.pair {
                    (f.text("component", "rules-component"))
                    (f.number("expected_downtime_hours", "rules-expected-downtime").hint("rules-expected-downtime-hint"))
                }
                (f.area("action", "rules-action").attribute("rows", "3"))
                div.pair {
                    (f.number("historical_limit", "rules-historical-limit").hint("rules-historical-limit-hint"))
                    (f.checkbox("historical_opens_ticket", "rules-historical-opens-ticket"))
                }
            }
        }
    }
}

fn condition_fields(lang: Lang, form: &Form, f: Fields<'_>) -> Markup {
    let option = |value: &str, key: &str| (value.to_string(), lang.t(key));
    let sides = [option("above", "rules-above"), option("below", "rules-below")];
    let directions =
        [option("above", "rules-above"), option("below", "rules-below"), option("either", "rules-either")];
    let units = [option("sigma", "rules-unit-sigma"), option("percent", "rules-unit-percent")];
    let events = EVENTS.map(|(_, word)| option(word, &format!("rules-event-{word}")));
    html! {
        @match form.value("kind") {
            "threshold" => {
                div.pair { (f.text("metric", "rules-metric").required()) (f.select("side", "rules-side", &sides)) }
                div.pair {
                    (f.number("raise", "rules-raise").required())
                    (f.number("clear", "rules-clear").required().hint("rules-clear-hint"))
                }
                (f.number("for", "rules-for").hint("rules-for-hint"))
            }
            "deviation" => {
                div.pair { (f.text("metric", "rules-metric").required()) (f.select("side", "rules-side", &directions)) }
                div.pair { (f.number("limit", "rules-limit").required()) (f.select("unit", "rules-unit", &units)) }
                div.pair {
                    (f.number("mean_over_seconds", "rules-mean-over").required())
                    (f.number("baseline_seconds", "rules-baseline").required().hint("rules-baseline-hint"))
                }
                (f.number("for", "rules-for").hint("rules-for-hint"))
            }
            "no_data" => {
                div.pair {
                    (f.text("metric", "rules-metric").hint("rules-any-metric"))
                    (f.number("after_seconds", "rules-after").required())
                }
            }
            "event_code" => {
                div.pair { (f.select("event", "rules-event", &events)) (f.text("codes", "rules-codes").hint("rules-codes-hint")) }
                div.pair { (f.number("count", "rules-count").required()) (f.number("within_seconds", "rules-within").hint("rules-within-hint")) }
            }
            _ => { p.hint { (lang.t("rules-kind-down-unplanned")) } }
        }
    }
}
