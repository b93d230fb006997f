//! Slots to answers, each family of slots at once.

use crate::context::Context;
use crate::groups::Answer;
use crate::nearest::{End, Steps};
use crate::taken::Taken;
use crate::{distinct, extreme, fold, groups, nearest, ranks, variance};
use featc_ir::plan::Method;
use featc_ir::{Aggregate, LiftId, Slot};
use std::cmp::Ordering;

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
    Extreme {
        /// How the best value stands to others.
        wins: Ordering,
        /// The first that ends alike.
        frame: usize,
        /// Whether a stack serves it.
        by_stack: bool,
    },
    Edge(End),
    Values,
    Ranks,
    /// States of the slot at a place, which shares nothing; whether along window deltas.
    States(usize, bool),
}

impl Means {
    /// The totals of which prefix differences give an aggregate, if there are any. A new aggregate is decided on here.
    pub fn totals(aggregate: Aggregate) -> Option<Means> {
        match aggregate {
            Aggregate::Count => Some(Means::Counts),
            Aggregate::Sum | Aggregate::Mean => Some(Means::Sums),
            Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => {
                Some(Means::Squares)
            }
            Aggregate::Min
            | Aggregate::Max
            | Aggregate::First { .. }
            | Aggregate::Last { .. }
            | Aggregate::FirstN { .. }
            | Aggregate::LastN { .. }
            | Aggregate::LastDistinctN { .. }
            | Aggregate::TopK { .. }
            | Aggregate::BottomK { .. }
            | Aggregate::Skewness
            | Aggregate::Kurtosis
            | Aggregate::CountDistinct { .. }
            | Aggregate::Median { .. }
            | Aggregate::Quantile { .. }
            | Aggregate::Mode { .. }
            | Aggregate::ModeN { .. }
            | Aggregate::TimeSinceLast
            | Aggregate::TimeSinceFirst
            | Aggregate::Any
            | Aggregate::All
            | Aggregate::Covariance
            | Aggregate::Correlation
            | Aggregate::Slope
            | Aggregate::Intercept
            | Aggregate::WeightedMean
            | Aggregate::ArgMin
            | Aggregate::ArgMax => None,
        }
    }

    /// Of a slot whose method is the prefix difference.
    ///
    /// # Panics
    /// If its aggregate has no totals, which no row of the table says (tested).
    pub fn of_prefix(slot: &Slot) -> Means {
        Means::totals(slot.aggregate).unwrap_or_else(|| panic!("{:?} has no totals", slot.aggregate))
    }
}

/// What slots have been answered, and what the answers share.
struct Answers<'a> {
    context: &'a Context<'a>,
    slots: &'a [Slot],
    /// By class and frame.
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
            answers.family(*of_slot, &members.collect::<Vec<_>>());
        }
    }
    let done = answers.done.into_iter().zip(slots);
    done.map(|(answer, slot)| {
        answer.unwrap_or_else(|| panic!("{:?} over an argument that it does not take", slot.aggregate))
    })
    .collect()
}

/// What the slot at a place shares with others.
pub(super) fn work(context: &Context<'_>, at: usize) -> Work {
    let slot = &context.slots[at];
    let means = match context.methods[at] {
        Method::Prefix => Means::of_prefix(slot),
        Method::Extreme => {
            let frame = context.frame_of[at];
            let bounds = &context.frames[frame].bounds;
            let ends_alike = context.frames.iter().position(|other| other.bounds.end_as(bounds));
            let monotone = context.spans(frame).monotone;
            Means::Extreme {
                wins: match slot.aggregate {
                    Aggregate::Min => Ordering::Less,
                    Aggregate::Max => Ordering::Greater,
                    other => unreachable!("{other:?} is no extreme"),
                },
                frame: ends_alike.unwrap_or(frame),
                by_stack: monotone,
            }
        }
        Method::Edge => Means::Edge(match slot.aggregate {
            Aggregate::First { .. } => End::First,
            Aggregate::Last { .. } | Aggregate::TimeSinceLast => End::Last,
            other => unreachable!("{other:?} has no edge"),
        }),
        Method::Values => Means::Values,
        Method::Ranks if !context.run.folds(Method::Ranks) => Means::Ranks,
        Method::Deltas => Means::States(at, true),
        Method::Ranks | Method::States | Method::Pages => Means::States(at, false),
    };
    let reads_values = !matches!(means, Means::Counts | Means::Edge(_) | Means::States(..));
    Work {
        means,
        class: context.class_of[at],
        argument: slot.argument.filter(|_| reads_values),
    }
}

