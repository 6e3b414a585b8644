use super::*;
use serde_json::json;
use std::fmt::Debug;

/// As the first release froze them, without an envelope. Never edit a line: add the next form beside it.
const FIRST_FORMS: &str = include_str!("first_forms.json");

fn check<T: Frozen + PartialEq + Debug>(forms: &Value) {
    let samples = forms[T::WHAT].as_array().unwrap_or_else(|| panic!("no sample of {}", T::WHAT));
    assert!(!samples.is_empty(), "{}", T::WHAT);
    for sample in samples {
        let old: T = thaw(&sample.to_string()).unwrap_or_else(|error| panic!("{error}: {sample}"));
        let text = freeze(&old).unwrap();
        assert!(text.starts_with(&format!("{{\"frozen\":{},", T::VERSION)), "{text}");
        assert_eq!(thaw::<T>(&text).unwrap(), old, "{}", T::WHAT);
    }
}

#[test]
fn what_the_first_release_froze_is_still_read() {
    let forms: Value = serde_json::from_str(FIRST_FORMS).unwrap();
    check::<DomainEvent>(&forms);
    check::<Evidence>(&forms);
    check::<RuleSettings>(&forms);
    check::<InvoiceLine>(&forms);
    check::<InvoiceState>(&forms);
    check::<(Party, Party)>(&forms);
    check::<Shares>(&forms);
    check::<BTreeSet<LineKind>>(&forms);
    check::<PriorityReason>(&forms);
    check::<TicketState>(&forms);
    check::<Vec<Timestamp>>(&forms);
    check::<VisitState>(&forms);
    check::<Finding>(&forms);
    check::<WorkOrderState>(&forms);
    check::<Vec<String>>(&forms);
    check::<Vec<AccountId>>(&forms);
}

/// A type on its third form: `metres` was `feet` before, and a bare number in the beginning.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Height {
    metres: f64,
}

impl Frozen for Height {
    const WHAT: &'static str = "height";
    const VERSION: u32 = 2;
    fn lift(from: u32, body: Value) -> Value {
        match from {
            0 => json!({ "feet": body }),
            1 => json!({ "metres": body["feet"].as_f64().unwrap_or_default() * 0.3048 }),
            _ => body,
        }
    }
}

#[test]
fn older_forms_are_lifted_a_version_at_a_time_and_newer_ones_are_refused_by_name() {
    for old in ["10", r#"{"frozen":1,"body":{"feet":10}}"#, r#"{"frozen":2,"body":{"metres":3.048}}"#] {
        assert_eq!(thaw::<Height>(old).unwrap(), Height { metres: 3.048 }, "{old}");
    }
    let newer = thaw::<Height>(r#"{"frozen":3,"body":{}}"#).unwrap_err().to_string();
    assert!(newer.contains("height") && newer.contains("newer release"), "{newer}");
}

#[test]
fn a_line_of_before_says_how_it_was_taxed_and_what_it_counted() {
    let forms: Value = serde_json::from_str(FIRST_FORMS).unwrap();
    let mut old = forms[InvoiceLine::WHAT][0].clone();
    let lifted = |old: &Value| thaw::<InvoiceLine>(&old.to_string()).unwrap();
    assert_eq!((lifted(&old).tax.category.code(), lifted(&old).unit.code()), ("S", "HUR"));
    (old["tax_rate"], old["kind"]) = (json!("0"), json!("part"));
    assert_eq!((lifted(&old).tax.category.code(), lifted(&old).unit.code()), ("Z", "H87"));
}
