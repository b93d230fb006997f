//! A running state: rows are pushed, questions are answered, and nothing that was acknowledged is lost.

use crate::counters::Counters;
use crate::error::{Refused, StateError};
use crate::gate::{self, Gated};
use crate::group::{Command, Push, Then};
use crate::locks::locked;
use crate::served::{self, Told};
use crate::shard;
use crate::shared::{ANSWERS_WAITING_BYTES, ANSWERS_WAITING_MAX, Pushed, Shared};
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use featc_ir::Type;
use featr::{Cuts, Incoming, LogStats, Program};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

/// Questions to a service.
#[derive(Debug, Clone)]
pub struct Question {
    /// The name of the service.
    pub service: String,
    /// What [`Program::questions`] made of them: a row per entity.
    pub rows: RecordBatch,
    /// The instant that is asked about, in microseconds since the epoch; the server's own, if it says none.
    pub at_us: Option<i64>,
    /// What the asker calls the request; it stands with the answers in the served log.
    pub request_id: Option<String>,
    /// Whether the asker takes the answers about all entities or none: where one is gated, none counts as answered.
    pub is_whole: bool,
}

/// Answers to questions.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The instant that was asked about, in microseconds since the epoch.
    pub at_us: i64,
    /// Of each source of the service that says when its rows arrive: the answers see exactly its rows with arrivals up to here.
    pub cuts: Cuts,
    /// A row per entity of the question, in its order; one column per feature, each followed by its status; nothing but nulls for
    /// an entity that is gated.
    pub features: RecordBatch,
    /// The entities that are not answered, in order.
    pub gated: Vec<Gated>,
}

/// A state that is open, and the threads that write it, take in and land.
pub struct Runtime {
    pub(crate) shared: Arc<Shared>,
    pub(crate) commands: SyncSender<Command>,
    pub(crate) writer: Mutex<Option<JoinHandle<Result<(), StateError>>>>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").finish_non_exhaustive()
    }
}

impl Runtime {
    /// The program that runs: it decodes what is pushed ([`Program::incoming`]) and what is asked ([`Program::questions`]).
    pub fn program(&self) -> &Program {
        &self.shared.program
    }

    /// The features of a service with their types, in order; none of an unknown one.
    pub fn fields(&self, service: &str) -> Vec<(String, Type)> {
        self.shared.program.fields(service)
    }