impl<'a> Answers<'a> {
    /// The frames of some slots, each once, and for each its slots.
    fn by_frame(&self, family: &[usize]) -> Vec<(usize, Vec<usize>)> {
        let mut frames: Vec<(usize, Vec<usize>)> = vec![];
        for at in family {
            let frame = self.context.frame_of[*at];
            match frames.iter_mut().find(|(known, _)| *known == frame) {
                Some((_, slots)) => slots.push(*at),
                None => frames.push((frame, vec![*at])),
            }
        }
        frames
    }

    /// What takes part in a frame, computed once.
    fn taken(&mut self, class: usize, frame: usize) -> usize {
        let key = (class, frame);
        if let Some(known) = self.taken.iter().position(|(known, _)| *known == key) {
            return known;
        }
        let taken = Taken::new(self.context, frame, &self.context.classes[class]);
        self.taken.push((key, taken));
        self.taken.len() - 1
    }

    /// Answers slots of one class: what those of a frame share, and from that each of them.
    fn each<T>(
        &mut self,
        class: usize,
        family: &[usize],
        mut shared: impl FnMut(usize) -> T,
        answer: impl Fn(&Slot, &T, &Taken) -> Answer,
    ) {
        for (frame, slots) in self.by_frame(family) {
            let (taken, shared) = (self.taken(class, frame), shared(frame));
            for at in slots {
                self.done[at] = Some(answer(&self.slots[at], &shared, &self.taken[taken].1));
            }
        }
    }

    fn family(&mut self, work: Work, family: &[usize]) {
        let (context, class) = (self.context, work.class);
        let first = &self.slots[family[0]];
        if let Means::States(at, by_deltas) = work.means {
            self.done[at] = Some(fold::fold(context, at, by_deltas));
            return;
        }
        let classes = &context.classes[class];
        match work.means {
            Means::Counts => self.each(class, family, |_| (), |slot, (), taken| groups::count(slot, taken)),
            Means::Sums => {
                if let Some(sums) = groups::Sums::new(context, first, classes) {
                    let total = |frame| sums.total(context, frame);
                    self.each(class, family, total, |slot, total, taken| {
                        total.answer(context, slot, taken)
                    });
                }
            }
            Means::Squares => {
                if let Some(moments) = variance::Moments::new(context, first, classes) {
                    let totals = |frame| moments.totals(context, frame);
                    self.each(class, family, totals, |slot, totals, taken| {
                        totals.answer(context, slot, taken)
                    });
                }
            }
            Means::Extreme { wins, .. } => {
                let frames: Vec<usize> = self.by_frame(family).into_iter().map(|(frame, _)| frame).collect();
                let mut found = extreme::winners(context, (first, wins), classes, &frames).into_iter();
                let found = |_| found.next().unwrap_or_default();
                self.each(class, family, found, |slot, found, taken| {
                    nearest::gather(context, slot, found, taken)
                });
            }
            Means::Edge(end) => {
                let steps = Steps::new(context.run.events.len(), classes, end);
                let found = |frame| nearest::in_frame(context, frame, classes, &steps);
                self.each(class, family, found, |slot, found, taken| match slot.aggregate {
                    Aggregate::TimeSinceLast => nearest::time_since_last(context, slot, found, taken),
                    _ => nearest::edge(context, slot, found, taken),
                });
            }
            Means::Values => {
                if let Some(numbers) = distinct::numbers(context, first, classes) {
                    self.each(
                        class,
                        family,
                        |frame| frame,
                        |slot, frame, taken| distinct::count_distinct(context, slot, classes, taken, &numbers, *frame),
                    );
                }
            }
            Means::Ranks => {
                if let Some(numbers) = ranks::numbers(context, first, classes) {
                    for (frame, slots) in self.by_frame(family) {
                        let of_slots: Vec<&Slot> = slots.iter().map(|at| &self.slots[*at]).collect();
                        let found = ranks::found(context, &of_slots, classes, &numbers, frame);
                        let taken = self.taken(class, frame);
                        for (place, at) in slots.into_iter().enumerate() {
                            let taken = &self.taken[taken].1;
                            self.done[at] = Some(ranks::answer(context, (place, &self.slots[at]), &found, taken));
                        }
                    }
                }
            }
            Means::States(..) => {}
        }
    }
}
