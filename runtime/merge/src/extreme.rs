//! `min` and `max`: all frames that end alike share one monotone stack. Its rows, from the bottom, are each beaten by none
//! that came later, so the winner of a span is the first of them that lies in it. Where that one is excluded, in crowded
//! entities, and where spans may start earlier than the one before, a tree of winners says who is next.

use crate::classes::Classes;
use crate::context::Context;
use crate::nearest::NONE;
use crate::run::Spans;
use featc_ir::Slot;
use featr_kernels::Data;
use std::cmp::Ordering;
use std::ops::Range;

/// For each of the frames, which end alike, for each question the row of the winner, or [`NONE`]. `wins`: how its value stands to
/// others.
pub(super) fn winners(
    context: &Context<'_>,
    (slot, wins): (&Slot, Ordering),
    classes: &Classes,
    frames: &[usize],
) -> Vec<Vec<u32>> {
    let Some(lift) = slot.argument else {
        return frames.iter().map(|_| vec![NONE; context.questions.len()]).collect();
    };
    // Equal values have equal bits: which of them wins is not to be seen.
    let search = Search {
        context,
        classes,
        frames,
    };
    match &context.lift(lift).data {
        Data::Bool(v) => search.ordered(wins, |row| v[row as usize]),
        Data::I64(v) => search.ordered(wins, |row| v[row as usize]),
        Data::F64(v) => search.ordered(wins, |row| float_key(v[row as usize])),
        Data::I128(v) => search.ordered(wins, |row| v[row as usize]),
        Data::Str(v) => search.ordered(wins, |row| v.get(row as usize)),
    }
}

/// An integer in whose order canonical floats are: NaN is greatest.
#[inline]
fn float_key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

struct Search<'a> {
    context: &'a Context<'a>,
    classes: &'a Classes,
    frames: &'a [usize],
}

impl Search<'_> {
    fn ordered<K: Ord + Copy>(&self, wins: Ordering, key: impl Fn(u32) -> K + Copy) -> Vec<Vec<u32>> {
        if wins == Ordering::Less {
            self.run(key, |left: K, right: K| left < right)
        } else {
            self.run(key, |left: K, right: K| left > right)
        }
    }

    fn run<K: Copy>(&self, key: impl Fn(u32) -> K + Copy, wins: impl Fn(K, K) -> bool + Copy) -> Vec<Vec<u32>> {
        let beats = |left, right| wins(key(left), key(right));
        let monotone = |frame: &usize| self.context.spans(*frame).monotone;
        let mut found = if !self.frames.iter().all(monotone) {
            self.frames.iter().map(|frame| self.by_tree(*frame, beats)).collect()
        } else if self.classes.all() {
            self.by_stack(|_| true, key, wins)
        } else {
            self.by_stack(|row| self.classes.takes(row as usize), key, wins)
        };
        for (frame, found) in self.frames.iter().zip(&mut found) {
            self.around_exclusions(*frame, found, beats);
        }
        self.crowded(&mut found, beats);
        found
    }

    /// Without a thought for exclusions.
    fn by_stack<K: Copy>(
        &self,
        takes: impl Fn(u32) -> bool,
        key: impl Fn(u32) -> K,
        wins: impl Fn(K, K) -> bool,
    ) -> Vec<Vec<u32>> {
        let context = self.context;
        let spans: Vec<&Spans> = self.frames.iter().map(|frame| context.spans(*frame)).collect();
        let mut found = vec![vec![NONE; context.questions.len()]; spans.len()];
        let mut stack: Vec<u32> = vec![];
        let mut more: Vec<u32> = vec![];
        for group in &context.questions.groups {
            stack.clear();
            let (mut next, mut bottom) = (group.events.start, 0);
            for question in group.questions.clone() {
                let starts = spans.iter().map(|spans| spans.low[question]);
                let (Some(least), high) = (starts.min(), spans[0].high[question]) else {
                    continue;
                };
                let from = next.max(least);
                next = next.max(high);
                if let Some(best) = chain(from..high, &mut more, &takes, &key, &wins) {
                    while stack.len() > bottom && !wins(key(stack[stack.len() - 1]), best) {
                        stack.pop();
                    }
                    stack.extend(more.iter().rev());
                }
                // What lies before all spans is gone for good.
                bottom = first_from(&stack, bottom, least);
                for (spans, found) in spans.iter().zip(&mut found) {
                    let at = first_from(&stack, bottom, spans.low[question]);
                    found[question] = stack.get(at).copied().unwrap_or(NONE);
                }
            }
        }
        found
    }

    /// The same where spans start anywhere.
    fn by_tree(&self, frame: usize, beats: impl Fn(u32, u32) -> bool) -> Vec<u32> {
        let (context, spans) = (self.context, self.context.spans(frame));
        let mut found = vec![NONE; context.questions.len()];
        let mut tree = Winners::new(&beats);
        for group in &context.questions.groups {
            tree.clear(group.events.clone());
            tree.fill(|row| self.classes.takes(row as usize));
            for question in group.questions.clone() {
                found[question] = tree.best(spans.low[question], spans.high[question]);
            }
        }
        found
    }

    /// Looks again where the winner is excluded.
    fn around_exclusions(&self, frame: usize, found: &mut [u32], beats: impl Fn(u32, u32) -> bool) {
        /// Spans of so many rows are searched one by one.
        const FEW: u32 = 64;
        let (context, spans, exclusions) = (self.context, self.context.spans(frame), self.context.exclusions(frame));
        let takes = |row: u32| self.classes.takes(row as usize);
        let mut tree = Winners::new(&beats);
        let mut filled = None;
        let mut groups = context.questions.groups.iter().enumerate().peekable();
        for question in exclusions.questions.iter().map(|question| *question as usize) {
            let left_out = exclusions.rows.get(question);
            if found[question] == NONE || left_out.binary_search(&found[question]).is_err() {
                continue;
            }
            let (low, high) = (spans.low[question], spans.high[question]);
            if high - low <= FEW {
                let rows = (low..high).filter(|row| takes(*row) && left_out.binary_search(row).is_err());
                found[question] = rows.reduce(|best, row| tree.better(best, row)).unwrap_or(NONE);
                continue;
            }
            while groups.next_if(|(_, group)| group.questions.end <= question).is_some() {}
            if let Some((number, group)) = groups.peek()
                && filled != Some(*number)
            {
                filled = Some(*number);
                tree.clear(group.events.clone());
                tree.fill(takes);
            }
            found[question] = tree.best_around(low..high, left_out);
        }
    }

    /// Crowded entities: the tree takes in what arrives.
    fn crowded(&self, found: &mut [Vec<u32>], beats: impl Fn(u32, u32) -> bool) {
        let context = self.context;
        let mut tree = Winners::new(&beats);
        for group in context.visibility.crowded(context.questions) {
            tree.clear(group.events.clone());
            for question in group.questions.clone() {
                let fresh = context.fresh(question).iter();
                fresh
                    .filter(|row| self.classes.takes(**row as usize))
                    .for_each(|row| tree.add(*row));
                for (frame, found) in self.frames.iter().zip(found.iter_mut()) {
                    let (spans, own) = (context.spans(*frame), context.own(*frame, question));
                    found[question] = tree.best_around(spans.low[question]..spans.high[question], own);
                }
            }
        }
    }
}

