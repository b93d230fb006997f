//! From slot values to features: status, `stale`, default, derived expressions. Both engines end here.
//!
//! Per aggregate feature, in this order (later lines win where they set the status):
//!
//! 1. value = the feature's expression over its slots' values;
//! 2. status `empty` if every slot is empty, else `ok`;
//! 3. `missing` if the entity had no event within the retention; `truncated` if the window reaches before `begins`;
//! 4. `error(c)` and null if a slot is an error (the worst) or else the expression is one;
//! 5. `stale` and null if the pipeline is further behind than `ttl`;
//! 6. a null value becomes the default; the status stays.
//!
//! A derived feature is an expression over final values; its status is the worst of its inputs and its own error.

use crate::column::{Batch, Column, Tag};
use crate::eval;
use crate::value::Value;
use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, FoldSpec};
use featc_ir::{ErrorCode, Expr, ExprKind, Literal, Status, Truth, Window, WindowKind};

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
/// for each *output* feature of the spec, in its order.
pub fn finish(spec: &FinishSpec, fold: &FoldSpec, answers: &Answers<'_>, truth: Truth) -> Vec<(Column, Vec<Status>)> {
    debug_assert_eq!(answers.slots.len(), fold.slots.len());
    let mut done: Vec<(Column, Vec<Status>)> = Vec::with_capacity(spec.features.len());
    for feature in &spec.features {
        let (values, statuses) = match &feature.kind {
            FinishKind::Aggregate {
                slots,
                expr,
                presence,
                window,
                ttl_us,
            } => {
                let inputs: Vec<&(Column, Vec<Status>)> =
                    slots.iter().map(|slot| &answers.slots[*slot as usize]).collect();
                let present = &answers.presence[*presence as usize];
                let stale = is_stale(spec, *ttl_us, truth);
                aggregate(
                    &inputs,
                    expr,
                    answers.times,
                    present,
                    truncated_before(window, spec.begins_us),
                    stale,
                )
            }
            FinishKind::Derived { inputs, expr } => {
                let inputs: Vec<&(Column, Vec<Status>)> = inputs.iter().map(|input| &done[*input as usize]).collect();
                derive(&inputs, expr, answers.times.len())
            }
        };
        done.push((fill_default(values, feature), statuses));
    }
    let outputs = spec.features.iter().zip(done).filter(|(feature, _)| feature.output);
    outputs.map(|(_, result)| result).collect()
}

/// The same for one question and one aggregate feature's status, from scalars, as the list above reads.
pub fn aggregate_status(
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

/// Whether the frontier lag exceeds the circuit breaker. In truth `complete` there is no lag.
fn is_stale(spec: &FinishSpec, ttl_us: Option<u64>, truth: Truth) -> bool {
    match (ttl_us, truth.delay_us(spec.source_delay_us)) {
        (Some(ttl_us), Some(delay_us)) => delay_us > ttl_us,
        (Some(_), None) | (None, _) => false,
    }
}

/// Questions with `t` below this bound see a window that reaches before `begins`.
fn truncated_before(window: &Window, begins_us: Option<i64>) -> Option<i128> {
    match (window.kind, begins_us) {
        // (t − length, t] holds an instant before begins iff t − length + 1 < begins.
        (WindowKind::Last { length_us }, Some(begins_us)) => Some(i128::from(begins_us) + i128::from(length_us) - 1),
        (WindowKind::Last { .. }, None) | (WindowKind::Lifetime, _) => None,
    }
}

fn aggregate(
    slots: &[&(Column, Vec<Status>)],
    expr: &Expr,
    times: &[i64],
    present: &[bool],
    truncated_before: Option<i128>,
    stale: bool,
) -> (Column, Vec<Status>) {
    let mut values = evaluate(slots, expr, times.len(), true);
    let mut statuses = Vec::with_capacity(times.len());
    let mut row_slots = Vec::with_capacity(slots.len());
    for (row, time) in times.iter().enumerate() {
        row_slots.clear();
        row_slots.extend(slots.iter().map(|(_, statuses)| statuses[row]));
        let error = values.tags.as_ref().and_then(|tags| Tag::as_error(tags[row]));
        let truncated = truncated_before.is_some_and(|bound| i128::from(*time) < bound);
        statuses.push(aggregate_status(&row_slots, error, present[row], truncated, stale));
    }
    let null = |status: &Status| matches!(status, Status::Error(_) | Status::Stale);
    nullify(&mut values, statuses.iter().map(null));
    (values, statuses)
}

fn derive(inputs: &[&(Column, Vec<Status>)], expr: &Expr, rows: usize) -> (Column, Vec<Status>) {
    let mut values = evaluate(inputs, expr, rows, false);
    let mut statuses = vec![Status::Ok; rows];
    for (_, of_input) in inputs {
        for (status, other) in statuses.iter_mut().zip(of_input) {
            *status = (*status).max(*other);
        }
    }
    if let Some(tags) = &values.tags {
        for (status, tag) in statuses.iter_mut().zip(tags) {
            if let Some(code) = Tag::as_error(*tag) {
                *status = (*status).max(Status::Error(code));
            }
        }
        let failed: Vec<bool> = tags.iter().map(|tag| Tag::as_error(*tag).is_some()).collect();
        nullify(&mut values, failed.into_iter());
    }
    (values, statuses)
}

/// The expression over the inputs' values; with `strip`, an error tag among them reads as null.
fn evaluate(inputs: &[&(Column, Vec<Status>)], expr: &Expr, rows: usize, strip: bool) -> Column {
    let stripped = |column: &Column| {
        let mut column = column.clone();
        if strip && let Some(tags) = &mut column.tags {
            tags.iter_mut().for_each(|tag| *tag = (*tag).min(Tag::NULL));
        }
        column
    };
    if let ExprKind::Column(id) = expr.kind {
        return stripped(&inputs[id.index()].0);
    }
    let columns = inputs.iter().map(|(column, _)| stripped(column)).collect();
    eval::eval(expr, &Batch { rows, columns })
}

/// Makes rows null.
fn nullify(column: &mut Column, rows: impl ExactSizeIterator<Item = bool>) {
    let count = rows.len();
    for (row, null) in rows.enumerate() {
        if null {
            column.tags.get_or_insert_with(|| vec![Tag::VALID; count])[row] = Tag::NULL;
        }
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
