//! `featc verify`: both engines on all rows, the model on a sample, compared bit by bit.

use crate::args::{ReplayOptions, VerifyArgs};
use crate::errors;
use crate::provenance::Inputs;
use crate::replay::stream;
use crate::report::{Refused, Reporter, counted};
use crate::run::{Aside, Prepared, check_found, check_overwrites, prepare, settle};
use crate::train::batch;
use arrow::array::{Array as _, RecordBatch};
use featc_ir::{Status, Type};
use featr::{Side, Spine, Training, Value};
use featr_model::{Model, Question, SourceRows};
use std::fmt::Write as _;

/// What was compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compared {
    pub rows: u64,
    pub features: u64,
    /// Values, each with its status, batch against stream.
    pub values: u64,
    pub model_rows: u64,
    pub differ: u64,
}

/// A place where two evaluators differ.
struct Difference {
    row: usize,
    field: usize,
    /// Evaluator, value in words and bits.
    said: Vec<(&'static str, String)>,
}

pub fn run(args: &VerifyArgs, reporter: &Reporter) -> Result<(), Refused> {
    let prepared = prepare(&args.program, reporter)?;
    check_overwrites(&prepared, &args.program.run, Some(&args.spine.spine), None, reporter)?;
    let inputs = Inputs::look(&prepared, &args.spine.spine, reporter)?;
    let spine = prepared.spine(&args.spine, reporter)?;
    let aside = Aside::new(&args.program.run, reporter)?;
    let from_batch = batch(
        &prepared,
        &args.program.run,
        spine.clone(),
        true,
        aside.as_ref(),
        reporter,
    )?
    .collect(reporter)?;
    aside.map_or(Ok(()), |aside| aside.keep(reporter))?;
    let run = &args.program.run;
    settle(&from_batch.report, run, reporter)?;
    check_found(&prepared, &from_batch.report, &spine, Side::Batch, run, reporter)?;
    let compared = compare(&prepared, &spine, &from_batch, &args.options, args.sample, reporter)?;
    // Of a log that grows the engines read different rows, and differ rightly.
    inputs.unchanged(&prepared, reporter)?;
    let compared = judge(&prepared, &spine, compared, reporter)?;
    let text = words(&prepared, &compared);
    let value = serde_json::json!({
        "program": prepared.program.hash(),
        "service": prepared.service,
        "truth": prepared.truth_text(),
        "seen_early": prepared.seen_early,
        "rows": compared.rows,
        "features": compared.features,
        "values": compared.values,
        "model_rows": compared.model_rows,
        "differ": compared.differ,
    });
    reporter.result(&text, &value);
    Ok(())
}

/// The closing line.
pub fn words(prepared: &Prepared, compared: &Compared) -> String {
    format!(
        "verify: {} x {}, truth {}: {} values and statuses compared between batch and stream, {} with the model: {} differ",
        counted(compared.rows, "row"),
        counted(compared.features, "feature"),
        prepared.truth_words(),
        compared.values,
        counted(compared.model_rows, "row"),
        compared.differ
    )
}

/// Refuses a training set (with statuses) which is not what the streaming engine and, on a sample, the model say.
pub fn against(
    prepared: &Prepared,
    spine: &Spine,
    from_batch: &Training,
    options: &ReplayOptions,
    sample: usize,
    reporter: &Reporter,
) -> Result<Compared, Refused> {
    let compared = compare(prepared, spine, from_batch, options, sample, reporter)?;
    judge(prepared, spine, compared, reporter)
}

/// What was compared, and the first difference.
type Outcome = (Compared, Option<Difference>);

fn judge(prepared: &Prepared, spine: &Spine, outcome: Outcome, reporter: &Reporter) -> Result<Compared, Refused> {
    match outcome {
        (compared, None) => Ok(compared),
        (compared, Some(difference)) => {
            explain(prepared, spine, &difference, reporter)?;
            reporter.refuse(errors::disagree(
                compared.differ,
                compared.values + compared.model_rows * compared.features,
            ))
        }
    }
}

fn compare(
    prepared: &Prepared,
    spine: &Spine,
    from_batch: &Training,
    options: &ReplayOptions,
    sample: usize,
    reporter: &Reporter,
) -> Result<Outcome, Refused> {
    let from_stream = stream(prepared, options, spine, true, None, reporter)?;
    let own = spine.schema.fields().len();
    if from_batch.schema != from_stream.schema {
        return reporter.refuse(errors::bug("the engines' results have different columns"));
    }
    let features = (from_batch.schema.fields().len() - own) / 2;
    let mut compared = Compared {
        rows: spine.times.len() as u64,
        features: features as u64,
        ..Compared::default()
    };
    compared.values = compared.rows * compared.features;
    let mut first = None;
    compared.differ += columns_differ(prepared, from_batch, &from_stream, own, &mut first, reporter)?;
    compared.differ += model_differs(
        prepared,
        spine,
        from_batch,
        sample,
        &mut compared.model_rows,
        &mut first,
        reporter,
    )?;
    Ok((compared, first))
}

fn columns_differ(
    prepared: &Prepared,
    left: &Training,
    right: &Training,
    own: usize,
    first: &mut Option<Difference>,
    reporter: &Reporter,
) -> Result<u64, Refused> {
    let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>();
    if rows(&left.batches) != rows(&right.batches) {
        return reporter.refuse(errors::bug("the engines' results have different rows"));
    }
    let mut differ = 0;
    let mut from = 0;
    for (left, right) in left.batches.iter().zip(&right.batches) {
        for column in own..left.num_columns() {
            // Arrow compares the bytes of valid values.
            if left.column(column).to_data() == right.column(column).to_data() {
                continue;
            }
            let field = (column - own) / 2;
            let ty = if (column - own).is_multiple_of(2) {
                field_type(prepared, field)
            } else {
                Type::String
            };
            let (a, b) = (
                values(left, column, ty, reporter)?,
                values(right, column, ty, reporter)?,
            );
            for (row, (a, b)) in a.iter().zip(&b).enumerate() {
                if a == b {
                    continue;
                }
                differ += 1;
                let earlier = first.as_ref().is_none_or(|known| from + row < known.row);
                if earlier {
                    let said = vec![("batch", bits(a, ty)), ("stream", bits(b, ty))];
                    *first = Some(Difference {
                        row: from + row,
                        field,
                        said,
                    });
                }
            }
        }
        from += left.num_rows();
    }
    Ok(differ)
}

pub fn field_type(prepared: &Prepared, field: usize) -> Type {
    let service = prepared.ir.service(&prepared.service);
    service.map_or(Type::String, |service| {
        let field = &service.fields[field];
        prepared.ir.view(field.view).feature(field.feature).ty
    })
}

fn values(batch: &RecordBatch, column: usize, ty: Type, reporter: &Reporter) -> Result<Vec<Value>, Refused> {
    let read = featr::from_arrow(batch.column(column), ty);
    Ok(read.or_else(|why| reporter.refuse(errors::bug(&why)))?.values())
}

/// A value with its bits, so that two that print alike can be told apart.
pub fn bits(value: &Value, ty: Type) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Float64(float) => format!("{} (bits {:016x})", value.render(ty), float.to_bits()),
        Value::Error(_)
        | Value::Bool(_)
        | Value::Int64(_)
        | Value::Decimal(_)
        | Value::String(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::Duration(_) => value.render(ty),
    }
}

