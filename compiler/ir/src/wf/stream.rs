//! Of a plan for online values.

use super::fold::events;
use super::rows::{required, scan, source};
use super::service::{composed, derived, order, spine};
use super::{Wrong, are_names, ensure};
use crate::bounds::by_reach;
use crate::hash::state_key;
use crate::plan::{
    Fold, FoldSpec, Pages, Part, Retention, Rows, StateSchema, StreamAnswer, StreamGraph, StreamLog, Visibility,
};
use crate::program::{Arrival, Source};
use crate::window::Window;
use std::collections::BTreeSet;

impl StreamGraph {
    /// Checks positions, references and types.
    ///
    /// # Errors
    /// The first thing that no lowering makes, in words.
    pub fn check(&self) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("service `{}`: {what}", self.service);
        self.check_layers().map_err(|what| wrong(&what))?;
        let checked = self.answers.iter().map(|answer| self.check_answer(answer));
        let counts: Vec<u32> = checked.collect::<Result<_, Wrong>>().map_err(|why| wrong(&why))?;
        let folds: Vec<FoldSpec> = self.answers.iter().map(|answer| self.fold_spec(answer)).collect();
        spine(&self.service, &self.spine, &folds, &self.derive)?;
        let outputs = self.answers.iter().map(|node| node.finish.outputs());
        let outputs = outputs.map(|all| all.into_iter().map(|(_, ty)| ty).collect());
        derived(&self.spine, &outputs.collect::<Vec<Vec<_>>>(), &self.derive).map_err(|why| wrong(&why))?;
        composed(&self.service, (&self.compose.0, &self.derive), &counts, self.columns())?;
        let ascend = self.gated.windows(2).all(|pair| pair[0] < pair[1]);
        let last = self
            .gated
            .last()
            .is_none_or(|last| (*last as usize) < self.compose.0.len());
        ensure(ascend && last, || wrong("its gated columns"))
    }

    /// Whether every operator reads one that is there, and is read.
    fn check_layers(&self) -> Result<(), Wrong> {
        let reads = |inputs: Vec<usize>, layer: usize| {
            (0..layer).all(|at| inputs.contains(&at)) && inputs.iter().all(|at| *at < layer)
        };
        let of_rows = self.rows.iter().map(|rows| rows.input.index()).collect();
        let of_logs = self.logs.iter().map(|log| log.input.index()).collect();
        let of_answers = self.answers.iter().map(|answer| answer.input.index()).collect();
        ensure(
            reads(of_rows, self.sources.len()) && reads(of_logs, self.rows.len()) && reads(of_answers, self.logs.len()),
            || "an operator reads what is not there, or nobody reads it".to_owned(),
        )?;
        ensure(
            are_names(self.sources.iter().map(|source| source.scan.source.as_str())),
            || "names of sources".to_owned(),
        )
    }

    fn check_answer(&self, answer: &StreamAnswer) -> Result<u32, Wrong> {
        let log = &self.logs[answer.input.index()];
        let node = &self.rows[log.input.index()];
        let (read, declared) = (&self.sources[node.input.index()], self.source(node.input));
        source(&declared)?;
        ensure(required(&read.accept.required, &read.scan), || {
            format!("source `{}`: its required columns", declared.name)
        })?;
        scan(&read.scan, &node.rows, &declared)?;
        let (folded, finished) = (self.fold_spec(answer), self.finish_spec(answer));
        let count = events((&node.rows, &declared), (&answer.fold, &folded), &finished, true)?;
        pages(&answer.fold, &answer.pages).map_err(|what| format!("log of `{}`: {what}", declared.name))?;
        log.check(&node.rows, &declared)?;
        let windows = answer.fold.windows.iter().map(|window| window.bounds().reach_us());
        let presence = answer.fold.presence.iter().map(|presence| presence.reach_us);
        let within = |reach_us: Option<u64>| by_reach(reach_us) <= by_reach(log.retention.keep_us);
        ensure(windows.chain(presence).all(within), || {
            format!("log of `{}`: it forgets what is still asked for", declared.name)
        })?;
        Ok(count)
    }
}

impl StreamLog {
    fn check(&self, rows: &Rows, source: &Source) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("log of `{}`: {what}", source.name);
        order(&self.order)?;
        ensure(self.dedup.identity == source.unique, || {
            wrong("its identity is not its source's")
        })?;
        ensure(self.gate.delay_us() == source.delay_us, || wrong("its gate"))?;
        ensure(
            (self.gate == Visibility::Always) == (source.arrival == Some(Arrival::Static)),
            || wrong("its gate"),
        )?;
        ensure(self.state == StateSchema::of(rows, source), || {
            wrong("what it keeps of an event")
        })?;
        let Retention {
            keep_us,
            window,
            lateness_us,
            read_skew_us,
        } = &self.retention;
        let length = window.bounds().reach_us();
        let sum = length.and_then(|length| length.checked_add(*lateness_us)?.checked_add(*read_skew_us));
        ensure(*keep_us == sum, || wrong("how long it keeps events"))?;
        ensure(
            self.state_key == state_key(source, &rows.spec(), &rows.key.entity),
            || wrong("its state key"),
        )
    }
}

/// Whether every slot has its part, and is answered once, at a stop of its window, and the windows of a walk nest.
fn pages(fold: &Fold, pages: &Pages) -> Result<(), Wrong> {
    let wrong = |what: &str| Err(what.to_owned());
    if pages.of_slots.len() != fold.slots.len() {
        return wrong("a part per slot");
    }
    for (slot, part) in fold.slots.iter().zip(&pages.of_slots) {
        let reads = |part: &Part| {
            (part.aggregate, part.argument, part.second, part.filter)
                == (slot.aggregate, slot.argument, slot.second, slot.filter)
        };
        if !pages.parts.get(*part as usize).is_some_and(reads) {
            return wrong("the part of a slot");
        }
    }
    let used: BTreeSet<u32> = pages.of_slots.iter().copied().collect();
    if used.len() != pages.parts.len() {
        return wrong("a part that nobody reads");
    }
    let nest = |pair: &[&Window]| {
        let (left, right) = (pair[0].bounds(), pair[1].bounds());
        let alike = left.end_as(&right) && pair[0].excluding == pair[1].excluding;
        alike && left.start_within(&right) && left != right
    };
    let mut answered = vec![0u32; fold.slots.len()];
    for walk in &pages.walks {
        for stop in &walk.stops {
            ensure(stop.window.index() < fold.windows.len(), || {
                "a stop at no window".to_owned()
            })?;
            for slot in &stop.slots {
                let found = fold.slots.get(*slot as usize);
                let here = found.is_some_and(|slot| slot.window == stop.window);
                ensure(here, || "a slot at a foreign stop".to_owned())?;
                answered[*slot as usize] += 1;
            }
        }
        let windows = walk.stops.iter().map(|stop| &fold.windows[stop.window.index()]);
        let windows: Vec<&Window> = windows.collect();
        ensure(!windows.is_empty() && windows.windows(2).all(nest), || {
            "windows of one walk that do not nest".to_owned()
        })?;
        let choice = |slot: &u32| fold.slots[*slot as usize].slot().choice(windows[0]);
        let choices: BTreeSet<_> = walk.stops[0].slots.iter().map(choice).collect();
        let chooses = windows.iter().any(|window| window.chooses());
        ensure(!chooses || (windows.len() == 1 && choices.len() <= 1), || {
            "a walk that chooses among events for others too".to_owned()
        })?;
    }
    ensure(answered.iter().all(|times| *times == 1), || {
        "a slot that is not answered once".to_owned()
    })
}
