//! The one thread that writes: it collects what waits into a group, makes the group durable, takes it into the engine, and
//! only then answers.

use crate::archive;
use crate::aside::{About, Aside};
use crate::error::{Refused, StateError};
use crate::group::{Command, GROUP_BYTES, Group, Push};
use crate::ipc;
use crate::log::Entry;
use crate::reads;
use crate::shared::{Pushed, Shared};
use crate::store::{Refusal, Store};
use arrow::array::RecordBatch;
use featr::{Cuts, PushReport};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// How often it looks around when nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// How far ahead the bound is moved.
pub const BOUND_AHEAD_US: i64 = 1_000_000;
/// How often events that nobody can ask for are released, and sizes are taken.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Sizes are taken for this part of the time at most.
const LOOK_PART: u32 = 50;
/// The pause after a checkpoint that failed, and the longest after several.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

pub struct Writer {
    shared: Arc<Shared>,
    store: Store,
    aside: Aside,
    commands: Receiver<Command>,
    /// What did not fit into the last group.
    held: Option<Push>,
    stopping: bool,
    /// Nobody is answered any more.
    ending: bool,
    /// Whether the segment says which program answers.
    is_named: bool,
    /// Answers logged since the last checkpoint.
    answers: usize,
    checkpoints: Attempts,
    released: Instant,
    /// When sizes were taken last, and how long that took.
    sized: (Instant, Duration),
}

/// Checkpoints since the last one that was written.
#[derive(Default)]
struct Attempts {
    failed: u32,
    /// A checkpoint that is due waits until then.
    wait_until: Option<Instant>,
    /// The segment that was begun for one that failed.
    rolled: Option<u64>,
}

/// Says that nothing can be written any more, if the writer panics.
struct FailsInPanic(Arc<Shared>);

impl Drop for FailsInPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("the thread that writes broke off: start the server again");
        }
    }
}

impl Writer {
    pub fn new(shared: Arc<Shared>, store: Store, aside: Aside, commands: Receiver<Command>) -> Writer {
        let now = Instant::now();
        Writer {
            shared,
            store,
            aside,
            commands,
            held: None,
            stopping: false,
            ending: false,
            is_named: false,
            answers: 0,
            checkpoints: Attempts::default(),
            released: now,
            sized: (now, Duration::ZERO),
        }
    }

    /// Works until it is told to stop; then the state is a checkpoint.
    ///
    /// # Errors
    /// The last checkpoint could not be written: the log holds everything.
    pub fn run(mut self) -> Result<(), StateError> {
        let _told = FailsInPanic(self.shared.clone());
        loop {
            let mut group = Group::collect(&self.commands, &mut self.held, TICK);
            self.stopping |= group.stop;
            let checkpoint = std::mem::take(&mut group.checkpoint);
            self.work(group);
            if self.stopping {
                checkpoint.into_iter().for_each(|then| then(Err(Refused::Stopping)));
                if self.held.is_none() {
                    return self.stop();
                }
            } else if !checkpoint.is_empty() || self.is_checkpoint_due() {
                let done = self.checkpoint();
                let number = self.store.manifest().checkpoint;
                for then in checkpoint {
                    then(done.clone().map(|()| number));
                }
            }
            self.look_around();
        }
    }

    fn stop(&mut self) -> Result<(), StateError> {
        self.ending = true;
        let base_us = {
            let mut core = self.shared.core();
            core.bound_us = core.bound_us.min(core.base_us);
            core.bound_us
        };
        while self.work(Group::default()) && self.shared.has_answers() {}
        let left = self.shared.take_answers(usize::MAX);
        self.shared.lose(&left);
        if let Some(why) = self.shared.failure() {
            return Err(StateError::Io {
                file: self.store.disk().name(""),
                why,
            });
        }
        // All that was answered is to be in files.
        self.checkpoints.rolled = None;
        self.checkpoint_at(base_us)?;
        self.store.end()
    }

    /// Commits a group, takes it in, and answers it; whether that was done.
    fn work(&mut self, mut group: Group) -> bool {
        let answers = self.shared.take_answers(GROUP_BYTES);
        let now_us = self.shared.clock.now_us();
        let asked = self.shared.asked.swap(false, Ordering::Relaxed);
        let bound_us = {
            let core = self.shared.core();
            let wanted = core
                .base(&*self.shared.clock)
                .max(now_us)
                .saturating_add(BOUND_AHEAD_US);
            let is_near = core.bound_us < wanted - BOUND_AHEAD_US / 2;
            let is_wanted = !group.extend.is_empty() || (asked && is_near);
            (is_wanted && !self.ending).then_some(wanted)
        };
        if group.pushes.is_empty() && answers.is_empty() && bound_us.is_none() {
            group.extend.into_iter().for_each(|then| then(Ok(())));
            return true;
        }
        let done = match self.shared.failure() {
            None => self.commit(&mut group.pushes, &answers, bound_us),
            Some(why) => Err((why, false)),
        };
        if let Err((why, again)) = done {
            self.refuse_all(group, answers, &why, again);
            return false;
        }
        self.answers += answers.iter().map(|(_, rows)| rows.num_rows()).sum::<usize>();
        if let Some(bound_us) = bound_us {
            self.shared.core().bound_us = bound_us;
        }
        group.extend.into_iter().for_each(|then| then(Ok(())));
        self.take_in(group.pushes, now_us);
        true
    }

