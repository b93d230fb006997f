//! Any aggregate, by its states: along the window deltas (groups only), by folding each span, or by a
//! tree of states where spans overlap much. Events are folded, and states combined, from the earlier to the later: so their
//! identities need not be here.

use super::groups::Answer;
use super::{Context, Group};
use featc_ir::{Slot, Status};
use featr_kernels::Column;
use featr_kernels::aggregate::{State, Types};
use std::ops::Range;

/// The answers of a slot.
pub(super) fn fold(context: &Context<'_>, slot: &Slot, by_deltas: bool, reach: usize) -> Answer {
    let types = Types::over(slot, &context.run.events);
    let mut answers = Answers {
        context,
        slot,
        reach,
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
    reach: usize,
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

    fn add(&self, state: &mut State, rows: &(u32, u32)) {
        state.fold(self.slot, &self.context.run.events, rows.0 as usize..rows.1 as usize);
    }

    fn along_deltas(&mut self, group: &Group) {
        let mut state = self.identity.clone();
        for question in group.questions.clone() {
            if let Some(deltas) = self.context.deltas(self.reach) {
                deltas
                    .enter(question)
                    .iter()
                    .for_each(|rows| self.add(&mut state, rows));
                for rows in deltas.leave(question) {
                    let mut gone = self.identity.clone();
                    self.add(&mut gone, rows);
                    state.subtract(&gone);
                }
            }
            self.put(question, &state);
        }
    }

    fn span(&self, question: usize) -> Range<u32> {
        let spans = self.context.spans(self.reach);
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
            let exclusions = self.context.exclusions(self.reach).rows.get(question);
            around(self.span(question), exclusions, |low, high| {
                self.add(&mut state, &(low, high))
            });
            self.put(question, &state);
        }
    }

    fn by_tree(&mut self, group: &Group) {
        let mut tree = Tree::new(&self.identity, group.events.clone());
        for row in group.events.clone() {
            let leaf = tree.leaf(row);
            self.add(&mut tree.nodes[leaf], &(row, row + 1));
        }
        (1..tree.len).rev().for_each(|node| tree.combine(node));
        for question in group.questions.clone() {
            let mut state = self.identity.clone();
            let exclusions = self.context.exclusions(self.reach).rows.get(question);
            around(self.span(question), exclusions, |low, high| {
                tree.fold(low..high, &mut state)
            });
            self.put(question, &state);
        }
    }

    /// Crowded entities: the tree takes in what arrives.
    fn by_arrival(&mut self, group: &Group) {
        let mut tree = Tree::new(&self.identity, group.events.clone());
        for question in group.questions.clone() {
            for row in self.context.fresh(question) {
                let mut node = tree.leaf(*row);
                self.add(&mut tree.nodes[node], &(*row, *row + 1));
                while node > 1 {
                    node /= 2;
                    tree.combine(node);
                }
            }
            let mut state = self.identity.clone();
            let own = self.context.own(self.reach, question);
            around(self.span(question), own, |low, high| tree.fold(low..high, &mut state));
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

/// A bottom-up tree of states over the rows of one entity: leaf `i` at `len + i`, node `n` the fold of `2n`, `2n + 1`.
struct Tree {
    nodes: Vec<State>,
    len: usize,
    start: u32,
}

impl Tree {
    fn new(identity: &State, rows: Range<u32>) -> Tree {
        Tree {
            nodes: vec![identity.clone(); 2 * rows.len()],
            len: rows.len(),
            start: rows.start,
        }
    }

    fn leaf(&self, row: u32) -> usize {
        self.len + (row - self.start) as usize
    }

    fn combine(&mut self, node: usize) {
        let mut state = self.nodes[2 * node].clone();
        state.combine(&self.nodes[2 * node + 1]);
        self.nodes[node] = state;
    }

    /// Adds the rows of a range, in their order.
    fn fold(&self, rows: Range<u32>, state: &mut State) {
        if rows.is_empty() {
            return;
        }
        let (mut left, mut right) = (self.leaf(rows.start), self.leaf(rows.end - 1) + 1);
        let mut behind: Vec<usize> = vec![];
        while left < right {
            if left % 2 == 1 {
                state.combine(&self.nodes[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                behind.push(right);
            }
            (left, right) = (left / 2, right / 2);
        }
        behind
            .into_iter()
            .rev()
            .for_each(|node| state.combine(&self.nodes[node]));
    }
}
