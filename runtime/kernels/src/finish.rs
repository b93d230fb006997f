//! From slot values to features: status, `stale`, default, derived expressions. Both engines end here.
//!
//! Per aggregate feature, in this order (later lines win where they set the status):
//!
//! 1. value = the feature's expression over its slots' values;
//! 2. status `empty` if every slot is empty, else `ok`;
//! 3. `missing` if the entity had no event within the retention; `truncated` if the window reaches before `begins`;
//! 4. `error(c)` and null if a slot is an error (the worst) or else the expression is one;
//! 5. `stale` and null if the cut lies further behind the instant than `ttl`;
//! 6. a null value becomes the default; the status stays.
//!
//! A derived feature is an expression over final values; its status is the worst of its inputs and its own error.
//!
//! Values are made in one place ([`features`]), whether or not statuses are wanted beside them.

mod derive;
mod lag;
mod status;
mod trouble;

use crate::column::{Batch, Column, Tag};
use crate::eval;
use crate::value::Value;
use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec};
use featc_ir::{ErrorCode, Expr, ExprKind, Literal, Status, Window};

pub use derive::{Finished, Given, derive};
pub use lag::{Lag, lag_us};
pub use trouble::{Told, Trouble};

use status::{any, around, derived_statuses, is_error, merge_statuses, settle};

/// What the fold said about some questions; every column has one row per question.
#[derive(Debug)]
pub struct Answers<'a> {
    /// The instants, in microseconds.
    pub times: &'a [i64],
    /// One per slot of the `FoldSpec`: values (null or valid, no error tags needed) and `Ok`, `Empty` or `Error`.
    pub slots: Vec<(Column, Vec<Status>)>,
    /// One per entry of `FoldSpec::presence`: whether the entity had an event within that lookback.
    pub presence: Vec<Vec<bool>>,
}

/// A status as one byte: 0 ok, 1 empty, 2 missing, 3 truncated, 4 stale, 16 + code error. Keeps the order of severity.
pub fn encode_status(status: Status) -> u8 {
    match status {
        Status::Ok => 0,
        Status::Empty => 1,
        Status::Missing => 2,
        Status::Truncated => 3,
        Status::Stale => 4,
        Status::Error(code) => 16 + code as u8,
    }
}

/// The inverse of [`encode_status`]; `None` for other bytes.
pub fn decode_status(byte: u8) -> Option<Status> {
    match byte {
        0 => Some(Status::Ok),
        1 => Some(Status::Empty),
        2 => Some(Status::Missing),
        3 => Some(Status::Truncated),
        4 => Some(Status::Stale),
        _ => byte.checked_sub(16).and_then(ErrorCode::from_number).map(Status::Error),
    }
}

/// The features of a node for some questions: one column (valid or null, never an error tag) and one status per row
/// for each *output* feature of the spec, in its order. Slots that one feature reads become that feature without a copy.
/// Troubles are counted where somebody wants them.
///
/// # Contract
/// - **Total**: every question gets a value or null, and a status, for every output.
/// - **Pure**: state plays no role but through the answers. `lag` decides staleness and nothing else.
pub fn finish(
    spec: &FinishSpec,
    answers: Answers<'_>,
    lag: Lag<'_>,
    troubles: Option<&mut [Trouble]>,
) -> Vec<(Column, Vec<Status>)> {
    let tagged = |(column, statuses): (Column, Vec<Status>)| (with_errors(column, &statuses), statuses);
    let (columns, slots) = answers.slots.into_iter().map(tagged).unzip();
    let times = answers.times;
    let told = troubles.map(|troubles| Told { times, troubles });
    let about = About {
        times,
        slots,
        presence: answers.presence,
        around: vec![],
    };
    features(spec, (times.len(), columns), Some(about), lag, told)
}

/// The values of [`finish`] alone, of `rows` questions. Of a slot that is an error, the error is the tag.
pub fn finish_values(
    spec: &FinishSpec,
    rows: usize,
    slots: Vec<Column>,
    lag: Lag<'_>,
    told: Option<Told<'_>>,
) -> Vec<Column> {
    let features = features(spec, (rows, slots), None, lag, told);
    features.into_iter().map(|(values, _)| values).collect()
}

