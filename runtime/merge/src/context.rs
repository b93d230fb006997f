//! What all slots share.

use crate::classes::{Classes, classes_of};
use crate::deltas::Deltas;
use crate::questions::Questions;
use crate::run::{Frame, Lists, Run, Spans};
use crate::spans::spans;
use crate::summary::states_of;
use crate::visibility::{Exclusions, Visibility, fresh};
use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Bounds, Cut, Excluding, LiftId, Slot, Type, Window};
use featr_kernels::{Column, Data, Tag};

/// What all slots share.
pub(super) struct Context<'a> {
    pub run: &'a Run,
    pub questions: &'a Questions,
    pub slots: &'a [Slot],
    pub methods: &'a [Method],
    pub visibility: Visibility,
    /// The frames of slots and look-backs, each once; and which is each slot's, and each look-back's.
    pub frames: Vec<Frame>,
    pub frame_of: Vec<usize>,
    pub lookbacks: Vec<usize>,
    /// One that is open at the very instant, if a window is.
    pub open: Option<usize>,
    /// Per frame.
    pub spans: Vec<Spans>,
    /// Per frame: its window deltas, where some slot or some crowded entity needs them.
    pub deltas: Vec<Option<Deltas>>,
    /// What arrives at each question, where something needs it.
    pub fresh: Option<Lists>,
    /// One per distinct way of taking part, and which is each slot's (any, of a slot that is folded).
    pub classes: Vec<Classes>,
    pub class_of: Vec<usize>,
    /// Per slot the position of its state in a summary.
    pub states: Vec<Option<usize>>,
}

/// The place of an item among others, where it is put if it is new.
fn place<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|known| *known == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}

impl<'a> Context<'a> {
    pub fn new(
        (spec, methods): (&'a FoldSpec, &'a [Method]),
        run: &'a Run,
        questions: &'a Questions,
        cut: Cut,
    ) -> Context<'a> {
        let says_self = |window: &Window| matches!(window.excluding, Excluding::SelfEvent);
        let visibility = Visibility::new(run, questions, cut, spec.windows.iter().any(says_self));
        let mut frames: Vec<Frame> = vec![];
        let of_slot = |slot: &Slot| place(&mut frames, Frame::of(&spec.windows[slot.window.index()], slot));
        let frame_of: Vec<usize> = spec.slots.iter().map(of_slot).collect();
        let is_open = |window: &&Window| window.excluding == Excluding::Nothing && window.bounds().hold_now();
        let open = spec.windows.iter().find(is_open).map(Window::bounds);
        let open = open.map(|bounds| place(&mut frames, Frame::plain(bounds)));
        let lookbacks = spec.presence.iter().map(|length| Bounds::lookback(*length));
        let lookbacks = lookbacks
            .map(|bounds| place(&mut frames, Frame::plain(bounds)))
            .collect();
        let (classes, class_of) = classes_of(run, (&spec.slots, methods));
        let is_by_deltas = |(method, _): &(&Method, &usize)| match **method {
            Method::Values | Method::Deltas => true,
            method => method == Method::Ranks && !run.folds(method),
        };
        let of_slots = methods.iter().zip(&frame_of);
        let by_deltas: Vec<usize> = of_slots.filter(is_by_deltas).map(|(_, frame)| *frame).collect();
        let has_crowded = visibility.crowded(questions).next().is_some();
        let all = !by_deltas.is_empty();
        // Of all entities, or of crowded ones only.
        let fresh = (visibility.arrival.is_some() && (has_crowded || all)).then(|| {
            let wanted = |number: usize| all || visibility.is_crowded(number);
            fresh(run, questions, &visibility, wanted)
        });
        let seen = (&visibility, fresh.as_ref());
        let spans = spans((run, questions), seen, &frames);
        // Of all entities for some frames, and of crowded ones for all.
        let of_frame = |(at, (frame, spans)): (usize, (&Frame, &Spans))| {
            let all = by_deltas.contains(&at);
            (all || has_crowded).then(|| {
                let own = frame.excludes_self.then_some(&visibility.own);
                let wanted = |number: usize| all || visibility.is_crowded(number);
                Deltas::new((run, questions), spans, seen, own, wanted)
            })
        };
        let deltas = frames.iter().zip(&spans).enumerate().map(of_frame).collect();
        Context {
            run,
            questions,
            slots: &spec.slots,
            methods,
            frames,
            frame_of,
            lookbacks,
            open,
            spans,
            deltas,
            fresh,
            visibility,
            classes,
            class_of,
            states: states_of((spec, methods)),
        }
    }

    pub fn spans(&self, frame: usize) -> &Spans {
        &self.spans[frame]
    }

    pub fn deltas(&self, frame: usize) -> Option<&Deltas> {
        self.deltas[frame].as_ref()
    }

    /// What arrives at a question.
    pub fn fresh(&self, question: usize) -> &[u32] {
        self.fresh.as_ref().map_or(&[], |fresh| fresh.get(question))
    }

    /// The rows that questions leave out of a frame, crowded entities aside.
    pub fn exclusions(&self, frame: usize) -> &Exclusions {
        if self.frames[frame].excludes_self {
            &self.visibility.late_and_own
        } else {
            &self.visibility.late
        }
    }

    /// The question's own events, where the frame excludes them.
    pub fn own(&self, frame: usize, question: usize) -> &[u32] {
        if self.frames[frame].excludes_self {
            self.visibility.own.get(question)
        } else {
            &[]
        }
    }

    pub fn lift(&self, lift: LiftId) -> &Column {
        &self.run.events.lifts[lift.index()]
    }
}

/// The type of a slot's argument.
pub(super) fn argument_type(run: &Run, slot: &Slot) -> Option<Type> {
    slot.argument.map(|lift| run.events.lifts[lift.index()].ty)
}

/// A column of valid values and nulls.
pub(super) fn nullable(ty: Type, data: Data, valid: &[bool]) -> Column {
    let tags = valid
        .iter()
        .map(|valid| if *valid { Tag::VALID } else { Tag::NULL })
        .collect();
    Column::with_tags(ty, data, Some(tags))
}
