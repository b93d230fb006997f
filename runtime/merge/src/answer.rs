//! Slots to answers, each family of slots at once.

use super::classes::Taken;
use super::groups::Answer;
use super::nearest::{End, Steps};
use super::{Context, distinct, extreme, fold, groups, nearest, variance};
use featc_ir::plan::Method;
use featc_ir::{Aggregate, LiftId, Slot, Status};
use featr_kernels::Column;

/// Slots that share work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    pub means: Means,
    class: usize,
    /// Where its values decide.
    argument: Option<LiftId>,
}

/// A method, and what of its slot decides how it is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// The prefix totals of what aggregates need.
    Counts,
    Sums,
    Squares,
    /// Whether it is `min`, the first reach that ends alike, and whether a stack serves it.
    Extreme(bool, usize, bool),
    Edge(End),
    Values,
    /// States of the slot at a place, which shares nothing; whether along window deltas.
    States(usize, bool),
}

impl Means {
    /// Of a slot whose method is the prefix difference.
    pub fn totals(slot: &Slot) -> Means {
        match slot.aggregate {
            Aggregate::Count => Means::Counts,
            Aggregate::Sum | Aggregate::Mean => Means::Sums,
            _ => Means::Squares,
        }
    }
}

/// What slots have been answered, and what the answers share.
struct Answers<'a> {
    context: &'a Context<'a>,
    slots: &'a [Slot],
    /// By class and reach.
    taken: Vec<((usize, usize), Taken)>,
    done: Vec<Option<Answer>>,
}

/// The answers of all slots, in their order.
pub(super) fn slots(context: &Context<'_>) -> Vec<Answer> {
    let slots = context.slots;
    let mut answers = Answers {
        context,
        slots,
        taken: vec![],
        done: slots.iter().map(|_| None).collect(),
    };
    let work: Vec<Work> = (0..slots.len()).map(|at| work(context, at)).collect();
    for (at, of_slot) in work.iter().enumerate() {
        if answers.done[at].is_none() {
            let members = (at..slots.len()).filter(|other| work[*other] == *of_slot);
            answers.family(*of_slot, members.collect());
        }
    }
    let empty = |slot: &Slot| {
        let rows = context.questions.len();
        (Column::new(slot.ty, rows), vec![Status::Empty; rows])
    };
    let done = answers.done.into_iter().zip(slots);
    done.map(|(answer, slot)| answer.unwrap_or_else(|| empty(slot)))
        .collect()
}

/// What the slot at a place shares with others.
pub(super) fn work(context: &Context<'_>, at: usize) -> Work {
    let slot = &context.slots[at];
    let means = match context.methods[at] {
        Method::Prefix => Means::totals(slot),
        Method::Extreme => {
            let reach = context.reach_of[at];
            let bounds = &context.reaches[reach].bounds;
            let ends_alike = context.reaches.iter().position(|other| other.bounds.end_as(bounds));
            let monotone = context.spans(reach).monotone;
            Means::Extreme(slot.aggregate == Aggregate::Min, ends_alike.unwrap_or(reach), monotone)
        }
        Method::Edge if matches!(slot.aggregate, Aggregate::First { .. }) => Means::Edge(End::First),
        Method::Edge => Means::Edge(End::Last),
        Method::Values => Means::Values,
        Method::Deltas => Means::States(at, true),
        Method::States | Method::Pages => Means::States(at, false),
    };
    let reads_values = !matches!(means, Means::Counts | Means::Edge(_) | Means::States(..));
    Work {
        means,
        class: context.class_of[at],
        argument: slot.argument.filter(|_| reads_values),
    }
}

