//! The streaming engine over recorded rows: every spine row answered from online state at its instant.

use crate::error::Error;
use crate::feature_report::FeatureReport;
use crate::limits::Limits;
use crate::online::Online;
use crate::presence::{self, Presence};
use crate::program::Program;
use crate::random::Random;
use crate::recorded::{Recorded, Side};
use crate::results::{RunReport, Training, columns_to_batch};
use crate::spine::{Brought, Spine, join_columns, split};
use crate::warnings;
use featc_ir::{Status, Truth};
use featr_batch::RejectedRows;
use featr_kernels::Column;
use featr_stream::{FeatureTrouble, Questions};
use std::collections::BTreeMap;

/// How recorded rows are delivered. None of it may change an answer.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// Which events a question sees.
    pub truth: Truth,
    /// Events handed over at a time, at most; 0 is taken for 1.
    pub chunk: usize,
    /// Disorders deliveries: every row is handed over before the first question, in a random order. Without it rows come
    /// in order of arrival, and as of arrival not much before a question may see them.
    pub shuffle: Option<u64>,
    /// Snapshots, drops and restores the engine each time it has taken in this many events; 0 is taken for 1.
    pub restart_every: Option<u64>,
    /// Adds a column `<feature>__status` after each feature.
    pub with_status: bool,
    /// What is refused for its data.
    pub limits: Limits,
}

/// What a run tells while it goes on: a phase, steps done and steps in all.
pub type Progress<'a> = dyn FnMut(&'static str, u64, u64) + 'a;

/// One source's deliveries.
struct Delivery {
    name: String,
    /// In order of delivery.
    rows: featr_kernels::Batch,
    /// Per row: the first instant at which a question may see it. In order, but for a shuffle.
    visible_us: Vec<i128>,
    next: usize,
}

impl Delivery {
    fn new(recorded: &Recorded, options: &ReplayOptions, random: &mut Random) -> Delivery {
        let delay = recorded.source.delay_under(options.truth).unwrap_or(0);
        let times = recorded.rows.columns[recorded.source.time.index()].i64s();
        let arrivals = recorded.arrivals();
        // Rejected rows go first: the engine has to reject them itself.
        let visible = |row: usize| arrivals[row].map_or(i128::MIN, |arrival| i128::from(arrival) + i128::from(delay));
        let mut order: Vec<(i128, u32)> = (0..recorded.rows.rows).map(|row| (visible(row), row as u32)).collect();
        order.sort_by_key(|(visible, row)| (*visible, times[*row as usize], *row));
        if options.shuffle.is_some() {
            random.shuffle(&mut order);
        }
        let rows: Vec<u32> = order.iter().map(|(_, row)| *row).collect();
        Delivery {
            name: recorded.source.name.clone(),
            rows: recorded.rows.take(&rows),
            visible_us: order.into_iter().map(|(visible, _)| visible).collect(),
            next: 0,
        }
    }

    /// Whether the next row is to be handed over before a question at `t`; for `None` every row is.
    fn is_due(&self, t: Option<i64>) -> bool {
        let next = self.visible_us.get(self.next);
        next.is_some_and(|visible| t.is_none_or(|t| *visible <= i128::from(t)))
    }
}

struct Run<'a> {
    options: &'a ReplayOptions,
    online: Online,
    deliveries: Vec<Delivery>,
    since_restart: u64,
    /// Which questions find anything.
    presence: Presence,
    troubles: Vec<FeatureTrouble>,
}