/// The question that a spine row asks.
fn question(spine: &Spine, row: usize) -> Question {
    let values: Vec<(String, Value)> = spine
        .columns
        .iter()
        .map(|(key, column)| (key.name.clone(), column.value(row)))
        .collect();
    Question {
        at_us: spine.times[row],
        keys: values.clone(),
        self_columns: values,
    }
}

/// The recorded rows as the model takes them; sources that the service does not read stay empty.
pub fn model_rows(prepared: &Prepared, side: Side, reporter: &Reporter) -> Result<SourceRows, Refused> {
    let recorded = prepared.program.record(&prepared.service, side, None);
    let recorded = recorded.or_else(|error| reporter.refuse(errors::run(&error, None)))?;
    let mut sources = vec![Vec::new(); prepared.ir.sources.len()];
    for source in recorded {
        if let Some(place) = prepared
            .ir
            .sources
            .iter()
            .position(|known| known.name == source.source.name)
        {
            sources[place].push(source.rows);
        }
    }
    Ok(SourceRows { sources })
}

fn model_differs(
    prepared: &Prepared,
    spine: &Spine,
    from_batch: &Training,
    sample: usize,
    model_rows_count: &mut u64,
    first: &mut Option<Difference>,
    reporter: &Reporter,
) -> Result<u64, Refused> {
    let rows = spine.times.len();
    let sample = sample.min(rows);
    let Some(service) = prepared.ir.service(&prepared.service) else {
        return Ok(0);
    };
    if sample == 0 {
        return Ok(0);
    }
    let source_rows = model_rows(prepared, Side::Stream, reporter)?;
    let model = Model::new(&prepared.ir, &source_rows);
    let own = spine.schema.fields().len();
    let mut columns = Vec::new();
    for column in own..from_batch.schema.fields().len() {
        let whole = featr::whole_column(&from_batch.batches, column);
        columns.push(whole.or_else(|error| reporter.refuse(errors::run(&error, None)))?);
    }
    let mut differ = 0;
    for pick in 0..sample {
        let row = pick * rows / sample;
        let answers = model.answer(service, &question(spine, row), prepared.truth);
        for (field, (value, status)) in answers.iter().enumerate() {
            let ty = field_type(prepared, field);
            let one = |column: usize, ty: Type| {
                let read = featr::from_arrow(&columns[column].slice(row, 1), ty).map(|column| column.value(0));
                read.or_else(|why| reporter.refuse(errors::bug(&why)))
            };
            let (batch_value, batch_status) = (one(2 * field, ty)?, one(2 * field + 1, Type::String)?);
            let same = batch_value == *value && batch_status == Value::String(Status::to_string(status));
            if !same {
                differ += 1;
                if first.as_ref().is_none_or(|known| row < known.row) {
                    let said = vec![
                        (
                            "batch",
                            format!("{}, {}", bits(&batch_value, ty), bits(&batch_status, Type::String)),
                        ),
                        ("model", format!("{}, {status}", bits(value, ty))),
                    ];
                    *first = Some(Difference { row, field, said });
                }
            }
        }
    }
    *model_rows_count = sample as u64;
    Ok(differ)
}

