//! `ir::Program` to one [`StreamGraph`] per service.

use crate::choose::{self, Engine};
use crate::group::{GroupKey, Lifts, groups};
use crate::service::grouped;
use featc_ir::hash::{program_hash, state_key};
use featc_ir::plan::{
    FinishSpec, FoldSpec, LogId, RowSpec, Rows, RowsId, StateSchema, StreamAnswer, StreamGraph, StreamLog, StreamRows,
    StreamSource, StreamSourceId, Visibility,
};
use featc_ir::{AskedFeature, Program, Service, Source, SourceId, Window};
use std::collections::HashMap;

/// The stream graphs of all services, in declared order. Events carry on what any service of the program reads of them,
/// so that services over one transform and key have one log, and its state key.
pub fn lower_stream(program: &Program) -> Vec<StreamGraph> {
    let every = program.services.iter().flat_map(Service::reads);
    // Under whatever name: events know nothing of roles.
    let every: Vec<_> = every.map(|asked| AskedFeature { role: None, ..asked }).collect();
    let whole = groups((program, None), &every, &Lifts::new()).into_iter();
    let lifts: Lifts = whole.map(|group| (group.key, group.rows.lifts)).collect();
    let hash = program_hash(program);
    let graph = |service: &Service| lower_service(program, &hash, service, &lifts);
    program.services.iter().map(graph).collect()
}

/// Sources and acceptance once, then one log per transform and key, and an answer per log and columns that ask it.
fn lower_service(program: &Program, hash: &str, service: &Service, lifts: &Lifts) -> StreamGraph {
    let grouped = grouped(program, service, lifts);
    let mut ids: Vec<SourceId> = Vec::new();
    let (mut rows, mut logs, mut answers) = (Vec::new(), Vec::<StreamLog>::new(), Vec::new());
    let mut windows: Vec<Vec<Window>> = Vec::new();
    let mut known_logs: HashMap<&GroupKey, usize> = HashMap::new();
    for group in &grouped.groups {
        let known = ids.iter().position(|id| *id == group.source).unwrap_or_else(|| {
            ids.push(group.source);
            ids.len() - 1
        });
        let source = program.source(group.source);
        let (row, log, mut answer) = operators(source, &group.rows, &group.fold, &group.finish);
        let place = *known_logs.entry(&group.key).or_insert(logs.len());
        if place == logs.len() {
            rows.push(StreamRows {
                input: StreamSourceId(known as u32),
                ..row
            });
            logs.push(StreamLog {
                input: RowsId(place as u32),
                ..log
            });
            windows.push(Vec::new());
        }
        windows[place].extend(&group.fold.windows);
        answer.input = LogId(place as u32);
        answer.fold.asked_by.clone_from(&group.asked_by);
        answers.push(answer);
        logs[place].retention = choose::retention(&windows[place], source);
    }
    let of_source = |(at, id): (usize, &SourceId)| {
        let source = program.source(*id);
        let readers = rows.iter().filter(|rows| rows.input.index() == at);
        read(source, readers.map(|rows| &rows.rows))
    };
    StreamGraph {
        program: hash.to_owned(),
        service: service.name.clone(),
        spine: grouped.spine,
        sources: ids.iter().enumerate().map(of_source).collect(),
        rows,
        logs,
        answers,
        compose: grouped.compose,
        derive: grouped.derive,
        gated: gated(service),
    }
}

/// The columns that have a gate.
fn gated(service: &Service) -> Vec<u32> {
    let fields = (0..).zip(&service.fields);
    fields.filter(|(_, field)| field.gate).map(|(at, _)| at).collect()
}

/// The rows of a source that somebody reads.
pub fn read<'a>(source: &Source, readers: impl IntoIterator<Item = &'a Rows>) -> StreamSource {
    StreamSource {
        scan: choose::scan(source, readers),
        accept: choose::accept(source),
    }
}

/// From the rows of a source to features, each operator reading the first of the layer before.
pub fn operators(
    source: &Source,
    spec: &RowSpec,
    fold: &FoldSpec,
    finish: &FinishSpec,
) -> (StreamRows, StreamLog, StreamAnswer) {
    let rows = choose::rows(spec, &fold.entity);
    let log = StreamLog {
        input: RowsId(0),
        gate: Visibility::of(source),
        dedup: choose::dedup(source),
        order: choose::order(),
        state: StateSchema::of(&rows, source),
        state_key: state_key(source, spec, &fold.entity),
        retention: choose::retention(&fold.windows, source),
    };
    let answer = StreamAnswer {
        input: LogId(0),
        fold: choose::fold(fold, source, Engine::Stream),
        pages: choose::pages(fold),
        finish: choose::finish(finish),
    };
    let input = StreamSourceId(0);
    (StreamRows { input, rows }, log, answer)
}
