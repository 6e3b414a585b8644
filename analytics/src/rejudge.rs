//! Judging anew what is stored, by the code of the backtest.
//!
//! A slot waits when facts came late, or when its rule is new on the device. It is then taken back to a checkpoint
//! before that, judged over the store up to now, and what it concludes is compared with the alerts that are there. So
//! the alerts follow from the data alone, in whatever order and however often it came.

use crate::{
    Deps,
    detection::{Pending, Slot},
};
use domain::{
    clock::from_micros,
    condition::{
        detection::{Change, Detector, Input, Span, spans},
        rule::{Condition, Rule, RuleSettings},
    },
    id::{AssetId, DeviceId},
};
use std::sync::Arc;
use store::{StoreError, history, records::condition::alerts};

/// Facts read at once.
const PAGE: usize = 20_000;
const DAY_US: i64 = 24 * 3_600 * 1_000_000;
/// How far before late facts a judgement without checkpoints begins, at least. What stood then is taken from the alerts.
const LOOK_BACK_US: i64 = 30 * DAY_US;

/// What a judgement anew found on a rule of a device.
pub struct Judged {
    pub rule: Arc<Rule>,
    pub asset: AssetId,
    pub device: DeviceId,
    /// It was judged before, and something came late or was corrected.
    pub again: bool,
    /// Alerts that were over by then are not part of it.
    pub from_us: i64,
    pub found: Vec<Span>,
}

/// What the device is known to have said, and not to have said.
#[derive(Clone, Copy)]
pub struct Heard {
    pub device: DeviceId,
    pub asset: AssetId,
    pub newest_us: Option<i64>,
    /// How long it has been silent since.
    pub silent_us: i64,
}

/// Judges what `slot` waits for. `None` when that changes nothing.
pub async fn judge(deps: &Deps, heard: Heard, slot: &mut Slot) -> Result<Option<Judged>, StoreError> {
    let Some(pending) = slot.pending.take() else { return Ok(None) };
    let concluded_us = slot.detector.changed_us();
    let mut judging = Judging::begin(deps, heard, slot, pending).await?;
    let checkpoint_changed_us = judging.resumed.then(|| judging.slot.detector.changed_us());
    // What is stored, but has not come through the journal yet, has its turn there.
    let horizon_us = deps.clock.horizon().timestamp_micros();
    let to_us = heard.newest_us.map_or(horizon_us, |newest_us| newest_us.min(horizon_us)) + 1;
    let mut from_us = judging.read_from_us;
    loop {
        let rule = Arc::clone(&judging.slot.rule);
        let (telemetry, db) = (deps.telemetry.as_ref(), deps.records.read());
        let page = history::page(telemetry, db, &rule.settings, heard.device, (from_us, to_us), PAGE).await?;
        for fact in page.facts {
            judging.take(fact).await?;
        }
        match page.next_us {
            Some(next_us) => from_us = next_us,
            None => break,
        }
        tokio::task::yield_now().await;
    }
    let born = judging.born;
    let (changes, standing, start_us) = judging.finish().await?;
    let found = spans(standing, changes);
    let as_before = checkpoint_changed_us == Some(concluded_us)
        && found.iter().all(|span| span.raised.is_none() && span.cleared_us.is_none());
    if as_before || (born && found.is_empty()) {
        return Ok(None);
    }
    let (asset, device) = (heard.asset, heard.device);
    Ok(Some(Judged { rule: Arc::clone(&slot.rule), asset, device, again: !born, from_us: start_us, found }))
}

/// A judgement on its way through the facts.
struct Judging<'a> {
    deps: &'a Deps,
    heard: Heard,
    slot: &'a mut Slot,
    /// It goes on from a checkpoint; facts up to there are filled in.
    resumed: bool,
    /// The rule is new: nothing but the newest fact is judged, the others are its memory.
    born: bool,
    /// The newest fact so far of a rule that is new.
    held_back: Option<Input>,
    read_from_us: i64,
    /// Conclusions count from here on.
    start_us: i64,
    /// The start is behind it.
    started: bool,
    standing: bool,
    changes: Vec<Change>,
}

