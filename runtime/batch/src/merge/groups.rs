//! Aggregates with exact inverses follow the tape: add what enters, subtract what leaves.

use super::classes::Classes;
use super::run::Run;
use super::{Context, argument_type, nullable};
use featc_ir::{Aggregate, ErrorCode, Slot, Status, Type};
use featr_kernels::aggregate::State;
use featr_kernels::exact::ExactSum;
use featr_kernels::{Column, Data};

/// Whether a slot goes through [`by_states`], which serves every group and knows no shortcut.
pub(super) fn is_generic(run: &Run, slot: &Slot) -> bool {
    match slot.aggregate {
        Aggregate::Sum | Aggregate::Mean => !matches!(argument_type(run, slot), Some(Type::Int64 | Type::Float64)),
        Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => true,
        Aggregate::Count
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::First { .. }
        | Aggregate::Last { .. }
        | Aggregate::CountDistinct { .. }
        | Aggregate::TimeSinceLast => false,
    }
}

/// By the kernels' states, which classify the rows themselves.
pub(super) fn by_states(context: &Context<'_>, slot: &Slot) -> (Column, Vec<Status>) {
    let argument = argument_type(context.run, slot);
    let events = &context.run.events;
    let mut column = Column::empty(slot.ty);
    let mut statuses = Vec::with_capacity(context.questions.len());
    let Some(tape) = context.tape(slot.window.index()) else {
        return (
            Column::new(slot.ty, context.questions.len()),
            vec![Status::Empty; context.questions.len()],
        );
    };
    for group in &context.questions.groups {
        let mut state = State::identity(slot.aggregate, argument);
        for question in group.questions.clone() {
            for (start, end) in tape.enter(question) {
                state.fold(slot, events, *start as usize..*end as usize);
            }
            let leave = tape.leave(question);
            if !leave.is_empty() {
                let mut gone = State::identity(slot.aggregate, argument);
                for (start, end) in leave {
                    gone.fold(slot, events, *start as usize..*end as usize);
                }
                state.subtract(&gone);
            }
            let (value, status) = state.lower(slot, argument, context.questions.times[question]);
            column.push(&value);
            statuses.push(status);
        }
    }
    (column, statuses)
}

/// `count`, by prefix counts.
pub(super) fn count(context: &Context<'_>, slot: &Slot, class: usize) -> (Column, Vec<Status>) {
    let counts = counts(context, slot, class);
    let statuses = counts
        .iter()
        .map(|count| if *count == 0 { Status::Empty } else { Status::Ok })
        .collect();
    let data = Data::I64(counts.into_iter().map(i64::from).collect());
    (
        Column {
            ty: slot.ty,
            data,
            tags: None,
        },
        statuses,
    )
}

/// How many events take part, per question.
fn counts(context: &Context<'_>, slot: &Slot, class: usize) -> Vec<u32> {
    let mut counts = vec![0u32; context.questions.len()];
    let Some(tape) = context.tape(slot.window.index()) else {
        return counts;
    };
    let classes = &context.classes[class];
    let prefix = if classes.all_taken { vec![] } else { classes.counts() };
    let of = |(start, end): &(u32, u32)| {
        if classes.all_taken {
            end - start
        } else {
            prefix[*end as usize] - prefix[*start as usize]
        }
    };
    for group in &context.questions.groups {
        let mut inside = 0u32;
        for question in group.questions.clone() {
            inside += tape.enter(question).iter().map(of).sum::<u32>();
            inside -= tape.leave(question).iter().map(of).sum::<u32>();
            counts[question] = inside;
        }
    }
    counts
}

