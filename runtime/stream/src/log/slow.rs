//! What a read means, by definition: the slow twin of the tests.

use super::LogQuestion;
use featc_ir::plan::FoldSpec;
use featc_ir::{Excluding, LiftId, Status};
use featr_kernels::aggregate::{State, Types};
use featr_kernels::events::Events;
use featr_kernels::{Tag, Value};

/// Slots and presence of one question about an entity with these events (sorted, without copies): filter the whole log,
/// fold event by event.
pub(crate) fn read_slow(
    spec: &FoldSpec,
    events: &Events,
    question: LogQuestion<'_>,
) -> (Vec<(Value, Status)>, Vec<bool>) {
    let slots = spec.slots.iter().map(|slot| {
        let window = &spec.windows[slot.window.index()];
        let types = Types::over(slot, events);
        let mut state = State::identity(slot.aggregate, types);
        let is_inside = |row: &usize| {
            let itself = window.excluding == Excluding::SelfEvent && question.itself == Some(events.id(*row));
            window.bounds().contain(events.times[*row], question.t_us) && !itself
        };
        let mut rows: Vec<usize> = (0..events.len()).filter(is_inside).collect();
        let may_be_chosen = |filter: Option<LiftId>, row: usize| {
            let filter = filter.map(|lift| &events.lifts[lift.index()]);
            let passes = filter.is_none_or(|filter| filter.is_true(row) || filter.error(row).is_some());
            passes || events.poison_of(row) != Tag::VALID
        };
        if let Some(count) = window.count() {
            rows.retain(|row| may_be_chosen(slot.filter, *row));
            rows.drain(..rows.len().saturating_sub(count as usize));
        }
        if slot.since.is_some() {
            let begin = rows.iter().rposition(|row| may_be_chosen(slot.since, *row));
            rows.drain(..begin.unwrap_or(rows.len()));
        }
        rows.into_iter().for_each(|row| state.fold(slot, events, row..row + 1));
        state.lower(slot, types, question.t_us)
    });
    let present = |length_us: &Option<u64>| {
        events.times.iter().any(|time| {
            let back = i128::from(question.t_us) - i128::from(*time);
            back >= 0 && length_us.is_none_or(|length_us| back < i128::from(length_us))
        })
    };
    (slots.collect(), spec.presence.iter().map(present).collect())
}
