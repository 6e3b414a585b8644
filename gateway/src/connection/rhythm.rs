//! How long a device can do without an answer.
//!
//! One wake-up, one read, one flush and one write for several of its messages cost a fraction of one each. So who sends
//! on without waiting is answered for about [`GATHERED`] messages at once, and who comes rarely a little later; who waits
//! for each answer gets it at once.
//!
//! Whether waiting costs a device anything cannot be seen from outside: one that may have four messages unanswered
//! sends four in each round, however long the round is, and looks like one that has no more to say. So it is tried: now and
//! then it is answered at once for a while, and when much more comes in that while, it is left at that.

use std::time::Duration;
use tokio::time::Instant;

/// Messages that one round should bring.
const GATHERED: f64 = 7.0;
/// Waiting for less gathers nothing worth it.
const LEAST: Duration = Duration::from_millis(5);
/// Waiting for more would be seen on a live page.
const MOST: Duration = Duration::from_millis(20);
/// Of one that says so many things a second that nobody waits for a certain one.
const MOST_OF_MANY: (f64, Duration) = (100.0, Duration::from_millis(30));
/// Who comes so long after our last answer is slowed by an answer later by a part of that.
const PART: u32 = 8;
/// So many times the messages when answered at once in a trial: the device had waited.
const MORE: f64 = 1.3;
/// Messages of a trial, and of what is compared with it.
const STRETCH: u32 = 32;
/// So few show at once what waiting costs one that only waits for us.
const FIRST: u32 = 8;
/// So much less says it: a device that sends on does not come to it by chance.
const HALF: f64 = 0.5;
/// How many are waited with before the next trial: so few at first, eight times as many after each that went well.
const PATIENT: (u32, u32) = (STRETCH, 32_768);
/// How many are answered at once when waiting cost something: so few at first, twice as many after each further one.
const HURRIED: (u32, u32) = (512, 16_384);
/// Who says nothing for so long begins anew.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

pub struct Rhythm {
    heard_at: Instant,
    answered_at: Instant,
    phase: Phase,
    /// Messages left of the phase.
    left: u32,
    /// The stretch that is being counted.
    since: Instant,
    messages: u32,
    /// Messages a second in the stretch before, and in the last one that was answered at once; 0: not known.
    rate: f64,
    hurried_rate: f64,
    /// Length of the phases.
    patient: u32,
    hurried: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Answered at once, for one stretch.
    Trial,
    Patient,
    Hurried,
}

impl Rhythm {
    pub fn new(now: Instant) -> Self {
        Self {
            heard_at: now,
            answered_at: now,
            phase: Phase::Trial,
            left: STRETCH,
            since: now,
            messages: 0,
            rate: 0.0,
            hurried_rate: 0.0,
            patient: PATIENT.0,
            hurried: 0,
        }
    }

    /// The device was answered.
    pub fn answered(&mut self, now: Instant) {
        self.answered_at = now;
    }

    /// `messages` have come; answers for how long their answer may wait.
    pub fn heard(&mut self, now: Instant, messages: usize) -> Duration {
        let pause = now - std::mem::replace(&mut self.heard_at, now) >= PAUSE;
        if pause {
            (self.since, self.messages) = (now, 0);
        } else {
            self.messages = self.messages.saturating_add(u32::try_from(messages).unwrap_or(u32::MAX));
            if self.messages >= self.stretch() {
                self.stretch_ends(now);
            }
        }
        let unnoticed = ((now - self.answered_at) / PART).min(MOST);
        let patience = match self.phase {
            Phase::Patient => unnoticed.max(self.round()),
            Phase::Trial if !pause => Duration::ZERO,
            Phase::Trial | Phase::Hurried => unnoticed,
        };
        if patience < LEAST { Duration::ZERO } else { patience }
    }

    /// How long it takes until enough have come for an answer, or as long as one may wait for them.
    fn round(&self) -> Duration {
        let most = if self.rate < MOST_OF_MANY.0 { MOST } else { MOST_OF_MANY.1 };
        Duration::from_secs_f64((GATHERED / self.rate).min(1.0)).min(most)
    }

    fn stretch(&self) -> u32 {
        if self.phase == Phase::Patient && self.left == self.patient { FIRST } else { STRETCH }
    }

    fn stretch_ends(&mut self, now: Instant) {
        let before = self.rate;
        self.rate = f64::from(self.messages) / (now - self.since).as_secs_f64().max(1e-6);
        self.left = self.left.saturating_sub(self.messages);
        (self.since, self.messages) = (now, 0);
        match self.phase {
            Phase::Trial if before > 0.0 && self.rate > MORE * before => self.begin(Phase::Hurried),
            Phase::Patient if self.rate < HALF * self.hurried_rate => self.begin(Phase::Hurried),
            Phase::Trial => {
                if before > 0.0 {
                    (self.patient, self.hurried) = ((8 * self.patient).min(PATIENT.1), 0);
                }
                self.begin(Phase::Patient);
            }
            Phase::Hurried if self.left == 0 => self.begin(Phase::Patient),
            // It has more to say than when it was tried last, perhaps more than it can while we wait.
            Phase::Patient if self.left == 0 || self.rate > MORE * self.hurried_rate => {
                self.begin(Phase::Trial);
            }
            Phase::Hurried | Phase::Patient => {}
        }
    }

