//! Where versions of the protocol, dialects and indicators are added: what only one place may know.

use super::sources;

fn outside_tests(folder: &str) -> impl Iterator<Item = (String, String)> {
    sources::below(folder).into_iter().filter(|(path, _)| !sources::is_test(path))
}

#[test]
fn one_module_of_the_gateway_knows_the_codec_and_none_a_dialect() {
    for (path, text) in outside_tests("gateway/src") {
        assert!(path == "v3.rs" || !text.contains("rmqtt_codec"), "{path} speaks packets of its own");
        assert!(!text.contains("v1/devices"), "{path}: a dialect says its topics");
    }
}

#[test]
fn nothing_is_chosen_by_the_code_of_an_indicator() {
    let chooses = |line: &&str| {
        line.match_indices("\"K").any(|(at, _)| {
            let (before, named) = (line[..at].trim_end(), &line[at + 2..]);
            let Some((digits, after)) = named.split_once('"') else { return false };
            digits.starts_with(|first: char| first.is_ascii_digit())
                && (before.ends_with('|')
                    || before.ends_with("==")
                    || before.contains("matches!")
                    || after.trim_start().starts_with(['|', '=']))
        })
    };
    for folder in ["domain/src/insight", "api/service/src/insight", "api/src/insight"] {
        for (path, text) in outside_tests(folder) {
            let found: Vec<&str> = text.lines().filter(chooses).collect();
            assert!(found.is_empty(), "{folder}/{path}: the catalogue says how: {found:?}");
        }
    }
}
