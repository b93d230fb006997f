//! The one thread that writes: it collects what waits into a group, makes the group durable, takes it into the engine, and
//! only then answers.

use crate::aside::Aside;
use crate::error::{Refused, StateError};
use crate::ipc;
use crate::log::Entry;
use crate::served::Served;
use crate::shared::{Pushed, Shared};
use crate::store::{Refusal, Store};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use featr::{Cuts, Incoming, PushReport};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Told when a request is done.
pub type Then<T> = Box<dyn FnOnce(Result<T, Refused>) + Send>;

/// What the writer is asked for.
pub enum Command {
    Push(Push),
    /// Answers are to be given with later bases.
    Extend(Then<()>),
    Checkpoint(Then<u64>),
    Stop,
}

pub struct Push {
    pub incoming: Incoming,
    pub request_id: Option<String>,
    pub begun: Instant,
    pub then: Then<Pushed>,
}

/// Requests of one group, at most.
const GROUP_MAX: usize = 512;
/// Rows of one group, about.
const GROUP_ROWS: usize = 65_536;
/// How often it looks around when nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// How far ahead the bound is moved.
const BOUND_AHEAD_US: i64 = 1_000_000;
/// How often events that nobody can ask for are released.
const RELEASE_EVERY: Duration = Duration::from_secs(1);

pub struct Writer {
    pub shared: Arc<Shared>,
    pub store: Store,
    pub aside: Aside,
    pub served: Served,
    pub commands: Receiver<Command>,
    pub released: Instant,
    /// Nobody is answered any more.
    pub ending: bool,
}

/// Requests that are done together.
#[derive(Default)]
struct Group {
    pushes: Vec<Push>,
    extend: Vec<Then<()>>,
    checkpoint: Vec<Then<u64>>,
    stop: bool,
}

impl Group {
    fn add(&mut self, command: Command) {
        match command {
            Command::Push(push) => self.pushes.push(push),
            Command::Extend(then) => self.extend.push(then),
            Command::Checkpoint(then) => self.checkpoint.push(then),
            Command::Stop => self.stop = true,
        }
    }

    fn is_full(&self) -> bool {
        let rows: usize = self.pushes.iter().map(|push| push.incoming.rows.num_rows()).sum();
        rows >= GROUP_ROWS || self.pushes.len() + self.extend.len() >= GROUP_MAX
    }
}

impl Writer {
    /// Works until it is told to stop; then the state is a checkpoint.
    ///
    /// # Errors
    /// The last checkpoint could not be written: the log holds everything.
    pub fn run(mut self) -> Result<(), StateError> {
        loop {
            let mut group = Group::default();
            match self.commands.recv_timeout(TICK) {
                Ok(command) => group.add(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => group.stop = true,
            }
            while !group.is_full() {
                let Ok(command) = self.commands.try_recv() else { break };
                group.add(command);
            }
            let (stop, checkpoint) = (group.stop, std::mem::take(&mut group.checkpoint));
            self.work(group);
            if stop {
                let ended = self.stop();
                for then in checkpoint {
                    then(Err(Refused::Stopping));
                }
                return ended;
            }
            let options = &self.shared.options;
            let is_due =
                self.store.log_bytes() >= options.checkpoint_bytes || self.served.rows >= options.checkpoint_answers;
            if is_due || !checkpoint.is_empty() {
                let done = self.checkpoint();
                let number = self.store.manifest().checkpoint;
                for then in checkpoint {
                    then(done.clone().map(|()| number));
                }
            }
            self.release();
        }
    }

    fn stop(&mut self) -> Result<(), StateError> {
        self.ending = true;
        let base_us = {
            let mut core = self.shared.core();
            core.bound_us = core.bound_us.min(core.base_us);
            core.bound_us
        };
        self.work(Group::default());
        if let Some(why) = self.shared.failure() {
            return Err(StateError::Io {
                file: self.store.disk().name(""),
                why,
            });
        }
        self.checkpoint_at(base_us)?;
        self.store.end()
    }

    /// Commits a group, takes it in, and answers it.
    fn work(&mut self, mut group: Group) {
        let answers = self.shared.take_answers();
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
            return;
        }
        let done = match self.shared.failure() {
            None => self.commit(&mut group.pushes, &answers, bound_us),
            Some(why) => Err(why),
        };
        if let Err(why) = done {
            self.shared.core().landed(false);
            for push in group.pushes {
                (push.then)(Err(Refused::Unwritable { why: why.clone() }));
            }
            for then in group.extend {
                then(Err(Refused::Unwritable { why: why.clone() }));
            }
            return;
        }
        for (service, rows) in answers {
            self.served.add(&service, rows);
        }
        if let Some(bound_us) = bound_us {
            self.shared.core().bound_us = bound_us;
        }
        group.extend.into_iter().for_each(|then| then(Ok(())));
        self.take_in(group.pushes, now_us);
    }

