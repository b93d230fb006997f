//! `--verify N`: the files are those of the checkpoint, and N of their rows are what the slow model says, bit by bit.

use super::checkpoint::{Checkpoint, Done};
use super::job::Job;
use crate::errors;
use crate::random::draw;
use crate::report::{Refused, Reporter, counted};
use crate::verify::{bits, field_type, needed};
use featc_ir::{Status, Type};
use featr::provenance::file_record;
use featr::{Spine, Value};
use featr_model::{Model, Question};
use std::collections::BTreeSet;
use std::path::Path;

/// Compares `--verify` rows; nothing without it.
pub fn run(job: &Job<'_>, state: &Checkpoint, reporter: &Reporter) -> Result<(), Refused> {
    if job.args.verify == 0 {
        return Ok(());
    }
    for done in &state.done {
        let path = job.folder.path.join(&done.file);
        let record = file_record(&path, done.file.clone(), true);
        let record = record.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
        if record.xxh3_128.as_ref() != Some(&done.xxh3_128) {
            let folder = job.folder.path.display().to_string();
            return reporter.refuse(errors::damaged_part(&folder, &done.file));
        }
    }
    let rows = draw(job.args.seed, job.args.verify, state.rows);
    let samples = read(job, &state.done, &rows, reporter)?;
    let questions: Vec<Question> = samples.iter().map(|sample| sample.question.clone()).collect();
    let (model_rows, answered) = needed::rows(job.prepared, &questions, reporter)?;
    let samples: Vec<Sample> = samples
        .into_iter()
        .zip(answered)
        .filter_map(|(sample, is)| is.then_some(sample))
        .collect();
    let left_out = questions.len() - samples.len();
    let model = Model::new(&job.prepared.ir, &model_rows);
    let Some(service) = job.prepared.ir.service(&job.prepared.service) else {
        return reporter.refuse(errors::bug("the service was there a moment ago"));
    };
    let (mut compared, mut differ) = (0, 0);
    for sample in &samples {
        let answers = model.answer(service, &sample.question, job.prepared.truth);
        for (field, (value, status)) in answers.iter().enumerate() {
            let found = &sample.values[field];
            let found_status = sample.statuses.get(field);
            let same_status = found_status.is_none_or(|found| *found == Value::String(Status::to_string(status)));
            compared += 1;
            if *found != *value || !same_status {
                differ += 1;
                if differ == 1 {
                    let ty = field_type(job.prepared, field);
                    let words = |value: &Value, status: String| format!("{}, {status}", bits(value, ty));
                    let in_file = found_status.map_or_else(String::new, |found| found.render(Type::String));
                    reporter.note(&format!(
                        "first difference: {} row {}, feature {}\n  file  says {}\n  model says {}",
                        sample.file,
                        sample.row,
                        service
                            .columns(&job.prepared.ir)
                            .nth(field)
                            .map_or("", |(name, _)| name),
                        words(found, in_file),
                        words(value, status.to_string())
                    ));
                }
            }
        }
    }
    let text = format!(
        "verify: {} x {} with the model: {differ} differ{}",
        counted(samples.len(), "row"),
        counted(service.fields.len() + service.features.len(), "feature"),
        needed::left_out_words(left_out)
    );
    let value =
        serde_json::json!({ "rows": samples.len(), "left_out": left_out, "compared": compared, "differ": differ });
    reporter.result(&text, &value);
    match differ {
        0 => Ok(()),
        differ => reporter.refuse(errors::disagree(differ, compared)),
    }
}

/// A row of the result with the question that it answers.
struct Sample {
    file: String,
    row: usize,
    question: Question,
    values: Vec<Value>,
    /// Empty without `--status`.
    statuses: Vec<Value>,
}

/// Reads the drawn rows from the files.
fn read(job: &Job<'_>, done: &[Done], rows: &BTreeSet<u64>, reporter: &Reporter) -> Result<Vec<Sample>, Refused> {
    let keys = job.questions.keys();
    let mut samples = Vec::new();
    let mut first = 0;
    for part in done {
        let chosen: Vec<u64> = rows.range(first..first + part.rows).copied().collect();
        if !chosen.is_empty() {
            let spine = featr::read_rows(&job.folder.path.join(&part.file), &keys, &job.args.at_column);
            let spine = spine.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
            let asked = job.questions.spine(first..first + part.rows, &job.args.at_column);
            let asked = asked.or_else(|why| reporter.refuse(errors::bug(&why)))?;
            for number in chosen {
                let row = usize::try_from(number - first).unwrap_or(usize::MAX);
                samples.push(sample(job, &part.file, &spine, &asked, row, reporter)?);
            }
        }
        first += part.rows;
    }
    Ok(samples)
}

fn sample(
    job: &Job<'_>,
    file: &str,
    found: &Spine,
    asked: &Spine,
    row: usize,
    reporter: &Reporter,
) -> Result<Sample, Refused> {
    let planned = question(asked, row);
    // The file must answer the question that was planned, and not just any.
    let mut written = question(found, row);
    let written_keys = written.keys.len();
    written.keys.extend(planned.keys.iter().skip(written_keys).cloned());
    written.self_columns.clone_from(&written.keys);
    written.request.clone_from(&written.keys);
    written.cuts.clone_from(&written.keys);
    if written != planned {
        let path = Path::new(&job.folder.path).join(file).display().to_string();
        return reporter.refuse(errors::bug(&format!("row {row} of {path} answers another question")));
    }
    let own = job.questions.keys().len() + 1;
    let stride = if job.args.status { 2 } else { 1 };
    let (mut values, mut statuses) = (Vec::new(), Vec::new());
    let Some((batch, place)) = locate(found, row) else {
        let path = Path::new(&job.folder.path).join(file).display().to_string();
        return reporter.refuse(errors::bug(&format!("there is no row {row} in {path}")));
    };
    for column in own..batch.num_columns() {
        let is_status = (column - own) % stride == 1;
        let ty = if is_status {
            Type::String
        } else {
            field_type(job.prepared, (column - own) / stride)
        };
        let read = featr::from_arrow(&batch.column(column).slice(place, 1), ty).map(|column| column.value(0));
        let read = read.or_else(|why| reporter.refuse(errors::bug(&why)))?;
        if is_status { &mut statuses } else { &mut values }.push(read);
    }
    Ok(Sample {
        file: file.to_owned(),
        row,
        question: planned,
        values,
        statuses,
    })
}

/// The batch of a row, and its place there; `None`: it has no such row.
fn locate(spine: &Spine, row: usize) -> Option<(&arrow::array::RecordBatch, usize)> {
    let mut place = row;
    for batch in &spine.batches {
        if place < batch.num_rows() {
            return Some((batch, place));
        }
        place -= batch.num_rows();
    }
    None
}

fn question(spine: &Spine, row: usize) -> Question {
    let columns = spine.columns.iter();
    let values: Vec<(String, Value)> = columns
        .map(|(key, column)| (key.name.clone(), column.value(row)))
        .collect();
    Question {
        at_us: spine.times[row],
        keys: values.clone(),
        self_columns: values.clone(),
        request: values.clone(),
        cuts: values,
    }
}