impl<'a> Judging<'a> {
    async fn begin(
        deps: &'a Deps,
        heard: Heard,
        slot: &'a mut Slot,
        pending: Pending,
    ) -> Result<Self, StoreError> {
        let rule = Arc::clone(&slot.rule);
        let settings = &rule.settings;
        let late_us = match pending {
            Pending::Born => None,
            Pending::Late { from_us } => Some(from_us),
        };
        let checkpoint = late_us.and_then(|us| slot.checkpoint_before(us));
        let (detector, read_from_us) = match checkpoint {
            Some(checkpoint) => {
                let detector = Detector::resume(&settings.condition, checkpoint);
                let from_us = detector.fills_from_us(settings, checkpoint.at_us);
                (detector, from_us)
            }
            None => {
                let back_us = look_back_us(settings);
                let back_us = if late_us.is_some() { back_us.max(LOOK_BACK_US) } else { back_us };
                let edge_us = late_us.or(heard.newest_us).unwrap_or(i64::MIN);
                (Detector::new(&settings.condition), edge_us.saturating_sub(back_us))
            }
        };
        let read_from_us = read_from_us.max(slot.from_us);
        slot.forget_after(checkpoint.map_or(i64::MIN, |checkpoint| checkpoint.at_us));
        slot.detector = detector;
        let judging = Self {
            deps,
            heard,
            resumed: checkpoint.is_some(),
            born: pending == Pending::Born,
            held_back: None,
            read_from_us,
            start_us: checkpoint.map_or(slot.since_us.max(read_from_us), |checkpoint| checkpoint.at_us),
            started: checkpoint.is_some(),
            standing: checkpoint.is_some_and(|checkpoint| checkpoint.is_raised()),
            changes: Vec::new(),
            slot,
        };
        if !judging.started {
            // What stood where the reading begins is not told by what is read.
            let stood = judging.stood_at(read_from_us).await?;
            judging.slot.detector.begin(stood);
        }
        Ok(judging)
    }

    async fn stood_at(&self, us: i64) -> Result<bool, StoreError> {
        if us == i64::MIN {
            return Ok(false);
        }
        let (rule, at) = (self.slot.rule.id, from_micros(us));
        let db = self.deps.records.read();
        alerts::stood_at(db, rule, self.heard.asset, self.heard.device, at).await
    }

    async fn take(&mut self, fact: Input) -> Result<(), StoreError> {
        if !self.born {
            return self.one(&fact).await;
        }
        match self.held_back.replace(fact) {
            Some(before) => {
                self.slot.detector.take(&self.slot.rule.settings, &before, &mut self.changes);
                self.changes.clear();
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn one(&mut self, fact: &Input) -> Result<(), StoreError> {
        let settings = &self.slot.rule.settings;
        if self.resumed && fact.ts_us() <= self.start_us {
            self.slot.detector.fill(settings, fact);
            return Ok(());
        }
        if !self.started && fact.ts_us() > self.start_us {
            self.start().await?;
        }
        let settings = &self.slot.rule.settings;
        self.slot.detector.take(settings, fact, &mut self.changes);
        if self.started {
            self.slot.keep_checkpoint();
        } else {
            self.changes.clear();
        }
        Ok(())
    }

    /// From here on conclusions count: an alert stands if one is there.
    async fn start(&mut self) -> Result<(), StoreError> {
        self.started = true;
        self.standing = self.stood_at(self.start_us).await?;
        self.slot.detector.begin(self.standing);
        Ok(())
    }

    async fn finish(mut self) -> Result<(Vec<Change>, bool, i64), StoreError> {
        if self.born {
            let newest_us = self.held_back.as_ref().map(|fact| fact.ts_us() - 1).or(self.heard.newest_us);
            self.slot.since_us = newest_us.unwrap_or(i64::MIN).max(self.slot.from_us);
            self.start_us = self.slot.since_us;
            self.start().await?;
            if let Some(newest) = self.held_back.take() {
                self.one(&newest).await?;
            }
        } else if !self.started {
            self.start().await?;
        }
        let settings = &self.slot.rule.settings;
        let detector = &mut self.slot.detector;
        if let Some(newest_us) = self.heard.newest_us {
            detector.time(settings, newest_us + self.heard.silent_us.max(0), &mut self.changes);
            let silent_us = detector.behind_us(newest_us) + self.heard.silent_us;
            if self.heard.silent_us > 0 {
                detector.silent(settings, silent_us, &mut self.changes);
            }
        }
        Ok((self.changes, self.standing, self.start_us))
    }
}

/// How much of the past a rule that is new needs to know.
fn look_back_us(settings: &RuleSettings) -> i64 {
    let quiet = i64::from(settings.clear_after_quiet_seconds.unwrap_or(0));
    let seconds = match &settings.condition {
        Condition::Threshold { for_seconds, .. } => 2 * (i64::from(*for_seconds) + quiet) + 24 * 3_600,
        Condition::Deviation { mean_over_seconds, baseline_seconds, for_seconds, .. } => {
            // A bucket more at either end.
            let window = i64::from(*mean_over_seconds) + i64::from(*baseline_seconds);
            window + window / 8 + i64::from(*for_seconds) + quiet
        }
        Condition::NoData { after_seconds, .. } => i64::from(*after_seconds) + 24 * 3_600,
        Condition::EventCode { within_seconds, .. } => {
            i64::from(*within_seconds).max(settings.quiet_seconds())
        }
        Condition::DownUnplanned => 0,
    };
    seconds * 1_000_000
}
