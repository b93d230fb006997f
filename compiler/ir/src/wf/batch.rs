//! Of a plan for training sets.

use super::fold::events;
use super::rows::{required, scan, source};
use super::service::{composed, derived, order, same_sources, spine};
use super::{Wrong, ensure};
use crate::bounds::by_reach;
use crate::plan::{BatchPlan, FoldSpec, Pipeline};
use crate::program::Source;

impl BatchPlan {
    /// Checks positions, references and types.
    ///
    /// # Errors
    /// The first thing that no lowering makes, in words.
    pub fn check(&self) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("service `{}`: {what}", self.service);
        let checked = self.pipelines.iter().map(Pipeline::check);
        let counts: Vec<u32> = checked.collect::<Result<_, Wrong>>().map_err(|why| wrong(&why))?;
        let folds: Vec<FoldSpec> = self.pipelines.iter().map(Pipeline::fold_spec).collect();
        spine(&self.service, &self.spine, &folds, &self.derive)?;
        let sources: Vec<Source> = self.pipelines.iter().map(Pipeline::source).collect();
        same_sources(&sources).map_err(|why| wrong(&why))?;
        let outputs = self.pipelines.iter().map(|node| node.finish.outputs());
        let outputs = outputs.map(|all| all.into_iter().map(|(_, ty)| ty).collect());
        derived(&self.spine, &outputs.collect::<Vec<Vec<_>>>(), &self.derive).map_err(|why| wrong(&why))?;
        composed(&self.service, (&self.compose.0, &self.derive), &counts, self.columns())
    }
}

impl Pipeline {
    fn check(&self) -> Result<u32, Wrong> {
        let declared = self.source();
        source(&declared)?;
        ensure(required(&self.accept.required, &self.scan), || {
            format!("source `{}`: its required columns", declared.name)
        })?;
        scan(&self.scan, &self.rows, &declared)?;
        order(&self.order)?;
        let (folded, finished) = (self.fold_spec(), self.finish_spec());
        let count = events((&self.rows, &declared), (&self.fold, &folded), &finished, false)?;
        let lengths = self.fold.windows.iter().map(|window| window.bounds().reach_us());
        let lengths = lengths.chain(self.fold.presence.iter().map(|presence| presence.reach_us));
        let longest = lengths.map(by_reach).max();
        ensure(longest <= Some(by_reach(self.restrict.after_us)), || {
            format!(
                "events of `{}`: it leaves out events that a window reaches",
                declared.name
            )
        })?;
        Ok(count)
    }
}