    fn begin(&mut self, phase: Phase) {
        self.left = match phase {
            Phase::Trial => STRETCH,
            Phase::Patient => {
                self.hurried_rate = self.rate;
                self.patient
            }
            Phase::Hurried => {
                (self.patient, self.hurried) = (PATIENT.0, (2 * self.hurried).clamp(HURRIED.0, HURRIED.1));
                self.hurried
            }
        };
        self.phase = phase;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device as the gateway sees it, from the outside of which nothing else is known.
    struct Device {
        /// How many messages it may have unanswered.
        window: usize,
        /// Between two messages of its own accord.
        every: Duration,
        /// From us to it and back.
        way: Duration,
    }

    /// How long a message that waits for nothing takes to become durable.
    const COMMIT: Duration = Duration::from_millis(3);
    const STEP: Duration = Duration::from_micros(100);

    /// Messages and rounds of `seconds`; without a rhythm each is answered at once.
    fn play(device: &Device, seconds: u64, with: bool) -> (usize, usize) {
        let start = Instant::now();
        let (mut now, mut rhythm) = (start, Rhythm::new(start));
        let (mut unanswered, mut there, mut rounds, mut messages) = (0, 0, 0, 0);
        let mut next = start;
        // What was taken and when its answer is due; which of it is on its way to the device.
        let mut open: Option<(usize, Instant)> = None;
        let mut answers: Vec<(usize, Instant)> = Vec::new();
        while now < start + Duration::from_secs(seconds) {
            now += STEP;
            answers.retain(|(count, at)| {
                let arrived = *at <= now;
                unanswered -= if arrived { *count } else { 0 };
                !arrived
            });
            while next <= now && unanswered < device.window {
                (there, unanswered, next) = (there + 1, unanswered + 1, next.max(now - STEP) + device.every);
            }
            if let Some((count, _)) = open.take_if(|(_, due)| *due <= now) {
                answers.push((count, now + device.way));
                rhythm.answered(now);
            }
            if open.is_none() && there > 0 {
                let patience = if with { rhythm.heard(now, there) } else { Duration::ZERO };
                open = Some((there, now + COMMIT + patience));
                (messages, rounds, there) = (messages + there, rounds + 1, 0);
            }
        }
        (messages, rounds)
    }

    #[test]
    fn who_waits_for_answers_is_hardly_slowed() {
        for window in [1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 24] {
            for way in [0, 1, 5, 10, 20, 30, 60, 300] {
                let device =
                    Device { window, every: Duration::from_micros(1), way: Duration::from_millis(way) };
                let (alone, _) = play(&device, 60, false);
                let (slowed, _) = play(&device, 60, true);
                assert!(
                    slowed * 100 >= alone * 75,
                    "window {window}, {way} ms away: {slowed} messages in place of {alone}"
                );
            }
        }
    }

    #[test]
    fn who_sends_on_is_answered_for_several_at_once() {
        // Messages a second, and how many of them a round should bring at least.
        for (rate, least) in [(20, 1), (200, 3), (400, 5), (800, 6), (1_000, 6)] {
            let device =
                Device { window: 20, every: Duration::from_secs(1) / rate, way: Duration::from_millis(1) };
            let (messages, rounds) = play(&device, 60, true);
            assert!(messages >= 59 * rate as usize, "{messages} at {rate} a second: none is held back");
            assert!(messages >= least * rounds, "{messages} messages in {rounds} rounds at {rate} a second");
        }
    }

    #[test]
    fn who_has_suddenly_more_to_say_is_noticed() {
        let start = Instant::now();
        let (mut now, mut rhythm) = (start, Rhythm::new(start));
        for _ in 0..1_000 {
            now += Duration::from_millis(50);
            rhythm.answered(now - Duration::from_millis(20));
            rhythm.heard(now, 1);
        }
        assert!(rhythm.phase == Phase::Patient && rhythm.left > 1_000);
        for _ in 0..STRETCH {
            now += MOST;
            rhythm.answered(now);
            rhythm.heard(now, 4);
        }
        assert!(rhythm.phase == Phase::Trial || rhythm.left < 1_000);
    }

    #[test]
    fn who_comes_rarely_waits_a_little() {
        let start = Instant::now();
        let mut rhythm = Rhythm::new(start);
        let mut now = start;
        for _ in 0..100 {
            now += Duration::from_secs(10);
            assert_eq!(rhythm.heard(now, 1), MOST);
            now += MOST;
            rhythm.answered(now);
        }
        // Twenty a second: first it is seen what comes when they are answered at once.
        for count in 0..60 {
            now += Duration::from_millis(50);
            let patience = rhythm.heard(now, 1);
            assert_eq!(patience, if count + 1 < STRETCH { Duration::ZERO } else { MOST }, "{count}");
            rhythm.answered(now + patience);
        }
    }
}
