//! One case, three evaluators: the model, the batch engine and the streaming engine.

#[path = "evaluators/batch.rs"]
mod batch;
#[path = "evaluators/files.rs"]
mod files;
#[path = "evaluators/forms.rs"]
mod forms;
#[path = "evaluators/served.rs"]
mod served;
#[path = "evaluators/stream.rs"]
mod stream;

pub use batch::{Ran, Setting, batch, read};
pub use files::{Format, Layout, files};
pub use served::streams;
pub use stream::{Delivery, stream};

use featc_ir::{Program, Status, Truth};
use featr_kernels::{Batch, Column, Value};

/// Values of named columns, one question.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at_us: i64,
    pub values: Vec<(String, Value)>,
}

/// A program, what happened, what is asked.
#[derive(Debug, Clone)]
pub struct Case {
    pub program: Program,
    pub service: String,
    /// Per source of the program, rows in its column order.
    pub rows: Vec<Vec<Vec<Value>>>,
    pub questions: Vec<Asked>,
    pub truth: Truth,
}

/// One answer per question and field.
pub type Answers = Vec<Vec<(Value, Status)>>;

impl Case {
    fn batch(&self, source: usize, rows: &[usize]) -> Batch {
        let columns = &self.program.sources[source].columns;
        let column = |position: usize| {
            let values: Vec<Value> = rows
                .iter()
                .map(|row| self.rows[source][*row][position].clone())
                .collect();
            Column::from_values(columns[position].ty, &values)
        };
        Batch {
            rows: rows.len(),
            columns: (0..columns.len()).map(column).collect(),
        }
    }

    /// All rows of a source.
    pub fn whole(&self, source: usize) -> Batch {
        self.batch(source, &(0..self.rows[source].len()).collect::<Vec<_>>())
    }

    fn columns(&self, keys: &[featc_ir::Key], questions: &[usize]) -> Vec<Column> {
        let value = |question: usize, name: &str| {
            let found = self.questions[question].values.iter().find(|(known, _)| known == name);
            found.map_or(Value::Null, |(_, value)| value.clone())
        };
        let column = |key: &featc_ir::Key| {
            let values: Vec<Value> = questions.iter().map(|question| value(*question, &key.name)).collect();
            Column::from_values(key.ty, &values)
        };
        keys.iter().map(column).collect()
    }
}

/// The columns in which questions may bring cuts: of sources, and of tables.
pub fn cut_keys(program: &featc_ir::Program) -> Vec<featc_ir::Key> {
    let mut keys: Vec<featc_ir::Key> = program.sources.iter().map(featc_ir::Source::cut_key).collect();
    // A view of a table makes it a source.
    let tables = program.tables().into_iter().map(|table| table.cut_key());
    for key in tables {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

pub fn model(case: &Case) -> Answers {
    let sources = (0..case.program.sources.len())
        .map(|source| vec![case.whole(source)])
        .collect();
    let rows = featr_model::SourceRows { sources };
    let model = featr_model::Model::new(&case.program, &rows);
    let service = case.program.service(&case.service).expect("the case names a service");
    let (keys, own) = (
        case.program.service_keys(service),
        case.program.service_self_columns(service),
    );
    let cuts = cut_keys(&case.program);
    let answer = |asked: &Asked| {
        let named = |wanted: &[featc_ir::Key]| {
            asked
                .values
                .iter()
                .filter(|(name, _)| wanted.iter().any(|key| key.name == *name))
                .cloned()
                .collect()
        };
        let question = featr_model::Question {
            at_us: asked.at_us,
            keys: named(&keys),
            self_columns: named(&own),
            request: named(&service.request()),
            cuts: named(&cuts),
        };
        model.answer(service, &question, case.truth)
    };
    case.questions.iter().map(answer).collect()
}
