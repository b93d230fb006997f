//! Training sets from the batch engine.

use crate::error::Error;
use crate::feature_report::FeatureReport;
use crate::limits::Limits;
use crate::lookups;
use crate::program::Program;
use crate::recorded::Side;
use crate::results::{RunReport, SourceReport, Training, ViewReport, view_names};
use crate::sought::LookupReport;
use crate::spine::Spine;
use crate::warning::Warning;
use crate::warnings::{null_in_questions, only_errors, warnings};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featc_ir::Truth;
use featc_ir::plan::BatchPlan;
use featr_batch::{Inputs, ProgressSink, RejectedRows};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How a training set is computed.
pub struct TrainOptions {
    /// Which events a question sees.
    pub truth: Truth,
    /// Adds a column `<feature>__status` after each feature.
    pub with_status: bool,
    /// Worker threads; 0 takes what the machine has. No result depends on it.
    pub threads: usize,
    /// About how many bytes the run may take; beyond that, what it collects goes to temporary files. No result depends
    /// on it. `None`: no bound.
    pub memory_bytes: Option<usize>,
    /// The folder of temporary files, which have no names; `None`: the system's.
    pub temp: Option<PathBuf>,
    /// Whether parts of files may be left out that hold no event that can matter, by their own statistics. Their rows,
    /// and what is wrong with them, are then not counted. No value depends on it.
    pub prune: bool,
    /// What is refused for its data.
    pub limits: Limits,
    /// Receives every source row that cannot be used.
    pub rejects: Option<Box<dyn RejectedRows>>,
    /// Is told how far the run is.
    pub progress: Option<ProgressSink>,
}

impl TrainOptions {
    /// Values only, all threads.
    pub fn new(truth: Truth) -> TrainOptions {
        TrainOptions {
            truth,
            with_status: false,
            threads: 0,
            memory_bytes: None,
            temp: None,
            prune: false,
            limits: Limits::default(),
            rejects: None,
            progress: None,
        }
    }
}

impl std::fmt::Debug for TrainOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainOptions")
            .field("truth", &self.truth)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Program {
    /// Computes a training set with the batch engine: the spine's columns untouched and in order, then the features of
    /// the service.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::ArrivalNeeded`], [`Error::NoFiles`], [`Error::Decode`], [`Error::ColumnClash`],
    /// [`Error::Resources`], and what [`Program::check_limits`] and [`RunReport::check_says`] say.
    pub fn train(&self, service: &str, spine: Spine, options: TrainOptions) -> Result<Training, Error> {
        let mut rows = self.training(service, spine, options)?;
        Ok(Training {
            schema: rows.schema(),
            batches: rows.by_ref().collect::<Result<_, _>>()?,
            report: rows.report(),
        })
    }

    /// As [`Program::train`], batch by batch: all questions are answered when it returns, and the rows, which then come
    /// in spine order, need never be in memory together.
    ///
    /// # Errors
    /// As [`Program::train`].
    pub fn training(&self, service: &str, spine: Spine, options: TrainOptions) -> Result<TrainRows, Error> {
        self.check_truth(service, options.truth)?;
        let plan = self.batch_plan(service)?;
        let limits = options.limits;
        let inputs = Inputs {
            base: self.base.clone(),
            store: self.store(),
            truth: options.truth,
            with_status: options.with_status,
            threads: options.threads,
            memory_bytes: options.memory_bytes,
            temp: options.temp,
            prune: options.prune,
            progress: options.progress,
            interrupt: self.interrupt.clone(),
            rejects: options.rejects,
            ..Inputs::new(spine)
        };
        let rows = TrainRows {
            rows: featr_batch::Run::new(&plan, inputs)?.start()?,
            plan,
        };
        let report = rows.report();
        self.check_limits(service, &report, rows.spine(), Side::Batch, &limits)?;
        report.check_says(&limits)?;
        Ok(rows)
    }
}

/// The rows of a training set, in spine order.
#[derive(Debug)]
pub struct TrainRows {
    rows: featr_batch::Rows,
    plan: BatchPlan,
}

impl TrainRows {
    /// The spine's columns, then the features.
    pub fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    /// What was read.
    pub fn report(&self) -> RunReport {
        let mut report = report(&self.rows.report(), &self.plan);
        let null = null_in_questions(&self.plan.spine, self.rows.spine());
        report.warnings.extend(null);
        report
    }

    /// The questions.
    pub fn spine(&self) -> &Spine {
        self.rows.spine()
    }

    /// The plan that runs, with what its nodes did so far: rows, bytes, time.
    pub fn measured(&self) -> String {
        self.rows.measured()
    }
}

impl Iterator for TrainRows {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next().map(|batch| batch.map_err(Error::from))
    }
}

