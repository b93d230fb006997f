//! Slots to answers, each family of slots at once.

use super::classes::Taken;
use super::nearest::{End, Steps};
use super::{Context, Work, distinct, extreme, groups, nearest, variance};
use featc_ir::{Aggregate, Slot, Status};
use featr_kernels::Column;

/// What slots have been answered, and what the answers share.
struct Answers<'a> {
    context: &'a Context<'a>,
    slots: &'a [Slot],
    /// By class and window.
    taken: Vec<((usize, usize), Taken)>,
    done: Vec<Option<(Column, Vec<Status>)>>,
}

/// The answers of all slots, in their order.
pub(super) fn slots(context: &Context<'_>, slots: &[Slot]) -> Vec<(Column, Vec<Status>)> {
    let mut answers = Answers {
        context,
        slots,
        taken: vec![],
        done: slots.iter().map(|_| None).collect(),
    };
    let of_slots = slots.iter().zip(&context.class_of);
    let work: Vec<Work> = of_slots.map(|(slot, class)| work(context, slot, *class)).collect();
    for (at, of_slot) in work.iter().enumerate() {
        if answers.done[at].is_none() {
            let family = (at..slots.len()).filter(|other| work[*other] == *of_slot);
            answers.family(*of_slot, family.collect());
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

/// What a slot shares with others.
pub(super) fn work(context: &Context<'_>, slot: &Slot, class: usize) -> Work {
    match slot.aggregate {
        Aggregate::Count => Work::Count,
        Aggregate::Sum | Aggregate::Mean => Work::Sums(class, slot.argument),
        Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => {
            Work::Variances(class, slot.argument)
        }
        Aggregate::Min | Aggregate::Max => {
            let (_, before_now) = context.reaches[slot.window.index()];
            Work::Extreme(class, slot.argument, slot.aggregate == Aggregate::Min, before_now)
        }
        Aggregate::First { .. } => Work::Nearest(class, End::First),
        Aggregate::Last { .. } | Aggregate::TimeSinceLast => Work::Nearest(class, End::Last),
        Aggregate::CountDistinct { .. } => Work::Distinct(class, slot.argument),
    }
}

impl Answers<'_> {
    /// The windows of some slots, each once, the longest first, and for each its slots.
    fn by_window(&self, family: &[usize]) -> Vec<(usize, Vec<usize>)> {
        let mut windows: Vec<(usize, Vec<usize>)> = vec![];
        for at in family {
            let window = self.slots[*at].window.index();
            match windows.iter_mut().find(|(known, _)| *known == window) {
                Some((_, slots)) => slots.push(*at),
                None => windows.push((window, vec![*at])),
            }
        }
        let length = |window: usize| self.context.reaches[window].0;
        windows.sort_by_key(|(window, _)| std::cmp::Reverse((length(*window).is_none(), length(*window))));
        windows
    }

    /// What takes part in a window, computed once.
    fn taken(&mut self, class: usize, window: usize) -> usize {
        let key = (class, window);
        if let Some(known) = self.taken.iter().position(|(known, _)| *known == key) {
            return known;
        }
        let taken = Taken::new(self.context, window, &self.context.classes[class]);
        self.taken.push((key, taken));
        self.taken.len() - 1
    }

    fn family(&mut self, work: Work, family: Vec<usize>) {
        match work {
            Work::Count => family.into_iter().for_each(|at| self.count(at)),
            Work::Distinct(class, _) => self.distinct(class, &family),
            Work::Sums(class, _) => self.sums(class, &family),
            Work::Variances(class, _) => self.variances(class, &family),
            Work::Extreme(class, ..) => self.extremes(class, &family),
            Work::Nearest(class, end) => self.nearest(class, end, &family),
        }
    }

    fn count(&mut self, at: usize) {
        let (slot, class) = (&self.slots[at], self.context.class_of[at]);
        let taken = self.taken(class, slot.window.index());
        self.done[at] = Some(groups::count(slot, &self.taken[taken].1));
    }

    fn distinct(&mut self, class: usize, family: &[usize]) {
        let classes = &self.context.classes[class];
        let Some(numbers) = distinct::numbers(self.context, &self.slots[family[0]], classes) else {
            return;
        };
        for at in family {
            let slot = &self.slots[*at];
            let taken = self.taken(class, slot.window.index());
            if let Aggregate::CountDistinct { cap } = slot.aggregate {
                let taken = &self.taken[taken].1;
                let answer = distinct::count_distinct(self.context, slot, classes, taken, &numbers, cap);
                self.done[*at] = Some(answer);
            }
        }
    }

    fn sums(&mut self, class: usize, family: &[usize]) {
        let classes = &self.context.classes[class];
        let Some(sums) = groups::Sums::new(self.context, &self.slots[family[0]], classes) else {
            return;
        };
        for (window, slots) in self.by_window(family) {
            let taken = self.taken(class, window);
            let of_window = slots.iter().map(|at| (*at, &self.slots[*at]));
            let put = |at: usize, answer| self.done[at] = Some(answer);
            groups::sums_and_means(self.context, window, of_window, &self.taken[taken].1, &sums, put);
        }
    }

    fn variances(&mut self, class: usize, family: &[usize]) {
        let classes = &self.context.classes[class];
        let Some(moments) = variance::Moments::new(self.context, &self.slots[family[0]], classes) else {
            return;
        };
        for (window, slots) in self.by_window(family) {
            let taken = self.taken(class, window);
            let of_window = slots.iter().map(|at| (*at, &self.slots[*at]));
            let put = |at: usize, answer| self.done[at] = Some(answer);
            variance::variances(self.context, window, of_window, &self.taken[taken].1, &moments, put);
        }
    }

    fn extremes(&mut self, class: usize, family: &[usize]) {
        let by_window = self.by_window(family);
        let windows: Vec<usize> = by_window.iter().map(|(window, _)| *window).collect();
        let slot = &self.slots[family[0]];
        let found = extreme::winners(self.context, slot, &self.context.classes[class], &windows);
        for ((window, slots), found) in by_window.into_iter().zip(found) {
            let taken = self.taken(class, window);
            for at in slots {
                let answer = nearest::gather(self.context, &self.slots[at], &found, &self.taken[taken].1);
                self.done[at] = Some(answer);
            }
        }
    }

    fn nearest(&mut self, class: usize, end: End, family: &[usize]) {
        let classes = &self.context.classes[class];
        let steps = Steps::new(self.context.run.events.len(), classes, end);
        for (window, slots) in self.by_window(family) {
            let taken = self.taken(class, window);
            let taken = &self.taken[taken].1;
            let found = nearest::in_window(self.context, window, classes, &steps);
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
