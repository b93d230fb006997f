//! A running state: rows are pushed, questions are answered, and nothing that was acknowledged is lost.

use crate::aside::Aside;
use crate::clock::Clock;
use crate::core::{Core, has_arrivals};
use crate::counters::Counters;
use crate::disk::Disk;
use crate::error::{Refused, StateError};
use crate::replayed::Replayed;
use crate::served::{self, Served, Told};
use crate::shared::{ANSWERS_WAITING_MAX, Options, Pushed, Shared, locked};
use crate::store::Store;
use crate::writer::{Command, Push, Then, Writer};
use arrow::array::RecordBatch;
use featc_ir::{Source, Type};
use featr::{Cuts, Incoming, LogStats, Program};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How far the clock may lie behind what was answered.
const CLOCK_BEHIND_US: i64 = 10_000_000;

/// What was found when a state was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How many processes have had the folder, this one included.
    pub epoch: u64,
    /// The checkpoint that it goes on from; 0: none.
    pub checkpoint: u64,
    /// Rows that were read from the log behind it.
    pub replayed: u64,
}

/// Questions to a service.
#[derive(Debug, Clone)]
pub struct Question {
    pub service: String,
    /// What [`Program::questions`] made of them.
    pub rows: RecordBatch,
    /// The instant that is asked about; the server's own, if it says none.
    pub at_us: Option<i64>,
    pub request_id: Option<String>,
}

/// Answers to questions.
#[derive(Debug, Clone)]
pub struct Answer {
    pub at_us: i64,
    /// Of each source of the service that says when its rows arrive: the answers see exactly its rows with arrivals up to here.
    pub cuts: Cuts,
    /// One column per feature, each followed by its status.
    pub features: RecordBatch,
}

/// A state that is open, and a thread that writes it.
pub struct Runtime {
    shared: Arc<Shared>,
    commands: SyncSender<Command>,
    writer: Mutex<Option<JoinHandle<Result<(), StateError>>>>,
    stats: Mutex<Option<(Instant, Vec<LogStats>)>>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}

impl Runtime {
    /// Opens the state on a disk, or begins one.
    ///
    /// # Errors
    /// A state that is not whole, that another process has, or that the program cannot go on with.
    pub fn open(
        program: Program,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<(Runtime, Opened), StateError> {
        let mut replayed = Replayed {
            online: program.online(featr::Truth::AsServed).map_err(StateError::Program)?,
            served: Served::default(),
            bound_us: None,
            cuts: Cuts::new(),
            folder: disk.name(""),
            rows: 0,
        };
        let store = Store::open(disk.clone(), program.hash(), &mut replayed)?;
        let bound_us = replayed.bound_us.max(store.manifest().answered_us);
        let now_us = clock.now_us();
        if let Some(answered_us) = bound_us.filter(|bound| *bound > now_us.saturating_add(CLOCK_BEHIND_US)) {
            return Err(StateError::ClockBehind { now_us, answered_us });
        }
        let opened = Opened {
            epoch: store.manifest().epoch,
            checkpoint: store.manifest().checkpoint,
            replayed: replayed.rows,
        };
        let services = program.services().map(|service| {
            let sources = program.service_sources(service).unwrap_or_default();
            (
                service.to_owned(),
                sources.into_iter().map(|source| source.name).collect(),
            )
        });
        let sources = program.sources();
        let mut core = Core::new(replayed.online, bound_us);
        for answered in [&store.manifest().cuts, &replayed.cuts] {
            core.resume(answered, &sources).map_err(StateError::Program)?;
        }
        core.release(&*clock, options.history_us);
        let shared = Arc::new(Shared {
            sources,
            services: services.collect(),
            program,
            clock,
            core: Mutex::new(core),
            answers: Mutex::default(),
            counters: Counters::default(),
            failure: Mutex::default(),
            asked: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            options,
        });
        let (commands, waiting) = sync_channel(shared.options.waiting_max.max(1));
        let writer = Writer {
            shared: shared.clone(),
            aside: Aside::new(disk, store.manifest().epoch),
            store,
            served: replayed.served,
            commands: waiting,
            released: Instant::now(),
            ending: false,
        };
        let thread = std::thread::Builder::new().name("featr-writer".to_owned());
        let thread = thread.spawn(move || writer.run()).map_err(|error| StateError::Io {
            file: "a thread".to_owned(),
            why: featr::plain(&error),
        })?;
        let runtime = Runtime {
            shared,
            commands,
            writer: Mutex::new(Some(thread)),
            stats: Mutex::default(),
        };
        Ok((runtime, opened))
    }

    pub fn program(&self) -> &Program {
        &self.shared.program
    }

    /// The features of a service with their types, in order; none of an unknown one.
    pub fn fields(&self, service: &str) -> Vec<(String, Type)> {
        self.shared.program.fields(service)
    }

    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Why nothing can be written any more, if so.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure()
    }

