//! When a commit begins, so that one flush serves many appends.

use std::time::{Duration, Instant};

/// How long a commit waits for company: commits begin no more often than once in an interval, so that one flush serves
/// many appends, and an append after a quiet moment does not wait.
///
/// Where everybody who sends waits for an answer before sending again, nobody else comes however long one waits. That is
/// seen from a wait in whose second half nothing came: for some commits then, as many as came before are company enough.
pub struct Pace {
    interval: Duration,
    last_start: Option<Instant>,
    last_group: usize,
    /// Commits that do not wait for more than came before.
    impatient: u32,
    /// How many they were the last time, while one waited in vain again and again.
    vain: u32,
}

/// After a first wait in vain, so many commits do not wait for more than came before; after each further one twice as many.
const IMPATIENT: u32 = 32;
const MOST_IMPATIENT: u32 = 2_048;
/// More jobs than are ever queued; the maximum itself says that the committer works.
pub(super) const ALL: usize = usize::MAX - 1;

impl Pace {
    pub fn new(interval: Duration) -> Self {
        Self { interval, last_start: None, last_group: 0, impatient: 0, vain: 0 }
    }

    /// A commit of `group` appends begins.
    pub fn begins(&mut self, at: Instant, group: usize) {
        (self.last_start, self.last_group) = (Some(at), group);
        self.impatient = self.impatient.saturating_sub(1);
    }

    /// How many jobs are company enough, and until when they are waited for.
    pub(super) fn company(&self) -> Option<(usize, Instant)> {
        let until = self.last_start? + self.interval;
        let enough = if self.impatient > 0 { self.last_group } else { ALL };
        (enough > 1 && Instant::now() < until).then_some((enough, until))
    }

    /// It was waited to the end, and nothing came for so long.
    pub(super) fn waited(&mut self, nothing_for: Duration) {
        let in_vain = self.impatient == 0 && nothing_for >= self.interval / 2;
        match in_vain {
            true => self.vain = (2 * self.vain).clamp(IMPATIENT, MOST_IMPATIENT),
            false if self.impatient == 0 => self.vain = 0,
            false => return,
        }
        self.impatient = self.vain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn company_is_waited_for_while_it_comes() {
        let hour = Duration::from_secs(3_600);
        let mut pace = Pace::new(hour);
        assert!(pace.company().is_none(), "nothing was committed yet");
        let start = Instant::now();
        pace.begins(start, 1);
        assert_eq!(pace.company(), Some((ALL, start + hour)));
        // They came to the end.
        pace.waited(hour / 3);
        assert_eq!(pace.company(), Some((ALL, start + hour)));
        // Those five wait for us.
        pace.waited(hour / 2);
        for _ in 0..IMPATIENT - 1 {
            pace.begins(start, 5);
            assert_eq!(pace.company(), Some((5, start + hour)));
        }
        pace.begins(start, 1);
        assert_eq!(pace.company(), Some((ALL, start + hour)), "perhaps others have come");
        pace.waited(hour);
        for _ in 0..2 * IMPATIENT - 1 {
            pace.begins(start, 1);
            assert!(pace.company().is_none(), "one that waits for us alone, again");
            pace.waited(hour);
        }
        pace.begins(start, 1);
        pace.waited(hour / 3);
        assert_eq!((pace.impatient, pace.vain), (0, 0), "others have come");
        let mut quiet = Pace::new(Duration::ZERO);
        quiet.begins(start, 7);
        assert!(quiet.company().is_none(), "it was quiet since");
    }
}
