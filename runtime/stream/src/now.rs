//! What an engine shows: the truth that it answers in, and up to where events have been let in.

use featc_ir::{Source, Truth};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Per source, the greatest arrival that questions may see, in microseconds. Of a source that is not here they see nothing.
pub type Cuts = BTreeMap<String, i64>;

/// What events have to be known by to be let in: their source, and as served the tables with versions that they look into.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub source: Arc<Source>,
    /// Their names.
    pub tables: Vec<String>,
    /// What decides until when they wait for these, if they do.
    pub wait: Option<String>,
}

/// In a key of a state, in front of what decides until when its rows wait.
const WAIT: &str = " waits ";

/// A key of a state without what decides until when its rows wait, and that.
pub(crate) fn without_wait(key: &str) -> (&str, Option<&str>) {
    match key.split_once(WAIT) {
        Some((key, wait)) => (key, Some(wait)),
        None => (key, None),
    }
}

impl Gate {
    /// Of events that look into no table.
    pub fn of(source: Arc<Source>) -> Gate {
        Gate {
            source,
            tables: Vec::new(),
            wait: None,
        }
    }

    /// The key of a state of such events: those that wait for tables enter at other cuts, and wait for the lookups of all of
    /// their transform.
    pub fn state_key(&self, key: String) -> String {
        let tables = self.tables.iter();
        let key = tables.fold(key, |key, table| key + " and " + table);
        match &self.wait {
            None => key,
            Some(wait) => key + WAIT + wait,
        }
    }

    /// What has a cut, by name.
    fn inputs(&self) -> impl Iterator<Item = &String> {
        let own = self.source.tells_arrival().then_some(&self.source.name);
        own.into_iter().chain(&self.tables)
    }
}

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

    /// The greatest arrival that rows may have to be visible: `None` where nothing waits.
    pub fn visible_until(&self, gate: &Gate) -> Option<i128> {
        if let Some(cuts) = &self.cuts {
            let until = |name| cuts.get(name).map_or(i128::MIN, |cut: &i64| i128::from(*cut));
            return gate.inputs().map(until).min();
        }
        let delay_us = self.truth.delay_us(gate.source.delay_us)?;
        let cut_us = self.cut_us.map_or(i128::MIN, i128::from);
        Some(cut_us.saturating_sub(i128::from(delay_us)))
    }

    /// Whether questions may have been answered already that rows which are let in now belong to.
    pub fn has_cut(&self, gate: &Gate) -> bool {
        match &self.cuts {
            Some(cuts) => gate.inputs().all(|name| cuts.contains_key(name)),
            None => self.cut_us.is_some(),
        }
    }

    /// As served, the cut of what says when it arrives; in it `None`: nothing has been let in.
    pub fn given(&self, gate: &Gate) -> Option<Option<i64>> {
        let cuts = self.cuts.as_ref()?;
        // None comes before every cut.
        gate.inputs().map(|name| cuts.get(name).copied()).min()
    }
}