    /// Nothing of a group was written; or nobody knows, and no base comes as far as its stamps any more.
    fn refuse_all(&self, group: Group, answers: Vec<(String, RecordBatch)>, why: &str, again: bool) {
        if again {
            self.shared.core().landed(false);
            self.shared.put_back(answers);
        } else {
            self.shared.lose(&answers);
        }
        let refused = || Refused::Unwritable { why: why.to_owned() };
        group.pushes.into_iter().for_each(|push| (push.then)(Err(refused())));
        group.extend.into_iter().for_each(|then| then(Err(refused())));
    }

    /// Stamps rows and makes everything durable. With `true` one may try again where it is refused.
    fn commit(
        &mut self,
        pushes: &mut [Push],
        answers: &[(String, RecordBatch)],
        bound_us: Option<i64>,
    ) -> Result<(), (String, bool)> {
        let again = |error: String| (error, true);
        self.stamp(pushes).map_err(|error| again(error.to_string()))?;
        reads::keep_undecoded(&mut self.aside, &self.shared, pushes)?;
        let rows = pushes
            .iter()
            .map(|push| (push.incoming.source.as_str(), &push.incoming.rows));
        let rows = ipc::streams(rows).map_err(again)?;
        let moved = reads::moved(pushes).map_err(again)?;
        // What cannot be written now cannot be later: then each for itself, and what is left is lost.
        let of = |some: &[(String, RecordBatch)]| {
            let parts = some.iter().map(|(service, rows)| (service.as_str(), rows));
            ipc::streams(parts)
        };
        let told = of(answers).unwrap_or_else(|_| {
            let each = answers
                .chunks(1)
                .map(|one| of(one).inspect_err(|_| self.shared.lose(one)));
            each.flatten().flatten().collect()
        });
        let mut entries = reads::entries(&rows, &moved);
        let fingerprints = serde_json::to_vec(&self.shared.options.fingerprints);
        let fingerprints = fingerprints.map_err(|error| again(error.to_string()))?;
        let names = !told.is_empty() && !self.is_named;
        entries.extend(names.then(|| Entry::Program {
            hash: self.shared.program.hash(),
            fingerprints: &fingerprints,
        }));
        entries.extend(told.iter().map(|(service, ipc)| Entry::Answers { service, ipc }));
        let cuts = match bound_us {
            Some(us) => serde_json::to_vec(&self.cuts_at(us)).map_err(|error| again(error.to_string()))?,
            None => Vec::new(),
        };
        entries.extend(bound_us.map(|us| Entry::Bound { us, cuts: &cuts }));
        let sync = !rows.is_empty() || !moved.is_empty() || bound_us.is_some();
        let committed = self.store.commit(&entries, sync);
        committed.map_err(|refusal| (self.refuse(&refusal), refusal.again))?;
        self.is_named |= names;
        let commits = &self.shared.counters.commits;
        commits.fetch_add(u64::from(sync), Ordering::Relaxed);
        Ok(())
    }

    /// Gives rows that say no arrival one of now.
    fn stamp(&self, pushes: &mut [Push]) -> Result<(), featr::Error> {
        if pushes.is_empty() {
            return Ok(());
        }
        let stamp_us = self.shared.core().stamp(&*self.shared.clock);
        let mut stamped = 0;
        for push in pushes {
            let source = self.shared.source(&push.incoming.source);
            let rows = source.map_or(Ok(0), |source| push.incoming.stamp(source, stamp_us))?;
            push.stamped_us = (rows > 0).then_some(stamp_us);
            stamped += rows;
        }
        if stamped == 0 {
            self.shared.core().landed(false);
        }
        Ok(())
    }

    fn cuts_at(&self, base_us: i64) -> Cuts {
        let (shared, options) = (&*self.shared, &self.shared.options);
        shared.core().cuts_at(base_us, &shared.sources, options.delay_us)
    }

    /// What to say of a refusal; one that leaves the log unknown ends all writing.
    fn refuse(&self, refusal: &Refusal) -> String {
        let why = refusal.error.to_string();
        if !refusal.again {
            self.shared.fail(&why);
        }
        why
    }

