//! The served log: what was answered, so that training sees what the model saw.
//!
//! One row per question: `service`, the columns that the question brought, `timestamp`, `request_id`, `program`, `cut_<source>` of
//! each source of the service (null where the source is static, or nothing of it had been let in), then the features, each
//! with `<name>__status`. Answers stand in the log until a checkpoint makes files of them (see [`crate::archive`]).

use crate::ipc;
use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use featr::Cuts;
use featr::log_columns::{INSTANT, PROGRAM, REQUEST, SERVICE, cut};
use std::sync::Arc;

/// What is told of all rows of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub service: &'a str,
    pub at_us: i64,
    pub request_id: Option<&'a str>,
    pub program: &'a str,
    /// The sources of the service.
    pub sources: &'a [String],
    pub cuts: &'a Cuts,
}

/// An answer as rows of the served log. That no two columns have one name was seen to when the state was opened.
///
/// # Errors
/// Columns of different lengths.
pub fn rows(told: &Told<'_>, questions: &RecordBatch, features: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let count = questions.num_rows();
    let mut columns: Vec<(Arc<Field>, ArrayRef)> = Vec::new();
    let mut add = |name: &str, array: ArrayRef| {
        let field = Field::new(name, array.data_type().clone(), true);
        columns.push((Arc::new(field), array));
    };
    let text = |text: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![text; count])) };
    let instant = |us: Option<i64>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![us; count]).with_timezone("UTC"))
    };
    add(SERVICE, text(Some(told.service)));
    for (field, array) in questions.schema().fields().iter().zip(questions.columns()) {
        add(field.name(), array.clone());
    }
    add(INSTANT, instant(Some(told.at_us)));
    add(REQUEST, text(told.request_id));
    add(PROGRAM, text(Some(told.program)));
    for source in told.sources {
        add(&cut(source), instant(told.cuts.get(source).copied()));
    }
    let schema = features.schema();
    columns.extend(schema.fields().iter().cloned().zip(features.columns().iter().cloned()));
    let (fields, arrays): (Vec<Arc<Field>>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// Answers as they are written, by service. What cannot be now cannot be later: then each for itself, and what is left is handed
/// to `lose` and taken out, so that it is lost once.
pub fn streams(
    answers: &mut Vec<(String, RecordBatch)>,
    lose: impl Fn(&[(String, RecordBatch)]),
) -> Vec<(String, Vec<u8>)> {
    let write = |some: &[(String, RecordBatch)]| {
        let parts = some.iter().map(|(service, rows)| (service.as_str(), rows));
        ipc::streams(parts)
    };
    written(answers, write, lose)
}

fn written<T, W>(answers: &mut Vec<T>, write: impl Fn(&[T]) -> Result<Vec<W>, String>, lose: impl Fn(&[T])) -> Vec<W> {
    write(answers).unwrap_or_else(|_| {
        let mut all = Vec::new();
        answers.retain(|answer| {
            let one = std::slice::from_ref(answer);
            let written = write(one).inspect_err(|_| lose(one));
            let is_written = written.is_ok();
            all.extend(written.into_iter().flatten());
            is_written
        });
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A commit that is refused is tried again with the same answers.
    #[test]
    fn what_cannot_be_written_is_lost_once() {
        let write = |some: &[i32]| match some.contains(&2) {
            true => Err(String::new()),
            false => Ok(some.to_vec()),
        };
        let lost = Cell::new(0);
        let mut answers = vec![1, 2, 3];
        for _ in 0..2 {
            assert_eq!(written(&mut answers, write, |_| lost.set(lost.get() + 1)), [1, 3]);
        }
        assert_eq!((answers, lost.get()), (vec![1, 3], 1));
    }
}