/// Prints the first difference with the events that contribute.
fn explain(prepared: &Prepared, spine: &Spine, difference: &Difference, reporter: &Reporter) -> Result<(), Refused> {
    const EVENTS_MAX: usize = 40;
    let Some(service) = prepared.ir.service(&prepared.service) else {
        return Ok(());
    };
    let field = &service.fields[difference.field];
    let mut text = format!(
        "first difference: spine row {}, feature {}\n",
        difference.row, field.name
    );
    for (key, column) in &spine.columns {
        let _ = writeln!(text, "  {} = {}", key.name, column.value(difference.row).render(key.ty));
    }
    let _ = writeln!(
        text,
        "  t = {}",
        featc_ir::display::instant(spine.times[difference.row])
    );
    for (who, said) in &difference.said {
        let _ = writeln!(text, "  {who:6} says {said}");
    }
    let rows = model_rows(prepared, Side::Stream, reporter)?;
    let events = featr_model::contributing(
        &prepared.ir,
        field.view,
        field.feature,
        &rows,
        &question(spine, difference.row),
        prepared.truth,
    );
    let _ = writeln!(text, "  {} events contribute:", events.len());
    for event in events.iter().take(EVENTS_MAX) {
        let id: Vec<String> = event
            .id
            .iter()
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        let arrival = event
            .arrival_us
            .map_or_else(String::new, |us| format!(" arrived {}", featc_ir::display::instant(us)));
        let _ = writeln!(
            text,
            "    row {} at {}{arrival}: {} {:?}",
            event.source_row,
            featc_ir::display::instant(event.time_us),
            id.join(" "),
            event.part
        );
    }
    if events.len() > EVENTS_MAX {
        let _ = writeln!(text, "    and {} more", events.len() - EVENTS_MAX);
    }
    let value = serde_json::json!({
        "first_difference": {
            "row": difference.row,
            "feature": field.name,
            "said": difference.said.iter().map(|(who, said)| serde_json::json!({ "who": who, "value": said })).collect::<Vec<_>>(),
            "events": events.len(),
        }
    });
    reporter.result(text.trim_end(), &value);
    Ok(())
}
