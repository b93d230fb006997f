//! The engine: a graph that runs, in one truth, up to a cut.

use crate::delta::{RowDeltas, Weight, Weights};
use crate::graph::{Network, Receivers, Service};
use crate::kept::Kept;
use crate::now::{Cuts, Now};
use crate::operator::Asked;
use crate::operators::source;
use crate::paging::Paging;
use crate::question::{Questions, ReadError, check_questions};
use crate::report::{AdvanceReport, FeatureTrouble, LogStats, Reason, StepReport};
use crate::restored::LogName;
use crate::snapshot::State;
use featc_ir::display::instant;
use featc_ir::plan::{Spine, StreamGraph};
use featc_ir::{Bug, Source, Status, Truth};
use featr_kernels::{Batch, Column, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Takes in rows of sources, answers questions of services, in one truth.
///
/// As served an accepted row waits until the cut of its source, which [`Engine::let_in`] moves, has reached its arrival, and a
/// read is answered at any instant that is not before the horizon.
///
/// As of arrival an accepted row waits until the *cut* has reached its arrival and the delay of its source:
/// [`Engine::advance`] moves the cut, and a read is answered at the cut and nowhere else. In truth `complete` nothing
/// waits, and a read is answered at any instant that is not before the *horizon*: the last `advance`, if there was one and
/// the windows are bounded.
///
/// # Contract
/// - **Total**: `step` takes any batch and accounts for every row of it; `read` answers every question about a service
///   of the graph, or refuses it for a reason; it never answers from a part of the events.
/// - **Adequate**: after any sequence of steps, `read` equals the meaning of the *set* of accepted events: order,
///   chunking, copies, advances, restarts from a snapshot and paging leave no trace (tested against slow twins). Of one
///   event, insertions and retractions count in the order in which they come; as of arrival, in that of their arrivals.
/// - **Bounded**: events are kept as long as a question that may still be asked can reach them, and released by `advance`.
/// - **NO-CLOCK**: nothing here reads a clock, draws a random number, starts a thread or does I/O.
#[derive(Debug)]
pub struct Engine {
    pub(crate) program: String,
    pub(crate) network: Network,
    pub(crate) now: Now,
}

/// The cut was asked to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutGoesBack {
    pub cut_us: i64,
    pub asked_us: i64,
}

impl fmt::Display for CutGoesBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cut, asked) = (instant(self.cut_us), instant(self.asked_us));
        write!(f, "the cut is at {cut} and cannot go back to {asked}")
    }
}

impl std::error::Error for CutGoesBack {}

impl Engine {
    /// An engine without events, for the services of these graphs: what is equal in them is there once.
    ///
    /// # Errors
    /// Graphs of several programs, with references that lead nowhere, with a transform that reads the arrival column of its
    /// source, or with a log that keeps less than its windows reach.
    pub fn new(graphs: Vec<StreamGraph>, truth: Truth) -> Result<Engine, Bug> {
        Engine::with_paging(graphs, truth, Paging::default())
    }

