//! The committer's inbox: bounded, drained a group at a time.
//!
//! A full queue refuses at once ([`StoreError::Unavailable`]) and never blocks: appends come from the threads that
//! also serve the web pages. A gateway bounds what each connection may have open, so the limit is met only when the
//! disk has stalled for seconds; the devices then keep what was not acknowledged.

use crate::{
    StoreError,
    telemetry::{AppendDone, Batch},
};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

pub struct Append {
    pub batch: Batch,
    pub done: AppendDone,
}

pub type Reply = oneshot::Sender<Result<(), StoreError>>;

/// Work that only the writing thread can do, in order with the appends around it.
pub enum Control {
    Retain {
        /// At starts of windows.
        keep: crate::telemetry::Keep,
        reply: Reply,
    },
    Forget {
        devices: Vec<domain::id::DeviceId>,
        reply: Reply,
    },
    /// Moves the whole memtable into chunks.
    Seal {
        reply: Reply,
    },
    /// Writes something to see whether that works.
    Probe {
        reply: Reply,
    },
    /// Samples from before an instant will be handed over; answers the head of the journal.
    Announce {
        before_us: i64,
        reply: oneshot::Sender<u64>,
    },
    /// Answers the head of the journal, after every append that was answered.
    Head {
        reply: oneshot::Sender<u64>,
    },
    /// The newest value of a series that is kept elsewhere, unless a newer one is here.
    Newest {
        device: domain::id::DeviceId,
        metric: crate::telemetry::Metric,
        newest: crate::telemetry::Point,
        reply: Reply,
    },
    /// What was announced is dropped.
    HandOver {
        reply: Reply,
    },
    TakeBack {
        returned: super::archive::Returned,
        reply: Reply,
    },
    Dismiss {
        consumer: &'static str,
        reply: Reply,
    },
    Note {
        name: &'static str,
        value: i64,
        reply: Reply,
    },
    Close {
        reply: Reply,
    },
}

pub enum Job {
    Append(Append),
    Control(Control),
}

/// What to do next.
pub enum Work {
    Group(Vec<Append>),
    Control(Control),
    /// Nothing queued, and the caller asked not to wait.
    Idle,
}

struct State {
    jobs: VecDeque<(usize, Job)>,
    bytes: usize,
    /// The committer sleeps until this many jobs are queued.
    wake_at: usize,
    /// When the newest job came, while the committer waits for company.
    newest_at: Option<Instant>,
    closed: bool,
}

pub struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    limit_bytes: usize,
}

impl Queue {
    pub fn new(limit_bytes: usize) -> Self {
        let state =
            State { jobs: VecDeque::new(), bytes: 0, wake_at: usize::MAX, newest_at: None, closed: false };
        Self { state: Mutex::new(state), ready: Condvar::new(), limit_bytes }
    }

    /// Queues an append, or tells its fate at once.
    pub fn append(&self, append: Append) {
        let bytes = weight(&append.batch);
        let state = self.state.lock();
        let refusal = if state.closed {
            "the telemetry store has closed"
        } else if state.bytes + bytes > self.limit_bytes && !state.jobs.is_empty() {
            "the queue of the telemetry store is full"
        } else {
            self.push(state, bytes, Job::Append(append));
            return;
        };
        drop(state);
        (append.done)(Err(StoreError::Unavailable(refusal.into())));
    }

    /// Control jobs are few and never refused for want of room.
    pub fn control(&self, control: Control) -> Result<(), StoreError> {
        let state = self.state.lock();
        if state.closed {
            return Err(StoreError::Unavailable("the telemetry store has closed".into()));
        }
        self.push(state, 0, Job::Control(control));
        Ok(())
    }

    /// Refuses everything from now on, queued jobs included.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let left = std::mem::take(&mut state.jobs);
        state.bytes = 0;
        drop(state);
        for (_, job) in left {
            if let Job::Append(append) = job {
                (append.done)(Err(StoreError::Unavailable("the telemetry store has closed".into())));
            }
        }
    }

    /// Takes the next group, at most about `group_bytes` heavy. Waits for work unless `busy`; when there is some, waits for
    /// company as `pace` says.
    pub fn take(&self, group_bytes: usize, busy: bool, pace: &mut Pace) -> Work {
        let mut state = self.state.lock();
        while state.jobs.is_empty() {
            if busy {
                return Work::Idle;
            }
            state.wake_at = 1;
            self.ready.wait(&mut state);
        }
        if let Some((jobs, until)) = pace.company().filter(|_| !busy) {
            state.newest_at = Some(Instant::now());
            while state.jobs.len() < jobs && state.bytes < group_bytes {
                state.wake_at = jobs;
                if self.ready.wait_until(&mut state, until).timed_out() {
                    pace.waited(state.newest_at.map_or(Duration::ZERO, |at| at.elapsed()));
                    break;
                }
            }
            state.newest_at = None;
        }
        state.wake_at = usize::MAX;
        next(&mut state, group_bytes)
    }

    /// Memory that waits for the disk.
    pub fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    fn push(&self, mut state: parking_lot::MutexGuard<'_, State>, bytes: usize, job: Job) {
        let urgent = matches!(job, Job::Control(_));
        state.bytes += bytes;
        state.jobs.push_back((bytes, job));
        if let Some(at) = &mut state.newest_at {
            *at = Instant::now();
        }
        // `wake_at` is the maximum while the committer works: no system call then.
        if state.wake_at != usize::MAX && (urgent || state.jobs.len() >= state.wake_at) {
            state.wake_at = usize::MAX;
            drop(state);
            self.ready.notify_one();
        }
    }
}