impl Run<'_> {
    /// Hands over whole chunks until a question at `t` has what it may see; everything for `None`.
    fn deliver(&mut self, t: Option<i64>, told: &mut dyn FnMut(u64) -> Result<(), Error>) -> Result<(), Error> {
        for place in 0..self.deliveries.len() {
            while self.deliveries[place].is_due(t) {
                let delivery = &mut self.deliveries[place];
                let mut end = delivery
                    .rows
                    .rows
                    .min(delivery.next.saturating_add(self.options.chunk.max(1)));
                let every = self.options.restart_every.map(|every| every.max(1));
                if let Some(every) = every {
                    end = end.min(delivery.next + (every - self.since_restart) as usize);
                }
                let chunk = delivery.rows.slice(delivery.next..end);
                let count = (end - delivery.next) as u64;
                delivery.next = end;
                self.online.push_rows(&delivery.name, &chunk);
                told(count)?;
                self.since_restart += count;
                if every == Some(self.since_restart) {
                    self.restart()?;
                }
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.since_restart = 0;
        let bytes = self.online.snapshot();
        self.online = self.online.fresh()?;
        match self.online.restore(&bytes)?.to_rebuild.first() {
            None => Ok(()),
            Some(lost) => Err(Error::Bug { why: lost.to_string() }),
        }
    }
}

impl Program {
    /// Feeds the recorded rows of a service's sources to the streaming engine and answers every spine row from its state
    /// at the instant of the row. The result has the schema and order of [`Program::train`].
    ///
    /// # Errors
    /// As [`Program::train`]; [`Error::CutsNeeded`] as served.
    pub fn replay(
        &self,
        service: &str,
        spine: &Spine,
        options: &ReplayOptions,
        rejects: Option<Box<dyn RejectedRows>>,
        progress: &mut Progress<'_>,
    ) -> Result<Training, Error> {
        let recorded = self.record(service, Side::Stream, rejects)?;
        self.replay_recorded(service, spine, &recorded, options, progress)
    }

    /// As [`Program::replay`], over rows that have been read already.
    ///
    /// # Errors
    /// As [`Program::replay`].
    pub fn replay_recorded(
        &self,
        service: &str,
        spine: &Spine,
        recorded: &[Recorded],
        options: &ReplayOptions,
        progress: &mut Progress<'_>,
    ) -> Result<Training, Error> {
        self.check_truth(service, options.truth)?;
        if options.truth == Truth::AsServed {
            return Err(Error::CutsNeeded);
        }
        let mut order: Vec<u32> = (0..spine.times.len() as u32).collect();
        order.sort_by_key(|row| spine.times[*row as usize]);
        let mut random = Random::new(options.shuffle.unwrap_or(0));
        let deliveries = recorded
            .iter()
            .map(|source| Delivery::new(source, options, &mut random))
            .collect();
        let graph = self.graph(service)?;
        let (presence, present) = Presence::new(graph, &self.field_views(service)?);
        let mut graphs = vec![graph.clone(), present];
        self.hold_stream(&mut graphs, options.truth)?;
        let online = Online::new(graphs, options.truth, BTreeMap::new())?;
        let names = online.field_names(service);
        let mut run = Run {
            options,
            online,
            deliveries,
            since_restart: 0,
            presence,
            troubles: Vec::new(),
        };
        let answers = run.answer_all(self, service, (spine, &order), progress)?;
        let features = columns_to_batch(&names, in_spine_order(answers, &order), options.with_status)?;
        let (schema, batches) = join_columns(spine, &features)?;
        let mut report = RunReport {
            rows: order.len() as u64,
            sources: recorded.iter().map(Recorded::report).collect(),
            views: run.presence.reports(),
            features: run.troubles.iter().filter_map(feature_report).collect(),
            ..RunReport::default()
        };
        report.warnings = warnings::of_replay(self, service, (spine, options.truth), recorded, &report)?;
        self.check_limits(service, &report, spine, Side::Stream, &options.limits)?;
        Ok(Training {
            schema,
            batches,
            report,
        })
    }
}

/// Per output column of a service, values and statuses.
type Answers = Vec<(Column, Vec<Status>)>;

impl Run<'_> {
    /// The answers to all questions of a spine, in the order in which they are asked, which is that of their instants.
    fn answer_all(
        &mut self,
        program: &Program,
        service: &str,
        (spine, order): (&Spine, &[u32]),
        progress: &mut Progress<'_>,
    ) -> Result<Answers, Error> {
        let complete = self.options.truth == Truth::Complete;
        if complete || self.options.shuffle.is_some() {
            let events: u64 = self.deliveries.iter().map(|delivery| delivery.rows.rows as u64).sum();
            let mut delivered = 0;
            self.deliver(None, &mut |count| {
                delivered += count;
                progress("events", delivered, events);
                program.check_interrupt()
            })?;
        }
        let columns = split(spine, program.service(service)?)?;
        let mut answers: Option<Answers> = None;
        let mut from = 0;
        while from < order.len() {
            program.check_interrupt()?;
            let t = spine.times[order[from] as usize];
            let until = if complete {
                order.len().min(from + 4096)
            } else {
                self.deliver(Some(t), &mut |_| program.check_interrupt())?;
                from + order[from..].partition_point(|row| spine.times[*row as usize] <= t)
            };
            self.online.advance(t)?;
            append(
                &mut answers,
                self.answer(service, &questions(spine, &columns, &order[from..until]))?,
            );
            from = until;
            progress("questions", from as u64, order.len() as u64);
        }
        match answers {
            Some(answers) => Ok(answers),
            None => Ok(self.online.answer(service, &questions(spine, &columns, &[]))?),
        }
    }

    /// Answers some questions, and counts those that find nothing.
    fn answer(&mut self, service: &str, questions: &Questions) -> Result<Answers, Error> {
        let answers = self.online.answer_counted(service, questions, &mut self.troubles)?;
        let online = &self.online;
        self.presence.count(questions.times.len(), &answers, |rows| {
            let take = |columns: &[Column]| columns.iter().map(|column| column.take(rows)).collect();
            let some = Questions {
                times: rows.iter().map(|row| questions.times[*row as usize]).collect(),
                keys: take(&questions.keys),
                self_columns: take(&questions.self_columns),
                // Whether there are events is no matter of what else is asked.
                request: vec![],
            };
            online.answer(presence::SERVICE, &some)
        })?;
        Ok(answers)
    }
}

/// The questions of some rows of a spine; its columns are keys, identities and fields of the request.
fn questions(spine: &Spine, (keys, own, request): &Brought<'_>, rows: &[u32]) -> Questions {
    let take = |columns: &[&Column]| columns.iter().map(|column| column.take(rows)).collect();
    Questions {
        times: rows.iter().map(|row| spine.times[*row as usize]).collect(),
        keys: take(keys),
        self_columns: take(own),
        request: take(request),
    }
}

/// Answers in the order of the spine, from those in the order in which its rows were asked.
fn in_spine_order(answers: Answers, order: &[u32]) -> Answers {
    let mut back = vec![0u32; order.len()];
    for (place, row) in order.iter().enumerate() {
        back[*row as usize] = place as u32;
    }
    let ordered = answers.into_iter().map(|(column, statuses)| {
        let statuses = back.iter().map(|place| statuses[*place as usize]).collect();
        (column.take(&back), statuses)
    });
    ordered.collect()
}

/// What there is to tell of a feature's answers.
fn feature_report(counted: &FeatureTrouble) -> Option<FeatureReport> {
    let report = FeatureReport::new(&counted.feature, &counted.trouble);
    (!report.answers.is_empty()).then_some(report)
}

fn append(all: &mut Option<Answers>, more: Answers) {
    match all {
        None => *all = Some(more),
        Some(all) => {
            for ((column, statuses), (more_column, more_statuses)) in all.iter_mut().zip(more) {
                column.append(&more_column);
                statuses.extend(more_statuses);
            }
        }
    }
}
