use super::*;
use domain::reason::Reason;
use domain::{Currency, Date, Money};
use maud::Render;
use rust_decimal::Decimal;

fn refused() -> Form {
    Form {
        errors: vec![FieldError::new("name", Reason::Required)],
        ..Form::filled([("name", "\"><script>alert(1)</script>"), ("secret", "hunter2")])
    }
}

#[test]
fn typed_values_stay_and_cannot_break_out_of_their_attribute() {
    let form = refused();
    let drawn = form.fields(Lang::En).text("name", "form-optional").required().render().into_string();
    assert!(!drawn.contains("<script>"), "{drawn}");
    assert!(drawn.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{drawn}");
    assert!(drawn.contains(r#"aria-describedby="e-name" aria-invalid="true" required"#), "{drawn}");
}

#[test]
fn passwords_are_never_sent_back() {
    let form = refused();
    let drawn = form.fields(Lang::En).input("password", "secret", "form-optional").render().into_string();
    assert!(!drawn.contains("hunter2"), "{drawn}");
}

#[test]
fn every_wrong_field_is_named_once() {
    let form = Form::filled([("amount", "x"), ("long", "abcdef")]);
    let mut check = form.check(Lang::En);
    check.required("name", 10);
    check.text("long", 5);
    assert_eq!(check.money("amount", Currency::EUR), None);
    let Err(CommandError::Invalid(errors)) = check.finish() else { panic!("must be refused") };
    let found: Vec<_> = errors.iter().map(|e| (&*e.field, e.reason)).collect();
    assert_eq!(
        found,
        [("name", Reason::Required), ("long", Reason::TooLong), ("amount", Reason::NotANumber)]
    );
}

/// The value that the only field named `name` carries in `drawn`.
fn shown(drawn: &str, name: &str) -> String {
    let fields = crate::testing::forms(&format!("<form >{drawn}</form>")).remove(0);
    fields.value(name).unwrap_or_else(|| panic!("no {name} in {drawn}")).to_owned()
}

/// Draws `field` of `form` and reads what a browser would send back.
fn sent_back(form: &Form, lang: Lang, draw: impl for<'a> Fn(Fields<'a>) -> Field<'a>) -> Form {
    let drawn = draw(form.fields(lang)).render().into_string();
    let fields = crate::testing::forms(&format!("<form >{drawn}</form>")).remove(0).fields;
    assert!(!fields.is_empty(), "{drawn}");
    Form::filled(fields)
}

#[test]
fn every_kind_of_field_reads_back_what_it_shows() {
    let eur = Money::new(150_000, Currency::EUR);
    let day: Date = "2026-09-06".parse().expect("date");
    let (madrid, at) =
        (Zone::Europe__Madrid, "2026-10-25T01:30:15.123456Z".parse::<Timestamp>().expect("instant"));
    for lang in Lang::ALL {
        let number =
            |text: String| sent_back(&Form::filled([("n", text)]), lang, |f| f.number("n", "form-optional"));
        for value in
            [Decimal::from(1500), Decimal::new(15, 1), Decimal::new(1_234_567, 3), Decimal::new(-5, 2)]
        {
            assert_eq!(number(lang.show_decimal(value)).check(lang).decimal("n"), Some(value));
            assert_eq!(number(lang.show_percent(value)).check(lang).percent("n"), Some(value));
        }
        assert_eq!(number(lang.show_money(eur)).check(lang).money("n", Currency::EUR), Some(eur));
        assert_eq!(number(lang.show_float(1500.125)).check(lang).float("n"), Some(1500.125));
        assert_eq!(
            number(1500.to_string()).check(lang).whole::<u32>("n", Reason::NotAWholeNumber),
            Some(1500)
        );
        assert_eq!(number(lang.show_span(100, 60)).check(lang).span("n", 60), Some(100));
        let form = sent_back(&Form::filled([("d", day)]), lang, |f| f.date("d", "form-optional"));
        assert_eq!(form.check(lang).date("d"), Some(day));
        let form = Form::blank().with_instant("t", at, madrid);
        let form = sent_back(&form, lang, |f| f.instant("t", "form-optional"));
        assert_eq!(form.check(lang).instant("t", madrid), Some(at));
        for text in ["1.500 <b>&\"'", "é 你好", "a\nb"] {
            let form = Form::filled([("x", text)]);
            assert_eq!(sent_back(&form, lang, |f| f.area("x", "form-optional")).value("x"), text);
            assert_eq!(sent_back(&form, lang, |f| f.text("x", "form-optional")).value("x"), text);
        }
        let options = [("a".to_string(), "A".to_string()), ("1.500".into(), "B".into())];
        let form = Form::filled([("s", "1.500")]);
        let drawn = form.fields(lang).select("s", "form-optional", &options).render().into_string();
        assert_eq!(shown(&drawn, "s"), "1.500");
        let ticked = sent_back(&Form::filled([("c", "on")]), lang, |f| f.checkbox("c", "form-optional"));
        assert!(ticked.checked("c"));
        assert_eq!(shown(&Form::filled([("h", "7")]).fields(lang).hidden("h").into_string(), "h"), "7");
    }
}

#[test]
fn whole_numbers_say_which_they_take() {
    for wrong in ["1.5", "-1", "4294967296", "1e3", "x"] {
        let form = Form::filled([("n", wrong)]);
        let mut check = form.check(Lang::En);
        assert_eq!(check.whole::<u32>("n", Reason::NotAWholeNumber), None, "{wrong}");
        assert!(check.finish().is_err(), "{wrong}");
    }
}
