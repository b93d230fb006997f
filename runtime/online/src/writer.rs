//! The one thread that writes: it collects what waits into a group, makes the group durable, and sends it on its way into the
//! shards; who pushed is told when it has landed there.

use crate::aside::Aside;
use crate::checkpoints::Checkpoints;
use crate::core::Core;
use crate::error::{Refused, StateError};
use crate::group::{Command, GROUP_BYTES, Group, Push};
use crate::ipc;
use crate::lander::{InShards, Lander, Landing};
use crate::locks::locked;
use crate::log::Entry;
use crate::reads;
use crate::served;
use crate::shard;
use crate::shared::{FailsInPanic, Shared};
use crate::store::Store;
use crate::workers::Workers;
use arrow::array::RecordBatch;
use featc_ir::Source;
use featr::{Cuts, Incoming, Pushing, Stage, StagedPart, Version};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often it looks around when nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// How far ahead the bound is moved.
pub const BOUND_AHEAD_US: i64 = 1_000_000;
/// How often events that nobody can ask for are released, sizes are taken, and a disk that refused is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rows that a shard takes in at a time, about: who asks meanwhile waits for them.
const PART_ROWS: usize = 128;
/// Sizes are taken for this part of the time at most.
const LOOK_PART: u32 = 50;
/// How often it looks whether a checkpoint has been written.
const LOOK_AT_CHECKPOINT: Duration = Duration::from_millis(1);

pub struct Writer {
    shared: Arc<Shared>,
    store: Store,
    aside: Arc<Mutex<Aside>>,
    stage: Stage,
    lander: Lander,
    workers: Arc<Workers>,
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

impl Writer {
    /// # Errors
    /// The system refuses a thread.
    pub fn new(
        shared: Arc<Shared>,
        (store, checkpoints, aside): (Store, Checkpoints, Aside),
        stage: Stage,
        commands: Receiver<Command>,
    ) -> std::io::Result<Writer> {
        let now = Instant::now();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = Arc::new(Workers::begin(&shared, threads)?);
        let aside = Arc::new(Mutex::new(aside));
        Ok(Writer {
            lander: Lander::begin(shared.clone(), aside.clone(), workers.clone())?,
            workers,
            shared,
            store,
            aside,
            stage,
            commands,
            held: None,
            stopping: false,
            ending: false,
            named: None,
            checkpoints,
            released: now,
            tried: now,
            sized: (now, Duration::ZERO),
        })
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
            if self.stopping {
                self.lander.wait();
            }
            let land = || self.lander.wait();
            self.checkpoints.look(&mut self.store, self.stopping, land);
            if self.stopping && self.held.is_none() {
                return self.stop();
            }
            self.look_around();
        }
    }

    fn stop(&mut self) -> Result<(), StateError> {
        self.ending = true;
        self.lander.wait();
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
        self.checkpoints.end(&mut self.store, base_us)
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
            let sent = group.pushes.iter().filter_map(Push::arrives_from_us).count();
            self.shared.core().never_lands(sent);
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
        self.stamp(pushes, bound).map_err(|error| again(error.to_string()))?;
        reads::keep_undecoded(&mut locked(&self.aside), &self.shared, pushes)?;
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
        let committed = committed.inspect_err(|refusal| self.shared.fail_if_unknown(refusal));
        committed.map_err(|refusal| (refusal.error.to_string(), refusal.again))?;
        if names {
            self.named = Some(self.store.segment());
        }
        let commits = &self.shared.counters.commits;
        commits.fetch_add(u64::from(sync), Ordering::Relaxed);
        Ok(())
    }

    /// Gives rows that say no arrival one of now.
    fn stamp(&self, pushes: &mut [Push], bound: Option<(i64, &BTreeSet<String>)>) -> Result<(), featr::Error> {
        if self.shared.has_tables() {
            // What was looked up before it is known by then, and copies of versions are found.
            self.lander.wait();
        }
        // Of each table the versions of this group, without their arrivals.
        let mut sent: BTreeMap<String, HashMap<Vec<u8>, i64>> = BTreeMap::new();
        // Each push has a stamp of its own: they land one after another.
        for push in pushes {
            let Some(source) = self.shared.source(&push.incoming.source) else {
                continue;
            };
            let is_table = self.shared.tables.contains(&source.name);
            let versions = match is_table {
                // Shards are taken before the instants.
                true => self.shared.shards[0].online().versions(source, &push.incoming.rows)?,
                false => Vec::new(),
            };
            // No base is read between a stamp and its being known.
            let mut core = self.shared.core();
            let stamp_us = core.stamp(&*self.shared.clock);
            if is_table {
                let sent = sent.entry(source.name.clone()).or_default();
                self.guard(&core, push, (source, stamp_us), bound, (versions, sent))?;
            }
            let rows = push.incoming.stamp(source, stamp_us)? + push.late.len();
            push.stamped_us = (rows > 0).then_some(stamp_us);
            if let Some(from_us) = push.arrives_from_us() {
                core.sent(from_us);
            }
        }
        Ok(())
    }

