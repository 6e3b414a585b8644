//! How long samples are kept: by the class of their metric.

/// Metrics that are kept alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// A word: letters, digits and underscores.
    pub name: String,
    /// Names, in which a star stands for any letters.
    pub metrics: Vec<String>,
}

impl Class {
    pub fn covers(&self, metric: &str) -> bool {
        self.metrics.iter().any(|pattern| matches(pattern, metric))
    }
}

/// From when on samples are kept, now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The first class that covers a metric decides.
    pub classes: Vec<(Class, i64)>,
    /// Of all other metrics.
    pub others_us: i64,
}

impl Keep {
    /// The same for all metrics.
    pub fn all_from(before_us: i64) -> Self {
        Self { classes: Vec::new(), others_us: before_us }
    }

    /// Older samples of `metric` go.
    pub fn from_us(&self, metric: &str) -> i64 {
        let class = self.classes.iter().find(|(class, _)| class.covers(metric));
        class.map_or(self.others_us, |(_, from_us)| *from_us)
    }

    /// The same with times changed.
    pub fn map(&self, change: impl Fn(i64) -> i64) -> Self {
        let classes = self.classes.iter().map(|(class, from_us)| (class.clone(), change(*from_us)));
        Self { classes: classes.collect(), others_us: change(self.others_us) }
    }
}

/// A star in `pattern` stands for any letters, none too.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let Some((last, between)) = parts.split_last() else { return true };
    for part in between {
        let Some((_, left)) = text.split_once(part) else { return false };
        text = left;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, yes, no) in [
            ("speed", "speed", "speed2"),
            ("vibration*", "vibration", "my_vibration"),
            ("*_raw", "x_raw", "x_raw_2"),
            ("a*b*c", "a1b2c", "a1c2b"),
            ("*", "", "\u{0}never\u{0}"),
        ] {
            assert!(matches(pattern, yes), "{pattern} {yes}");
            assert!(pattern == "*" || !matches(pattern, no), "{pattern} {no}");
        }
        assert!(!matches("ab*ba", "aba"), "letters count once");
    }

    #[test]
    fn the_first_class_decides() {
        let class = |name: &str, metric: &str| Class { name: name.into(), metrics: vec![metric.into()] };
        let classes = vec![(class("a", "v*"), 5), (class("b", "*"), 3)];
        let keep = Keep { classes, others_us: 1 };
        assert_eq!((keep.from_us("vibration"), keep.from_us("speed")), (5, 3));
        assert_eq!(Keep::all_from(9).from_us("speed"), 9);
        assert_eq!(keep.map(|us| us * 2).from_us("speed"), 6);
    }
}
