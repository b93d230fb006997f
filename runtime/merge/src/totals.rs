//! Totals of what lies in windows, of anything that can be added and taken back exactly: the difference of two prefix
//! totals, less those excluded; for crowded entities a running total that follows the window deltas. Pane summaries add theirs to
//! the rows that they stand at.

use crate::context::Context;
use crate::summary::PaneSummary;
use featr_kernels::exact::{ExactSum, PrefixExact, Specials, Wide};

/// What can be added and taken back exactly.
pub(super) trait Total: Clone {
    fn add(&mut self, more: &Self);
    fn subtract(&mut self, less: &Self);
}

impl Total for u32 {
    fn add(&mut self, more: &u32) {
        *self += more;
    }

    fn subtract(&mut self, less: &u32) {
        *self -= less;
    }
}

/// Sums in fixed point.
impl Total for i128 {
    fn add(&mut self, more: &i128) {
        *self = self.wrapping_add(*more);
    }

    fn subtract(&mut self, less: &i128) {
        *self = self.wrapping_sub(*less);
    }
}

/// Sums of squares in fixed point.
impl Total for Wide {
    fn add(&mut self, more: &Wide) {
        Wide::add(self, *more);
    }

    fn subtract(&mut self, less: &Wide) {
        Wide::subtract(self, *less);
    }
}

/// Counts of NaNs and infinities.
impl Total for Specials {
    fn add(&mut self, more: &Specials) {
        Specials::add(self, *more);
    }

    fn subtract(&mut self, less: &Specials) {
        Specials::subtract(self, *less);
    }
}

/// Sums of any width.
impl Total for ExactSum {
    fn add(&mut self, more: &ExactSum) {
        self.combine(more);
    }

    fn subtract(&mut self, less: &ExactSum) {
        ExactSum::subtract(self, less);
    }
}

/// Totals of ranges of rows.
pub(super) trait Prefix {
    type Total: Total;

    /// The total of the rows `low..high`, where `low ≤ high`.
    fn between(&self, low: u32, high: u32) -> Self::Total;
}

/// Counts all rows.
pub(super) struct Rows;

impl Prefix for Rows {
    type Total = u32;

    #[inline]
    fn between(&self, low: u32, high: u32) -> u32 {
        high - low
    }
}

/// Totals before each row and after the last.
impl<T: Total + Copy> Prefix for [T] {
    type Total = T;

    #[inline]
    fn between(&self, low: u32, high: u32) -> T {
        let mut total = self[high as usize];
        total.subtract(&self[low as usize]);
        total
    }
}

impl Prefix for PrefixExact {
    type Total = ExactSum;

    fn between(&self, low: u32, high: u32) -> ExactSum {
        self.range(low as usize..high as usize)
    }
}

/// Totals of rows and of the summaries that stand at some of them.
struct Summarised<'a, P: Prefix + ?Sized> {
    rows: &'a P,
    /// Where summaries stand.
    at: Vec<u32>,
    /// Of the summaries before each, and of all.
    before: Vec<P::Total>,
}

impl<'a, P: Prefix + ?Sized> Summarised<'a, P> {
    fn new(context: &Context<'_>, rows: &'a P, of_summary: impl Fn(&PaneSummary) -> P::Total) -> Summarised<'a, P> {
        let summaries = &context.run.summaries;
        let mut total = rows.between(0, 0);
        let mut before = vec![total.clone()];
        for (_, summary) in summaries {
            total.add(&of_summary(summary));
            before.push(total.clone());
        }
        let at = summaries.iter().map(|(row, _)| *row).collect();
        Summarised { rows, at, before }
    }
}

impl<P: Prefix + ?Sized> Prefix for Summarised<'_, P> {
    type Total = P::Total;

    fn between(&self, low: u32, high: u32) -> P::Total {
        let place = |row: u32| self.at.partition_point(|at| *at < row);
        let (first, end) = (place(low), place(high));
        let mut total = self.rows.between(low, high);
        if first < end {
            total.add(&self.before[end]);
            total.subtract(&self.before[first]);
        }
        total
    }
}

/// The total of what each question sees in a window: rows, and summaries, whose totals `of_summary` gives. A window that
/// chooses events chooses rows.
pub(super) fn totals<P: Prefix + ?Sized>(
    context: &Context<'_>,
    frame: usize,
    prefix: &P,
    of_summary: impl Fn(&PaneSummary) -> P::Total,
) -> Vec<P::Total> {
    if context.run.summaries.is_empty() || context.frames[frame].chooses() {
        of_rows(context, frame, prefix)
    } else {
        of_rows(context, frame, &Summarised::new(context, prefix, of_summary))
    }
}

/// As [`totals`], where there are no summaries.
pub(super) fn of_rows<P: Prefix + ?Sized>(context: &Context<'_>, frame: usize, prefix: &P) -> Vec<P::Total> {
    // Law: prefix_difference (proofs/theory/Laws.v)
    // Law: retraction (proofs/theory/Laws.v)
    let spans = context.spans(frame);
    let of = |(low, high): (&u32, &u32)| prefix.between(*low, *high);
    let mut totals: Vec<P::Total> = spans.low.iter().zip(&*spans.high).map(of).collect();
    let exclusions = context.exclusions(frame);
    for question in exclusions.questions.iter().map(|question| *question as usize) {
        for row in exclusions.rows.get(question) {
            if spans.contain(question, *row) {
                totals[question].subtract(&prefix.between(*row, *row + 1));
            }
        }
    }
    let Some(deltas) = context.deltas(frame) else {
        return totals;
    };
    for group in context.visibility.crowded(context.questions) {
        let mut inside = prefix.between(group.events.start, group.events.start);
        for question in group.questions.clone() {
            for (start, end) in deltas.enter(question) {
                inside.add(&prefix.between(*start, *end));
            }
            for (start, end) in deltas.leave(question) {
                inside.subtract(&prefix.between(*start, *end));
            }
            totals[question] = inside.clone();
        }
    }
    totals
}
