//! Patterns of topics: levels with `/` between them, each a word that stands for itself or one of
//!
//! - `{device}`: what the device calls itself; a connection's first name is its own, further ones are devices behind it;
//! - `{child}`: a device behind the one that sends;
//! - `{metric}`: the name of a value, or the beginning of the names of an object's values; several are joined by dots;
//! - `{}`: any level.
//!
//! A star, as in `{device*}`, takes as many levels as the rest of the pattern leaves, at least one; a pattern has at
//! most one of them.

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub named: Option<String>,
    pub child: Option<String>,
    pub metric: String,
}

/// Levels of a pattern.
const MAX_LEVELS: usize = 32;
const MAX_LEN: usize = 512;

/// Whether `pattern` is one: of known words in braces, with one star at most.
pub fn is_one(pattern: &str) -> bool {
    let known = |level: &str| match level.strip_prefix('{') {
        None => !level.contains(['{', '}', '*', '+', '#']),
        Some(word) => matches!(
            word,
            "}" | "*}" | "device}" | "device*}" | "child}" | "child*}" | "metric}" | "metric*}"
        ),
    };
    let levels = pattern.split('/').count();
    (1..=MAX_LEN).contains(&pattern.len())
        && levels <= MAX_LEVELS
        && pattern.matches("*}").count() <= 1
        && !pattern.contains(char::is_control)
        && pattern.split('/').all(known)
}

/// What `topic` says by `pattern`; `None` when it does not match.
pub fn find(pattern: &str, topic: &str) -> Option<Found> {
    let (patterns, levels): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), topic.split('/').collect());
    let spare = levels.len().checked_sub(patterns.len())?;
    if spare > 0 && !pattern.contains('*') {
        return None;
    }
    let (mut found, mut rest) = (Found::default(), levels.as_slice());
    for one in patterns {
        let (word, count) = match one.strip_suffix("*}") {
            Some(word) => (word, spare + 1),
            None => (one.strip_suffix('}').unwrap_or(one), 1),
        };
        let (taken, left) = rest.split_at_checked(count)?;
        rest = left;
        match word {
            "{" => {}
            "{device" => found.named = Some(taken.join("/")),
            "{child" => found.child = Some(taken.join("/")),
            "{metric" => {
                let parts = [found.metric.as_str()].into_iter().chain(taken.iter().copied());
                found.metric = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
            }
            word if taken == [word] => {}
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(pattern: &str, topic: &str) -> Option<(String, String, String)> {
        let Found { named, child, metric } = find(pattern, topic)?;
        Some((named.unwrap_or_default(), child.unwrap_or_default(), metric))
    }

    #[test]
    fn levels_stand_for_themselves_for_a_name_or_for_several() {
        let told = |named: &str, child: &str, metric: &str| Some((named.into(), child.into(), metric.into()));
        assert_eq!(said("tele/{device}/SENSOR", "tele/plug/SENSOR"), told("plug", "", ""));
        assert_eq!(said("tele/{device}/SENSOR", "tele/plug/STATE"), None);
        assert_eq!(said("tele/{device}/SENSOR", "tele/hall/plug/SENSOR"), None);
        assert_eq!(said("tele/{device*}/SENSOR", "tele/hall/plug/SENSOR"), told("hall/plug", "", ""));
        assert_eq!(said("z/{child*}", "z/hall/lamp"), told("", "hall/lamp", ""));
        assert_eq!(said("z/{child*}", "z"), None);
        assert_eq!(said("{}/{metric}/{metric}", "a/b/c"), told("", "", "b.c"));
        assert_eq!(said("{metric*}", "a/b/c"), told("", "", "a.b.c"));
        assert_eq!(said("{metric*}", ""), told("", "", ""));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for good in ["a", "site/{}/{child}/{metric*}", "/a//b", "{device*}/tele/SENSOR", "{*}"] {
            assert!(is_one(good), "{good}");
        }
        for wrong in ["", "a/+/b", "a/#", "{asset}/x", "{device", "a{device}", "{child*}/{metric*}", "a/*"] {
            assert!(!is_one(wrong), "{wrong}");
        }
        assert!(!is_one(&"a/".repeat(40)) && !is_one(&"a".repeat(600)));
    }

    proptest! {
        #[test]
        fn any_topic_is_judged(pattern in "(\\{device\\*?\\}|\\{metric\\}|a|/){0,8}", topic in any::<String>()) {
            let _ = find(&pattern, &topic);
        }
    }
}