impl Answers<'_> {
    /// The reaches of some slots, each once, and for each its slots.
    fn by_reach(&self, family: &[usize]) -> Vec<(usize, Vec<usize>)> {
        let mut reaches: Vec<(usize, Vec<usize>)> = vec![];
        for at in family {
            let reach = self.context.reach_of[*at];
            match reaches.iter_mut().find(|(known, _)| *known == reach) {
                Some((_, slots)) => slots.push(*at),
                None => reaches.push((reach, vec![*at])),
            }
        }
        reaches
    }

    /// What takes part in a reach, computed once.
    fn taken(&mut self, class: usize, reach: usize) -> usize {
        let key = (class, reach);
        if let Some(known) = self.taken.iter().position(|(known, _)| *known == key) {
            return known;
        }
        let taken = Taken::new(self.context, reach, &self.context.classes[class]);
        self.taken.push((key, taken));
        self.taken.len() - 1
    }

    fn family(&mut self, work: Work, family: Vec<usize>) {
        let class = work.class;
        match work.means {
            Means::Counts => family.into_iter().for_each(|at| self.count(at)),
            Means::Sums => self.sums(class, &family),
            Means::Squares => self.variances(class, &family),
            Means::Extreme(..) => self.extremes(class, &family),
            Means::Edge(end) => self.nearest(class, end, &family),
            Means::Values => self.distinct(class, &family),
            Means::States(at, by_deltas) => {
                let answer = fold::fold(self.context, &self.slots[at], by_deltas, self.context.reach_of[at]);
                self.done[at] = Some(answer);
            }
        }
    }

    fn count(&mut self, at: usize) {
        let (slot, class) = (&self.slots[at], self.context.class_of[at]);
        let taken = self.taken(class, self.context.reach_of[at]);
        self.done[at] = Some(groups::count(slot, &self.taken[taken].1));
    }

    fn distinct(&mut self, class: usize, family: &[usize]) {
        let classes = &self.context.classes[class];
        let Some(numbers) = distinct::numbers(self.context, &self.slots[family[0]], classes) else {
            return;
        };
        for at in family {
            let (slot, reach) = (&self.slots[*at], self.context.reach_of[*at]);
            let taken = self.taken(class, reach);
            let taken = &self.taken[taken].1;
            let answer = distinct::count_distinct(self.context, slot, classes, taken, &numbers, reach);
            self.done[*at] = Some(answer);
        }
    }

    fn sums(&mut self, class: usize, family: &[usize]) {
        let classes = &self.context.classes[class];
        let Some(sums) = groups::Sums::new(self.context, &self.slots[family[0]], classes) else {
            return;
        };
        for (reach, slots) in self.by_reach(family) {
            let taken = self.taken(class, reach);
            let of_reach = slots.iter().map(|at| (*at, &self.slots[*at]));
            let put = |at: usize, answer| self.done[at] = Some(answer);
            groups::sums_and_means(self.context, reach, of_reach, &self.taken[taken].1, &sums, put);
        }
    }

    fn variances(&mut self, class: usize, family: &[usize]) {
        let classes = &self.context.classes[class];
        let Some(moments) = variance::Moments::new(self.context, &self.slots[family[0]], classes) else {
            return;
        };
        for (reach, slots) in self.by_reach(family) {
            let taken = self.taken(class, reach);
            let of_reach = slots.iter().map(|at| (*at, &self.slots[*at]));
            let put = |at: usize, answer| self.done[at] = Some(answer);
            variance::variances(self.context, reach, of_reach, &self.taken[taken].1, &moments, put);
        }
    }

    fn extremes(&mut self, class: usize, family: &[usize]) {
        let by_reach = self.by_reach(family);
        let reaches: Vec<usize> = by_reach.iter().map(|(reach, _)| *reach).collect();
        let slot = &self.slots[family[0]];
        let found = extreme::winners(self.context, slot, &self.context.classes[class], &reaches);
        for ((reach, slots), found) in by_reach.into_iter().zip(found) {
            let taken = self.taken(class, reach);
            for at in slots {
                let answer = nearest::gather(self.context, &self.slots[at], &found, &self.taken[taken].1);
                self.done[at] = Some(answer);
            }
        }
    }

    fn nearest(&mut self, class: usize, end: End, family: &[usize]) {
        let classes = &self.context.classes[class];
        let steps = Steps::new(self.context.run.events.len(), classes, end);
        for (reach, slots) in self.by_reach(family) {
            let taken = self.taken(class, reach);
            let taken = &self.taken[taken].1;
            let found = nearest::in_reach(self.context, reach, classes, &steps);
            for at in slots {
                let slot = &self.slots[at];
                self.done[at] = Some(match slot.aggregate {
                    Aggregate::TimeSinceLast => nearest::time_since_last(self.context, slot, &found, taken),
                    _ => nearest::edge(self.context, slot, &found, taken),
                });
            }
        }
    }
}
