//! The committer's inbox: bounded, drained a group at a time.
//!
//! A full queue refuses at once ([`StoreError::Unavailable`]) and never blocks: appends come from the threads that
//! also serve the web pages. A gateway bounds what each connection may have open, so the limit is met only when the
//! disk has stalled for seconds; the devices then keep what was not acknowledged.

use super::pace::{ALL, Pace};
use crate::{
    StoreError,
    telemetry::{AppendDone, Batch},
};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

pub struct Append {
    pub batch: Batch,
    /// Until then its commit may wait for company; otherwise as everybody's does.
    pub due: Option<Instant>,
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
    /// It sleeps no longer than this, for the sake of the jobs that are queued; none of them is in haste.
    sleeps_until: Option<Instant>,
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
        let state = State {
            jobs: VecDeque::new(),
            bytes: 0,
            wake_at: usize::MAX,
            sleeps_until: None,
            newest_at: None,
            closed: false,
        };
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
        if !busy {
            self.wait_for_company(&mut state, group_bytes, pace);
        }
        state.wake_at = usize::MAX;
        next(&mut state, group_bytes)
    }

    fn wait_for_company(&self, state: &mut MutexGuard<'_, State>, group_bytes: usize, pace: &mut Pace) {
        loop {
            let due = state.due();
            let company = match due {
                Some(due) => (Instant::now() < due).then_some((ALL, due)),
                None => pace.company(),
            };
            let Some((enough, until)) = company else { break };
            if state.jobs.len() >= enough || state.bytes >= group_bytes {
                break;
            }
            (state.wake_at, state.sleeps_until) = (enough, due);
            if due.is_none() {
                state.newest_at.get_or_insert_with(Instant::now);
            }
            if self.ready.wait_until(state, until).timed_out() && due.is_none() {
                pace.waited(state.newest_at.map_or(Duration::ZERO, |at| at.elapsed()));
                break;
            }
        }
        (state.sleeps_until, state.newest_at) = (None, None);
    }

    /// Memory that waits for the disk.
    pub fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    fn push(&self, mut state: MutexGuard<'_, State>, bytes: usize, job: Job) {
        let urgent = matches!(job, Job::Control(_));
        let sooner = state.sleeps_until.is_some_and(|until| job.due().is_none_or(|due| due < until));
        state.bytes += bytes;
        state.jobs.push_back((bytes, job));
        if let Some(at) = &mut state.newest_at {
            *at = Instant::now();
        }
        // `wake_at` is the maximum while the committer works: no system call then.
        if state.wake_at != usize::MAX && (urgent || sooner || state.jobs.len() >= state.wake_at) {
            state.wake_at = usize::MAX;
            drop(state);
            self.ready.notify_one();
        }
    }
}

impl Job {
    fn due(&self) -> Option<Instant> {
        match self {
            Self::Append(append) => append.due,
            Self::Control(_) => None,
        }
    }
}

impl State {
    /// Until when all of them can wait; nothing when one is in haste.
    fn due(&self) -> Option<Instant> {
        self.jobs.iter().map(|(_, job)| job.due()).reduce(|one, other| Some(one?.min(other?))).flatten()
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{id::DeviceId, telemetry::Sample};
    use std::sync::mpsc::sync_channel;

    fn append(samples: usize, done: AppendDone) -> Append {
        let sample = Sample { device: DeviceId::generate(), metric: "m".into(), ts_us: 0, value: 0.0 };
        Append { batch: Batch { samples: vec![sample; samples], ..Batch::default() }, due: None, done }
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
    fn who_can_wait_waits_for_company_that_is_in_haste_or_due_sooner() {
        // If nobody woke it, it would sleep so long.
        let (start, hour) = (Instant::now(), Duration::from_secs(60));
        let later = |after| Append { due: Some(Instant::now() + after), ..append(1, Box::new(|_| {})) };
        for company in [later(Duration::ZERO), append(1, Box::new(|_| {}))] {
            let queue = Queue::new(1 << 20);
            queue.append(later(hour));
            queue.append(later(hour));
            std::thread::scope(|scope| {
                let taken = scope.spawn(|| queue.take(1 << 20, false, &mut Pace::new(hour)));
                while queue.state.lock().sleeps_until.is_none() {
                    std::thread::yield_now();
                }
                queue.append(later(hour));
                assert!(queue.state.lock().sleeps_until.is_some(), "no reason to wake");
                queue.append(company);
                assert!(matches!(taken.join().unwrap(), Work::Group(group) if group.len() == 4));
            });
        }
        assert!(start.elapsed() < hour);
        let queue = Queue::new(1 << 20);
        queue.append(later(hour));
        let busy = queue.take(1 << 20, true, &mut Pace::new(hour));
        assert!(matches!(busy, Work::Group(group) if group.len() == 1), "who has other work does not wait");
    }
}
