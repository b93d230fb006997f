//! The graphs of services as one graph: what is equal in them is there once, and everything is a position.
//!
//! Sources are shared by name; row stages where they differ in nothing but what events carry, and then events carry all of
//! it; logs of one row stage by their state key. A log keeps what any answer over it reads, for as long as one may.

use crate::check;
use crate::log::{Stop, Walk};
use featc_ir::plan::{
    Derive, DeriveInput, FinishKind, FinishSpec, FoldSpec, Pages, Part, RowSpec, Spine, StreamGraph, StreamLog,
    StreamSourceId,
};
use featc_ir::{Bug, Expr, ExprKind, Key, LiftId, Source, Step, Table};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct SharedRows {
    pub spec: RowSpec,
    /// Position in [`Shared::sources`].
    pub source: usize,
}

/// A log, and all that the answers over it read.
#[derive(Debug)]
pub(crate) struct SharedLog {
    pub spec: FoldSpec,
    pub parts: Vec<Part>,
    /// Per slot of `spec`, its part.
    pub of_slot: Vec<usize>,
    pub state_key: String,
    /// How long events are kept: the longest that a graph declares, `None` for ever.
    pub keep_us: Option<u64>,
    /// Position in [`Shared::rows`].
    pub rows: usize,
}

#[derive(Debug)]
pub(crate) struct SharedAnswer {
    /// Over the log's slots and presence.
    pub spec: FinishSpec,
    /// Position in [`Shared::logs`].
    pub log: usize,
    /// Over the log's windows, slots and parts.
    pub walks: Vec<Walk>,
    /// Per key column of the entity, the position among the service's keys.
    pub keys: Vec<usize>,
    /// Per column that `excluding self` compares, the position among the service's.
    pub self_columns: Vec<usize>,
    /// Pairs (position among the service's columns, position among the outputs).
    pub columns: Vec<(usize, usize)>,
}

#[derive(Debug)]
pub(crate) struct SharedService {
    pub name: String,
    pub spine: Spine,
    /// How many features of answers it takes: those of its output, then others that its own features read.
    pub columns: usize,
    /// How many of them come out.
    pub composed: usize,
    pub answers: Vec<SharedAnswer>,
    /// Over the columns: the inputs of features of its own name them as `Answer(0, column)`.
    pub derive: Derive,
}

/// All services of a program.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub program: String,
    pub sources: Vec<Source>,
    pub rows: Vec<SharedRows>,
    pub logs: Vec<SharedLog>,
    pub services: Vec<SharedService>,
}

/// Where an item is, after it was put there if it was not.
fn placed<T: PartialEq + Clone>(items: &mut Vec<T>, item: &T) -> usize {
    items.iter().position(|known| known == item).unwrap_or_else(|| {
        items.push(item.clone());
        items.len() - 1
    })
}

