//! `time_since_last` and `time_since_first`: a semilattice, the greater or lesser event time. It has no inverse.

use super::{Aggregate, Asked, Input, Name, Types};
use crate::value::Value;
use featc_ir::ErrorCode;

/// The event time so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    is_first: bool,
    time_us: Option<i64>,
}

impl Since {
    fn keep(&mut self, time_us: i64) {
        let is_first = self.is_first;
        let kept = |ours: i64| if is_first { ours.min(time_us) } else { ours.max(time_us) };
        self.time_us = Some(self.time_us.map_or(time_us, kept));
    }
}

impl Aggregate for Since {
    fn identity(name: Name, _: Types) -> Since {
        let is_first = match name {
            Name::TimeSinceFirst => true,
            Name::TimeSinceLast => false,
            other => super::other_state(other),
        };
        Since {
            is_first,
            time_us: None,
        }
    }

    fn lift(&mut self, input: &Input<'_>, row: usize) {
        self.keep(input.events.times[row]);
    }

    #[inline]
    fn fold(&mut self, input: &Input<'_>, mut rows: impl DoubleEndedIterator<Item = usize>) {
        let row = if self.is_first { rows.next() } else { rows.next_back() };
        if let Some(row) = row {
            self.lift(input, row);
        }
    }

    fn combine(&mut self, other: &Since) {
        if let Some(time_us) = other.time_us {
            self.keep(time_us);
        }
    }

    fn is_empty(&self) -> bool {
        self.time_us.is_none()
    }

    fn heap_bytes(&self) -> usize {
        0
    }

    fn lower(&self, asked: &Asked) -> Result<Value, ErrorCode> {
        let Some(time_us) = self.time_us else {
            return Ok(Value::Null);
        };
        let since = asked.t_us.checked_sub(time_us);
        since.map(Value::Duration).ok_or(ErrorCode::Overflow)
    }
}
