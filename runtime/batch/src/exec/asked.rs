//! Which events can matter to any question: pushed down to the leaf, before shuffles and sorts.

use crate::inputs::SpineData;
use datafusion::error::Result;
use featc_ir::WindowKind;
use featc_ir::plan::FoldSpec;
use featr_kernels::{Column, StrData, identity};
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// Hashing entities pays when there are this many times more events than questions.
const EVENTS_PER_QUESTION: usize = 4;

/// The instants and entities that the spine asks about.
#[derive(Debug)]
pub(super) struct Asked {
    spine: Arc<SpineData>,
    fold: Arc<FoldSpec>,
    /// Events need `τ > after`; `None`: no bound.
    after: Option<i64>,
    /// Events need `τ ≤ until`; `None`: there are no questions.
    until: Option<i64>,
    entities: OnceLock<HashSet<Vec<u8>>>,
}

impl Asked {
    pub fn new(spine: Arc<SpineData>, fold: Arc<FoldSpec>) -> Asked {
        let lengths = fold.windows.iter().map(|window| match window.kind {
            WindowKind::Last { length_us } => Some(length_us.unsigned_abs()),
            WindowKind::Lifetime => None,
        });
        let longest: Option<Vec<u64>> = lengths.chain(fold.presence.iter().copied()).collect();
        let longest = longest.map(|lengths| lengths.into_iter().max().unwrap_or(0));
        let first = spine.times.iter().min();
        let after = first
            .zip(longest)
            .and_then(|(first, longest)| first.checked_sub_unsigned(longest));
        let until = spine.times.iter().max().copied();
        Asked {
            spine,
            fold,
            after,
            until,
            entities: OnceLock::new(),
        }
    }

    /// The events that can matter, or `None` when all can. `total` is how many events the source has in all.
    pub fn filter(&self, times: &[i64], entities: &StrData, total: usize) -> Result<Option<Vec<u32>>> {
        let Some(until) = self.until else {
            return Ok(Some(vec![]));
        };
        let known = if self.spine.times.len().saturating_mul(EVENTS_PER_QUESTION) < total {
            if self.entities.get().is_none() {
                let _ = self.entities.set(self.keys()?);
            }
            self.entities.get()
        } else {
            None
        };
        let matters = |row: usize| {
            times[row] <= until
                && self.after.is_none_or(|after| times[row] > after)
                && known.is_none_or(|known| known.contains(entities.get(row)))
        };
        let kept: Vec<u32> = (0u32..)
            .zip(0..times.len())
            .filter(|(_, row)| matters(*row))
            .map(|(row, _)| row)
            .collect();
        Ok((kept.len() < times.len()).then_some(kept))
    }

    /// The entities of the spine; those of rows with a missing key are no event's.
    fn keys(&self) -> Result<HashSet<Vec<u8>>> {
        let mut columns: Vec<&Column> = vec![];
        for key in &self.fold.entity {
            columns.push(self.spine.column(key)?);
        }
        let keys = identity::keys_of_columns(&columns, self.spine.times.len());
        Ok(keys.iter().map(<[u8]>::to_vec).collect())
    }
}