    /// What has happened since it was opened.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Why nothing can be written any more, if so. It waits for nothing.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure()
    }

    /// Why nothing can be written for the present, if so: the disk is full, say. It is tried again, a second later at most, and
    /// meanwhile pushes are refused. It waits for nothing.
    pub fn refusal(&self) -> Option<String> {
        self.shared.published.refusal()
    }

    /// Why the last checkpoint could not be written, if so; it is tried again. It waits for nothing.
    pub fn checkpoint_failure(&self) -> Option<String> {
        self.shared.published.checkpoint_failure()
    }

    fn send(&self, command: Command) -> Result<(), Refused> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(Refused::Stopping);
        }
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Disconnected(_) => self.ended(),
        })
    }

    /// Why nobody takes anything in any more.
    fn ended(&self) -> Refused {
        match self.shared.failure() {
            Some(why) => Refused::Unwritable { why },
            None => Refused::Stopping,
        }
    }

    /// Takes in rows; `then` is told when they are durable and can be asked for.
    ///
    /// # Errors
    /// [`Refused::Busy`], [`Refused::Stopping`], rows that are not those of their source; `then` is not told.
    pub fn push(&self, incoming: Incoming, request_id: Option<String>, then: Then<Pushed>) -> Result<(), Refused> {
        self.shared.check(&incoming).map_err(Refused::Request)?;
        self.send(Command::Push(Push {
            incoming,
            request_id,
            begun: Instant::now(),
            stamped_us: None,
            guard_us: None,
            late: Vec::new(),
            copies: Vec::new(),
            read: None,
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

    /// The instant of a question, its cuts, and what all shards of its entities say there; `None`: the log does not say yet that
    /// answers go as far.
    fn read(&self, question: &Question) -> Result<Option<(i64, Cuts, RecordBatch)>, Refused> {
        let shared = &*self.shared;
        let asking = shared.front.asking(&question.service, &question.rows);
        let asking = asking.map_err(Refused::Request)?;
        let asked = asking.shards();
        let mut held: Vec<_> = asked.iter().map(|place| shared.shards[*place].online()).collect();
        // The base is read when the shards are held: it is not before any that they were let in up to.
        let (at_us, cuts) = {
            let mut core = shared.core();
            let base_us = core.base(&*shared.clock);
            shared.asked.store(true, Ordering::Relaxed);
            // Where nothing can be written any more the base may stand still: it is not told as the present for ever.
            let is_behind = || shared.clock.now_us() > core.bound_us && shared.failure().is_some();
            if base_us > core.bound_us || is_behind() {
                return Ok(None);
            }
            let cuts = core.show(base_us, &shared.sources, shared.options.delay_us);
            (question.at_us.unwrap_or(base_us), cuts.clone())
        };
        let asking = asking.at(at_us);
        let mut known = Vec::with_capacity(held.len());
        for (place, online) in asked.iter().zip(&mut held) {
            shard::let_in(online, &cuts).map_err(Refused::Request)?;
            let told = online.known(&asking, *place);
            online.failure().into_iter().for_each(|why| shared.fail(why));
            known.push(told.map_err(Refused::Request)?);
        }
        {
            // While they are held: rows that come to them from now on find these cuts.
            let mut core = shared.core();
            core.answer(&cuts);
            shared.published.show(&core.answered, core.base_us);
        }
        drop(held);
        let features = shared.front.answers(&asking, known).map_err(Refused::Request)?;
        Ok(Some((at_us, cuts, features)))
    }

    /// Answers a question that came at `begun`; `None`: [`Runtime::extend`] has to be called first.
    fn answer(&self, question: &Question, begun: Instant) -> Result<Option<Answer>, Refused> {
        let shared = &*self.shared;
        if shared.stopping.load(Ordering::Acquire) {
            return Err(Refused::Stopping);
        }
        if shared.is_broken() {
            let why = shared.failure().unwrap_or_default();
            return Err(Refused::Unwritable { why });
        }
        let sources = shared.services.get(&question.service).map_or(&[][..], Vec::as_slice);
        let Some((at_us, all, features)) = self.read(question)? else {
            return Ok(None);
        };
        let gates = shared.program.gated(&question.service);
        let gated = gate::closed(&features, &gates);
        let answered = match question.is_whole && !gated.is_empty() {
            true => 0,
            false => (question.rows.num_rows() - gated.len()) as u64,
        };
        let cuts: Cuts = all.into_iter().filter(|(source, _)| sources.contains(source)).collect();
        if shared.options.served_log && answered > 0 {
            let told = Told {
                service: &question.service,
                at_us,
                request_id: question.request_id.as_deref(),
                program: shared.program.hash(),
                sources,
                cuts: &cuts,
            };
            let rows = served::rows(&told, &question.rows, &features);
            let rows = rows.and_then(|rows| gate::answered(&rows, &gated)).map_err(bug)?;
            let mut answers = locked(&shared.answers);
            let bytes = shared.answer_bytes.load(Ordering::Relaxed);
            if answers.len() >= ANSWERS_WAITING_MAX || bytes >= ANSWERS_WAITING_BYTES {
                return Err(Refused::Busy);
            }
            let more = rows.get_array_memory_size();
            shared.answer_bytes.fetch_add(more, Ordering::Relaxed);
            answers.push((question.service.clone(), rows));
        }
        shared.counters.questions.add(&question.service, "", answered);
        if answered > 0 {
            let stand_ins = gate::stand_ins(&features, &gated);
            shared.counters.stand_ins.add_all(&question.service, stand_ins);
        }
        shared.counters.gated.add(&question.service, "", gated.len() as u64);
        let took = begun.elapsed().as_micros();
        shared.counters.answers.add(u64::try_from(took).unwrap_or(u64::MAX));
        let features = match gates.is_empty() {
            true => features,
            false => gate::emptied(&features, &gated).map_err(bug)?,
        };
        let answer = Answer {
            at_us,
            cuts,
            features,
            gated,
        };
        Ok(Some(answer))
    }

    /// Makes room for answers with later cuts; `then` is told when there is.
    fn extend(&self, then: Then<()>) -> Result<(), Refused> {
        self.send(Command::Extend(then))
    }

    /// Answers; it may have to wait until the log says how far answers go.
    ///
    /// # Errors
    /// The question is none of the service's, or is asked where nothing is kept; the disk refuses; the server is ending.
    pub fn answer_wait(&self, question: &Question) -> Result<Answer, Refused> {
        let begun = Instant::now();
        loop {
            if let Some(answer) = self.answer(question, begun)? {
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
        told.recv().unwrap_or_else(|_| Err(self.ended()))
    }

    /// Sizes of the logs, as they were a little after somebody asked last. It waits for nothing.
    pub fn stats(&self) -> Vec<LogStats> {
        self.shared.published.stats()
    }

    /// The cuts that answers are given with, and how far the clock is behind the base that they follow from, in microseconds. It
    /// waits for nothing.
    pub fn cuts(&self) -> (Cuts, i64) {
        let (cuts, base_us) = self.shared.published.cuts();
        (cuts, base_us.saturating_sub(self.shared.clock.now_us()).max(0))
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
            let why = self.shared.failure().unwrap_or_default();
            Err(StateError::Broken { why })
        })
    }
}

/// Arrow refuses what it never should.
fn bug(error: ArrowError) -> Refused {
    Refused::Request(featr::Error::Bug { why: error.to_string() })
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}
