//! The operators of both plans: references, ranges, and that no operator is without a reader.

use super::{Wrong, are_names, ensure, finish, fold, rows, source};
use crate::hash::state_key;
use crate::id::ColumnId;
use crate::plan::{
    BatchPlan, FinishSpec, Fold, FoldSpec, Method, Order, Part, Pipeline, Presence, Retention, Rows, Scan, Spine,
    StateSchema, StreamAnswer, StreamGraph, StreamLog, Visibility,
};
use crate::program::{Arrival, Key, Source, Step};
use crate::types::Type;
use crate::window::Window;
use std::collections::BTreeSet;

/// In the order of what reaches further.
fn reach(us: Option<u64>) -> (u8, u64) {
    us.map_or((1, 0), |us| (0, us))
}

/// Whether the columns that a scan reads are there, ascending, and hold every one that an operator above looks at.
fn scan(scan: &Scan, rows: &Rows, source: &Source) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("scan of `{}`: {what}", scan.source);
    let width = scan.columns.len();
    let ascends = |columns: &[ColumnId]| {
        columns.is_sorted_by(|left, right| left < right) && columns.iter().all(|id| id.index() < width)
    };
    ensure(ascends(&scan.read), || wrong("the columns that it reads"))?;
    let mut missing = false;
    let mut look = |id: ColumnId| missing |= id.index() < width && !scan.read.contains(&id);
    look(source.time);
    source
        .unique
        .iter()
        .copied()
        .chain(source.arrival_column())
        .for_each(&mut look);
    rows.for_each_column(&mut look);
    ensure(!missing, || wrong("it leaves out a column that is read"))
}

/// Whether a plan's aggregates, parts and walks are those that engines of this kind can run.
fn methods(fold: &Fold, source: &Source, is_stream: bool) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("fold of events of `{}`: {what}", source.name);
    let seen = match source.arrival {
        Some(Arrival::Static) => Visibility::Always,
        Some(Arrival::Column(_) | Arrival::AfterTime { .. }) | None => Visibility::AsOf {
            delay_us: source.delay_us,
        },
    };
    let visibilities = fold.slots.iter().map(|slot| slot.visibility);
    let mut visibilities = visibilities.chain(fold.presence.iter().map(|presence| presence.visibility));
    ensure(
        !fold.slots.is_empty() && visibilities.all(|of_slot| of_slot == seen),
        || wrong("what is visible"),
    )?;
    for slot in &fold.slots {
        let is_run = match is_stream {
            true => slot.method == Method::Pages,
            false => slot.method == Method::of(slot.aggregate),
        };
        ensure(is_run && slot.version == slot.aggregate.version(), || {
            wrong("a method or version that no engine has")
        })?;
        let reads = |part: &Part| {
            let is_state = !is_stream || part.aggregate == slot.aggregate;
            is_state && (part.argument, part.second, part.filter) == (slot.argument, slot.second, slot.filter)
        };
        ensure(fold.parts.get(slot.part as usize).is_some_and(reads), || {
            wrong("the part of a slot")
        })?;
    }
    let used: BTreeSet<u32> = fold.slots.iter().map(|slot| slot.part).collect();
    ensure(used.len() == fold.parts.len(), || wrong("a part that nobody reads"))?;
    walks(fold, is_stream).map_err(|what| wrong(&what))
}

/// Whether every slot is answered once, at a stop of its window, and the windows of a walk end alike and nest.
fn walks(fold: &Fold, is_stream: bool) -> Result<(), Wrong> {
    let nest = |pair: &[&Window]| {
        let (left, right) = (pair[0].bounds(), pair[1].bounds());
        let (left_reach, right_reach) = (reach(left.reach_us()), reach(right.reach_us()));
        (pair[0].excluding, left.ending()) == (pair[1].excluding, right.ending())
            && if is_stream {
                left_reach < right_reach
            } else {
                left_reach > right_reach
            }
    };
    let mut answered = vec![0u32; fold.slots.len()];
    for walk in &fold.walks {
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
        let choosing = walk
            .stops
            .iter()
            .find(|stop| fold.windows[stop.window.index()].count().is_some());
        if let Some(stop) = choosing {
            let filters: BTreeSet<_> = stop
                .slots
                .iter()
                .map(|slot| fold.slots[*slot as usize].filter)
                .collect();
            ensure(walk.stops.len() == 1 && filters.len() <= 1, || {
                "a walk that chooses among events for others too".to_owned()
            })?;
        }
    }
    ensure(answered.iter().all(|times| *times == 1), || {
        "a slot that is not answered once".to_owned()
    })
}