    /// Stamps rows and makes everything durable.
    fn commit(
        &mut self,
        pushes: &mut [Push],
        answers: &[(String, RecordBatch)],
        bound_us: Option<i64>,
    ) -> Result<(), String> {
        if !pushes.is_empty() {
            let stamp_us = self.shared.core().stamp(&*self.shared.clock);
            let mut stamped = 0;
            for push in &mut *pushes {
                let source = self.shared.source(&push.incoming.source);
                let done = source.map_or(Ok(0), |source| push.incoming.stamp(source, stamp_us));
                stamped += done.map_err(|error| error.to_string())?;
            }
            if stamped == 0 {
                self.shared.core().landed(false);
            }
        }
        let rows = pushes
            .iter()
            .map(|push| (push.incoming.source.as_str(), &push.incoming.rows));
        let rows = as_bytes(rows)?;
        let told = as_bytes(answers.iter().map(|(service, rows)| (service.as_str(), rows)))?;
        let mut entries: Vec<Entry<'_>> = rows.iter().map(|(source, ipc)| Entry::Rows { source, ipc }).collect();
        entries.extend(told.iter().map(|(service, ipc)| Entry::Answers { service, ipc }));
        let cuts = match bound_us {
            Some(us) => serde_json::to_vec(&self.cuts_at(us)).map_err(|error| error.to_string())?,
            None => Vec::new(),
        };
        entries.extend(bound_us.map(|us| Entry::Bound { us, cuts: &cuts }));
        let sync = !rows.is_empty() || bound_us.is_some();
        let committed = self.store.commit(&entries, sync);
        committed.map_err(|refusal| self.refuse(&refusal))?;
        self.shared
            .counters
            .commits
            .fetch_add(u64::from(sync), Ordering::Relaxed);
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
        let mut done: Vec<(Push, Result<PushReport, featr::Error>)> = Vec::with_capacity(pushes.len());
        for push in pushes {
            let report = self
                .shared
                .core()
                .online
                .push(&push.incoming.source, &push.incoming.rows);
            done.push((push, report));
        }
        self.shared.core().landed(true);
        for (push, report) in done {
            let result = report.map_err(Refused::Request).and_then(|report| {
                let about = (push.request_id.as_deref(), now_us);
                let kept = self.aside.keep(&push.incoming, &report, about);
                kept.map_err(|error| Refused::Unwritable {
                    why: featr::plain(&error),
                })?;
                self.shared.count(&push.incoming, &report);
                Ok(Pushed::of(&push.incoming, report))
            });
            let took = push.begun.elapsed().as_micros();
            self.shared.counters.pushes.add(u64::try_from(took).unwrap_or(u64::MAX));
            (push.then)(result);
        }
    }

    fn checkpoint(&mut self) -> Result<(), Refused> {
        if let Some(why) = self.shared.failure() {
            return Err(Refused::Unwritable { why });
        }
        let bound_us = self.shared.core().bound_us;
        let done = self.checkpoint_at(bound_us);
        done.map_err(|error| Refused::Unwritable { why: error.to_string() })
    }

    /// Writes the state and the answers; answers have been given with bases up to `answered_us`.
    fn checkpoint_at(&mut self, answered_us: i64) -> Result<(), StateError> {
        let first = self.store.turn().map_err(|refusal| {
            self.refuse(&refusal);
            refusal.error
        })?;
        let bytes = self.shared.core().online.snapshot();
        let written = self.served.write(&**self.store.disk(), self.store.next_checkpoint());
        written.map_err(|error| StateError::Io {
            file: self.store.disk().name("served"),
            why: featr::plain(&error),
        })?;
        let answered = (answered_us != i64::MIN).then(|| (answered_us, self.cuts_at(answered_us)));
        let done = self.store.checkpoint(&bytes, first, answered);
        if let Err(error @ StateError::Fenced { .. }) = &done {
            self.shared.fail(&error.to_string());
        }
        done?;
        self.served.clear();
        self.shared.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Releases what no question can reach any more.
    fn release(&mut self) {
        if self.released.elapsed() < RELEASE_EVERY {
            return;
        }
        self.released = Instant::now();
        let shared = &*self.shared;
        shared.core().release(&*shared.clock, shared.options.history_us);
    }
}

/// Batches of one name and one schema as one stream of bytes each.
fn as_bytes<'a>(batches: impl Iterator<Item = (&'a str, &'a RecordBatch)>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut parts: BTreeMap<&str, Vec<Vec<&RecordBatch>>> = BTreeMap::new();
    for (name, batch) in batches.filter(|(_, batch)| batch.num_rows() > 0) {
        let of_name = parts.entry(name).or_default();
        match of_name.iter_mut().find(|part| part[0].schema() == batch.schema()) {
            Some(part) => part.push(batch),
            None => of_name.push(vec![batch]),
        }
    }
    let mut all = Vec::new();
    for (name, of_name) in parts {
        for part in of_name {
            let whole = concat_batches(&part[0].schema(), part).map_err(|error| error.to_string())?;
            all.push((name.to_owned(), ipc::write(&whole).map_err(|error| error.to_string())?));
        }
    }
    Ok(all)
}
