//! Which views find something for a grid of questions: a view finds nothing if none of its events is seen by any.
//!
//! An event is seen by the questions at the instants from which it is known, up to the longest retention of the view's
//! features; so one pass over the events tells, and nothing is kept.

use crate::error::Error;
use crate::program::Program;
use crate::view_rejects::{Node, node};
use featc_ir::{Source, Truth};
use featr_kernels::{Batch, Column, rows};
use std::ops::Range;

/// Questions at every multiple of a span since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Microseconds, above zero.
    pub every_us: i64,
    /// Instants in microseconds; the end is out.
    pub range: Range<i64>,
    /// Which events a question sees.
    pub truth: Truth,
}

impl Grid {
    /// Whether a question is asked in `from..=to`.
    fn asks_in(&self, from: i128, to: i128) -> bool {
        let from = from.max(self.range.start.into());
        let to = to.min(i128::from(self.range.end) - 1);
        let every = i128::from(self.every_us);
        from <= to && to.div_euclid(every) * every >= from
    }
}

/// The views of a service that found nothing so far.
pub(crate) struct Unseen {
    grid: Grid,
    nodes: Vec<(Node, Vec<View>)>,
}

/// The name, and the longest retention of its features; `None`: all events before the instant.
type View = (String, Option<u64>);

impl Program {
    /// All views of a service.
    pub(crate) fn unseen(&self, service: &str, grid: Grid) -> Result<Unseen, Error> {
        let plan = self.batch_plan(service)?;
        let nodes = plan.pipelines.iter().map(|pipeline| {
            let fold = pipeline.fold_spec();
            let views = pipeline.finish_spec().views(&fold).into_iter();
            let reach = |place: u32| fold.presence.get(place as usize).copied().flatten();
            let views = views.map(|(view, place)| (view, reach(place))).collect();
            (node(pipeline), views)
        });
        Ok(Unseen {
            grid,
            nodes: nodes.collect(),
        })
    }
}

impl Unseen {
    /// Looks at accepted rows of a source; `asked` says which rows of keys are asked about, of nodes where that is known.
    pub(crate) fn look(
        &mut self,
        source: &Source,
        accepted: &Batch,
        asked: impl Fn(&Node, &[&Column], usize) -> Option<Vec<bool>>,
    ) {
        let nodes = self.nodes.iter_mut();
        for (node, views) in nodes.filter(|(node, views)| node.source.name == source.name && !views.is_empty()) {
            let keyed = rows::apply(&node.rows, accepted);
            let columns: Vec<&Column> = keyed.keys.iter().map(AsRef::as_ref).collect();
            let asked = asked(node, &columns, keyed.times.len());
            let delay_us = source.delay_under(self.grid.truth).map(i128::from);
            let arrivals = rows::arrivals(source, accepted).zip(delay_us);
            for (row, time) in keyed.times.iter().enumerate() {
                if asked.as_ref().is_some_and(|asked| !asked[row]) {
                    continue;
                }
                let time = i128::from(*time);
                let known = arrivals.as_ref().map_or(time, |(arrivals, delay_us)| {
                    time.max(i128::from(arrivals[keyed.rows[row] as usize]) + delay_us)
                });
                let until = |reach: Option<u64>| reach.map_or(i128::MAX, |reach| time + i128::from(reach) - 1);
                views.retain(|(_, reach)| !self.grid.asks_in(known, until(*reach)));
            }
        }
    }

    /// The views in which nothing was found, in the order of the plan.
    pub(crate) fn views(self) -> Vec<String> {
        let views = self.nodes.into_iter().flat_map(|(_, views)| views);
        views.map(|(view, _)| view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_asks_at_multiples_within_its_range() {
        let grid = |range: Range<i64>| Grid {
            every_us: 10,
            range,
            truth: Truth::Complete,
        };
        assert!(grid(0..100).asks_in(90, 99) && grid(0..100).asks_in(-5, 0));
        assert!(!grid(0..100).asks_in(91, 99) && !grid(0..100).asks_in(100, i128::MAX));
        assert!(!grid(1..10).asks_in(0, 20) && grid(1..11).asks_in(0, 20));
        assert!(grid(-15..0).asks_in(-10, -10) && !grid(-15..-10).asks_in(i128::MIN, i128::MAX));
        assert!(!grid(5..5).asks_in(0, 10));
        let all = grid(i64::MIN..i64::MAX);
        assert!(all.asks_in(i128::MIN, i128::MAX) && !all.asks_in(1, 9));
    }
}
