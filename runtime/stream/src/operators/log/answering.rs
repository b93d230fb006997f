//! How a log answers questions.

use super::LogOperator;
use crate::log::{LogAnswers, LogAsk, LogQuestion};
use crate::question::Questions;
use featr_kernels::identity::{self, Keys};
use featr_kernels::{Column, Tag};

impl LogOperator {
    pub(super) fn answer(&self, ask: &LogAsk, questions: &Questions) -> LogAnswers {
        let keys_of = |positions: &[usize], columns: &[Column]| {
            let columns: Vec<&Column> = positions.iter().map(|position| &columns[*position]).collect();
            identity::entity_keys(&columns, questions.times.len())
        };
        let entities = keys_of(&ask.keys, &questions.keys);
        let own = (!ask.self_columns.is_empty()).then(|| keys_of(&ask.self_columns, &questions.self_columns));
        let rows = (0..questions.times.len()).map(|row| LogQuestion {
            t_us: questions.times[row],
            entity: whole_key(&entities, row),
            itself: own.as_ref().and_then(|keys| whole_key(keys, row)),
        });
        self.log.read(&ask.walks, rows)
    }
}

/// A key without nulls and errors in it.
fn whole_key(keys: &Keys, row: usize) -> Option<&[u8]> {
    let tag = keys.tags.as_ref().map_or(Tag::VALID, |tags| tags[row]);
    (tag == Tag::VALID).then(|| keys.bytes.get(row))
}