    /// Takes durable rows into the engine, keeps aside what is to be kept, and answers.
    fn take_in(&mut self, pushes: Vec<Push>, now_us: i64) {
        let mut done: Vec<(Push, Result<PushReport, featr::Error>, bool)> = Vec::with_capacity(pushes.len());
        for push in pushes {
            let incoming = &push.incoming;
            let report = self.shared.core().online.push(&incoming.source, &incoming.rows);
            done.push((push, report, false));
        }
        self.shared.core().landed(true);
        let mut kept = Ok(());
        for (push, report, has_lines) in &mut done {
            let source = self.shared.source(&push.incoming.source);
            if let (Ok(report), Some(source)) = (report, source) {
                let about = About::of(push, now_us);
                let noted = self.aside.note(source, (&push.incoming, report), about);
                *has_lines = *noted.as_ref().unwrap_or(&true);
                kept = kept.and(noted.map(|_| ()).map_err(|error| error.to_string()));
            }
        }
        let kept = reads::kept(&mut self.aside, &self.shared)
            .map_err(|(why, _)| why)
            .and(kept);
        for (push, report, has_lines) in done {
            let result = report.map_err(Refused::Request).and_then(|report| {
                if let Err(why) = kept.clone()
                    && has_lines
                {
                    return Err(Refused::Unwritable { why });
                }
                self.shared.count(&push.incoming, &report);
                Ok(Pushed::of(&push.incoming, report, push.stamped_us))
            });
            let took = push.begun.elapsed().as_micros();
            self.shared.counters.pushes.add(u64::try_from(took).unwrap_or(u64::MAX));
            (push.then)(result);
        }
    }

    fn is_checkpoint_due(&self) -> bool {
        let options = &self.shared.options;
        let is_due = self.store.log_bytes() >= options.checkpoint_bytes || self.answers >= options.checkpoint_answers;
        is_due && self.checkpoints.wait_until.is_none_or(|until| Instant::now() >= until)
    }

    fn checkpoint(&mut self) -> Result<(), Refused> {
        if let Some(why) = self.shared.failure() {
            return Err(Refused::Unwritable { why });
        }
        let bound_us = self.shared.core().bound_us;
        let done = self.checkpoint_at(bound_us);
        let failure = done.err().map(|error| error.to_string());
        self.shared.published.set_checkpoint_failure(failure.clone());
        match failure {
            None => {
                self.checkpoints = Attempts::default();
                Ok(())
            }
            Some(why) => {
                let attempts = &mut self.checkpoints;
                let pause = PAUSES[0].saturating_mul(1 << attempts.failed.min(10)).min(PAUSES[1]);
                attempts.failed += 1;
                attempts.wait_until = Some(Instant::now() + pause);
                let failed = &self.shared.counters.checkpoints_failed;
                failed.fetch_add(1, Ordering::Relaxed);
                Err(Refused::Unwritable { why })
            }
        }
    }

    /// Writes the state, and files of what the log held; answers have been given with bases up to `answered_us`.
    fn checkpoint_at(&mut self, answered_us: i64) -> Result<(), StateError> {
        let first = match self.checkpoints.rolled {
            Some(first) => first,
            None => {
                let rolled = self.store.roll();
                let first = rolled.map_err(|refusal| {
                    self.refuse(&refusal);
                    refusal.error
                })?;
                self.checkpoints.rolled = Some(first);
                self.is_named = false;
                first
            }
        };
        let bytes = self.shared.core().online.snapshot();
        for segment in self.store.segments_before(first) {
            archive::put(&**self.store.disk(), segment, self.shared.options.pushed_log)?;
        }
        let answered = (answered_us != i64::MIN).then(|| (answered_us, self.cuts_at(answered_us)));
        let done = self.store.checkpoint(&bytes, first, answered);
        if let Err(error @ StateError::Fenced { .. }) = &done {
            self.shared.fail(&error.to_string());
        }
        done?;
        self.answers = 0;
        self.shared.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Releases what no question can reach any more, and tells what can be known without the engine.
    fn look_around(&mut self) {
        let shared = &*self.shared;
        let mut core = shared.core();
        if self.released.elapsed() >= LOOK_EVERY {
            self.released = Instant::now();
            core.release(&*shared.clock, shared.options.history_us);
        }
        if let Some(cuts) = core.online.cuts() {
            shared.published.show(cuts, core.base_us);
        }
        let (at, took) = self.sized;
        if shared.published.is_looked_at() && at.elapsed() >= LOOK_EVERY.max(took * LOOK_PART) {
            let begun = Instant::now();
            shared.published.set_stats(core.online.stats());
            self.sized = (Instant::now(), begun.elapsed());
        }
    }
}
