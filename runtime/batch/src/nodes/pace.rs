//! How many questions are answered at once where answers hold text: as many as have about so much of it as is allowed.

use featc_ir::Type;
use featc_ir::plan::FoldSpec;
use featr_kernels::{Column, Data, StrData};
use featr_merge::Run;
use std::ops::Range;

/// So many questions at first, if events do not tell that answers are short.
const FIRST: usize = 64;
/// So many times more next time, at most: the next answers may be longer.
const GROWTH: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    now: usize,
    /// `None`: no answer holds text.
    text_bytes: Option<usize>,
}

impl Pace {
    /// At most so many questions, with about so much text; `run` has all events that answers come from.
    pub fn new(fold: &FoldSpec, run: Option<&Run>, most: usize, text_bytes: usize) -> Pace {
        let texts = fold.slots.iter().any(|slot| is_text(slot.ty));
        let longest = run.filter(|_| texts).map(|run| longest(fold, run));
        let first = longest.map_or(0, |longest| text_bytes / longest.max(1)).max(FIRST);
        Pace {
            most,
            now: if texts { first.min(most) } else { most },
            text_bytes: texts.then_some(text_bytes),
        }
    }

    /// How many questions are next, at most.
    pub fn questions(&self) -> usize {
        self.now
    }

    /// So many answers had so much text.
    pub fn note(&mut self, answers: usize, text: impl FnOnce() -> usize) {
        if let Some(text_bytes) = self.text_bytes
            && answers > 0
        {
            let fitting = text_bytes / (text() / answers).max(1);
            self.now = fitting.min(self.now.saturating_mul(GROWTH)).clamp(1, self.most);
        }
    }
}

fn is_text(ty: Type) -> bool {
    matches!(ty, Type::String | Type::List(_))
}

/// What an answer can take at most, in bytes of text and of lists.
fn longest(fold: &FoldSpec, run: &Run) -> usize {
    let of_slot = |slot: &featc_ir::Slot| {
        let lift = slot.argument.and_then(|lift| run.events.lifts.get(lift.index()));
        let value = lift.map_or(0, |lift| match &lift.data {
            Data::Str(texts) => texts
                .offsets
                .windows(2)
                .map(|ends| ends[1] - ends[0])
                .max()
                .unwrap_or(0),
            Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) => size_of::<i128>(),
        });
        match (slot.ty, slot.aggregate.items()) {
            (Type::List(_), items) => items.map_or(usize::MAX, |items| {
                value.saturating_add(8).saturating_mul(items as usize)
            }),
            (Type::String, _) => value,
            _ => 0,
        }
    };
    fold.slots.iter().map(of_slot).fold(0, usize::saturating_add)
}

/// Ranges of rows, in order: each ends with the row with which its text reaches so many bytes.
pub(super) fn by_text<'a>(columns: impl Iterator<Item = &'a Column>, rows: usize, bytes: usize) -> Vec<Range<usize>> {
    let texts = columns.filter_map(|column| match &column.data {
        Data::Str(texts) => Some(texts),
        Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) => None,
    });
    let texts: Vec<&StrData> = texts.collect();
    let text = |rows: Range<usize>| {
        let of_rows = texts
            .iter()
            .map(|texts| texts.offsets[rows.end] - texts.offsets[rows.start]);
        of_rows.sum()
    };
    let mut ranges = vec![];
    let mut start = 0;
    while start < rows || ranges.is_empty() {
        let end = start + featr_decode::rows_of_text(start..rows, bytes, text);
        ranges.push(start..end);
        start = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use featr_kernels::Value;

    fn texts(lengths: &[usize]) -> Column {
        let values = lengths.iter().map(|length| Value::String("x".repeat(*length).into()));
        Column::from_values(Type::String, &values.collect::<Vec<_>>())
    }

    #[test]
    fn rows_are_cut_where_their_text_is_long() {
        let columns = [
            texts(&[1, 2, 90, 0, 0, 4, 5]),
            Column::new(Type::Int64, 7),
            texts(&[0, 7, 0, 0, 0, 5, 0]),
        ];
        let ranges = |bytes| by_text(columns.iter(), 7, bytes);
        assert_eq!(ranges(1000), [0..7]);
        assert_eq!(ranges(10), [0..2, 2..3, 3..7]);
        assert_eq!(ranges(1), [0..1, 1..2, 2..3, 3..6, 6..7]);
        assert_eq!(by_text(columns[1..2].iter(), 7, 1), [0..7]);
        assert_eq!(by_text([].into_iter(), 0, 1), [0..0]);
    }

    #[test]
    fn questions_follow_the_length_of_their_answers() {
        let mut pace = Pace {
            most: 5_000,
            now: FIRST,
            text_bytes: Some(1_000_000),
        };
        pace.note(64, || 64 * 10);
        assert_eq!(pace.questions(), 1_024);
        pace.note(1_024, || 1_024 * 10);
        assert_eq!(pace.questions(), 5_000);
        pace.note(5_000, || 5_000 * 10_000);
        assert_eq!(pace.questions(), 100);
        pace.note(1, || 2_000_000);
        assert_eq!(pace.questions(), 1);
        pace.note(0, || 0);
        assert_eq!(pace.questions(), 1);
    }
}
