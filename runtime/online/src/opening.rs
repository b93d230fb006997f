//! From a disk to a running state.

use crate::aside::{About, Aside};
use crate::backup::Backup;
use crate::checkpoints::Checkpoints;
use crate::clock::{self, Clock};
use crate::core::Core;
use crate::counters::Counters;
use crate::disk::Disk;
use crate::error::StateError;
use crate::fill::Filled;
use crate::published::Published;
use crate::replayed::Replayed;
use crate::runtime::Runtime;
use crate::shard::Shard;
use crate::shared::{Options, Shared};
use crate::store::Store;
use crate::writer::{BOUND_AHEAD_US, Writer};
use arrow::array::RecordBatch;
use featr::{Incoming, Program, PushReport};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was found when a state was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How many processes have had the folder, this one included.
    pub epoch: u64,
    /// The checkpoint that it goes on from; 0: none.
    pub checkpoint: u64,
    /// Rows that were read from the log after it.
    pub replayed: u64,
    /// What was filled from history; it is in a checkpoint.
    pub filled: Vec<Filled>,
}

impl Runtime {
    /// Opens the state on a disk, or begins one. After a crash it waits, for up to a second, until the clock is where answers may
    /// have been given before.
    ///
    /// # Errors
    /// A state that is not whole, that another process has, or that the program cannot go on with; with
    /// [`Options::keep_unread`] one of which it does not read all. With [`Options::fill`] history that is not there.
    pub fn open(
        program: Program,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<(Runtime, Opened), StateError> {
        let mut replayed = Replayed::new(&program, &disk)?;
        replayed.memory_max = options.memory_max.unwrap_or(u64::MAX);
        replayed.keeps_unread = options.keep_unread;
        replayed.fill = options.fill.clone();
        replayed.backup = options.backup.clone();
        let mut store = Store::open(disk.clone(), program.hash(), &mut replayed)?;
        let entities = replayed.entities();
        let bound_us = replayed.bound_us.max(store.manifest().answered_us);
        wait_for(bound_us, &*clock)?;
        let opened = Opened {
            epoch: store.manifest().epoch,
            checkpoint: store.manifest().checkpoint,
            replayed: replayed.rows,
            filled: replayed.filled,
        };
        let services = program.services().map(|service| {
            let sources = program.service_inputs(service).unwrap_or_default();
            (
                service.to_owned(),
                sources.into_iter().map(|source| source.name).collect(),
            )
        });
        let sources = program.inputs();
        let mut online = replayed.online;
        let mut core = Core::new(bound_us, online.cuts().cloned().unwrap_or_default());
        for answered in [&store.manifest().cuts, &replayed.cuts] {
            core.resume(&mut online, answered, &sources)
                .map_err(StateError::Program)?;
        }
        // Events may have been released up to where the state was: no base is before that, also if the clock went back.
        core.base_us = core.base_us.max(online.cut_us().unwrap_or(i64::MIN));
        let horizon_us = core.horizon(&*clock, options.history_us);
        if online.cut_us().is_none_or(|known| horizon_us > known) {
            // It does not go back.
            let _ = online.advance(horizon_us);
        }
        let cuts = core.answered.clone();
        let (stats, base_us) = (online.stats(), core.base_us);
        let (front, shards) = online.divide(shards_of(&options)).map_err(StateError::Program)?;
        let stage = front.another().map_err(StateError::Program)?;
        let mut aside = Aside::new(disk.clone(), store.manifest().epoch);
        let shared = Arc::new(Shared {
            tables: program.tables().into_iter().map(|table| table.name).collect(),
            catching_up: Mutex::default(),
            sources,
            services: services.collect(),
            published: Published::new(cuts, base_us, stats),
            program,
            clock,
            core: Mutex::new(core),
            shards: shards.into_iter().map(Shard::new).collect(),
            front,
            answers: Mutex::default(),
            answer_bytes: AtomicUsize::new(0),
            brought: AtomicU64::new(0),
            counters: Counters::default(),
            failure: Mutex::default(),
            read: store.read().clone(),
            progress: Mutex::default(),
            problems: Mutex::default(),
            first_rejects: Mutex::default(),
            asked: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            options,
        });
        aside_again(&mut aside, &shared, replayed.unkept).map_err(|error| StateError::Io {
            file: disk.name("aside"),
            why: featr::plain(&error),
        })?;
        let mut checkpoints = Checkpoints::new(shared.clone(), entities);
        if !opened.filled.is_empty() {
            // Another start would find other files, or none.
            let answered_us = shared.core().bound_us;
            match checkpoints.last(&mut store, answered_us) {
                // It counts; it is saved later.
                Ok(()) | Err(StateError::Objects { .. }) => {}
                refused => refused?,
            }
        }
        let no_thread = |error: std::io::Error| StateError::Broken {
            why: format!("no thread can be begun: {}", featr::plain(&error)),
        };
        if let Some(backup) = &shared.options.backup {
            watch(backup, &shared).map_err(no_thread)?;
        }
        let (commands, waiting) = sync_channel(shared.options.waiting_max.max(1));
        let writer = Writer::new(shared.clone(), (store, checkpoints, aside), stage, waiting).map_err(no_thread)?;
        let thread = std::thread::Builder::new().name("featr-writer".to_owned());
        let thread = thread.spawn(move || writer.run()).map_err(no_thread)?;
        let runtime = Runtime {
            shared,
            commands,
            writer: Mutex::new(Some(thread)),
        };
        Ok((runtime, opened))
    }
}

/// How many shards there are for each processor: a question waits for what is written to its own.
const SHARDS_OF_PROCESSOR: usize = 4;

/// How many shards a state has.
fn shards_of(options: &Options) -> usize {
    match options.shards {
        0 => SHARDS_OF_PROCESSOR * std::thread::available_parallelism().map_or(1, usize::from),
        shards => shards,
    }
}

/// Keeps aside what of the rows that readers brought last cannot be used: nobody brings them again. What had been kept by then
/// is there twice.
fn aside_again(
    aside: &mut Aside,
    shared: &Shared,
    unkept: BTreeMap<String, (RecordBatch, PushReport)>,
) -> std::io::Result<()> {
    for (source, (rows, report)) in unkept {
        let Some(declared) = shared.source(&source) else {
            continue;
        };
        let about = About {
            request_id: None,
            from: Some("the log"),
            received_us: shared.clock.now_us(),
        };
        let incoming = Incoming {
            source,
            rows,
            places: Vec::new(),
            rejected: Vec::new(),
        };
        aside.note(declared, (&incoming, &report), about)?;
    }
    aside.keep().map_err(|(error, _)| error)
}

/// How often it is looked whether another process has taken the backup over, in looks at whether the server ends.
const LOOK_AT_COPIES: u32 = 25;
const LOOK_AT_END: Duration = Duration::from_millis(200);

/// Looks from time to time whether the backup is still this process's; when it is not, nothing is written any more.
fn watch(backup: &Arc<Backup>, shared: &Arc<Shared>) -> std::io::Result<()> {
    let (backup, shared) = (backup.clone(), Arc::downgrade(shared));
    let thread = std::thread::Builder::new().name("featr-backup".to_owned());
    let look = move || {
        for look in 1.. {
            std::thread::sleep(LOOK_AT_END);
            let Some(shared) = shared
                .upgrade()
                .filter(|shared| !shared.stopping.load(Ordering::Acquire))
            else {
                return;
            };
            if look % LOOK_AT_COPIES == 0
                && let Err(taken_over @ StateError::TakenOver { .. }) = backup.check()
            {
                return shared.fail(&taken_over.to_string());
            }
        }
    };
    thread.spawn(look).map(drop)
}

/// Waits until the clock has come to what answers may have been given up to: so far ahead a crash leaves it. If the clock has
/// gone back, cuts stand still instead.
fn wait_for(bound_us: Option<i64>, clock: &dyn Clock) -> Result<(), StateError> {
    let Some(answered_us) = bound_us else { return Ok(()) };
    if clock::lag_us(answered_us, clock)? <= BOUND_AHEAD_US {
        clock.wait_until(answered_us);
    }
    Ok(())
}