    fn send(&self, command: Command) -> Result<(), Refused> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(Refused::Stopping);
        }
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Disconnected(_) => Refused::Stopping,
        })
    }

    /// Takes in rows; `then` is told when they are durable and can be asked for.
    ///
    /// # Errors
    /// [`Refused::Busy`], [`Refused::Stopping`]; `then` is not told.
    pub fn push(&self, incoming: Incoming, request_id: Option<String>, then: Then<Pushed>) -> Result<(), Refused> {
        self.send(Command::Push(Push {
            incoming,
            request_id,
            begun: Instant::now(),
            then,
        }))
    }

    /// As [`Runtime::push`], and waits.
    ///
    /// # Errors
    /// As [`Runtime::push`]; the disk refuses.
    pub fn push_wait(&self, incoming: Incoming) -> Result<Pushed, Refused> {
        self.wait(|then| self.push(incoming, None, then))
    }

    /// Answers; `None`: [`Runtime::extend`] has to be called first.
    ///
    /// # Errors
    /// The question is none of the service's, or is asked where nothing is kept; the server is ending.
    pub fn answer(&self, question: &Question) -> Result<Option<Answer>, Refused> {
        let begun = Instant::now();
        let shared = &*self.shared;
        if shared.stopping.load(Ordering::Acquire) {
            return Err(Refused::Stopping);
        }
        if shared.core.is_poisoned() {
            let why = shared.failure().unwrap_or_default();
            return Err(Refused::Unwritable { why });
        }
        let sources = shared.services.get(&question.service).map_or(&[][..], Vec::as_slice);
        let mut core = shared.core();
        let base_us = core.base(&*shared.clock);
        shared.asked.store(true, Ordering::Relaxed);
        if base_us > core.bound_us {
            return Ok(None);
        }
        let shown = core.show(base_us, &shared.sources, shared.options.delay_us);
        shown.map_err(Refused::Request)?;
        let at_us = question.at_us.unwrap_or(base_us);
        let times = vec![at_us; question.rows.num_rows()];
        let features = core.online.read(&question.service, &question.rows, &times, true);
        let features = features.map_err(Refused::Request)?;
        let all = core.online.cuts().cloned().unwrap_or_default();
        drop(core);
        let cuts: Cuts = all.into_iter().filter(|(source, _)| sources.contains(source)).collect();
        if shared.options.served_log && question.rows.num_rows() > 0 {
            let told = Told {
                service: &question.service,
                at_us,
                request_id: question.request_id.as_deref(),
                program: shared.program.hash(),
                sources,
                cuts: &cuts,
            };
            let rows = served::rows(&told, &question.rows, &features);
            let rows = rows.map_err(|error| Refused::Request(featr::Error::Bug { why: error.to_string() }))?;
            let mut answers = locked(&shared.answers);
            if answers.len() >= ANSWERS_WAITING_MAX {
                return Err(Refused::Busy);
            }
            answers.push((question.service.clone(), rows));
        }
        shared
            .counters
            .questions
            .add(&question.service, "", question.rows.num_rows() as u64);
        let took = begun.elapsed().as_micros();
        shared.counters.answers.add(u64::try_from(took).unwrap_or(u64::MAX));
        Ok(Some(Answer { at_us, cuts, features }))
    }

    /// Makes room for answers with later cuts; `then` is told when there is.
    ///
    /// # Errors
    /// As [`Runtime::push`].
    pub fn extend(&self, then: Then<()>) -> Result<(), Refused> {
        self.send(Command::Extend(then))
    }

    /// As [`Runtime::answer`], and waits until it can be given.
    ///
    /// # Errors
    /// As [`Runtime::answer`]; the disk refuses.
    pub fn answer_wait(&self, question: &Question) -> Result<Answer, Refused> {
        loop {
            if let Some(answer) = self.answer(question)? {
                return Ok(answer);
            }
            self.wait(|then| self.extend(then))?;
        }
    }

    /// Makes a checkpoint; `then` is told its number.
    ///
    /// # Errors
    /// As [`Runtime::push`].
    pub fn checkpoint(&self, then: Then<u64>) -> Result<(), Refused> {
        self.send(Command::Checkpoint(then))
    }

    /// As [`Runtime::checkpoint`], and waits.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn checkpoint_wait(&self) -> Result<u64, Refused> {
        self.wait(|then| self.checkpoint(then))
    }

    fn wait<T: Send + 'static>(&self, ask: impl FnOnce(Then<T>) -> Result<(), Refused>) -> Result<T, Refused> {
        let (tell, told) = std::sync::mpsc::channel();
        ask(Box::new(move |result| drop(tell.send(result))))?;
        told.recv().unwrap_or(Err(Refused::Stopping))
    }

    /// Sizes of the logs; they are looked at every few seconds.
    pub fn stats(&self) -> Vec<LogStats> {
        let mut known = locked(&self.stats);
        let fresh = known.take().filter(|(at, _)| at.elapsed() < Duration::from_secs(10));
        let (at, stats) = fresh.unwrap_or_else(|| (Instant::now(), self.shared.core().online.stats()));
        known.insert((at, stats)).1.clone()
    }

    /// The cuts that answers are given with, and how far the clock is behind the base that they follow from, in microseconds.
    pub fn cuts(&self) -> (Cuts, i64) {
        let core = self.shared.core();
        let behind = core.base_us.saturating_sub(self.shared.clock.now_us()).max(0);
        (core.online.cuts().cloned().unwrap_or_default(), behind)
    }

    /// The sources that say when their rows arrive.
    pub fn sources_with_arrivals(&self) -> impl Iterator<Item = &Source> {
        self.shared.sources.iter().filter(|source| has_arrivals(source))
    }

    /// Takes no more requests, finishes those that wait, and makes a checkpoint. To stop twice is no mistake.
    ///
    /// # Errors
    /// The checkpoint could not be written; the log holds everything.
    pub fn stop(&self) -> Result<(), StateError> {
        self.shared.stopping.store(true, Ordering::Release);
        let Some(writer) = locked(&self.writer).take() else {
            return Ok(());
        };
        // The queue may be full: the writer empties it.
        let _ = self.commands.send(Command::Stop);
        writer.join().unwrap_or_else(|_| {
            Err(StateError::Program(featr::Error::Bug {
                why: "the writer ended by itself".to_owned(),
            }))
        })
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}
