use super::*;
use proptest::prelude::*;

const DEPTH: usize = 100;

fn accepts(text: &str) -> Result<(), Error> {
    let mut parser = Parser::new(text, DEPTH);
    parser.skip()?;
    parser.end()
}

fn number(text: &str) -> Scalar<'_> {
    Parser::new(text, DEPTH).scalar().unwrap()
}

#[test]
fn what_programs_write_for_no_number_is_a_value_that_is_not_finite() {
    for text in [
        "NaN",
        "nan",
        "NAN",
        "-nan",
        "-NaN",
        "nan(0x7ff8)",
        "-nan(ind)",
        "Infinity",
        "-Infinity",
        "infinity",
        "inf",
        "-inf",
        "Inf",
        "-INF",
        "ovf",
        "-ovf",
        "1.#QNAN",
        "-1.#IND",
        "1.#INF00",
        "1e999",
        "-1e999",
    ] {
        assert_eq!(number(text), Scalar::NotFinite, "{text}");
        let message = format!("{{\"a\":{text},\"b\":[1, {text} ]}}");
        let mut parser = Parser::new(&message, DEPTH);
        assert_eq!(parser.skip(), Ok(&*message));
        assert_eq!((parser.end(), parser.not_finite()), (Ok(()), 2));
    }
    for text in
        ["nano", "na", "-", "+nan", "info", "in", "nan(", "-null", "1.#INF-", "1.", "-#IND", "#", "nul"]
    {
        assert!(accepts(text).is_err(), "{text}");
    }
}

#[test]
fn integers_that_no_double_holds_are_told_apart() {
    assert_eq!(number("9007199254740992"), Scalar::Number(9_007_199_254_740_992.0));
    for text in
        ["9007199254740993", "-9007199254740993", "18446744073709551616", "123456789012345678901234567890"]
    {
        assert_eq!(number(text), Scalar::LongInteger(text));
    }
    assert_eq!(number("9007199254740993.5"), Scalar::Number(9_007_199_254_740_993.5));
    assert_eq!(number("1e300"), Scalar::Number(1e300));
}

#[test]
fn depth_is_limited() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(Parser::new(&deep, 8).skip(), Err(Error::TooDeep { levels: 8 }));
    assert!(Parser::new("[[1]]", 2).skip().is_ok());
}

#[test]
fn strings_are_unescaped() {
    let text = r#""\u00e9\ud83d\ude00\n\"x\/""#;
    assert_eq!(Parser::new(text, 1).scalar(), Ok(Scalar::Text("\u{e9}\u{1F600}\n\"x/".into())));
    assert!(accepts(r#""\ud83d""#).is_err());
}

proptest! {
    #[test]
    fn numbers_are_read_exactly(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let (scientific, plain) = (format!("{value:e}"), format!("{value}"));
        prop_assert_eq!(number(&scientific), Scalar::Number(value));
        let read = number(&plain);
        if !matches!(read, Scalar::LongInteger(text) if text == plain && value.abs() > 9e15) {
            prop_assert_eq!(read, Scalar::Number(value));
        }
    }

    #[test]
    fn short_decimals_are_read_exactly(text in "-?(0|[1-9][0-9]{0,12})(\\.[0-9]{1,9})?") {
        prop_assert_eq!(number(&text), Scalar::Number(text.parse().unwrap()));
    }

    #[test]
    fn accepts_what_serde_json_accepts(text in r#"([\[\]{}:, \n]|"[a-z]{0,3}"|"\\[nu"0x]{1,4}"|-?[0-9.eE+-]{1,6}|true|null|[a-hj-mp-z"\\]){0,14}"#) {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        prop_assert_eq!(accepts(&text).is_ok(), theirs.is_ok(), "{:?} {:?}", accepts(&text), theirs);
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = accepts(&text);
    }
}