/// `sum` and `mean` of integers and floats.
pub(super) fn sum(context: &Context<'_>, slot: &Slot, class: usize) -> (Column, Vec<Status>) {
    let counts = counts(context, slot, class);
    let classes = &context.classes[class];
    match slot.argument.map(|lift| &context.lift(lift).data) {
        Some(Data::I64(values)) if slot.aggregate == Aggregate::Sum => {
            let sums = integer_sums(context, slot, classes, values);
            finish_all(
                slot,
                &counts,
                |question| i64::try_from(sums[question]).map_err(|_| ErrorCode::Overflow),
                Data::I64,
            )
        }
        Some(Data::I64(values)) => {
            let sums = integer_sums(context, slot, classes, values);
            let mean = |question: usize| {
                let mut sum = ExactSum::new();
                sum.add_i128(sums[question]);
                Ok(sum.div_round(u64::from(counts[question])))
            };
            finish_all(slot, &counts, mean, Data::F64)
        }
        Some(Data::F64(values)) => {
            let mean = slot.aggregate == Aggregate::Mean;
            let sums = float_sums(context, slot, classes, values, |sum, question| {
                sum.div_round(if mean { u64::from(counts[question]) } else { 1 })
            });
            finish_all(slot, &counts, |question| Ok(sums[question]), Data::F64)
        }
        Some(Data::Bool(_) | Data::I128(_) | Data::Str(_)) | None => by_states(context, slot),
    }
}

/// Values where something was folded, `empty` and null elsewhere.
fn finish_all<T: Default>(
    slot: &Slot,
    counts: &[u32],
    value: impl Fn(usize) -> Result<T, ErrorCode>,
    data: impl Fn(Vec<T>) -> Data,
) -> (Column, Vec<Status>) {
    let mut values = Vec::with_capacity(counts.len());
    let mut statuses = Vec::with_capacity(counts.len());
    let mut valid = Vec::with_capacity(counts.len());
    for (question, count) in counts.iter().enumerate() {
        let (value, status) = if *count == 0 {
            (None, Status::Empty)
        } else {
            match value(question) {
                Ok(value) => (Some(value), Status::Ok),
                Err(code) => (None, Status::Error(code)),
            }
        };
        valid.push(value.is_some());
        values.push(value.unwrap_or_default());
        statuses.push(status);
    }
    (nullable(slot.ty, data(values), &valid), statuses)
}

/// Sums by prefix sums of 128 bits: 2^32 values of 64 bits fit.
fn integer_sums(context: &Context<'_>, slot: &Slot, classes: &Classes, values: &[i64]) -> Vec<i128> {
    let mut sums = vec![0i128; context.questions.len()];
    let Some(tape) = context.tape(slot.window.index()) else {
        return sums;
    };
    let mut prefix = Vec::with_capacity(values.len() + 1);
    let mut total = 0i128;
    prefix.push(total);
    for (row, value) in values.iter().enumerate() {
        total += if classes.takes(row) { i128::from(*value) } else { 0 };
        prefix.push(total);
    }
    let of = |(start, end): &(u32, u32)| prefix[*end as usize] - prefix[*start as usize];
    for group in &context.questions.groups {
        let mut inside = 0i128;
        for question in group.questions.clone() {
            inside += tape.enter(question).iter().map(of).sum::<i128>();
            inside -= tape.leave(question).iter().map(of).sum::<i128>();
            sums[question] = inside;
        }
    }
    sums
}

/// What `read` makes of the exact sum at each question.
fn float_sums(
    context: &Context<'_>,
    slot: &Slot,
    classes: &Classes,
    values: &[f64],
    read: impl Fn(&ExactSum, usize) -> f64,
) -> Vec<f64> {
    let mut sums = vec![0.0; context.questions.len()];
    let Some(tape) = context.tape(slot.window.index()) else {
        return sums;
    };
    for group in &context.questions.groups {
        let mut inside = ExactSum::new();
        for question in group.questions.clone() {
            for row in tape
                .enter(question)
                .iter()
                .flat_map(|(start, end)| *start as usize..*end as usize)
            {
                if classes.takes(row) {
                    inside.add_f64(values[row]);
                }
            }
            for row in tape
                .leave(question)
                .iter()
                .flat_map(|(start, end)| *start as usize..*end as usize)
            {
                if classes.takes(row) {
                    inside.subtract_f64(values[row]);
                }
            }
            sums[question] = read(&inside, question);
        }
    }
    sums
}
