//! The topic grammar of MQTT. Which topics a device may use, its dialect says.

/// A topic to publish to: at least one character, no wildcard, no NUL [MQTT-4.7.1, 4.7.3].
pub fn is_name(topic: &str) -> bool {
    !topic.is_empty() && !topic.bytes().any(|byte| matches!(byte, b'+' | b'#' | 0))
}

/// A topic filter: `+` alone in its level, `#` alone in the last one [MQTT-4.7.1-2, 4.7.1-3], no NUL.
pub fn is_filter(filter: &str) -> bool {
    let last = filter.split('/').count() - 1;
    let is_level = |(at, level): (usize, &str)| match level {
        "+" => true,
        "#" => at == last,
        other => !other.contains(['+', '#', '\0']),
    };
    !filter.is_empty() && filter.split('/').enumerate().all(is_level)
}

/// A valid `filter` against a valid topic name: `+` stands for one level, a last `#` for any number of them; neither
/// matches a first level that begins with `$` [MQTT-4.7.2-1].
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let (mut filters, mut levels) = (filter.split('/'), topic.split('/'));
    loop {
        match (filters.next(), levels.next()) {
            (Some("#"), _) => return true,
            (Some("+"), Some(_)) => {}
            (Some(filter), Some(level)) if filter == level => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wildcards() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/+", "a/b", true),
            ("a/+", "a", false),
            ("a/+", "a/", true),
            ("a/+", "a/b/c", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("#", "a/b", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("a", "b", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }

    #[test]
    fn filters() {
        for filter in ["a", "/", "+", "#", "a/+/b", "a/#", "+/+/#", "$SYS/#"] {
            assert!(is_filter(filter), "{filter}");
        }
        for filter in ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a\0b", "##", "++"] {
            assert!(!is_filter(filter), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn a_name_matches_itself_and_its_wildcards(levels in prop::collection::vec("[a-z]{0,3}", 1..6), at in any::<prop::sample::Index>()) {
            let name = levels.join("/");
            prop_assume!(is_name(&name));
            prop_assert!(matches(&name, &name));
            let at = at.index(levels.len());
            let mut plus = levels.clone();
            plus[at] = "+".into();
            prop_assert!(matches(&plus.join("/"), &name));
            let mut hash = levels[..at].to_vec();
            hash.push("#".into());
            prop_assert!(matches(&hash.join("/"), &name));
            let longer = format!("{name}/x");
            prop_assert!(!matches(&name, &longer) && !matches(&longer, &name));
        }

        #[test]
        fn any_text_is_judged(text in any::<String>(), other in any::<String>()) {
            let _ = (is_name(&text), is_filter(&text), matches(&text, &other));
        }
    }
}
