//! What an engine shows: the truth that it answers in, and up to where events have been let in.

use featc_ir::{Arrival, Source, Truth};
use std::collections::BTreeMap;

/// Per source, the greatest arrival that questions may see, in microseconds. Of a source that is not here they see nothing.
pub type Cuts = BTreeMap<String, i64>;

/// The truth, and up to where events have been let in.
#[derive(Debug, Clone)]
pub(crate) struct Now {
    pub truth: Truth,
    pub cut_us: Option<i64>,
    /// Of an engine that serves: what is visible is decided by these, and not by the truth and its cut.
    pub cuts: Option<Cuts>,
}

impl Now {
    pub fn of(truth: Truth) -> Now {
        Now {
            truth,
            cut_us: None,
            cuts: None,
        }
    }

    /// Of an engine that serves.
    pub fn serving() -> Now {
        Now {
            cuts: Some(Cuts::new()),
            ..Now::of(Truth::AsOfArrival { delay_us: None })
        }
    }

    /// The greatest arrival that a source's rows may have to be visible: `None` where nothing waits.
    pub fn visible_until(&self, source: &Source) -> Option<i128> {
        if let Some(cuts) = &self.cuts {
            return Some(cuts.get(&source.name).map_or(i128::MIN, |cut| i128::from(*cut)));
        }
        let delay_us = self.truth.delay_us(source.delay_us)?;
        let cut_us = self.cut_us.map_or(i128::MIN, i128::from);
        Some(cut_us.saturating_sub(i128::from(delay_us)))
    }

    /// Whether questions may have been answered already about what a source's rows that are let in now belong to.
    pub fn has_cut(&self, source: &Source) -> bool {
        match &self.cuts {
            Some(cuts) => cuts.contains_key(&source.name),
            None => self.cut_us.is_some(),
        }
    }

    /// The truth whose delay is how far what a question at `t_us` sees of a source lies behind it: that decides `stale`.
    pub fn lag(&self, source: &Source, t_us: i64) -> Truth {
        let Some(cuts) = &self.cuts else {
            return self.truth;
        };
        match source.arrival {
            Some(Arrival::Static) | None => return Truth::Complete,
            Some(Arrival::Column(_) | Arrival::AfterTime { .. }) => {}
        }
        let delay_us = cuts.get(&source.name).map_or(u64::MAX, |cut| {
            u64::try_from(i128::from(t_us) - i128::from(*cut)).unwrap_or(0)
        });
        Truth::AsOfArrival {
            delay_us: Some(delay_us),
        }
    }
}
