//! `first`, `last`, `time_since_last` and presence: the event nearest to an edge of the span that takes part.

use super::bits::Bits;
use super::run::{Spans, Visible};
use super::{Context, nullable};
use featc_ir::{Aggregate, ErrorCode, Slot, Status};
use featr_kernels::{Column, Data, Tag};

/// Which end of the span.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// For each question the visible row in its span nearest to an end for which `takes` holds and that is no hole,
/// or [`NONE`].
fn nearest<'a>(
    context: &'a Context<'_>,
    spans: &Spans,
    takes: impl Fn(u32) -> bool,
    holes: impl Fn(usize) -> &'a [u32],
    end: End,
) -> Vec<u32> {
    let rows = context.run.events.len();
    let mut members = Bits::new(rows);
    if matches!(context.visible, Visible::All) {
        (0..super::run::position(rows))
            .filter(|row| takes(*row))
            .for_each(|row| members.set(row));
    }
    let mut found = vec![NONE; context.questions.len()];
    for (question, found) in found.iter_mut().enumerate() {
        if let Visible::ByArrival(arrived) = &context.visible {
            arrived
                .fresh
                .get(question)
                .iter()
                .filter(|row| takes(**row))
                .for_each(|row| members.set(*row));
        }
        let (mut low, mut high) = (spans.low[question], spans.high[question]);
        while low < high {
            let candidate = match end {
                End::First => members.at_or_after(low),
                End::Last => members.at_or_before(high - 1),
            };
            let Some(candidate) = candidate.filter(|row| (low..high).contains(row)) else {
                break;
            };
            if !holes(question).contains(&candidate) {
                *found = candidate;
                break;
            }
            match end {
                End::First => low = candidate + 1,
                End::Last => high = candidate,
            }
        }
    }
    found
}

fn of_slot(context: &Context<'_>, slot: &Slot, class: usize, end: End) -> Vec<u32> {
    let window = slot.window.index();
    let classes = &context.classes[class];
    let takes = |row: u32| classes.takes(row as usize);
    nearest(
        context,
        &context.spans[window],
        takes,
        |question| context.holes(window, question),
        end,
    )
}

/// `first` and `last`.
pub(super) fn edge(context: &Context<'_>, slot: &Slot, class: usize) -> (Column, Vec<Status>) {
    let end = if matches!(slot.aggregate, Aggregate::First { .. }) {
        End::First
    } else {
        End::Last
    };
    let found = of_slot(context, slot, class, end);
    gather(context, slot, &found)
}

/// The argument at the rows found; null and `empty` at [`NONE`].
pub(super) fn gather(context: &Context<'_>, slot: &Slot, found: &[u32]) -> (Column, Vec<Status>) {
    let statuses = found
        .iter()
        .map(|row| if *row == NONE { Status::Empty } else { Status::Ok })
        .collect();
    let rows = found.iter().map(|row| *row as usize);
    let data = slot.argument.map(|lift| context.lift(lift));
    let Some(column) = data.filter(|column| !column.is_empty()) else {
        return (Column::new(slot.ty, found.len()), statuses);
    };
    let tags = found
        .iter()
        .map(|row| {
            if *row == NONE {
                Tag::NULL
            } else {
                column.tag(*row as usize)
            }
        })
        .collect();
    let data = match &column.data {
        Data::Bool(values) => Data::Bool(rows.map(|row| values.get(row).copied().unwrap_or_default()).collect()),
        Data::I64(values) => Data::I64(rows.map(|row| values.get(row).copied().unwrap_or_default()).collect()),
        Data::F64(values) => Data::F64(rows.map(|row| values.get(row).copied().unwrap_or_default()).collect()),
        Data::I128(values) => Data::I128(rows.map(|row| values.get(row).copied().unwrap_or_default()).collect()),
        Data::Str(values) => Data::Str(
            rows.map(|row| if row < values.len() { values.get(row) } else { &b""[..] })
                .collect(),
        ),
    };
    (Column::with_tags(slot.ty, data, Some(tags)), statuses)
}

pub(super) fn time_since_last(context: &Context<'_>, slot: &Slot, class: usize) -> (Column, Vec<Status>) {
    let found = of_slot(context, slot, class, End::Last);
    let rows = found.len();
    let (mut values, mut statuses, mut valid) = (vec![0i64; rows], vec![Status::Empty; rows], vec![false; rows]);
    for (question, row) in found.iter().enumerate().filter(|(_, row)| **row != NONE) {
        let since = context.questions.times[question].checked_sub(context.run.events.times[*row as usize]);
        statuses[question] = if since.is_some() {
            Status::Ok
        } else {
            Status::Error(ErrorCode::Overflow)
        };
        valid[question] = since.is_some();
        values[question] = since.unwrap_or_default();
    }
    (nullable(slot.ty, Data::I64(values), &valid), statuses)
}

/// Whether each question's entity had any visible event with τ in `(t − length, t]`.
pub(super) fn presence(context: &Context<'_>, length_us: Option<u64>) -> Vec<bool> {
    let spans = Spans::of(context.run, context.questions, length_us, false);
    if matches!(context.visible, Visible::All) {
        return spans
            .low
            .iter()
            .zip(&spans.high)
            .map(|(low, high)| low < high)
            .collect();
    }
    let found = nearest(context, &spans, |_| true, |_| &[], End::Last);
    found.iter().map(|row| *row != NONE).collect()
}
