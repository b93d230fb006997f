//! What the events that take part in a window say about its slots, whatever their aggregates.

use crate::classes::{Classes, TAKEN};
use crate::context::Context;
use crate::summary::PaneSummary;
use crate::totals::{Rows, totals};
use featc_ir::{ErrorCode, Status};
use featr_kernels::Tag;

/// How many events have a class, before each row and after the last.
fn prefix(of: &[u8], wanted: u8) -> Vec<u32> {
    let mut counts = Vec::with_capacity(of.len() + 1);
    let mut count = 0;
    counts.push(count);
    counts.extend(of.iter().map(|class| {
        count += u32::from(*class == wanted);
        count
    }));
    counts
}

/// What the events that take part in a window say about its slots, whatever their aggregates. One entry per question.
#[derive(Debug)]
pub(super) struct Taken {
    /// How many take part.
    pub counts: Vec<u32>,
    /// The least error, `Empty` where nothing takes part, else `Ok`.
    pub statuses: Vec<Status>,
    /// Null where the status is not `Ok`.
    pub tags: Option<Vec<u8>>,
    /// Null where the status is an error.
    pub error_tags: Option<Vec<u8>>,
}

impl Taken {
    pub fn new(context: &Context<'_>, frame: usize, classes: &Classes) -> Taken {
        let of_summary = |class: u8| move |summary: &PaneSummary| summary.counts(classes.key)[usize::from(class)];
        let counts = match &classes.of {
            None => totals(context, frame, &Rows, of_summary(TAKEN)),
            Some(of) => totals(context, frame, prefix(of, TAKEN).as_slice(), of_summary(TAKEN)),
        };
        let status = |count: &u32| if *count == 0 { Status::Empty } else { Status::Ok };
        let mut statuses: Vec<Status> = counts.iter().map(status).collect();
        let mut error_tags = None;
        if let (true, Some(of)) = (classes.has_errors, &classes.of) {
            // The least code is put last, and stays.
            for code in ErrorCode::ALL.into_iter().rev() {
                let errors = prefix(of, code as u8);
                if errors.last() == Some(&0) && context.run.summaries.is_empty() {
                    continue;
                }
                let errors = totals(context, frame, errors.as_slice(), of_summary(code as u8));
                for (status, errors) in statuses.iter_mut().zip(errors) {
                    if errors > 0 {
                        *status = Status::Error(code);
                    }
                }
            }
            error_tags = tags(&statuses, |status| matches!(status, Status::Error(_)));
        }
        Taken {
            tags: tags(&statuses, |status| status != Status::Ok),
            counts,
            statuses,
            error_tags,
        }
    }
}

/// Null where the status says so; nothing where it never does.
pub(super) fn tags(statuses: &[Status], null: impl Fn(Status) -> bool) -> Option<Vec<u8>> {
    let tag = |status: &Status| if null(*status) { Tag::NULL } else { Tag::VALID };
    let tags: Vec<u8> = statuses.iter().map(tag).collect();
    tags.contains(&Tag::NULL).then_some(tags)
}
