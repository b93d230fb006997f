//! The three evaluators over a case. What compares them takes them as closures, so that a test can put a wrong one in.

use super::answers::Answers;
use super::case::{Case, Events, Fields, source_rows};
use crate::args::{ReplayOptions, RunArgs};
use crate::run::Prepared;
use featc_ir::{Program, Service, Truth};
use featr::{Batch, Error, Limits, Recorded, Side, TrainOptions, Value};
use featr_model::Model;
use std::path::{Path, PathBuf};

/// How engines run. No answer depends on it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Of the batch engine; 0 takes what the machine has.
    pub threads: usize,
    pub memory_bytes: Option<usize>,
    /// The files of each source.
    pub files: usize,
    /// Events that the streaming engine takes at a time.
    pub chunk: usize,
    pub shuffle: Option<u64>,
    pub restart_every: Option<u64>,
}

impl Setting {
    pub fn new(run: &RunArgs, options: &ReplayOptions) -> Setting {
        Setting {
            threads: run.threads.map_or(0, usize::from),
            memory_bytes: run.memory_limit,
            files: 1,
            chunk: usize::try_from(options.chunk).unwrap_or(usize::MAX),
            shuffle: options.shuffle,
            restart_every: options.restart_every,
        }
    }
}

/// Answers a case.
pub type Evaluate<'a> = Box<dyn Fn(&Case, &Setting) -> Result<Answers, Error> + 'a>;

/// The evaluators that are to agree.
pub struct Evaluators<'a> {
    pub batch: Evaluate<'a>,
    pub stream: Evaluate<'a>,
    pub model: Evaluate<'a>,
}

/// What is asked, of which program.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    pub ir: &'a Program,
    pub service: &'a Service,
    pub fields: &'a Fields,
    pub truth: Truth,
    pub seed: u64,
}

/// Our own three. The batch engine reads a case from Parquet files, the others take it as it is.
pub fn evaluators<'a>(prepared: &'a Prepared, ground: Ground<'a>, temp: Option<PathBuf>) -> Evaluators<'a> {
    Evaluators {
        batch: Box::new(move |case, setting| batch(prepared, case, setting, temp.as_deref())),
        stream: Box::new(move |case, setting| stream(prepared, case, setting)),
        model: Box::new(move |case, _| Ok(model(ground, case))),
    }
}

fn model(ground: Ground<'_>, case: &Case) -> Answers {
    let rows = case.model_rows(ground.ir, Some(Side::Stream));
    let model = Model::new(ground.ir, &rows);
    let asked = (0..case.asked.len()).map(|row| case.asked.question(row));
    let answers: Vec<_> = asked
        .map(|question| model.answer(ground.service, &question, ground.truth))
        .collect();
    Answers::of_values(&answers, ground.fields)
}

fn stream(prepared: &Prepared, case: &Case, setting: &Setting) -> Result<Answers, Error> {
    let spine = case.asked.spine(&prepared.program, &prepared.service)?;
    let recorded = |events: &Events| Recorded::at_hand(&events.source, events.side(Side::Stream));
    let recorded: Vec<Recorded> = case.sources.iter().map(recorded).collect();
    let options = featr::ReplayOptions {
        truth: prepared.truth,
        chunk: setting.chunk,
        shuffle: setting.shuffle,
        restart_every: setting.restart_every,
        with_status: true,
        limits: Limits::NONE,
    };
    let service = &prepared.service;
    let training = prepared
        .program
        .replay_recorded(service, &spine, &recorded, &options, &mut |_, _, _| {})?;
    Answers::of(&training, spine.schema.fields().len())
}

fn batch(prepared: &Prepared, case: &Case, setting: &Setting, temp: Option<&Path>) -> Result<Answers, Error> {
    let unwritable = |error: std::io::Error| Error::Resources { why: error.to_string() };
    let builder = tempfile::Builder::new();
    let folder = match temp {
        Some(temp) => builder.tempdir_in(temp),
        None => builder.tempdir(),
    };
    let folder = folder.map_err(unwritable)?;
    let mut program = prepared.program.clone();
    for (place, events) in case.sources.iter().enumerate() {
        let folder = folder.path().join(format!("source-{place}"));
        std::fs::create_dir(&folder).map_err(unwritable)?;
        for (number, part) in parts(events, setting.files).iter().enumerate() {
            let rows = source_rows(&events.source, part)?;
            let file = folder.join(format!("part-{number}.parquet"));
            featr::write_rows(&file, rows.schema(), vec![rows])?;
        }
        program.read_from(&events.source.name, &folder.join("*.parquet"))?;
    }
    let spine = case.asked.spine(&program, &prepared.service)?;
    let own = spine.schema.fields().len();
    let options = TrainOptions {
        with_status: true,
        threads: setting.threads,
        memory_bytes: setting.memory_bytes,
        temp: temp.map(Path::to_owned),
        prune: true,
        limits: Limits::NONE,
        ..TrainOptions::new(prepared.truth)
    };
    Answers::of(&program.train(&prepared.service, spine, options)?, own)
}

/// The batch side of a source in several files: the rows whose identity lies below each of some of its values, and the
/// rest.
fn parts(events: &Events, files: usize) -> Vec<Batch> {
    let rows = events.side(Side::Batch);
    if files <= 1 || rows.rows == 0 {
        return vec![rows];
    }
    let identity = |row: usize| -> Vec<Value> {
        let columns = events.source.unique.iter();
        columns.map(|column| rows.column(*column).value(row)).collect()
    };
    let identities: Vec<Vec<Value>> = (0..rows.rows).map(identity).collect();
    let mut sorted: Vec<&Vec<Value>> = identities.iter().collect();
    sorted.sort_unstable();
    let bounds: Vec<&Vec<Value>> = (1..files).map(|part| sorted[part * sorted.len() / files]).collect();
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); files];
    for (row, identity) in identities.iter().enumerate() {
        parts[bounds.partition_point(|bound| *bound <= identity)].push(row as u32);
    }
    parts.iter().map(|part| rows.take(part)).collect()
}
