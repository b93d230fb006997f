//! The one thread that writes: it collects what waits into a group, makes the group durable, takes it into the engine, and
//! only then answers.

use crate::aside::{About, Aside};
use crate::checkpoints::{Checkpoints, told_of};
use crate::core::Core;
use crate::error::{Refused, StateError};
use crate::group::{Command, GROUP_BYTES, Group, Push};
use crate::ipc;
use crate::log::Entry;
use crate::reads;
use crate::served;
use crate::shared::{Pushed, Shared};
use crate::store::Store;
use arrow::array::RecordBatch;
use featr::{Cuts, Incoming, PushReport, Pushing};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// How often it looks around when nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// How far ahead the bound is moved.
pub const BOUND_AHEAD_US: i64 = 1_000_000;
/// How often events that nobody can ask for are released, sizes are taken, and a disk that refused is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rows that are taken in at a time.
const PART_ROWS: usize = 128;
/// Sizes are taken for this part of the time at most.
const LOOK_PART: u32 = 50;
/// How often it looks whether a checkpoint has been written.
const LOOK_AT_CHECKPOINT: Duration = Duration::from_millis(1);

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
    /// The segment that says which program answers.
    named: Option<u64>,
    checkpoints: Checkpoints,
    released: Instant,
    /// When something was written last, or was to be.
    tried: Instant,
    /// When sizes were taken last, and how long that took.
    sized: (Instant, Duration),
}

/// Says that nothing can be written any more, if the writer panics.
struct FailsInPanic(Arc<Shared>);

impl Drop for FailsInPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("the thread that writes broke off");
        }
    }
}

