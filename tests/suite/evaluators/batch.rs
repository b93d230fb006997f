//! The batch engine over rows in memory.

use super::{Answers, Case};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use featc_driver::Plans;
use featc_ir::plan::BatchPlan;
use featc_ir::{Key, Status, Type};
use featr_kernels::Value;
use std::sync::Arc;

/// How the batch engine runs. No answer depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub threads: usize,
    /// Of a bound on memory an eighth is for what is collected: more goes to disk. An entity that needs more than all of it
    /// is answered in parts.
    pub memory_bytes: Option<usize>,
    /// Rows of one batch of a source, and of the spine.
    pub batch_rows: usize,
    pub with_status: bool,
    /// Whether views of one source read it in one pass.
    pub fuse: bool,
}

impl Setting {
    /// As users have it who say nothing, with statuses.
    pub const PLAIN: Setting = Setting {
        threads: 2,
        memory_bytes: None,
        batch_rows: 1024,
        with_status: true,
        fuse: true,
    };
}

/// What a run gave, and how.
#[derive(Debug, Clone)]
pub struct Ran {
    /// By question and field.
    pub values: Vec<Vec<Value>>,
    /// The same, where the run was asked for them.
    pub statuses: Option<Vec<Vec<Status>>>,
    /// The plan, with what its nodes did.
    pub measured: String,
}

impl Ran {
    /// Values with their statuses.
    pub fn answers(self) -> Answers {
        let statuses = self.statuses.expect("a run that was asked for statuses");
        let pairs = self.values.into_iter().zip(statuses);
        pairs
            .map(|(values, statuses)| values.into_iter().zip(statuses).collect())
            .collect()
    }

    /// Whether something went to disk.
    pub fn spilled(&self) -> bool {
        self.measured.contains(" spilled_bytes")
    }

    /// In how many parts the questions about one or several entities were answered.
    pub fn chunks(&self) -> usize {
        self.counted(" question_chunks")
    }

    /// How many summaries stood for panes of events.
    pub fn summaries(&self) -> usize {
        self.counted(" pane_summaries")
    }

    /// Whether rows were left out by the statistics of their files.
    pub fn pruned(&self) -> bool {
        self.measured.contains(" rows_pruned")
    }

    /// Whether several views read a source in one pass.
    pub fn fused(&self) -> bool {
        self.measured.contains(", shared_pass=")
    }

    fn counted(&self, what: &str) -> usize {
        let before = self
            .measured
            .split(what)
            .map(|text| text.rsplit([' ', ',']).next().unwrap_or(""));
        let numbers: Vec<usize> = before.map(|text| text.parse().unwrap_or(0)).collect();
        numbers[..numbers.len() - 1].iter().sum()
    }
}

fn plan_of<'a>(case: &Case, plans: &'a Plans) -> &'a BatchPlan {
    let mut all = plans.batch.iter();
    all.find(|plan| plan.service == case.service)
        .expect("a plan per service")
}

/// The columns that questions bring: the keys of the service, then what `excluding self` compares with, each once; and cuts.
pub fn spine_keys(case: &Case, plans: &Plans) -> Vec<Key> {
    let mut all = plans.stream.iter();
    let graph = all.find(|graph| graph.service == case.service).expect("a service");
    let mut keys = graph.spine.columns();
    keys.extend(plan_of(case, plans).cut_keys(case.truth));
    keys
}

/// The questions of a case, their numbers as the only column that passes through.
fn spine(case: &Case, plans: &Plans, batch_rows: usize) -> featr_batch::SpineData {
    let all: Vec<usize> = (0..case.questions.len()).collect();
    let keys = spine_keys(case, plans);
    let columns = case.columns(&keys, &all);
    let numbered = |rows: &[usize]| {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| *row as i64)));
        RecordBatch::try_from_iter([("row", numbers)]).expect("one column")
    };
    featr_batch::SpineData {
        schema: numbered(&[]).schema(),
        batches: all.chunks(batch_rows).map(numbered).collect(),
        times: case.questions.iter().map(|asked| asked.at_us).collect(),
        columns: keys.into_iter().zip(columns).collect(),
    }
}

/// Runs the batch engine over rows in memory, cut into batches.
pub fn batch(case: &Case, plans: &Plans, setting: Setting) -> Ran {
    let mut inputs = featr_batch::Inputs::new(spine(case, plans, setting.batch_rows));
    inputs.truth = case.truth;
    inputs.with_status = setting.with_status;
    inputs.fuse = setting.fuse;
    inputs.threads = setting.threads;
    inputs.memory_bytes = setting.memory_bytes;
    for (place, source) in case.program.sources.iter().enumerate() {
        let all: Vec<usize> = (0..case.rows[place].len()).collect();
        let batches = all
            .chunks(setting.batch_rows)
            .map(|rows| case.batch(place, rows))
            .collect();
        inputs.events.insert(source.name.clone(), batches);
    }
    let refused = |error: featr_batch::BatchError| -> Ran { panic!("batch {setting:?}: {error}") };
    let started = featr_batch::Run::new(plan_of(case, plans), inputs).and_then(featr_batch::Run::start);
    let mut rows = match started {
        Ok(rows) => rows,
        Err(error) => return refused(error),
    };
    let batches: Vec<RecordBatch> = match rows.by_ref().collect() {
        Ok(batches) => batches,
        Err(error) => return refused(error),
    };
    read(case, &batches, 1, setting.with_status, rows.measured())
}

/// The answers in a result, whose first `own` columns are the spine's.
pub fn read(case: &Case, batches: &[RecordBatch], own: usize, with_status: bool, measured: String) -> Ran {
    let service = case.program.service(&case.service).expect("a service");
    let mut values: Vec<Vec<Value>> = vec![Vec::new(); case.questions.len()];
    let mut statuses: Vec<Vec<Status>> = values.iter().map(|_| Vec::new()).collect();
    let step = 1 + usize::from(with_status);
    let mut from = 0;
    for batch in batches {
        for (place, (_, ty)) in service.columns(&case.program).enumerate() {
            let column = featr_decode::from_arrow(batch.column(own + step * place), ty).expect("its own type");
            (0..batch.num_rows()).for_each(|row| values[from + row].push(column.value(row)));
            if with_status {
                let column = batch.column(own + step * place + 1);
                let column = featr_decode::from_arrow(column, Type::String).expect("text");
                (0..batch.num_rows()).for_each(|row| statuses[from + row].push(status(&column.value(row))));
            }
        }
        from += batch.num_rows();
    }
    Ran {
        values,
        statuses: with_status.then_some(statuses),
        measured,
    }
}

fn status(text: &Value) -> Status {
    let Value::String(text) = text else {
        panic!("a status is text, not {text:?}")
    };
    let plain = [
        Status::Ok,
        Status::Empty,
        Status::Missing,
        Status::Truncated,
        Status::Stale,
    ];
    let errors = featc_ir::ErrorCode::ALL.map(Status::Error);
    let mut all = plain.into_iter().chain(errors);
    let found = all.find(|status| status.to_string() == *text);
    found.unwrap_or_else(|| panic!("no status: {text}"))
}