/// Puts into `chain` the rows, from the last to the first, that beat all later ones, and returns the best value, if any.
/// No branch depends on the values.
#[inline]
fn chain<K: Copy>(
    rows: Range<u32>,
    chain: &mut Vec<u32>,
    takes: impl Fn(u32) -> bool,
    key: impl Fn(u32) -> K,
    wins: impl Fn(K, K) -> bool,
) -> Option<K> {
    chain.clear();
    chain.resize(rows.len(), 0);
    let last = rows.end.checked_sub(1).filter(|_| !rows.is_empty())?;
    let (mut best, mut len) = (key(last), 0);
    for row in rows.rev() {
        let value = key(row);
        let better = takes(row) & ((len == 0) | wins(value, best));
        chain[len] = row;
        len += usize::from(better);
        best = if better { value } else { best };
    }
    chain.truncate(len);
    (len > 0).then_some(best)
}

/// The first place from `at` on whose row is not before `low`.
#[inline]
fn first_from(stack: &[u32], at: usize, low: u32) -> usize {
    /// So many rows are counted rather than searched.
    const COUNTED: usize = 12;
    let rest = &stack[at..];
    if rest.len() <= COUNTED {
        at + rest.iter().map(|row| usize::from(*row < low)).sum::<usize>()
    } else {
        at + rest.partition_point(|row| *row < low)
    }
}

/// A bottom-up binary tree over the rows of one entity: leaf `i` at `leaves + i`, node `n` the winner of `2n`, `2n + 1`.
struct Winners<F> {
    nodes: Vec<u32>,
    start: u32,
    beats: F,
}

impl<F: Fn(u32, u32) -> bool> Winners<F> {
    fn new(beats: F) -> Winners<F> {
        Winners {
            nodes: vec![],
            start: 0,
            beats,
        }
    }

    fn clear(&mut self, rows: Range<u32>) {
        self.nodes.clear();
        self.nodes.resize(2 * rows.len(), NONE);
        self.start = rows.start;
    }

    fn better(&self, left: u32, right: u32) -> u32 {
        if left == NONE || (right != NONE && (self.beats)(right, left)) {
            right
        } else {
            left
        }
    }

    fn fill(&mut self, takes: impl Fn(u32) -> bool) {
        let leaves = self.nodes.len() / 2;
        for (row, leaf) in (self.start..).zip(&mut self.nodes[leaves..]) {
            *leaf = if takes(row) { row } else { NONE };
        }
        for node in (1..leaves).rev() {
            self.nodes[node] = self.better(self.nodes[2 * node], self.nodes[2 * node + 1]);
        }
    }

    fn add(&mut self, row: u32) {
        let mut node = self.nodes.len() / 2 + (row - self.start) as usize;
        self.nodes[node] = row;
        while node > 1 {
            node /= 2;
            let winner = self.better(self.nodes[2 * node], self.nodes[2 * node + 1]);
            if self.nodes[node] == winner {
                return;
            }
            self.nodes[node] = winner;
        }
    }

    /// The winner among the rows `low..high`.
    fn best(&self, low: u32, high: u32) -> u32 {
        let leaves = self.nodes.len() / 2;
        let (mut left, mut right) = (
            leaves + (low - self.start) as usize,
            leaves + (high - self.start) as usize,
        );
        let mut best = NONE;
        if low >= high {
            return best;
        }
        while left < right {
            if left % 2 == 1 {
                best = self.better(best, self.nodes[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                best = self.better(best, self.nodes[right]);
            }
            left /= 2;
            right /= 2;
        }
        best
    }

    /// The winner among the rows of a span that are none of the `exclusions`, which ascend.
    fn best_around(&self, span: Range<u32>, exclusions: &[u32]) -> u32 {
        let (mut low, mut best) = (span.start, NONE);
        let first = exclusions.partition_point(|exclusion| *exclusion < span.start);
        for exclusion in exclusions[first..]
            .iter()
            .take_while(|exclusion| **exclusion < span.end)
        {
            best = self.better(best, self.best(low, *exclusion));
            low = *exclusion + 1;
        }
        self.better(best, self.best(low, span.end))
    }
}
