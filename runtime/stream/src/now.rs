//! What an engine shows: the truth that it answers in, and up to where events have been let in.

use featc_ir::{Source, Truth};
use std::collections::BTreeMap;

/// Per source, the greatest arrival that questions may see, in microseconds. Of a source that is not here they see nothing.
pub type Cuts = BTreeMap<String, i64>;

/// The truth, and up to where events have been let in.
#[derive(Debug, Clone)]
pub(crate) struct Now {
    pub truth: Truth,
    pub cut_us: Option<i64>,
    /// As served: these decide what is visible.
    pub cuts: Option<Cuts>,
}

impl Now {
    /// Before anything is let in.
    pub fn of(truth: Truth) -> Now {
        Now {
            truth,
            cut_us: None,
            cuts: (truth == Truth::AsServed).then(Cuts::new),
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

    /// Whether questions may have been answered already that rows of a source which are let in now belong to.
    pub fn has_cut(&self, source: &Source) -> bool {
        match &self.cuts {
            Some(cuts) => cuts.contains_key(&source.name),
            None => self.cut_us.is_some(),
        }
    }

    /// As served, the cut of a source whose rows say when they arrive; in it `None`: nothing has been let in.
    pub fn given(&self, source: &Source) -> Option<Option<i64>> {
        let cuts = self.cuts.as_ref()?;
        source.tells_arrival().then(|| cuts.get(&source.name).copied())
    }
}
