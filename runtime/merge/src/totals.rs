//! Totals of what lies in windows, of anything that can be added and taken back exactly: the difference of two prefix
//! totals, less the holes; for crowded entities a running total that follows the tape. Packs add theirs to the rows that
//! they stand at.

use super::Context;
use super::pack::Pack;
use featr_kernels::exact::{ExactSum, PrefixExact, Specials, Wide};

/// Totals of ranges of rows.
pub(super) trait Prefix {
    type Total: Clone;

    /// The total of the rows `low..high`, where `low ≤ high`.
    fn between(&self, low: u32, high: u32) -> Self::Total;

    fn add(total: &mut Self::Total, more: &Self::Total);

    /// Takes back what was added.
    fn subtract(total: &mut Self::Total, less: &Self::Total);
}

/// Counts all rows.
pub(super) struct Rows;

impl Prefix for Rows {
    type Total = u32;

    #[inline]
    fn between(&self, low: u32, high: u32) -> u32 {
        high - low
    }

    fn add(total: &mut u32, more: &u32) {
        *total += more;
    }

    fn subtract(total: &mut u32, less: &u32) {
        *total -= less;
    }
}

/// Counts, before each row and after the last.
impl Prefix for [u32] {
    type Total = u32;

    #[inline]
    fn between(&self, low: u32, high: u32) -> u32 {
        self[high as usize] - self[low as usize]
    }

    fn add(total: &mut u32, more: &u32) {
        *total += more;
    }

    fn subtract(total: &mut u32, less: &u32) {
        *total -= less;
    }
}

/// Sums in fixed point.
impl Prefix for [i128] {
    type Total = i128;

    #[inline]
    fn between(&self, low: u32, high: u32) -> i128 {
        self[high as usize].wrapping_sub(self[low as usize])
    }

    fn add(total: &mut i128, more: &i128) {
        *total = total.wrapping_add(*more);
    }

    fn subtract(total: &mut i128, less: &i128) {
        *total = total.wrapping_sub(*less);
    }
}

/// Sums of squares in fixed point.
impl Prefix for [Wide] {
    type Total = Wide;

    #[inline]
    fn between(&self, low: u32, high: u32) -> Wide {
        let mut total = self[high as usize];
        total.subtract(self[low as usize]);
        total
    }

    fn add(total: &mut Wide, more: &Wide) {
        total.add(*more);
    }

    fn subtract(total: &mut Wide, less: &Wide) {
        total.subtract(*less);
    }
}

/// Counts of NaNs and infinities.
impl Prefix for [Specials] {
    type Total = Specials;

    fn between(&self, low: u32, high: u32) -> Specials {
        let mut total = self[high as usize];
        total.subtract(self[low as usize]);
        total
    }

    fn add(total: &mut Specials, more: &Specials) {
        total.add(*more);
    }

    fn subtract(total: &mut Specials, less: &Specials) {
        total.subtract(*less);
    }
}

/// Sums of any width.
impl Prefix for PrefixExact {
    type Total = ExactSum;

    fn between(&self, low: u32, high: u32) -> ExactSum {
        self.range(low as usize..high as usize)
    }

    fn add(total: &mut ExactSum, more: &ExactSum) {
        total.combine(more);
    }

    fn subtract(total: &mut ExactSum, less: &ExactSum) {
        total.subtract(less);
    }
}

/// Totals of rows and of the packs that stand at some of them.
struct Packed<'a, P: Prefix + ?Sized> {
    rows: &'a P,
    /// Where packs stand.
    at: Vec<u32>,
    /// Of the packs before each, and of all.
    before: Vec<P::Total>,
}

impl<'a, P: Prefix + ?Sized> Packed<'a, P> {
    fn new(context: &Context<'_>, rows: &'a P, of_pack: impl Fn(&Pack) -> P::Total) -> Packed<'a, P> {
        let packs = &context.run.packs;
        let mut total = rows.between(0, 0);
        let mut before = vec![total.clone()];
        for (_, pack) in packs {
            P::add(&mut total, &of_pack(pack));
            before.push(total.clone());
        }
        let at = packs.iter().map(|(row, _)| *row).collect();
        Packed { rows, at, before }
    }
}

impl<P: Prefix + ?Sized> Prefix for Packed<'_, P> {
    type Total = P::Total;

    fn between(&self, low: u32, high: u32) -> P::Total {
        let place = |row: u32| self.at.partition_point(|at| *at < row);
        let (first, end) = (place(low), place(high));
        let mut total = self.rows.between(low, high);
        if first < end {
            P::add(&mut total, &self.before[end]);
            P::subtract(&mut total, &self.before[first]);
        }
        total
    }

    fn add(total: &mut P::Total, more: &P::Total) {
        P::add(total, more);
    }

    fn subtract(total: &mut P::Total, less: &P::Total) {
        P::subtract(total, less);
    }
}

/// The total of what each question sees in a window: rows, and packs, whose totals `of_pack` gives.
pub(super) fn totals<P: Prefix + ?Sized>(
    context: &Context<'_>,
    reach: usize,
    prefix: &P,
    of_pack: impl Fn(&Pack) -> P::Total,
) -> Vec<P::Total> {
    if context.run.packs.is_empty() {
        of_rows(context, reach, prefix)
    } else {
        of_rows(context, reach, &Packed::new(context, prefix, of_pack))
    }
}

/// As [`totals`], where there are no packs.
pub(super) fn of_rows<P: Prefix + ?Sized>(context: &Context<'_>, reach: usize, prefix: &P) -> Vec<P::Total> {
    let spans = context.spans(reach);
    let of = |(low, high): (&u32, &u32)| prefix.between(*low, *high);
    let mut totals: Vec<P::Total> = spans.low.iter().zip(&*spans.high).map(of).collect();
    let holes = context.holes(reach);
    for question in holes.questions.iter().map(|question| *question as usize) {
        for row in holes.rows.get(question) {
            if spans.contain(question, *row) {
                P::subtract(&mut totals[question], &prefix.between(*row, *row + 1));
            }
        }
    }
    let Some(tape) = context.tape(reach) else {
        return totals;
    };
    for group in context.sight.crowded(context.questions) {
        let mut inside = prefix.between(group.events.start, group.events.start);
        for question in group.questions.clone() {
            for (start, end) in tape.enter(question) {
                P::add(&mut inside, &prefix.between(*start, *end));
            }
            for (start, end) in tape.leave(question) {
                P::subtract(&mut inside, &prefix.between(*start, *end));
            }
            totals[question] = inside.clone();
        }
    }
    totals
}