/// What is at a position that a graph names.
fn at<T: Copy>(items: &[T], position: usize) -> Result<T, Bug> {
    let found = items.get(position).copied();
    found.ok_or_else(|| Bug("an operator reads what is not there".to_owned()))
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Bug> {
    if holds { Ok(()) } else { Err(Bug(what())) }
}

impl Shared {
    /// Checks the references inside the graphs.
    pub fn new(graphs: Vec<StreamGraph>) -> Result<Shared, Bug> {
        let mut shared = Shared::default();
        for (place, graph) in graphs.into_iter().enumerate() {
            if place == 0 {
                shared.program.clone_from(&graph.program);
            }
            ensure(graph.program == shared.program, || "graphs of two programs".to_owned())?;
            let name = graph.service.clone();
            ensure(!shared.services.iter().any(|known| known.name == name), || {
                format!("two graphs of service {name}")
            })?;
            let added = shared.add(graph)?;
            shared.services.push(added);
        }
        Ok(shared)
    }

    fn add(&mut self, graph: StreamGraph) -> Result<SharedService, Bug> {
        let ids = (0..graph.sources.len() as u32).map(StreamSourceId);
        let sources: Vec<usize> = ids.map(|id| self.source(graph.source(id))).collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        let mut lifts = Vec::new();
        for node in &graph.rows {
            let (place, of_rows) = self.row_stage(at(&sources, node.input.index())?, node.rows.spec());
            rows.push(place);
            lifts.push(of_rows);
        }
        let mut logs = Vec::new();
        for log in &graph.logs {
            let entity = graph.rows.get(log.input.index()).map(|node| &node.rows.key.entity);
            logs.push(self.log(at(&rows, log.input.index())?, log, entity.map_or(&[], Vec::as_slice)));
        }
        let (taken, derive) = taken(&graph)?;
        let mut answers = Vec::new();
        for (place, answer) in (0u32..).zip(&graph.answers) {
            let log = at(&logs, answer.input.index())?;
            let of_rows = &graph.rows[graph.logs[answer.input.index()].input.index()];
            let lifts = &lifts[graph.logs[answer.input.index()].input.index()];
            let (fold, finish) = (graph.fold_spec(answer), graph.finish_spec(answer));
            check::log(
                &fold,
                &of_rows.rows.spec(),
                &self.sources[self.rows[self.logs[log].rows].source],
            )?;
            check::finish(&finish, &fold)?;
            let mut added = self.answer(log, lifts, &fold, (&answer.pages, finish))?;
            let bring = |asked: &[Key], columns: &[Key]| -> Option<Vec<usize>> {
                let find = |key: &Key| columns.iter().position(|known| known == key);
                asked.iter().map(find).collect()
            };
            let bug = |what: &str| Bug(format!("service {}: {what}", graph.service));
            added.keys = bring(&fold.entity, &graph.spine.keys).ok_or_else(|| bug("a key of the entity is missing"))?;
            let own = bring(&fold.self_columns, &graph.spine.self_columns);
            added.self_columns = own.ok_or_else(|| bug("a self column is missing"))?;
            let columns = taken.iter().enumerate();
            let columns = columns.filter(|(_, (of, _))| *of == place);
            added.columns = columns
                .map(|(column, (_, output))| (column, *output as usize))
                .collect();
            answers.push(added);
        }
        let columns = graph.compose.0.len();
        ensure(graph.columns().len() == columns + derive.0.len(), || {
            format!("service {}: a column comes from what is not there", graph.service)
        })?;
        Ok(SharedService {
            name: graph.service,
            spine: graph.spine,
            columns: taken.len(),
            composed: columns,
            answers,
            derive,
        })
    }

    /// The tables with versions that are looked into, by name, and how long after its instant an event may still matter:
    /// `None` for ever. Nothing where tables are given with the graphs.
    pub fn tables(&self, awaits: bool) -> Vec<(Table, Option<u64>)> {
        let mut found: BTreeMap<String, (Table, Option<u64>)> = BTreeMap::new();
        for log in self.logs.iter().filter(|_| awaits) {
            let rows = &self.rows[log.rows];
            let keep_us = log.keep_us.zip(moved_us(&rows.spec, &self.sources[rows.source]));
            let keep_us = keep_us.and_then(|(keep_us, moved_us)| keep_us.checked_add(moved_us));
            for table in rows.spec.awaited() {
                let known = found.entry(table.name.clone()).or_insert((table, keep_us));
                known.1 = known.1.zip(keep_us).map(|(known, other)| known.max(other));
            }
        }
        found.into_values().collect()
    }

    fn source(&mut self, source: Source) -> Result<usize, Bug> {
        if let Some(known) = self.sources.iter().position(|known| known.name == source.name) {
            ensure(self.sources[known] == source, || {
                format!("two different sources have the name {}", source.name)
            })?;
            return Ok(known);
        }
        self.sources.push(source);
        Ok(self.sources.len() - 1)
    }

    /// A row stage, and where its lifts are there.
    fn row_stage(&mut self, source: usize, spec: RowSpec) -> (usize, Vec<usize>) {
        let lifts: Vec<Expr> = spec.lifts.clone();
        let is_it = |known: &SharedRows| {
            let RowSpec {
                name,
                steps,
                lets,
                time,
                at,
                key,
                lifts: _,
            } = &known.spec;
            known.source == source
                && (name, steps, lets, time, at, key)
                    == (&spec.name, &spec.steps, &spec.lets, &spec.time, &spec.at, &spec.key)
        };
        let place = self.rows.iter().position(is_it).unwrap_or_else(|| {
            let lifts = Vec::new();
            let spec = RowSpec { lifts, ..spec };
            self.rows.push(SharedRows { spec, source });
            self.rows.len() - 1
        });
        let known = &mut self.rows[place].spec.lifts;
        let lifts = lifts.iter().map(|lift| placed(known, lift)).collect();
        (place, lifts)
    }

    fn log(&mut self, rows: usize, log: &StreamLog, entity: &[Key]) -> usize {
        let is_it = |known: &SharedLog| known.rows == rows && known.state_key == log.state_key;
        let keep_us = log.retention.keep_us;
        if let Some(place) = self.logs.iter().position(is_it) {
            let known = &mut self.logs[place];
            known.keep_us = known.keep_us.zip(keep_us).map(|(known, other)| known.max(other));
            return place;
        }
        self.logs.push(SharedLog {
            spec: FoldSpec {
                entity: entity.to_vec(),
                windows: Vec::new(),
                slots: Vec::new(),
                presence: Vec::new(),
                self_columns: Vec::new(),
            },
            parts: Vec::new(),
            of_slot: Vec::new(),
            state_key: log.state_key.clone(),
            keep_us,
            rows,
        });
        self.logs.len() - 1
    }

    /// Adds what an answer reads to its log; `lifts` are where those of its row stage are.
    fn answer(
        &mut self,
        log: usize,
        lifts: &[usize],
        fold: &FoldSpec,
        (pages, finish): (&Pages, FinishSpec),
    ) -> Result<SharedAnswer, Bug> {
        let merged = &mut self.logs[log];
        let windows = fold.windows.iter().map(|w| placed(&mut merged.spec.windows, w));
        let windows: Vec<usize> = windows.collect();
        let lift = |id: Option<LiftId>| id.map(|id| at(lifts, id.index()).map(LiftId::from)).transpose();
        let mut parts = Vec::new();
        for part in &pages.parts {
            let mut moved = part.clone();
            (moved.argument, moved.second) = (lift(part.argument)?, lift(part.second)?);
            moved.filter = lift(part.filter)?;
            parts.push(placed(&mut merged.parts, &moved));
        }
        let mut slots = Vec::new();
        for (slot, part) in fold.slots.iter().zip(&pages.of_slots) {
            let mut moved = slot.clone();
            moved.window = windows[slot.window.index()].into();
            (moved.argument, moved.second) = (lift(slot.argument)?, lift(slot.second)?);
            (moved.filter, moved.since) = (lift(slot.filter)?, lift(slot.since)?);
            let part = at(&parts, *part as usize)?;
            let place = placed(&mut merged.spec.slots, &moved);
            if place == merged.of_slot.len() {
                merged.of_slot.push(part);
            }
            slots.push(place);
        }
        let presence = fold.presence.iter().map(|p| placed(&mut merged.spec.presence, p));
        let presence: Vec<usize> = presence.collect();
        Ok(SharedAnswer {
            spec: moved(finish, &slots, &presence),
            log,
            walks: walks(merged, pages, &windows, &slots)?,
            keys: Vec::new(),
            self_columns: Vec::new(),
            columns: Vec::new(),
        })
    }
}

/// How long before the time of its event a row may look into a table with versions; `None`: nobody knows.
fn moved_us(rows: &RowSpec, source: &Source) -> Option<u64> {
    let mut is_own = true;
    let mut note = |instant: &Expr| is_own &= instant.kind == ExprKind::Column(source.time);
    for step in &rows.steps {
        let (Step::Where(expr) | Step::Let(expr)) = step;
        expr.lookup_instants(&mut note);
    }
    rows.time.lookup_instants(&mut note);
    let within_us = rows.at.map_or(Some(0), |at| at.within_us);
    within_us.filter(|_| is_own)
}

/// What a service takes from its answers, and its own features over that.
fn taken(graph: &StreamGraph) -> Result<(Vec<(u32, u32)>, Derive), Bug> {
    let mut taken = graph.compose.0.clone();
    let mut derive = graph.derive.clone();
    for (own, feature) in derive.0.iter_mut().enumerate() {
        for input in &mut feature.inputs {
            let is_there = match input {
                DeriveInput::At => true,
                DeriveInput::Field(field) => (*field as usize) < graph.spine.request.len(),
                DeriveInput::Own(before) => (*before as usize) < own,
                DeriveInput::Answer(answer, place) => {
                    let finish = graph
                        .answers
                        .get(*answer as usize)
                        .map(|answer| answer.finish.outputs());
                    let is_there = finish.is_some_and(|outputs| (*place as usize) < outputs.len());
                    let column = placed(&mut taken, &(*answer, *place));
                    *input = DeriveInput::Answer(0, column as u32);
                    is_there
                }
            };
            ensure(is_there, || format!("feature {}: an input is not there", feature.name))?;
        }
    }
    Ok((taken, derive))
}

/// The walks of an answer over the windows and slots of its log.
fn walks(log: &SharedLog, pages: &Pages, windows: &[usize], slots: &[usize]) -> Result<Vec<Walk>, Bug> {
    let mut walks = Vec::new();
    for walk in &pages.walks {
        let mut stops = Vec::new();
        for stop in &walk.stops {
            let of_stop = stop.slots.iter().map(|slot| at(slots, *slot as usize));
            let window = at(windows, stop.window.index())?;
            stops.push((window, of_stop.collect::<Result<_, _>>()?));
        }
        walks.push(Walk::new(&log.spec, &log.of_slot, walk.saves, stops));
    }
    let walks: Option<Vec<Walk>> = walks.into_iter().collect();
    let stops = walks.iter().flatten().flat_map(|walk| &walk.stops);
    let slots_of = |stop: &Stop| [&stop.slots[..], &stop.distinct].concat();
    let mut answered: Vec<usize> = stops.flat_map(slots_of).collect();
    answered.sort_unstable();
    let mut wanted = slots.to_vec();
    wanted.sort_unstable();
    let walks = walks.filter(|_| answered == wanted);
    walks.ok_or_else(|| Bug("walks that do not answer every slot once".to_owned()))
}

/// A finish over slots and presence that are elsewhere.
fn moved(mut finish: FinishSpec, slots_at: &[usize], presence_at: &[usize]) -> FinishSpec {
    for feature in &mut finish.features {
        if let FinishKind::Aggregate { slots, presence, .. } = &mut feature.kind {
            slots
                .iter_mut()
                .for_each(|slot| *slot = slots_at[*slot as usize] as u32);
            *presence = presence_at[*presence as usize] as u32;
        }
    }
    finish
}
