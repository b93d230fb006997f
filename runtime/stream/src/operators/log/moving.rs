//! A log as several, each with some of its entities.

use super::LogOperator;
use crate::moved::Moved;

impl LogOperator {
    pub(super) fn moved_from(&mut self, is_theirs: &dyn Fn(&[u8]) -> bool) -> Moved {
        Moved {
            entities: self.log.split_off(is_theirs),
            waiting: self.waiting.split_off(is_theirs),
            floor_us: self.floor_us,
            swept_us: self.swept_us,
            to_be_rebuilt: self.to_be_rebuilt,
            storing: self.log.storing(),
        }
    }

    pub(super) fn moved_to(&mut self, moved: Moved) {
        self.log.put_entities(moved.entities);
        self.waiting = moved.waiting;
        self.floor_us = moved.floor_us;
        self.swept_us = moved.swept_us;
        self.to_be_rebuilt = moved.to_be_rebuilt;
        self.log.set_storing(moved.storing);
    }
}
