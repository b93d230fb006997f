//! Any aggregate, by its states: along the window deltas (groups only), by folding each span, or by a
//! tree of states where spans overlap much. Events are folded, and states combined, from the earlier to the later: so their
//! identities need not be here. Summaries (`pane.rs`) are added in any order: with them what orders events is here.

use crate::context::Context;
use crate::groups::Answer;
use crate::questions::Group;
use crate::run::position;
use featc_ir::{Slot, Status};
use featr_kernels::Column;
use featr_kernels::aggregate::{State, Types};
use std::ops::Range;

/// The answers of the slot at a place.
pub(super) fn fold(context: &Context<'_>, at: usize, by_deltas: bool) -> Answer {
    let slot = &context.slots[at];
    let types = Types::over(slot, &context.run.events);
    let mut answers = Answers {
        context,
        slot,
        frame: context.frame_of[at],
        in_summaries: context.states[at],
        types,
        identity: State::identity(slot.aggregate, types),
        column: Column::empty(slot.ty),
        statuses: Vec::with_capacity(context.questions.len()),
    };
    for (number, group) in context.questions.groups.iter().enumerate() {
        if by_deltas {
            answers.along_deltas(group);
        } else if context.visibility.is_crowded(number) {
            answers.by_arrival(group);
        } else if answers.overlap(group) {
            answers.by_tree(group);
        } else {
            answers.one_by_one(group);
        }
    }
    (answers.column, answers.statuses)
}

struct Answers<'a> {
    context: &'a Context<'a>,
    slot: &'a Slot,
    frame: usize,
    /// Which of the states of a summary is the slot's.
    in_summaries: Option<usize>,
    types: Types,
    identity: State,
    column: Column,
    statuses: Vec<Status>,
}

impl Answers<'_> {
    fn put(&mut self, question: usize, state: &State) {
        let (value, status) = state.lower(self.slot, self.types, self.context.questions.times[question]);
        self.column.push(&value);
        self.statuses.push(status);
    }

    /// Adds rows, and the summaries that stand at some of them.
    fn add(&self, state: &mut State, (low, high): (u32, u32)) {
        state.fold(self.slot, &self.context.run.events, low as usize..high as usize);
        if let Some(at) = self.in_summaries {
            let summaries = self.context.run.summaries_at(low..high);
            summaries
                .iter()
                .for_each(|(_, summary)| state.combine(summary.state(at)));
        }
    }

    fn along_deltas(&mut self, group: &Group) {
        let mut state = self.identity.clone();
        for question in group.questions.clone() {
            if let Some(deltas) = self.context.deltas(self.frame) {
                deltas
                    .enter(question)
                    .iter()
                    .for_each(|rows| self.add(&mut state, *rows));
                for rows in deltas.leave(question) {
                    let mut gone = self.identity.clone();
                    self.add(&mut gone, *rows);
                    state.subtract(&gone);
                }
            }
            self.put(question, &state);
        }
    }

    fn span(&self, question: usize) -> Range<u32> {
        let spans = self.context.spans(self.frame);
        spans.low[question]..spans.high[question]
    }

    /// Whether events lie in several spans each, on average.
    fn overlap(&self, group: &Group) -> bool {
        let rows: usize = group.questions.clone().map(|question| self.span(question).len()).sum();
        rows > 8 * (group.questions.len() + group.events.len())
    }

    fn one_by_one(&mut self, group: &Group) {
        for question in group.questions.clone() {
            let mut state = self.identity.clone();
            let exclusions = self.context.exclusions(self.frame).rows.get(question);
            around(self.span(question), exclusions, |low, high| {
                self.add(&mut state, (low, high))
            });
            self.put(question, &state);
        }
    }

    fn by_tree(&mut self, group: &Group) {
        let mut tree = Tree::new(&self.identity, group.events.clone());
        for leaf in tree.len..tree.nodes.len() {
            let Range { start, end } = tree.rows(leaf);
            self.add(&mut tree.nodes[leaf], (start, end));
        }
        (1..tree.len).rev().for_each(|node| tree.combine(node));
        for question in group.questions.clone() {
            let mut state = self.identity.clone();
            let exclusions = self.context.exclusions(self.frame).rows.get(question);
            around(self.span(question), exclusions, |low, high| {
                tree.fold(low..high, &mut state, |state, rows| {
                    self.add(state, (rows.start, rows.end))
                });
            });
            self.put(question, &state);
        }
    }

    /// Crowded entities: the tree takes in what arrives.
    fn by_arrival(&mut self, group: &Group) {
        let mut tree = Tree::new(&self.identity, group.events.clone());
        for question in group.questions.clone() {
            let arrived = |state: &mut State, rows: Range<u32>| {
                let (context, visibility) = (self.context, &self.context.visibility);
                rows.filter(|row| visibility.sees(context.run, context.questions, question, *row))
                    .for_each(|row| self.add(state, (row, row + 1)));
            };
            let mut nodes: Vec<usize> = self.context.fresh(question).iter().map(|row| tree.leaf(*row)).collect();
            nodes.sort_unstable();
            nodes.dedup();
            for leaf in &nodes {
                // Again, and in order: rows of one instant may arrive in any.
                tree.nodes[*leaf] = self.identity.clone();
                let rows = tree.rows(*leaf);
                arrived(&mut tree.nodes[*leaf], rows);
            }
            // Those above them, level by level, so that what many leaves share is combined once.
            while nodes.last().is_some_and(|node| *node > 1) {
                nodes.iter_mut().for_each(|node| *node /= 2);
                nodes.dedup();
                nodes
                    .iter()
                    .filter(|node| **node > 0)
                    .for_each(|node| tree.combine(*node));
            }
            let mut state = self.identity.clone();
            let own = self.context.own(self.frame, question);
            around(self.span(question), own, |low, high| {
                tree.fold(low..high, &mut state, arrived);
            });
            self.put(question, &state);
        }
    }
}