    /// As [`Engine::new`], with other page sizes. No answer and no snapshot depends on them.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_paging(graphs: Vec<StreamGraph>, truth: Truth, paging: Paging) -> Result<Engine, Bug> {
        Ok(Engine {
            program: graphs.first().map(|graph| graph.program.clone()).unwrap_or_default(),
            network: Network::new(graphs, paging, truth == Truth::AsServed)?,
            now: Now::of(truth),
        })
    }

    /// As served, per source the greatest arrival that questions see; of a source that is not here they see nothing.
    pub fn cuts(&self) -> Option<&Cuts> {
        self.now.cuts.as_ref()
    }

    /// As served, lets in the rows of these sources whose arrival is not after the cut given for it. Cuts of other sources stay,
    /// and so does what is kept. In other truths nothing happens.
    ///
    /// # Errors
    /// [`CutGoesBack`], by the first source whose cut would; nothing has changed then.
    pub fn let_in(&mut self, cuts: &Cuts) -> Result<AdvanceReport, CutGoesBack> {
        let Some(known) = &mut self.now.cuts else {
            return Ok(AdvanceReport::default());
        };
        let goes_back = |(source, asked_us): (&String, &i64)| {
            let cut_us = known.get(source).copied().filter(|cut_us| asked_us < cut_us)?;
            let asked_us = *asked_us;
            Some(CutGoesBack { cut_us, asked_us })
        };
        if let Some(back) = cuts.iter().find_map(goes_back) {
            return Err(back);
        }
        known.extend(cuts.iter().map(|(source, cut)| (source.clone(), *cut)));
        Ok(self.moved())
    }

    /// Tells the operators where the cut is.
    fn moved(&mut self) -> AdvanceReport {
        self.network.advance(&self.now)
    }

    /// The truth that questions are answered in.
    pub fn truth(&self) -> Truth {
        self.now.truth
    }

    /// The last [`Engine::advance`]; `None` before the first one. As of arrival questions are answered there, in truth
    /// `complete` from there on.
    pub fn cut_us(&self) -> Option<i64> {
        self.now.cut_us
    }

    /// Says that no question will be asked before this instant: moves the cut. As of arrival, lets in the rows that are
    /// visible there (arrival + delay ≤ cut). In every truth, releases the events that no window of a question at the cut or
    /// later reaches.
    ///
    /// # Errors
    /// [`CutGoesBack`]; nothing has changed then. To move to the same cut again is no error.
    pub fn advance(&mut self, cut_us: i64) -> Result<AdvanceReport, CutGoesBack> {
        // Law: cut (proofs/theory/Truth.v)
        let asked_us = cut_us;
        if let Some(cut_us) = self.now.cut_us.filter(|known_us| asked_us < *known_us) {
            return Err(CutGoesBack { cut_us, asked_us });
        }
        self.now.cut_us = Some(asked_us);
        Ok(self.moved())
    }

    /// Hash of the program, in hexadecimal.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What questions to a service bring.
    pub fn service(&self, name: &str) -> Option<&Spine> {
        let mut services = self.network.services.iter();
        services.find(|known| known.name == name).map(|known| &known.spine)
    }

    /// The names of the services, in the order of their graphs.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.network.services.iter().map(|service| service.name.as_str())
    }

    /// The sources, in the order in which graphs name them.
    pub fn sources(&self) -> impl Iterator<Item = &Source> + Clone {
        self.network.sources().map(|(_, source)| source)
    }

    /// Takes in decoded rows of a source (in its column order): acceptance, transforms, logs.
    ///
    /// Never fails: rows that do not count are in the report, with reasons, so that the caller can write them aside.
    pub fn step(&mut self, source: &str, batch: &Batch) -> StepReport {
        self.step_rows(source, batch, Weights::INSERTS, Receivers::All)
    }

    /// As [`Engine::step`], into the logs that are to be rebuilt alone: the others have had their rows, and do not look at these.
    pub fn refill(&mut self, source: &str, batch: &Batch) -> StepReport {
        self.step_rows(source, batch, Weights::INSERTS, Receivers::ToBeRebuilt)
    }

    /// As [`Engine::step`], with one weight per row. A retraction takes out the event that its row would have put in: it is
    /// judged, transformed and keyed as an insertion is, and as of arrival it waits for its own arrival. What it does not
    /// find is counted as [`unknown`](crate::LogReport::unknown). No source of this release sends retractions; they are tested for
    /// those that will (ADR 7).
    pub fn step_weighted(&mut self, source: &str, batch: &Batch, weights: &[Weight]) -> StepReport {
        if weights.len() != batch.rows {
            return StepReport::all_rejected(batch.rows, Reason::WrongShape);
        }
        self.step_rows(source, batch, Weights::new(weights.to_vec()), Receivers::All)
    }

    /// As [`Engine::step`], with the report of rows that were staged: who lands them knows which ones are overdue, and ends it.
    pub(crate) fn step_staged(&mut self, source: &str, batch: &Batch, report: &mut StepReport) {
        let mut sources = self.network.sources();
        let Some((place, _)) = sources.find(|(_, known)| known.name == source) else {
            return;
        };
        drop(sources);
        let weights = Weights::INSERTS;
        let rows = RowDeltas { batch, weights };
        self.network.push(place, rows, Receivers::All, &self.now, report);
        report.waiting += std::mem::take(&mut report.overdue);
    }

    fn step_rows(&mut self, source: &str, batch: &Batch, weights: Weights, into: Receivers) -> StepReport {
        // Law: complete_delivery (proofs/theory/Truth.v)
        let mut sources = self.network.sources();
        let Some((place, declared)) = sources.find(|(_, known)| known.name == source) else {
            return StepReport::all_rejected(batch.rows, Reason::UnknownSource);
        };
        if !source::has_shape(declared, batch) {
            return StepReport::all_rejected(batch.rows, Reason::WrongShape);
        }
        let mut report = StepReport {
            rows: batch.rows as u64,
            ..StepReport::default()
        };
        let rows = RowDeltas { batch, weights };
        drop(sources);
        self.network.push(place, rows, into, &self.now, &mut report);
        report.settle();
        report.logs.sort_by_key(|log| log.log);
        report
    }

    /// Answers questions: one column (valid or null) and one status per question for each column of the service, in
    /// service order.
    ///
    /// # Errors
    /// A service that the graph has not, questions that have not its columns, as of arrival a question that is not asked at
    /// the cut, a question whose windows reach back to released events, and events that are to be rebuilt.
    pub fn read(&self, service: &str, questions: &Questions) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        self.read_counted(service, questions, None)
    }

    /// As [`Engine::read`]; after `troubles` comes every feature that answers are made of, with how many are not what was
    /// asked for.
    ///
    /// # Errors
    /// As [`Engine::read`].
    pub fn read_counted(
        &self,
        service: &str,
        questions: &Questions,
        troubles: Option<&mut Vec<FeatureTrouble>>,
    ) -> Result<Vec<(Column, Vec<Status>)>, ReadError> {
        let mut none = Vec::new();
        let asked = self.asked(service)?;
        check_questions(&asked.spine, questions)?;
        let now = self.at(questions, troubles.is_some())?;
        let troubles = troubles.unwrap_or(&mut none);
        let columns = self.network.columns(asked, now, troubles)?;
        Ok(asked.with_own(columns, now, troubles))
    }

    /// A service that there is.
    pub(crate) fn asked(&self, service: &str) -> Result<&Service, ReadError> {
        let mut services = self.network.services.iter();
        let asked = services.find(|known| known.name == service);
        asked.ok_or_else(|| ReadError::UnknownService(service.to_owned()))
    }

    /// Questions where they can be answered.
    pub(crate) fn at<'a>(&'a self, questions: &'a Questions, counts: bool) -> Result<Asked<'a>, ReadError> {
        let at_cut = matches!(self.now.truth, Truth::AsOfArrival { .. });
        let elsewhere = |at_us: &&i64| at_cut && Some(**at_us) != self.now.cut_us;
        if let Some(at_us) = questions.times.iter().find(elsewhere) {
            return Err(ReadError::NotAtCut {
                at_us: *at_us,
                cut_us: self.now.cut_us,
            });
        }
        Ok(Asked {
            questions,
            now: &self.now,
            counts,
        })
    }

    /// The state as bytes: a function of the program, the truth, the cut and the set of rows accepted, and of nothing
    /// else.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut snapshot = self.begin_snapshot();
        while self.put_part(&mut snapshot, usize::MAX) {}
        snapshot.finish()
    }

    /// The logs that were to be rebuilt after a restore, and of which the caller says herewith that all their rows have been
    /// stepped in again: from now on they answer.
    pub fn rebuilt(&mut self) -> Vec<LogName> {
        let mut names = Vec::new();
        for state in self.network.states_mut() {
            if state.is_to_be_rebuilt() {
                state.set_rebuilt();
                names.push(state.name());
            }
        }
        names
    }

    /// Sizes of the logs, in graph order.
    pub fn stats(&self) -> Vec<LogStats> {
        self.network.states().map(State::stats).collect()
    }

    /// What the logs keep of an entity, in graph order: of those logs whose keys are all among these, by name. Of one that is to
    /// be rebuilt it is what has been brought.
    pub fn kept(&self, entity: &BTreeMap<String, Value>) -> Vec<Kept> {
        self.network.states().filter_map(|state| state.kept(entity)).collect()
    }

    /// A log, for tests of its invariants.
    #[cfg(test)]
    pub(crate) fn log(&self, place: usize) -> &crate::log::Log {
        let state = self.network.states().nth(place);
        state.and_then(State::log).expect("the graph has so many logs")
    }

    /// The walks by which the first answer of the first service reads its log.
    #[cfg(test)]
    pub(crate) fn walks(&self) -> &[crate::log::Walk] {
        match self.network.first_ask(0) {
            Some(crate::operator::Ask::Log(ask)) => &ask.walks,
            _ => unreachable!("the service has an answer"),
        }
    }
}