impl Writer {
    pub fn new(shared: Arc<Shared>, store: Store, aside: Aside, commands: Receiver<Command>) -> Writer {
        let (now, checkpoints) = (Instant::now(), Checkpoints::new(shared.clone()));
        Writer {
            shared,
            store,
            aside,
            commands,
            held: None,
            stopping: false,
            ending: false,
            named: None,
            checkpoints,
            released: now,
            tried: now,
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
            let wait = if self.checkpoints.is_running() {
                LOOK_AT_CHECKPOINT
            } else {
                TICK
            };
            let mut group = Group::collect(&self.commands, &mut self.held, wait);
            self.stopping |= group.stop;
            self.checkpoints.want(&mut group.checkpoint);
            self.work(group);
            self.checkpoints.look(&mut self.store, self.stopping);
            if self.stopping && self.held.is_none() {
                return self.stop();
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
        self.checkpoints.last(&mut self.store, base_us)?;
        self.store.end()
    }

    /// Commits a group, takes it in, and answers it; whether that was done.
    fn work(&mut self, mut group: Group) -> bool {
        let mut answers = self.shared.take_answers(GROUP_BYTES);
        let now_us = self.shared.clock.now_us();
        let asked = self.shared.asked.swap(false, Ordering::Relaxed);
        // Nobody may come any more where nothing can be written: whether it can is found out.
        let is_tried = self.tried.elapsed() >= LOOK_EVERY && self.shared.published.refusal().is_some();
        let held = self.shared.held_tables();
        let bound_us = {
            let core = self.shared.core();
            // A cut that goes on is written down before it is used.
            let goes_on = core.held.iter().any(|table| !held.contains(table));
            let wanted = core
                .base(&*self.shared.clock)
                .max(now_us)
                .saturating_add(BOUND_AHEAD_US);
            let is_near = core.bound_us < wanted - BOUND_AHEAD_US / 2;
            let is_wanted = !group.extend.is_empty() || (asked && is_near) || is_tried || goes_on;
            (is_wanted && !self.ending).then_some(wanted)
        };
        if group.pushes.is_empty() && answers.is_empty() && bound_us.is_none() {
            group.extend.into_iter().for_each(|then| then(Ok(())));
            return true;
        }
        self.tried = Instant::now();
        let done = match self.shared.failure() {
            None => self.commit(&mut group.pushes, &mut answers, bound_us.map(|us| (us, &held))),
            Some(why) => Err((why, false)),
        };
        let refusal = done.as_ref().err().filter(|(_, again)| *again);
        let refusal = refusal.map(|(why, _)| why.clone());
        self.shared.published.set_refusal(refusal);
        if let Err((why, again)) = done {
            self.refuse_all(group, answers, &why, again);
            return false;
        }
        self.checkpoints.answers += answers.iter().map(|(_, rows)| rows.num_rows()).sum::<usize>();
        if let Some(bound_us) = bound_us {
            let mut core = self.shared.core();
            (core.bound_us, core.held) = (bound_us, held);
        }
        group.extend.into_iter().for_each(|then| then(Ok(())));
        self.take_in(group.pushes, now_us);
        true
    }

    /// Nothing of a group was written; or nobody knows, and no base comes as far as its stamps any more.
    fn refuse_all(&self, group: Group, answers: Vec<(String, RecordBatch)>, why: &str, again: bool) {
        if again {
            self.shared.core().never_lands();
            self.shared.put_back(answers);
        } else {
            self.shared.lose(&answers);
        }
        let refused = || Refused::Unwritable { why: why.to_owned() };
        group.pushes.into_iter().for_each(|push| (push.then)(Err(refused())));
        group.extend.into_iter().for_each(|then| then(Err(refused())));
    }

    /// Stamps rows and makes everything durable; answers that can never be are lost. With `true` one may try again where it is
    /// refused.
    fn commit(
        &mut self,
        pushes: &mut [Push],
        answers: &mut Vec<(String, RecordBatch)>,
        bound: Option<(i64, &BTreeSet<String>)>,
    ) -> Result<(), (String, bool)> {
        let again = |error: String| (error, true);
        self.stamp(pushes, bound.map(|(us, _)| us))
            .map_err(|error| again(error.to_string()))?;
        reads::keep_undecoded(&mut self.aside, &self.shared, pushes)?;
        let rows = pushes
            .iter()
            .map(|push| (push.incoming.source.as_str(), &push.incoming.rows));
        let rows = ipc::streams(rows).map_err(again)?;
        let moved = reads::moved(pushes).map_err(again)?;
        let told = served::streams(answers, |lost| self.shared.lose(lost));
        let mut entries = reads::entries(&rows, &moved);
        let fingerprints = serde_json::to_vec(&self.shared.options.fingerprints);
        let fingerprints = fingerprints.map_err(|error| again(error.to_string()))?;
        let names = !told.is_empty() && self.named != Some(self.store.segment());
        entries.extend(names.then(|| Entry::Program {
            hash: self.shared.program.hash(),
            fingerprints: &fingerprints,
        }));
        entries.extend(told.iter().map(|(service, ipc)| Entry::Answers { service, ipc }));
        let cuts = match bound {
            Some((us, held)) => {
                serde_json::to_vec(&self.cuts_at(us, held)).map_err(|error| again(error.to_string()))?
            }
            None => Vec::new(),
        };
        entries.extend(bound.map(|(us, _)| Entry::Bound { us, cuts: &cuts }));
        let sync = !rows.is_empty() || !moved.is_empty() || bound.is_some();
        let committed = self.store.commit(&entries, sync);
        committed.map_err(|refusal| (told_of(&self.shared, &refusal), refusal.again))?;
        if names {
            self.named = Some(self.store.segment());
        }
        let commits = &self.shared.counters.commits;
        commits.fetch_add(u64::from(sync), Ordering::Relaxed);
        Ok(())
    }

    /// Gives rows that say no arrival one of now.
    fn stamp(&self, pushes: &mut [Push], bound_us: Option<i64>) -> Result<(), featr::Error> {
        if pushes.is_empty() {
            return Ok(());
        }
        // Each push has a stamp of its own: they land one after another.
        let (mut stamp_us, guarded) = {
            let mut core = self.shared.core();
            let stamp_us = core.stamp(&*self.shared.clock);
            // Until they have landed somebody may be answered with the base as it is, shown or not.
            let base_us = core.base_us.min(bound_us.unwrap_or(i64::MIN).max(core.bound_us));
            let cuts = core.cuts_at(base_us, &self.shared.sources, self.shared.options.delay_us);
            let guarded = self.guard(pushes, &cuts, stamp_us)?;
            guarded.iter().for_each(|us| core.guard(*us));
            (stamp_us, guarded.is_some())
        };
        let mut stamped = 0;
        for push in pushes {
            let source = self.shared.source(&push.incoming.source);
            let rows = source.map_or(Ok(0), |source| push.incoming.stamp(source, stamp_us))? + push.late.len();
            push.stamped_us = (rows > 0).then_some(stamp_us);
            stamp_us += i64::from(rows > 0);
            stamped += rows;
        }
        if stamped == 0 && !guarded {
            self.shared.core().never_lands();
        }
        Ok(())
    }

    /// Of rows of tables: gives those that say an arrival up to the cut the next stamp, and guards the others. What was looked up
    /// stays what it was: a version is known from when the server knows it. Gives the least instant that is guarded.
    fn guard(&self, pushes: &mut [Push], cuts: &Cuts, mut stamp_us: i64) -> Result<Option<i64>, featr::Error> {
        let mut least = None;
        for push in pushes {
            let Some(source) = self.shared.source(&push.incoming.source) else {
                continue;
            };
            let arrivals = push.incoming.arrivals(source);
            if self.shared.tables.contains(&source.name) {
                let cut_us = cuts.get(&source.name).copied();
                push.late = cut_us.map_or(Ok(Vec::new()), |cut_us| {
                    push.incoming.arrive_late(source, cut_us, stamp_us)
                })?;
                let delay_us = self.shared.options.delay_us.unwrap_or(source.delay_us);
                let own = arrivals
                    .iter()
                    .flatten()
                    .filter(|us| cut_us.is_none_or(|cut_us| **us > cut_us));
                push.guard_us = own.min().map(|us| us.saturating_add_unsigned(delay_us));
                least = push.guard_us.into_iter().chain(least).min();
            }
            let is_stamped = !push.late.is_empty() || arrivals.iter().any(Option::is_none);
            stamp_us += i64::from(is_stamped);
        }
        Ok(least)
    }

    fn cuts_at(&self, base_us: i64, held: &BTreeSet<String>) -> Cuts {
        let (shared, options) = (&*self.shared, &self.shared.options);
        shared.core().cuts_but(held, base_us, &shared.sources, options.delay_us)
    }

    /// Takes the rows of a push into the engine, in parts: who asks meanwhile waits for one of them.
    fn take_in_rows(&self, push: &Push) -> Result<PushReport, featr::Error> {
        let Incoming { source, rows, .. } = &push.incoming;
        let declared = self.shared.source(source).ok_or_else(|| featr::Error::UnknownSource {
            source: source.clone(),
            known: Vec::new(),
        })?;
        let mut pushing = Pushing::new(declared, rows)?;
        loop {
            let mut core = self.shared.core();
            let Core { online, answered, .. } = &mut *core;
            let is_more = online.take_in(&mut pushing, PART_ROWS, Some(answered));
            drop(core);
            if !is_more {
                break;
            }
            self.shared.give_way();
        }
        let mut report = pushing.finish();
        if !push.late.is_empty() {
            report.overdue = push.late.len() as u64;
            report.overdue_rows.clone_from(&push.late);
        }
        Ok(report)
    }

    /// Takes durable rows into the engine, keeps aside what is to be kept, and answers.
    fn take_in(&mut self, pushes: Vec<Push>, now_us: i64) {
        let mut done: Vec<(Push, Result<PushReport, featr::Error>, bool)> = Vec::with_capacity(pushes.len());
        let lands = |push: &Push| push.stamped_us.into_iter().chain(push.guard_us).min();
        let all: Vec<Option<i64>> = pushes.iter().map(lands).collect();
        for (place, push) in pushes.into_iter().enumerate() {
            let report = self.take_in_rows(&push);
            let mut core = self.shared.core();
            if all[place].is_some() {
                let next = all[place + 1..].iter().flatten().min();
                core.landed_up_to(push.stamped_us, next.copied());
            }
            let (sources, delay_us) = (&self.shared.sources, self.shared.options.delay_us);
            let prepared = core.prepare(&*self.shared.clock, sources, delay_us);
            drop(core);
            done.push((push, prepared.and(report), false));
            self.shared.give_way();
        }
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

    /// Releases what no question can reach any more, and tells what can be known without the engine.
    fn look_around(&mut self) {
        let shared = &*self.shared;
        let mut core = shared.core();
        if self.released.elapsed() >= LOOK_EVERY {
            self.released = Instant::now();
            core.release(&*shared.clock, shared.options.history_us);
        }
        shared.published.show(&core.answered, core.base_us);
        let (at, took) = self.sized;
        if shared.published.is_looked_at() && at.elapsed() >= LOOK_EVERY.max(took * LOOK_PART) {
            let begun = Instant::now();
            shared.published.set_stats(core.online.stats());
            self.sized = (Instant::now(), begun.elapsed());
        }
    }
}