/// The column with a tag for every error among the statuses.
pub fn with_errors(mut column: Column, statuses: &[Status]) -> Column {
    if any(statuses, is_error) {
        let tags = column.tags.get_or_insert_with(|| vec![Tag::VALID; statuses.len()]);
        for (tag, status) in tags.iter_mut().zip(statuses) {
            if let Status::Error(code) = status {
                *tag = Tag::error(*code);
            }
        }
    }
    column
}

/// Values of the output features, and their statuses where `about` says what those are made of (else none). Of a slot
/// that is an error, the error is the tag.
fn features(
    spec: &FinishSpec,
    (rows, mut slots): (usize, Vec<Column>),
    mut about: Option<About<'_>>,
    lag: Lag<'_>,
    mut told: Option<Told<'_>>,
) -> Vec<(Column, Vec<Status>)> {
    let readers = readers(spec, slots.len());
    let mut done: Vec<(Column, Vec<Status>)> = Vec::with_capacity(spec.features.len());
    for (place, feature) in spec.features.iter().enumerate() {
        let mut told = told.as_mut();
        // An error among the values is the tag, up to `strip`.
        let (mut values, statuses) = match &feature.kind {
            FinishKind::Aggregate { expr, ttl_us, .. } if lag.exceeds(*ttl_us) => {
                let stale = about.as_ref().map(|_| vec![Status::Stale; rows]);
                told.iter_mut()
                    .for_each(|told| told.troubles[place].stale += rows as u64);
                (Column::new(expr.ty, rows), stale)
            }
            FinishKind::Aggregate {
                slots: of,
                expr,
                presence,
                window,
                ttl_us,
            } => {
                let stale = lag.stale(*ttl_us);
                let mut tell = |slots: &[&Column], values: &Column| {
                    if let Some(told) = &mut told {
                        let mut trouble = told.troubles[place];
                        trouble.count(slots, values, rows, (told.cut(window, spec), stale.as_deref()));
                        told.troubles[place] = trouble;
                    }
                };
                let alone = matches!(of.as_slice(), [slot] if readers[*slot as usize] == 1);
                let mut values = match (of.as_slice(), &expr.kind) {
                    ([slot], ExprKind::Column(_)) if alone => {
                        let values = std::mem::replace(&mut slots[*slot as usize], Column::empty(expr.ty));
                        tell(&[], &values);
                        values
                    }
                    _ => {
                        let inputs: Vec<&Column> = of.iter().map(|slot| &slots[*slot as usize]).collect();
                        let values = without_errors(evaluate(&inputs, expr, rows, true), &inputs);
                        tell(&inputs, &values);
                        values
                    }
                };
                let circumstances = (*presence, truncated_before(window, spec));
                let mut statuses = about
                    .as_mut()
                    .map(|about| about.statuses((of, alone), &values, circumstances));
                if let Some(stale) = &stale {
                    lag::apply(stale, &mut values, statuses.as_mut());
                }
                (values, statuses)
            }
            FinishKind::Derived { inputs, expr } => {
                let inputs: Vec<&(Column, Vec<Status>)> = inputs.iter().map(|input| &done[*input as usize]).collect();
                let columns: Vec<&Column> = inputs.iter().map(|(column, _)| column).collect();
                let values = evaluate(&columns, expr, rows, false);
                told.iter_mut()
                    .for_each(|told| told.troubles[place].count(&[], &values, rows, (None, None)));
                let statuses = about.as_ref().map(|_| derived_statuses(&inputs, &values, rows));
                (values, statuses)
            }
        };
        strip(&mut values);
        done.push((fill_default(values, feature), statuses.unwrap_or_default()));
    }
    let outputs = spec.features.iter().zip(done).filter(|(feature, _)| feature.output);
    outputs.map(|(_, result)| result).collect()
}

/// What statuses are made of.
struct About<'a> {
    times: &'a [i64],
    /// One per slot: `Ok`, `Empty` or `Error`.
    slots: Vec<Vec<Status>>,
    /// As in [`Answers`].
    presence: Vec<Vec<bool>>,
    /// Results of [`around`], for features that share one.
    around: Vec<(Circumstances, Option<Vec<Status>>)>,
}

/// The presence that a feature looks at, and before which instant its window is truncated.
type Circumstances = (u32, Option<i128>);