fn report(run: &featr_batch::RunReport, plan: &BatchPlan) -> RunReport {
    let mut sources: Vec<SourceReport> = run.sources.iter().map(source_report).collect();
    let nodes = run.views.iter().map(|node| {
        let entity = node.entity.iter().map(String::as_str).collect();
        let views = node.missing.iter().map(|(view, _)| view.as_str()).collect();
        (node.transform.as_str(), entity, views)
    });
    let names = view_names(&nodes.collect::<Vec<_>>());
    for (view, name) in run.views.iter().zip(&names) {
        let Some(source) = sources.iter_mut().find(|source| source.source == view.source) else {
            continue;
        };
        source.add_dropped(name, &view.dropped);
    }
    let of_views = run.views.iter().flat_map(|node| &node.missing);
    let views = of_views.map(|(view, missing)| ViewReport {
        view: view.clone(),
        questions: run.rows,
        missing: *missing,
    });
    let told = run.views.iter().flat_map(|view| warnings(view, run.rows));
    // The answer to one question may well be an error, and features of the service may say something.
    let failed = run.views.iter().flat_map(|node| node.failed.iter().cloned());
    let failed_views = failed.filter(|_| run.rows > 1 && plan.derive.is_empty()).collect();
    // Over views that say nothing its features see defaults alone.
    let of_its_own = match run.views.iter().all(|node| node.silent.is_empty()) {
        true => &run.own_silent[..],
        false => &[],
    };
    let mut report = RunReport {
        rows: run.rows,
        sources,
        views: views.collect(),
        features: feature_reports(run),
        lookups: lookup_reports(run, plan),
        silent_views: run.views.iter().flat_map(|node| node.silent.iter().cloned()).collect(),
        failed_views,
        silent_features: run
            .views
            .iter()
            .flat_map(|node| node.silent_features.iter().cloned())
            .chain(of_its_own.iter().cloned())
            .collect(),
        warnings: run.sources.iter().flat_map(of_columns).chain(told).collect(),
        missing_rows: missing_rows(run),
    };
    // Where nothing else is said, the whole is refused.
    if !report.says_nothing() {
        report.warnings.extend(only_errors(&report.features, run.rows));
    }
    report
}

/// Of a source with columns that no row fills, or that never leave 1970, or whose rows are known before they happen.
fn of_columns(source: &featr_batch::SourceReport) -> impl Iterator<Item = Warning> {
    let is_whole = source.decoded > 0 && source.skipped == 0;
    // A row that does not decode may have had a value there.
    let is_told = is_whole && source.undecoded.total() == 0 && !source.null_columns.is_empty();
    let null = is_told.then(|| Warning::NullColumns {
        source: source.source.clone(),
        columns: source.null_columns.clone(),
        rows: source.decoded,
    });
    let is_early = is_whole && !source.columns_of_1970.is_empty();
    let early = is_early.then(|| Warning::AllIn1970 {
        what: format!("source `{}`", source.source),
        columns: source.columns_of_1970.clone(),
    });
    let arrives_before = (is_whole && source.decoded > 1 && source.arrives_before).then(|| Warning::AllAhead {
        source: source.source.clone(),
        rows: source.decoded,
    });
    null.into_iter().chain(early).chain(arrives_before)
}

fn lookup_reports(run: &featr_batch::RunReport, plan: &BatchPlan) -> Vec<LookupReport> {
    let of_view = |view: &str| plan.pipelines.iter().find(|pipeline| pipeline.answers(view));
    let of_node = |node: &featr_batch::ViewReport| {
        let (view, _) = node.missing.first()?;
        Some(lookups::reports(of_view(view)?, &node.sought))
    };
    lookups::distinct(run.views.iter().filter_map(of_node).flatten())
}

fn feature_reports(run: &featr_batch::RunReport) -> Vec<FeatureReport> {
    let of_views = run.views.iter().flat_map(|node| &node.troubles);
    let troubles = of_views.chain(&run.own_troubles);
    troubles
        .map(|(_, feature, trouble)| FeatureReport::new(feature, trouble))
        .collect()
}

fn missing_rows(run: &featr_batch::RunReport) -> BTreeMap<String, Vec<u32>> {
    let of_views = run
        .views
        .iter()
        .flat_map(|node| node.missing.iter().zip(&node.missing_rows));
    let with_rows = of_views.filter(|(_, rows)| !rows.is_empty());
    with_rows
        .map(|((view, _), rows)| (view.clone(), rows.clone()))
        .collect()
}

fn source_report(source: &featr_batch::SourceReport) -> SourceReport {
    let mut report = SourceReport {
        source: source.source.clone(),
        accepted: source.accepted,
        conflicting_ids: source.conflicting_ids,
        conflict_examples: source.conflict_examples.clone(),
        differing_copies: source.differing_copies,
        differing_copy_examples: source.differing_copy_examples.clone(),
        ..SourceReport::default()
    };
    report.add_undecoded(&source.undecoded);
    report.add_rejected(source.rejected.iter().copied());
    report.examples.extend(source.rejected_examples.iter().cloned());
    report.rejected_by_any_view = source.rejected_by_any_view;
    report.view_examples.clone_from(&source.view_examples);
    report
}
