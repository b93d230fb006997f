//! For each frame the rows that lie in it.

use crate::last;
use crate::questions::Questions;
use crate::run::{Frame, Lists, Rows, Run, Spans};
use crate::visibility::Visibility;
use featc_ir::Bounds;
use std::rc::Rc;

/// The spans of all frames.
pub(super) fn spans(
    (run, questions): (&Run, &Questions),
    seen: (&Visibility, Option<&Lists>),
    frames: &[Frame],
) -> Vec<Spans> {
    let mut spans: Vec<Spans> = Vec::with_capacity(frames.len());
    for (at, frame) in frames.iter().enumerate() {
        let known = || frames[..at].iter().zip(&spans);
        let high = known().find(|(known, _)| known.bounds.end_as(&frame.bounds));
        let high = high.map_or_else(
            || Rc::new(seen.0.highs(run, questions, &frame.bounds)),
            |(_, spans)| spans.high.clone(),
        );
        let low = known().find(|(known, _)| known.bounds == frame.bounds && known.last.is_none());
        let low = low.map_or_else(
            || Rc::new(lows(run, questions, &frame.bounds, &high)),
            |(_, spans)| spans.low.clone(),
        );
        let low = match frame.last {
            None => low,
            Some(last) => Rc::new(last::lows((run, questions), seen, frame, last, (&low, &high))),
        };
        spans.push(Spans {
            low,
            high,
            // Where no event is the one to begin with, nothing is held; later one may be seen.
            monotone: frame.last.is_none_or(|choice| !choice.or_none && !frame.excludes_self),
        });
    }
    spans
}

/// For each question the first row within bounds.
fn lows(run: &Run, questions: &Questions, bounds: &Bounds, high: &[u32]) -> Vec<u32> {
    let mut lows = Vec::with_capacity(questions.len());
    for group in &questions.groups {
        let rows = Rows::of(&run.events.times, group);
        let mut low = group.events.start;
        for question in group.questions.clone() {
            if let Some(after) = bounds.after(questions.times[question]) {
                low = rows.after(low, after);
            }
            lows.push(low.min(high[question]));
        }
    }
    lows
}