/// Calls `each` with the stretches of a span around `exclusions`, which ascend.
pub(super) fn around(span: Range<u32>, exclusions: &[u32], mut each: impl FnMut(u32, u32)) {
    let mut low = span.start;
    let first = exclusions.partition_point(|exclusion| *exclusion < span.start);
    for exclusion in exclusions[first..]
        .iter()
        .take_while(|exclusion| **exclusion < span.end)
    {
        each(low, *exclusion);
        low = *exclusion + 1;
    }
    each(low, span.end);
}

/// So many rows share a leaf: a tree with a state per row would take many times what the rows do.
pub(super) const LEAF_ROWS: u32 = 16;

/// A bottom-up tree of states over the rows of one entity: leaf `i` at `len + i`, node `n` the fold of `2n`, `2n + 1`.
struct Tree {
    nodes: Vec<State>,
    /// Leaves.
    len: usize,
    rows: Range<u32>,
}

impl Tree {
    fn new(identity: &State, rows: Range<u32>) -> Tree {
        let len = rows.len().div_ceil(LEAF_ROWS as usize);
        Tree {
            nodes: vec![identity.clone(); 2 * len],
            len,
            rows,
        }
    }

    fn leaf(&self, row: u32) -> usize {
        self.len + ((row - self.rows.start) / LEAF_ROWS) as usize
    }

    /// The rows of a leaf.
    fn rows(&self, leaf: usize) -> Range<u32> {
        let start = self.rows.start + position(leaf - self.len) * LEAF_ROWS;
        start..(start + LEAF_ROWS).min(self.rows.end)
    }

    fn combine(&mut self, node: usize) {
        let mut state = self.nodes[2 * node].clone();
        state.combine(&self.nodes[2 * node + 1]);
        self.nodes[node] = state;
    }

    /// Adds the rows of a range, in their order; those of leaves that are not in it whole by `add`.
    fn fold(&self, rows: Range<u32>, state: &mut State, mut add: impl FnMut(&mut State, Range<u32>)) {
        if rows.is_empty() {
            return;
        }
        let (first, last) = (self.leaf(rows.start), self.leaf(rows.end - 1));
        let (head, tail) = (self.rows(first), self.rows(last));
        let starts_within = head.start < rows.start || rows.end < head.end;
        let ends_within = first < last && rows.end < tail.end;
        if starts_within {
            add(state, rows.start..rows.end.min(head.end));
        }
        self.between(
            first + usize::from(starts_within),
            last + 1 - usize::from(ends_within),
            state,
        );
        if ends_within {
            add(state, tail.start..rows.end);
        }
    }

    /// Adds the leaves from `left` to before `right`, in their order.
    fn between(&self, mut left: usize, mut right: usize, state: &mut State) {
        let mut rights: Vec<usize> = vec![];
        while left < right {
            if left % 2 == 1 {
                state.combine(&self.nodes[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                rights.push(right);
            }
            (left, right) = (left / 2, right / 2);
        }
        rights
            .into_iter()
            .rev()
            .for_each(|node| state.combine(&self.nodes[node]));
    }
}
