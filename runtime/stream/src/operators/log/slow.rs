//! What a read means, by definition: the oracle of the tests.

use super::LogQuestion;
use featc_ir::plan::FoldSpec;
use featc_ir::{Excluding, Status};
use featr_kernels::Value;
use featr_kernels::aggregate::State;
use featr_kernels::events::Events;

/// Slots and presence of one question about an entity with these events (sorted, without copies): filter the whole log,
/// fold event by event.
pub(crate) fn read_slow(
    spec: &FoldSpec,
    events: &Events,
    question: LogQuestion<'_>,
) -> (Vec<(Value, Status)>, Vec<bool>) {
    let slots = spec.slots.iter().map(|slot| {
        let window = &spec.windows[slot.window.index()];
        let argument = slot.argument.map(|lift| events.lifts[lift.index()].ty);
        let mut state = State::identity(slot.aggregate, argument);
        for row in 0..events.len() {
            let itself = window.excluding == Excluding::SelfEvent && question.itself == Some(events.id(row));
            if window.contains(events.times[row], question.t_us) && !itself {
                state.fold(slot, events, row..row + 1);
            }
        }
        state.lower(slot, argument, question.t_us)
    });
    let present = |length_us: &Option<u64>| {
        events.times.iter().any(|time| {
            let back = i128::from(question.t_us) - i128::from(*time);
            back >= 0 && length_us.is_none_or(|length_us| back < i128::from(length_us))
        })
    };
    (slots.collect(), spec.presence.iter().map(present).collect())
}
