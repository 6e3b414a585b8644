//! Whether two reports of an asset are of the same fault.

/// What is known of what was wrong. How it failed, as a technician found it, is surer than the words of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Failure modes that technicians found.
    pub modes: Vec<String>,
    /// The words of the reports: of an automatic ticket the name of its rule.
    pub words: Vec<String>,
}

impl Fault {
    /// The same failure mode; where one of the two has none, the same words. Nothing known is nothing in common.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.modes.is_empty() || other.modes.is_empty() {
            meet(&self.words, &other.words)
        } else {
            meet(&self.modes, &other.modes)
        }
    }
}

fn meet(a: &[String], b: &[String]) -> bool {
    a.iter().any(|one| !plain(one).is_empty() && b.iter().any(|other| plain(one) == plain(other)))
}

/// Whatever the letters' case and the spaces.
fn plain(words: &str) -> String {
    words.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(modes: &[&str], words: &[&str]) -> Fault {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Fault { modes: owned(modes), words: owned(words) }
    }

    #[test]
    fn another_fault_of_the_same_asset_is_no_repeat() {
        let bearing = fault(&[], &["Bearing  is hot"]);
        assert!(bearing.is_same(&fault(&["wear"], &["bearing is HOT "])), "words, where one has no finding");
        assert!(!bearing.is_same(&fault(&[], &["Display is dark"])));
        let found = fault(&["bearing wear"], &["Noise"]);
        assert!(
            found.is_same(&fault(&["Bearing wear"], &["Vibration"])),
            "the finding is surer than the words"
        );
        assert!(!found.is_same(&fault(&["loose belt"], &["Noise"])));
        assert!(!fault(&[], &[" "]).is_same(&fault(&[], &[" "])));
    }
}