    /// Says when the rows of a table arrived that say an arrival up to its cut, or none: when the version was known first that they
    /// are, if it is held or was sent before in this group; else with this stamp. What was looked up stays what it was: a version
    /// is known from when the server knows it, and one that is sent again changes nothing. Tells what was done, and up to which
    /// instant the other rows guard the base.
    fn guard(
        &self,
        core: &Core,
        push: &mut Push,
        (source, stamp_us): (&Source, i64),
        bound: Option<(i64, &BTreeSet<String>)>,
        (versions, sent): (Vec<Version>, &mut HashMap<Vec<u8>, i64>),
    ) -> Result<(), featr::Error> {
        let options = &self.shared.options;
        // Until they have landed somebody may be answered with the base as it is, shown or not, and with the cuts that go on then.
        let (bound_us, held) = bound.unwrap_or((i64::MIN, &core.held));
        let base_us = core.base_us.min(bound_us.max(core.bound_us));
        let cuts = core.cuts_but(held, base_us, &self.shared.sources, options.delay_us);
        let cut_us = cuts.get(&source.name).copied();
        let mut arrivals = push.incoming.arrivals(source);
        let mut guard_us: Option<i64> = None;
        for Version { row, known_us, bytes } in versions {
            let said_us = arrivals[row];
            let own_us = said_us.filter(|us| cut_us.is_none_or(|cut_us| *us > cut_us));
            let before_us = known_us.into_iter().chain(sent.get(&bytes).copied()).min();
            let arrival_us = own_us.or(before_us).unwrap_or(stamp_us);
            if own_us.is_some() || before_us.is_some() {
                guard_us = guard_us.into_iter().chain([arrival_us]).min();
            }
            if own_us.is_none()
                && let Some(before_us) = before_us
            {
                push.copies.push((row as u64, before_us));
            } else if own_us.is_none() && said_us.is_some() {
                push.late.push(row as u64);
            }
            let first_us = sent.entry(bytes).or_insert(arrival_us);
            *first_us = arrival_us.min(*first_us);
            if own_us.is_some() || before_us.is_some() || said_us.is_some() {
                arrivals[row] = Some(arrival_us);
            }
        }
        push.incoming.set_arrivals(source, arrivals)?;
        let delay_us = options.delay_us.unwrap_or(source.delay_us);
        // Up to the cut there is nothing to guard.
        let guard_us = guard_us.filter(|us| cut_us.is_none_or(|cut_us| *us > cut_us));
        push.guard_us = guard_us.map(|us| us.saturating_add_unsigned(delay_us));
        Ok(())
    }

    fn cuts_at(&self, base_us: i64, held: &BTreeSet<String>) -> Cuts {
        let (shared, options) = (&*self.shared, &self.shared.options);
        shared.core().cuts_but(held, base_us, &shared.sources, options.delay_us)
    }

    /// Sends durable rows on their way into the shards.
    fn take_in(&mut self, pushes: Vec<Push>, now_us: i64) {
        let group: Vec<Landing> = pushes.into_iter().map(|push| self.stage(push)).collect();
        if !group.is_empty() {
            self.lander.send(group, now_us);
        }
    }

    /// What of the way of rows into the state needs none of it; and the shards begin with the rest.
    fn stage(&mut self, push: Push) -> Landing {
        let Incoming { source, rows, .. } = &push.incoming;
        let declared = self.shared.source(source).ok_or_else(|| featr::Error::UnknownSource {
            source: source.clone(),
            known: Vec::new(),
        });
        let staged = declared
            .and_then(|declared| Pushing::new(declared, rows))
            .map(|pushing| {
                let (tell, told) = channel();
                let mut reports = Vec::new();
                let mut of_shards: Vec<Vec<StagedPart>> = self.shared.shards.iter().map(|_| Vec::new()).collect();
                for staged in self.stage.stage(&pushing, PART_ROWS * of_shards.len()) {
                    reports.push(staged.report);
                    let parts = of_shards.iter_mut().zip(staged.parts);
                    parts.for_each(|(of_shard, part)| of_shard.push(part));
                }
                let mut shards = 0;
                for (shard, parts) in of_shards.into_iter().enumerate() {
                    if parts.iter().any(|part| !part.is_empty()) {
                        shards += 1;
                        // That nobody takes it is found out by who lands.
                        let _ = self.workers.take_in(shard, parts, tell.clone());
                    }
                }
                InShards {
                    pushing,
                    reports,
                    shards,
                    told,
                }
            });
        Landing { push, staged }
    }

    /// Releases what no question can reach any more, and tells what can be known without the engine.
    fn look_around(&mut self) {
        let shared = &*self.shared;
        if self.released.elapsed() >= LOOK_EVERY {
            self.released = Instant::now();
            shared.release();
        }
        {
            let core = shared.core();
            shared.published.show(&core.answered, core.base_us);
        }
        let (at, took) = self.sized;
        if shared.published.is_looked_at() && at.elapsed() >= LOOK_EVERY.max(took * LOOK_PART) {
            let begun = Instant::now();
            shared.published.set_stats(shard::stats(&shared.shards));
            self.sized = (Instant::now(), begun.elapsed());
        }
    }
}
