use super::*;
use crate::testing::messages::{files_under, messages};
use std::{collections::BTreeSet, fs, path::Path};

/// The variables of a message, such as `$n`.
fn arguments(text: &str) -> BTreeSet<String> {
    let name =
        |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    text.split('$').skip(1).map(name).collect()
}

#[test]
fn the_five_languages_say_the_same_things() {
    let english = messages(Lang::En);
    for lang in Lang::ALL {
        let other = messages(lang);
        let missing: Vec<_> = english.keys().filter(|key| !other.contains_key(*key)).collect();
        let invented: Vec<_> = other.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(
            missing.is_empty() && invented.is_empty(),
            "{}: missing {missing:?}, unknown {invented:?}",
            lang.code()
        );
        for (key, (_, text)) in &english {
            assert_eq!(arguments(text), arguments(&other[key].1), "arguments of {key} in {}", lang.code());
        }
    }
}

/// Messages that are rightly the same in English and elsewhere: codes, units, formulas, names and shared words.
fn may_be_equal(text: &str) -> bool {
    let placeholders_removed: String = {
        let mut depth = 0;
        text.chars()
            .filter(|c| match c {
                '{' => {
                    depth += 1;
                    false
                }
                '}' => {
                    depth -= 1;
                    false
                }
                _ => depth == 0,
            })
            .collect()
    };
    let words: Vec<&str> = placeholders_removed
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.chars().count() > 3)
        .collect();
    // One shared word (`Contact`, `Total`, `Client`) happens between related languages; a whole sentence does not.
    words.len() <= 1
}

#[test]
fn nothing_is_left_in_english() {
    let english = messages(Lang::En);
    let mut left = Vec::new();
    for lang in Lang::ALL.into_iter().skip(1) {
        for (key, (file, text)) in messages(lang) {
            let same = english.get(&key).is_some_and(|(_, original)| *original == text);
            let chinese = lang == Lang::Zh && text.chars().filter(|c| c.is_alphabetic()).count() > 3;
            if same && (!may_be_equal(&text) || (chinese && text.contains(' ') && !text.contains('{'))) {
                left.push(format!("{}/{file}: {key}", lang.code()));
            }
        }
    }
    assert!(left.is_empty(), "still English: {left:#?}");
}

#[test]
fn every_key_that_the_code_names_exists() {
    let english = messages(Lang::En);
    let sources = files_under(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs");
    let mut missing = BTreeSet::new();
    for file in sources.iter().filter(|file| !file.ends_with("tests.rs")) {
        let text = fs::read_to_string(file).expect("source");
        // Examples in comments name no real keys.
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let text = code.collect::<Vec<_>>().join("\n");
        for opening in [".t(\"", ".with(\"", ".count(\"", "Column::text(\"", "Column::number(\""] {
            for rest in text.split(opening).skip(1) {
                let key: String = rest.chars().take_while(|c| *c != '"').collect();
                // `Form::with("field", ...)` names a field, not a message: message keys have a dash or are known.
                let is_field = opening == ".with(\"" && !key.contains('-');
                if !is_field && !key.is_empty() && !english.contains_key(&key) {
                    missing.insert(format!("{}: {key}", file.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no translation for {missing:#?}");
}

#[test]
fn times_are_told_in_two_units() {
    let tell = |lang: Lang, seconds| lang.duration(TimeDelta::seconds(seconds));
    assert_eq!(tell(Lang::En, 7800), "2 h 10 min");
    assert_eq!(tell(Lang::En, 3 * 86_400 + 4 * 3600 + 59), "3 d 4 h");
    assert_eq!(tell(Lang::En, 3600), "1 h");
    assert_eq!(tell(Lang::En, 0), "0 s");
    assert_eq!(tell(Lang::Zh, 7800), "2 小时 10 分钟");
    // A limit that a flat line would reach in ages is shown, and stops no page.
    assert!(Lang::En.seconds(1e300).ends_with(" h"));
    assert_eq!(Lang::En.seconds(7800.4), "2 h 10 min");
    let now = domain::clock::from_micros(0);
    assert_eq!(Lang::En.relative(now - TimeDelta::minutes(15), now), "15 min ago");
    assert_eq!(Lang::Es.relative(now + TimeDelta::hours(2), now), "dentro de 2 h");
    assert_eq!(Lang::Ro.relative(now, now), "acum");
    assert_eq!(
        (Lang::En.percent(0.9924, 2), Lang::It.percent(0.9924, 2)),
        ("99.24%".into(), "99,24\u{a0}%".into())
    );
}

#[test]
fn plurals_follow_the_language() {
    // Romanian has three forms: one, few and other, where other asks for `de`.
    assert_eq!(Lang::Ro.count("list-count", 1), "1 rând");
    assert_eq!(Lang::Ro.count("list-count", 5), "5 rânduri");
    assert_eq!(Lang::Ro.count("list-count", 20), "20 de rânduri");
    assert_eq!(Lang::En.count("list-count", 1), "1 row");
    assert_eq!(Lang::Zh.count("list-count", 3), "3 行");
}
