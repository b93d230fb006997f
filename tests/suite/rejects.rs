//! Rows that a view rejects: model, batch and stream name the same rows and reasons, and whether any of them is seen.

use featc_ir::{Program, ViewId};
use featc_tests::rng::Rng;
use featr_batch::{Inputs, RejectedRow, RejectedRows, SpineData};
use featr_kernels::{Batch, Column, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const PROGRAM: &str = r#"
module rejects
entity one (k: int64)
entity two (k: int64, s: string)
source log {
  columns (id: int64, k: int64?, s: string?, span: duration?, at_: timestamp)
  unique id
  time at_
  lateness unbounded
}
transform near from log at at_ + span within 5us {
  where k is null or k >= 0
  let text = cast(s as int64)
}
transform far from near at at_ + span {
}
view by_k of one from near {
  feature n = count() over lifetime
}
view by_text of one from near by (text) {
  feature n = count() over lifetime
}
view by_both of two from far by (text, s) {
  feature n = count() over lifetime
}
service s { by_k.* by_text.* by_both.* }
"#;

/// Row of the source, from 0, and what is said of it.
type Told = BTreeSet<(usize, String)>;

fn rows(rng: &mut Rng, count: usize) -> Batch {
    let maybe = |rng: &mut Rng, value: Value| if rng.one_in(6) { Value::Null } else { value };
    let rows: Vec<Vec<Value>> = (0..count)
        .map(|id| {
            let span = *rng.pick(&[0, 3, 5, 6, -1, i64::MAX]);
            let text = *rng.pick(&["1", "2", "x"]);
            let k = *rng.pick(&[-1, 0, 1]);
            vec![
                Value::Int64(id as i64),
                maybe(rng, Value::Int64(k)),
                maybe(rng, Value::String(text.to_owned())),
                maybe(rng, Value::Duration(span)),
                Value::Timestamp(1_000 + id as i64),
            ]
        })
        .collect();
    let column = |(place, ty): (usize, featc_ir::Type)| {
        let values: Vec<Value> = rows.iter().map(|row| row[place].clone()).collect();
        Column::from_values(ty, &values)
    };
    use featc_ir::Type::{Duration, Int64, String, Timestamp};
    let types = [Int64, Int64, String, Duration, Timestamp];
    Batch {
        rows: count,
        columns: types.into_iter().enumerate().map(column).collect(),
    }
}

/// Per view, its rejected rows.
fn by_model(program: &Program, rows: &Batch) -> BTreeMap<String, Told> {
    let rows = featr_model::SourceRows {
        sources: vec![vec![rows.clone()]],
    };
    let model = featr_model::Model::new(program, &rows);
    let name = |reason| match reason {
        featr_model::source::Rejected::AtBeforeTime => "at_before_time",
        featr_model::source::Rejected::AtTooFar => "at_too_far",
        featr_model::source::Rejected::KeyError => "key_error",
        other => panic!("{other:?} is no reason of a view"),
    };
    let views = program.views.iter().enumerate();
    let views = views.map(|(place, view)| {
        let events = model.view_events(ViewId::from(place));
        let told = events.rejected.iter().map(|(row, why)| (*row, name(*why).to_owned()));
        (view.name.clone(), told.collect())
    });
    views.collect()
}

/// Per log, in graph order (which is that of the views), its rejected rows.
fn by_stream(plans: &featc_driver::Plans, rows: &Batch) -> Vec<Told> {
    let mut engine =
        featr_stream::Engine::new(plans.stream.clone(), featc_ir::Truth::Complete).expect("a lowered graph");
    let mut logs: BTreeMap<u32, Told> = BTreeMap::new();
    for first in (0..rows.rows).step_by(7) {
        let report = engine.step("log", &rows.slice(first..rows.rows.min(first + 7)));
        for log in report.logs {
            let kept = log.filtered + log.null_time + log.null_key + log.inserted + log.duplicates;
            assert_eq!(
                kept + log.rejected.len() as u64,
                report.accepted,
                "every row is accounted for"
            );
            let told = log
                .rejected
                .iter()
                .map(|row| (first + row.row as usize, row.reason.to_string()));
            logs.entry(log.log.0).or_default().extend(told);
        }
    }
    logs.into_values().collect()
}

struct Kept(Arc<Mutex<Vec<(usize, String)>>>);

impl RejectedRows for Kept {
    fn reject(&mut self, row: &RejectedRow<'_>) -> Result<(), featr_decode::DecodeError> {
        let place = row.line as usize - 1;
        self.0.lock().expect("no panic").push((place, row.reason.to_owned()));
        Ok(())
    }
}

/// All rejected rows as they are told, and the number of rejections of all views.
fn by_batch(plans: &featc_driver::Plans, rows: &Batch) -> (Vec<(usize, String)>, u64) {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![0]));
    let spine = RecordBatch::try_from_iter([("row", numbers)]).expect("one column");
    let key = |name: &str, value: Value, ty| {
        let name = name.to_owned();
        (featc_ir::Key { name, ty }, Column::from_values(ty, &[value]))
    };
    let mut inputs = Inputs::new(SpineData {
        schema: spine.schema(),
        batches: vec![spine],
        times: vec![i64::MAX].into(),
        columns: vec![
            key("k", Value::Int64(1), featc_ir::Type::Int64),
            key("s", Value::String("1".to_owned()), featc_ir::Type::String),
        ],
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    inputs.rejects = Some(Box::new(Kept(told.clone())));
    inputs.threads = 3;
    let cut = |first: usize| rows.slice(first..rows.rows.min(first + 11));
    let batches = (0..rows.rows).step_by(11).map(cut).collect();
    inputs.events.insert("log".to_owned(), batches);
    let output = featr_batch::run(&plans.batch[0], inputs).unwrap_or_else(|error| panic!("batch: {error}"));
    let views = output.report.views.iter();
    let counted = views
        .flat_map(|view| view.dropped.rejected())
        .map(|(_, count)| count)
        .sum();
    let told = std::mem::take(&mut *told.lock().expect("no panic"));
    (told, counted)
}

#[test]
fn all_three_reject_the_same_rows() {
    let mut sources = featc_driver::diag::SourceMap::new();
    let file = sources.add("rejects.feat", PROGRAM);
    let outcome = featc_driver::compile(&sources, &[file]);
    let said = featc_driver::diag::terminal::render(&outcome.diagnostics, &sources, false);
    let program = outcome.value.unwrap_or_else(|| panic!("{said}"));
    let plans = featc_driver::lower(&program);
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..40 {
        let rows = rows(&mut Rng::new(seed), 60);
        let by_model = by_model(&program, &rows);
        let by_stream = by_stream(&plans, &rows);
        assert_eq!(by_model.len(), 3);
        let in_order = ["by_k", "by_text", "by_both"].map(|view| by_model[view].clone());
        assert_eq!(in_order.to_vec(), by_stream, "seed {seed}");
        let (told, counted) = by_batch(&plans, &rows);
        assert!(
            told.is_sorted_by_key(|(row, _)| *row),
            "seed {seed}: in the order of the rows"
        );
        let all: Told = told.into_iter().collect();
        assert_eq!(all, in_order.iter().flatten().cloned().collect(), "seed {seed}");
        assert_eq!(
            counted,
            in_order.iter().map(|told| told.len() as u64).sum::<u64>(),
            "seed {seed}"
        );
        for (_, reason) in in_order.into_iter().flatten() {
            *seen.entry(reason).or_default() += 1;
        }
    }
    println!("rejected by views: {seen:?}");
    let reasons: Vec<&str> = seen.keys().map(String::as_str).collect();
    assert_eq!(reasons, ["at_before_time", "at_too_far", "key_error"]);
    assert!(seen.values().all(|count| *count > 100), "{seen:?}");
}