impl About<'_> {
    /// The statuses of an aggregate feature that is not stale: of its slots, or, where it is `alone` in reading its one slot,
    /// those that are there. An error among the values is one of its slots, or of its expression.
    fn statuses(
        &mut self,
        (slots, alone): (&[u32], bool),
        values: &Column,
        circumstances: Circumstances,
    ) -> Vec<Status> {
        let mut statuses = match slots {
            [slot] if alone => std::mem::take(&mut self.slots[*slot as usize]),
            _ => merge_statuses(slots.iter().map(|slot| &self.slots[*slot as usize]), self.times.len()),
        };
        if !self.around.iter().any(|(known, _)| *known == circumstances) {
            let present = &self.presence[circumstances.0 as usize];
            self.around
                .push((circumstances, around(self.times, present, circumstances.1)));
        }
        let around = self.around.iter().find(|(known, _)| *known == circumstances);
        settle(
            &mut statuses,
            values,
            around.and_then(|(_, statuses)| statuses.as_deref()),
        );
        statuses
    }
}

/// How many features read each slot.
fn readers(spec: &FinishSpec, slots: usize) -> Vec<u32> {
    let mut readers = vec![0; slots];
    for feature in &spec.features {
        if let FinishKind::Aggregate { slots, .. } = &feature.kind {
            slots.iter().for_each(|slot| readers[*slot as usize] += 1);
        }
    }
    readers
}

/// The same for one question and one aggregate feature's status, from scalars, as the list above reads: the slow twin.
#[cfg(test)]
fn aggregate_status(
    slots: &[Status],
    expr_error: Option<ErrorCode>,
    present: bool,
    truncated: bool,
    stale: bool,
) -> Status {
    let worst = slots
        .iter()
        .copied()
        .filter(|status| matches!(status, Status::Error(_)))
        .max();
    let error = worst.or(expr_error.map(Status::Error));
    if stale {
        Status::Stale
    } else if let Some(error) = error {
        error
    } else if truncated {
        Status::Truncated
    } else if !present {
        Status::Missing
    } else if !slots.is_empty() && slots.iter().all(|status| *status == Status::Empty) {
        Status::Empty
    } else {
        Status::Ok
    }
}

/// Questions with `t` below this bound see a window into which an event from before `begins` may have been moved.
fn truncated_before(window: &Window, spec: &FinishSpec) -> Option<i128> {
    // Their start does not go back as `t` goes on. What reaches back for ever means "since the source begins".
    let known_us = i128::from(spec.begins_us?) + i128::from(spec.moved_us);
    window.bounds().whole_from(known_us)
}

/// The expression over the inputs' values; with `stripped`, an error tag among them reads as null.
fn evaluate(inputs: &[&Column], expr: &Expr, rows: usize, stripped: bool) -> Column {
    let copy = |column: &Column| {
        let mut column = column.clone();
        if stripped {
            strip(&mut column);
        }
        column
    };
    if let ExprKind::Column(id) = expr.kind {
        return copy(inputs[id.index()]);
    }
    let columns = inputs.iter().map(|column| copy(column)).collect();
    eval::eval(expr, &Batch { rows, columns })
}

/// The values with a null where one of the inputs is an error, whatever the expression made of it.
fn without_errors(mut values: Column, inputs: &[&Column]) -> Column {
    for tags in inputs.iter().filter_map(|input| input.tags.as_ref()) {
        if any(tags, |tag| tag > Tag::NULL) {
            let of_values = values.tags.get_or_insert_with(|| vec![Tag::VALID; tags.len()]);
            for (value, tag) in of_values.iter_mut().zip(tags) {
                if *tag > Tag::NULL {
                    *value = Tag::NULL;
                }
            }
        }
    }
    values
}

/// Makes errors null.
fn strip(column: &mut Column) {
    if let Some(tags) = &mut column.tags {
        tags.iter_mut().for_each(|tag| *tag = (*tag).min(Tag::NULL));
    }
}

/// Replaces nulls by the feature's default.
fn fill_default(values: Column, feature: &FinishFeature) -> Column {
    match feature.default.as_ref() {
        None | Some(Literal::Null) => values,
        Some(_) if values.tags.is_none() => values,
        Some(default) => values.fill_null(&Value::from_literal(default)),
    }
}

#[cfg(test)]
mod tests;