fn next(state: &mut State, group_bytes: usize) -> Work {
    let mut group = Vec::new();
    let mut taken = 0;
    while let Some((bytes, job)) = state.jobs.pop_front() {
        state.bytes -= bytes;
        match job {
            Job::Control(control) if group.is_empty() => return Work::Control(control),
            Job::Append(append) if taken == 0 || taken + bytes <= group_bytes => {
                taken += bytes;
                group.push(append);
            }
            job => {
                state.bytes += bytes;
                state.jobs.push_front((bytes, job));
                break;
            }
        }
    }
    if group.is_empty() { Work::Idle } else { Work::Group(group) }
}

/// Memory held by a queued batch, roughly.
fn weight(batch: &Batch) -> usize {
    let states: usize = batch.states.iter().map(|s| s.cause.as_ref().map_or(0, String::len)).sum();
    let events: usize = batch.events.iter().map(|e| e.code.len() + e.text.len()).sum();
    64 + 48 * batch.samples.len() + 64 * batch.states.len() + 96 * batch.events.len() + states + events
}

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
const ALL: usize = usize::MAX - 1;

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
    fn company(&self) -> Option<(usize, Instant)> {
        let until = self.last_start? + self.interval;
        let enough = if self.impatient > 0 { self.last_group } else { ALL };
        (enough > 1 && Instant::now() < until).then_some((enough, until))
    }

    /// It was waited to the end, and nothing came for so long.
    fn waited(&mut self, nothing_for: Duration) {
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
    use domain::{id::DeviceId, telemetry::Sample};
    use std::sync::mpsc::sync_channel;

    fn append(samples: usize, done: AppendDone) -> Append {
        let sample = Sample { device: DeviceId::generate(), metric: "m".into(), ts_us: 0, value: 0.0 };
        Append { batch: Batch { samples: vec![sample; samples], ..Batch::default() }, done }
    }

    #[test]
    fn a_full_queue_refuses_at_once_and_closing_answers_all() {
        let queue = Queue::new(2000);
        let (tell, answers) = sync_channel(10);
        let say = |name: &'static str| -> AppendDone {
            let tell = tell.clone();
            Box::new(move |result| tell.send((name, result.is_ok())).unwrap())
        };
        queue.append(append(10, say("first")));
        queue.append(append(20, say("second")));
        queue.append(append(20, say("too much")));
        assert_eq!(answers.try_recv(), Ok(("too much", false)));
        assert!(answers.try_recv().is_err());
        let Work::Group(group) = queue.take(600, false, &mut Pace::new(Duration::ZERO)) else {
            panic!("a group is queued")
        };
        assert_eq!(group.len(), 1, "the second is too heavy for this group");
        queue.append(append(10, say("third")));
        queue.close();
        queue.append(append(1, say("late")));
        let mut rest: Vec<_> = answers.try_iter().collect();
        rest.sort();
        assert_eq!(rest, [("late", false), ("second", false), ("third", false)]);
    }

    #[test]
    fn control_keeps_its_place_among_appends() {
        let (queue, mut pace) = (Queue::new(1 << 20), Pace::new(Duration::ZERO));
        let (reply, _) = oneshot::channel();
        queue.append(append(1, Box::new(|_| {})));
        queue.control(Control::Seal { reply }).unwrap();
        queue.append(append(1, Box::new(|_| {})));
        assert!(matches!(queue.take(1 << 20, true, &mut pace), Work::Group(group) if group.len() == 1));
        assert!(matches!(queue.take(1 << 20, true, &mut pace), Work::Control(Control::Seal { .. })));
        assert!(matches!(queue.take(1 << 20, true, &mut pace), Work::Group(group) if group.len() == 1));
        assert!(matches!(queue.take(1 << 20, true, &mut pace), Work::Idle));
    }
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
