use super::*;
use crate::i18n::Lang;
use domain::calendar::Zone;

fn view(lang: Lang) -> View {
    View {
        lang,
        zone: "Europe/Madrid".parse().expect("zone"),
        civil: Zone::UTC,
        user: None,
        path: String::new(),
    }
}

fn inputs() -> Inputs {
    Inputs::new([
        text("subject", "s").required(),
        area("note", "n", "2"),
        decimal("quantity", "q"),
        money("price", "p"),
        whole("minutes", "m", Reason::WorkOrdersMinutesRange).at("plan.minutes"),
        lines("extra", "x", "3").at("plan.checklist"),
        instant("at", "a"),
        checkbox("yes", "y"),
        version(),
        fixed("kind", "part"),
    ])
    .in_currency("EUR".parse().ok())
}

#[test]
fn what_is_typed_becomes_what_a_program_sends() {
    let typed = [
        ("subject", " Noise "),
        ("quantity", "1,5"),
        ("price", "1.234,50"),
        ("minutes", "60"),
        ("extra", "a\nb"),
        ("at", "2026-06-15T14:00"),
        ("version", "3"),
    ];
    let body = inputs().value(&Form::filled(typed), &view(Lang::Es)).expect("read");
    assert_eq!(
        body,
        json!({
            "subject": "Noise", "note": "", "quantity": "1.5", "price": { "amount": "1234.50", "currency": "EUR" },
            "plan": { "minutes": 60, "checklist": ["a", "b"] }, "at": "2026-06-15T12:00:00Z", "yes": false,
            "version": 3, "kind": "part",
        })
    );
}

#[test]
fn errors_of_the_body_stand_at_the_fields_of_the_form() {
    let about = |field: &'static str| match inputs().named(CommandError::field(field, Reason::TooLong)) {
        CommandError::Invalid(errors) => errors[0].field.to_string(),
        error => panic!("{error}"),
    };
    assert_eq!(about("plan.minutes"), "minutes");
    assert_eq!(about("plan.checklist[3]"), "extra");
    assert_eq!(about("plan.checklists"), "plan.checklists");
}

#[test]
fn what_cannot_be_read_is_said_at_its_field_all_at_once() {
    let form = Form::filled([("quantity", "x"), ("minutes", "1,5"), ("at", "soon")]);
    let Err(CommandError::Invalid(errors)) = inputs().value(&form, &view(Lang::Es)) else {
        panic!("refused")
    };
    let told: Vec<_> = errors.iter().map(|error| (error.field.as_ref(), error.reason)).collect();
    assert_eq!(
        told,
        [
            ("subject", Reason::Required),
            ("quantity", Reason::NotANumber),
            ("minutes", Reason::WorkOrdersMinutesRange),
            ("at", Reason::InvalidTime),
        ]
    );
}
