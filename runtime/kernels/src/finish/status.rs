//! Statuses of features, a column at a time.

use crate::column::{Column, Tag};
use featc_ir::Status;

/// Per question `Truncated`, or else `Missing`, or else `Ok`; `None` if all are `Ok`.
pub(super) fn around(times: &[i64], present: &[bool], truncated_before: Option<i128>) -> Option<Vec<Status>> {
    // A bound beyond the instants is greater than all of them; one at their start than none.
    let last = |bound: i128| i64::try_from(bound - 1).ok().or((bound > 0).then_some(i64::MAX));
    let truncated_until = truncated_before.and_then(last);
    let status = |(time, present): (&i64, &bool)| {
        if truncated_until.is_some_and(|last| *time <= last) {
            Status::Truncated
        } else if *present {
            Status::Ok
        } else {
            Status::Missing
        }
    };
    let around: Vec<Status> = times.iter().zip(present).map(status).collect();
    any(&around, |status| !matches!(status, Status::Ok)).then_some(around)
}

/// `statuses` are those of [`merge_statuses`], `around` those of [`around`]; an error among the values of which no slot
/// knows is one of the expression.
pub(super) fn settle(statuses: &mut [Status], values: &Column, around: Option<&[Status]>) {
    if let Some(tags) = values.tags.as_ref().filter(|tags| any(tags, |tag| tag > Tag::NULL)) {
        for (status, tag) in statuses.iter_mut().zip(tags) {
            if let (false, Some(code)) = (is_error(*status), Tag::as_error(*tag)) {
                *status = Status::Error(code);
            }
        }
    }
    let Some(around) = around else { return };
    if any(statuses, is_error) {
        for (status, around) in statuses.iter_mut().zip(around) {
            let keeps = matches!(around, Status::Ok) | is_error(*status);
            *status = if keeps { *status } else { *around };
        }
    } else {
        for (status, around) in statuses.iter_mut().zip(around) {
            *status = if matches!(around, Status::Ok) { *status } else { *around };
        }
    }
}

/// Whether one of the items is so; all are looked at, without a branch.
#[inline]
pub(super) fn any<T: Copy>(items: &[T], so: impl Fn(T) -> bool) -> bool {
    items.iter().fold(false, |any, item| any | so(*item))
}

#[inline]
pub(super) fn is_error(status: Status) -> bool {
    matches!(status, Status::Error(_))
}

/// The worst error among slots; `Empty` if all are; else `Ok`. Slots have no other statuses.
pub(super) fn merge_statuses<'a>(mut slots: impl Iterator<Item = &'a Vec<Status>>, rows: usize) -> Vec<Status> {
    let Some(first) = slots.next() else {
        return vec![Status::Ok; rows];
    };
    let mut merged = first.clone();
    for statuses in slots {
        for (merged, status) in merged.iter_mut().zip(statuses) {
            *merged = match (*merged, *status) {
                (Status::Error(left), Status::Error(right)) => Status::Error(left.max(right)),
                (error @ Status::Error(_), _) | (_, error @ Status::Error(_)) => error,
                (Status::Empty, Status::Empty) => Status::Empty,
                (_, _) => Status::Ok,
            };
        }
    }
    merged
}

/// The worst of the inputs and of the errors among the values.
pub(super) fn derived_statuses(inputs: &[&(Column, Vec<Status>)], values: &Column, rows: usize) -> Vec<Status> {
    let mut statuses = vec![Status::Ok; rows];
    for (_, of_input) in inputs {
        for (status, other) in statuses.iter_mut().zip(of_input) {
            *status = (*status).max(*other);
        }
    }
    for (status, tag) in statuses.iter_mut().zip(values.tags.iter().flatten()) {
        if let Some(code) = Tag::as_error(*tag) {
            *status = (*status).max(Status::Error(code));
        }
    }
    statuses
}