fn order(order: &Order) -> Result<(), Wrong> {
    ensure(order.by == Order::EVENTS, || "the order of events".to_owned())
}

/// Checks the operators that both plans have from a source to its features; gives how many of these leave.
fn events(
    (rows_of, source_of): (&Rows, &Source),
    (fold_of, folded): (&Fold, &FoldSpec),
    finished: &FinishSpec,
    is_stream: bool,
) -> Result<u32, Wrong> {
    let spec = rows_of.spec();
    let lets = spec.steps.iter().filter(|step| matches!(step, Step::Let(_))).count();
    ensure(lets == rows_of.steps.lets.len(), || {
        format!("transform `{}`: names of its columns", spec.name)
    })?;
    let lifts = rows(&spec, source_of)?;
    fold(folded, (&spec, &lifts), source_of)?;
    methods(fold_of, source_of, is_stream)?;
    finish(finished, (&spec, folded), source_of)
}

/// Whether `asked` has every one of the columns.
fn has_all(asked: &[Key], columns: &[Key]) -> bool {
    columns.iter().all(|column| asked.contains(column))
}

/// Checks what questions bring: keys and columns for `excluding self`, and all that the folds ask.
fn spine(service: &str, spine: &Spine, folds: &[FoldSpec]) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let (keys, self_columns) = (&spine.keys, &spine.self_columns);
    let names = |keys: &[Key]| are_names(keys.iter().map(|key| key.name.as_str()));
    ensure(!keys.is_empty() && names(keys) && names(self_columns), || {
        wrong("names of what a question brings")
    })?;
    let one_type = |key: &Key| keys.iter().all(|known| known.name != key.name || known.ty == key.ty);
    ensure(self_columns.iter().all(one_type), || {
        wrong("two types of what a question brings")
    })?;
    let brings = |fold: &FoldSpec| has_all(keys, &fold.entity) && has_all(self_columns, &fold.self_columns);
    ensure(folds.iter().all(brings), || {
        wrong("a question does not bring all that is asked")
    })?;
    // Nothing is asked for nothing.
    let reads = |key: &Key, of: fn(&FoldSpec) -> &[Key]| folds.iter().any(|fold| of(fold).contains(key));
    let all_read = keys.iter().all(|key| reads(key, |fold| &fold.entity))
        && self_columns.iter().all(|key| reads(key, |fold| &fold.self_columns));
    ensure(all_read, || wrong("a question brings what nobody reads"))
}

/// Checks what leaves a service; `counts` are how many features leave each answer.
fn composed(service: &str, columns: &[(u32, u32)], counts: &[u32], names: Vec<(&str, Type)>) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let known = |(answer, place): &(u32, u32)| counts.get(*answer as usize).is_some_and(|count| place < count);
    ensure(!columns.is_empty() && columns.iter().all(known), || {
        wrong("an output column is not there")
    })?;
    let used: BTreeSet<(u32, u32)> = columns.iter().copied().collect();
    ensure(
        used.len() as u64 == counts.iter().map(|count| u64::from(*count)).sum::<u64>(),
        || wrong("a feature that leaves for nowhere"),
    )?;
    ensure(are_names(names.into_iter().map(|(name, _)| name)), || {
        wrong("names of output columns")
    })
}

/// Whether sources of one name are one.
fn same_sources(sources: &[Source]) -> Result<(), Wrong> {
    let clash = |source: &Source| sources.iter().any(|other| other.name == source.name && other != source);
    ensure(!sources.iter().any(clash), || {
        "two different sources have one name".to_owned()
    })
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
        ensure(
            lengths
                .into_iter()
                .all(|length| reach(length) <= reach(self.restrict.after_us)),
            || {
                format!(
                    "events of `{}`: it leaves out events that a window reaches",
                    declared.name
                )
            },
        )?;
        Ok(count)
    }
}

fn required(columns: &[ColumnId], scan: &Scan) -> bool {
    columns.is_sorted_by(|left, right| left < right) && columns.iter().all(|id| id.index() < scan.columns.len())
}

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
        spine(&self.service, &self.spine, &folds)?;
        let sources: Vec<Source> = self.pipelines.iter().map(Pipeline::source).collect();
        same_sources(&sources).map_err(|why| wrong(&why))?;
        composed(&self.service, &self.compose.0, &counts, self.columns())
    }
}

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
        spine(&self.service, &self.spine, &folds)?;
        composed(&self.service, &self.compose.0, &counts, self.columns())
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
        log.check(&node.rows, &declared)?;
        let within = |presence: &Presence| reach(presence.reach_us) <= reach(log.retention.keep_us);
        ensure(answer.fold.presence.iter().all(within), || {
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
