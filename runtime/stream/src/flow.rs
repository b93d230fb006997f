//! The graphs of services, checked, what they share merged, and their wires turned into positions.

use crate::operators::log::{Stop, Walk};
use featc_ir::plan::{
    FinishKind, FinishSpec, Fold, FoldSpec, Part, RowSpec, Spine, StreamGraph, StreamLog, StreamSourceId,
};
use featc_ir::{Aggregate, Arrival, Bug, ColumnId, Excluding, Expr, Key, LiftId, Source, Step, Type};

/// One source and everything that reads it.
#[derive(Debug)]
pub(crate) struct SourceFlow {
    pub source: Source,
    /// Positions in [`Flow::rows`].
    pub rows: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct RowsFlow {
    pub spec: RowSpec,
    /// Position in [`Flow::sources`].
    pub source: usize,
    /// Positions in [`Flow::logs`].
    pub logs: Vec<usize>,
}

/// A log, and all that the answers over it read.
#[derive(Debug)]
pub(crate) struct LogFlow {
    pub spec: FoldSpec,
    pub parts: Vec<Part>,
    /// Per slot of `spec`, its part.
    pub of_slot: Vec<usize>,
    pub state_key: String,
    /// Position in [`Flow::rows`].
    pub rows: usize,
}

#[derive(Debug)]
pub(crate) struct AnswerFlow {
    /// Over the log's slots and presence.
    pub spec: FinishSpec,
    /// Position in [`Flow::logs`].
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
pub(crate) struct ServiceFlow {
    pub name: String,
    pub spine: Spine,
    pub columns: usize,
    pub answers: Vec<AnswerFlow>,
}

/// The checked graphs. Sources are merged by name, row stages where they are equal, logs by their state key.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    pub program: String,
    pub sources: Vec<SourceFlow>,
    pub rows: Vec<RowsFlow>,
    pub logs: Vec<LogFlow>,
    pub services: Vec<ServiceFlow>,
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

impl Flow {
    /// Checks the references inside the graphs.
    pub fn new(graphs: Vec<StreamGraph>) -> Result<Flow, Bug> {
        let mut flow = Flow::default();
        for (place, graph) in graphs.into_iter().enumerate() {
            if place == 0 {
                flow.program.clone_from(&graph.program);
            }
            ensure(graph.program == flow.program, || "graphs of two programs".to_owned())?;
            let name = graph.service.clone();
            ensure(!flow.services.iter().any(|known| known.name == name), || {
                format!("two graphs of service {name}")
            })?;
            let added = flow.add(graph)?;
            flow.services.push(added);
        }
        Ok(flow)
    }

    /// The source that a log's events come from.
    pub fn source_of(&self, log: usize) -> &Source {
        &self.sources[self.rows[self.logs[log].rows].source].source
    }

    fn add(&mut self, graph: StreamGraph) -> Result<ServiceFlow, Bug> {
        let ids = (0..graph.sources.len() as u32).map(StreamSourceId);
        let sources: Vec<usize> = ids.map(|id| self.source(graph.source(id))).collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        for node in &graph.rows {
            let source = at(&sources, node.input.index())?;
            rows.push(self.row_stage(source, node.rows.spec())?);
        }
        let mut logs = Vec::new();
        for log in &graph.logs {
            logs.push(self.log(at(&rows, log.input.index())?, log));
        }
        let mut answers = Vec::new();
        for (place, answer) in (0u32..).zip(&graph.answers) {
            let log = at(&logs, answer.input.index())?;
            let (fold, finish) = (graph.fold_spec(answer), graph.finish_spec(answer));
            let mut added = self.answer(log, &fold, (&answer.fold, finish))?;
            let bring = |asked: &[Key], columns: &[Key]| -> Option<Vec<usize>> {
                let find = |key: &Key| columns.iter().position(|known| known == key);
                asked.iter().map(find).collect()
            };
            let bug = |what: &str| Bug(format!("service {}: {what}", graph.service));
            added.keys = bring(&fold.entity, &graph.spine.keys).ok_or_else(|| bug("a key of the entity is missing"))?;
            let own = bring(&fold.self_columns, &graph.spine.self_columns);
            added.self_columns = own.ok_or_else(|| bug("a self column is missing"))?;
            let columns = graph.compose.0.iter().enumerate();
            let columns = columns.filter(|(_, (of, _))| *of == place);
            added.columns = columns
                .map(|(column, (_, output))| (column, *output as usize))
                .collect();
            answers.push(added);
        }
        ensure(graph.columns().len() == graph.compose.0.len(), || {
            format!("service {}: a column comes from what is not there", graph.service)
        })?;
        Ok(ServiceFlow {
            name: graph.service,
            spine: graph.spine,
            columns: graph.compose.0.len(),
            answers,
        })
    }

    fn source(&mut self, source: Source) -> Result<usize, Bug> {
        if let Some(known) = self.sources.iter().position(|known| known.source.name == source.name) {
            ensure(self.sources[known].source == source, || {
                format!("two different sources have the name {}", source.name)
            })?;
            return Ok(known);
        }
        check_source(&source)?;
        let rows = Vec::new();
        self.sources.push(SourceFlow { source, rows });
        Ok(self.sources.len() - 1)
    }

    fn row_stage(&mut self, source: usize, spec: RowSpec) -> Result<usize, Bug> {
        let mut of_source = self.sources[source].rows.iter().copied();
        if let Some(known) = of_source.find(|rows| self.rows[*rows].spec == spec) {
            return Ok(known);
        }
        check_rows(&spec, &self.sources[source].source)?;
        let rows = self.rows.len();
        self.sources[source].rows.push(rows);
        let logs = Vec::new();
        self.rows.push(RowsFlow { spec, source, logs });
        Ok(rows)
    }

    fn log(&mut self, rows: usize, log: &StreamLog) -> usize {
        let mut of_rows = self.rows[rows].logs.iter().copied();
        if let Some(known) = of_rows.find(|known| self.logs[*known].state_key == log.state_key) {
            return known;
        }
        let place = self.logs.len();
        self.rows[rows].logs.push(place);
        self.logs.push(LogFlow {
            spec: FoldSpec {
                entity: Vec::new(),
                windows: Vec::new(),
                slots: Vec::new(),
                presence: Vec::new(),
                self_columns: Vec::new(),
            },
            parts: Vec::new(),
            of_slot: Vec::new(),
            state_key: log.state_key.clone(),
            rows,
        });
        place
    }

    /// Adds what an answer reads to its log.
    fn answer(&mut self, log: usize, fold: &FoldSpec, (plan, finish): (&Fold, FinishSpec)) -> Result<AnswerFlow, Bug> {
        let rows = &self.rows[self.logs[log].rows];
        check_fold(fold, &rows.spec, &self.sources[rows.source].source)?;
        check_finish(&finish, fold)?;
        let merged = &mut self.logs[log];
        merged.spec.entity.clone_from(&fold.entity);
        let windows: Vec<usize> = fold
            .windows
            .iter()
            .map(|w| placed(&mut merged.spec.windows, w))
            .collect();
        let parts: Vec<usize> = plan.parts.iter().map(|part| placed(&mut merged.parts, part)).collect();
        let mut slots = Vec::new();
        for (slot, planned) in fold.slots.iter().zip(&plan.slots) {
            let mut moved = slot.clone();
            moved.window = windows[slot.window.index()].into();
            let part = at(&parts, planned.part as usize)?;
            let place = placed(&mut merged.spec.slots, &moved);
            if place == merged.of_slot.len() {
                merged.of_slot.push(part);
            }
            slots.push(place);
        }
        let presence = fold.presence.iter().map(|p| placed(&mut merged.spec.presence, p));
        let presence: Vec<usize> = presence.collect();
        let mut walks = Vec::new();
        for walk in &plan.walks {
            let mut stops = Vec::new();
            for stop in &walk.stops {
                let of_stop = stop.slots.iter().map(|slot| at(&slots, *slot as usize));
                stops.push(Stop {
                    window: at(&windows, stop.window.index())?,
                    slots: of_stop.collect::<Result<_, _>>()?,
                    parts: Vec::new(),
                });
            }
            walks.push(Walk::new(&merged.spec, &merged.of_slot, walk.saves, stops));
        }
        let walks: Option<Vec<Walk>> = walks.into_iter().collect();
        let mut answered: Vec<usize> = walks
            .iter()
            .flatten()
            .flat_map(|walk| &walk.stops)
            .flat_map(|stop| stop.slots.clone())
            .collect();
        answered.sort_unstable();
        let mut wanted = slots.clone();
        wanted.sort_unstable();
        let walks = walks.filter(|_| answered == wanted);
        Ok(AnswerFlow {
            spec: moved(finish, &slots, &presence),
            log,
            walks: walks.ok_or_else(|| Bug("walks that do not answer every slot once".to_owned()))?,
            keys: Vec::new(),
            self_columns: Vec::new(),
            columns: Vec::new(),
        })
    }
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

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Bug> {
    if holds { Ok(()) } else { Err(Bug(what())) }
}

fn check_source(source: &Source) -> Result<(), Bug> {
    let width = source.columns.len();
    let broken = || format!("source {}: broken column reference", source.name);
    ensure(source.time.index() < width, broken)?;
    ensure(source.columns[source.time.index()].ty == Type::Timestamp, broken)?;
    ensure(
        !source.unique.is_empty() && source.unique.iter().all(|column| column.index() < width),
        broken,
    )?;
    match source.arrival {
        Some(Arrival::Column(column)) => {
            ensure(column.index() < width, broken)?;
            ensure(source.columns[column.index()].ty == Type::Timestamp, broken)
        }
        Some(Arrival::AfterTime { .. } | Arrival::Static) | None => Ok(()),
    }
}

/// Every reference leads to a column, and none to the arrival: copies of an event may differ there, and the log takes
/// whichever copy comes first.
fn check_rows(spec: &RowSpec, source: &Source) -> Result<(), Bug> {
    let arrival = source.arrival_column();
    let check = |column: ColumnId, width: usize| {
        ensure(column.index() < width, || {
            format!("transform {}: broken column reference", spec.name)
        })?;
        ensure(Some(column) != arrival, || {
            format!("transform {}: it reads the arrival column", spec.name)
        })
    };
    let check_expr = |expr: &Expr, width: usize| {
        let mut result = Ok(());
        expr.for_each_column(&mut |column| {
            if result.is_ok() {
                result = check(column, width);
            }
        });
        result
    };
    let mut width = source.columns.len();
    for step in &spec.steps {
        match step {
            Step::Where(expr) => check_expr(expr, width)?,
            Step::Let(expr) => {
                check_expr(expr, width)?;
                width += 1;
            }
        }
    }
    check_expr(&spec.time, width)?;
    ensure(spec.at.is_none_or(|at| at.source_time == source.time), || {
        format!("transform {}: bounds of another source's time", spec.name)
    })?;
    spec.lifts.iter().try_for_each(|lift| check_expr(lift, width))?;
    spec.key.iter().try_for_each(|column| check(*column, width))
}

fn check_fold(spec: &FoldSpec, rows: &RowSpec, source: &Source) -> Result<(), Bug> {
    let broken = |what: &str| format!("log after {}: {what}", rows.name);
    ensure(spec.entity.len() == rows.key.len(), || {
        broken("as many keys as the rows have")
    })?;
    let lifted = |lift: LiftId| rows.lifts.get(lift.index());
    for slot in &spec.slots {
        ensure(slot.window.index() < spec.windows.len(), || {
            broken("a slot's window does not exist")
        })?;
        ensure(slot.argument.is_none_or(|lift| lifted(lift).is_some()), || {
            broken("an argument does not exist")
        })?;
        let filter = slot
            .filter
            .is_none_or(|lift| lifted(lift).is_some_and(|expr| expr.ty == Type::Bool));
        ensure(filter, || broken("a filter is no boolean lift"))?;
        let arity = match slot.aggregate {
            Aggregate::Count => true,
            Aggregate::TimeSinceLast => slot.argument.is_none(),
            Aggregate::Sum
            | Aggregate::Mean
            | Aggregate::Min
            | Aggregate::Max
            | Aggregate::First { .. }
            | Aggregate::Last { .. }
            | Aggregate::Variance
            | Aggregate::Stddev
            | Aggregate::VariancePop
            | Aggregate::StddevPop
            | Aggregate::CountDistinct { .. } => slot.argument.is_some(),
        };
        ensure(arity, || broken("an aggregate has a wrong number of arguments"))?;
    }
    let unique: Vec<Type> = source
        .unique
        .iter()
        .map(|column| source.columns[column.index()].ty)
        .collect();
    let self_types: Vec<Type> = spec.self_columns.iter().map(|key| key.ty).collect();
    let says_self = spec
        .windows
        .iter()
        .any(|window| window.excluding == Excluding::SelfEvent);
    ensure(!says_self || self_types == unique, || {
        broken("the self columns are not the unique columns")
    })
}

fn check_finish(spec: &FinishSpec, fold: &FoldSpec) -> Result<(), Bug> {
    for (position, feature) in spec.features.iter().enumerate() {
        let fits = match &feature.kind {
            FinishKind::Aggregate { slots, presence, .. } => {
                slots.iter().all(|slot| (*slot as usize) < fold.slots.len())
                    && (*presence as usize) < fold.presence.len()
            }
            FinishKind::Derived { inputs, .. } => inputs.iter().all(|input| (*input as usize) < position),
        };
        ensure(fits, || {
            format!("feature {}: an input does not come before it", feature.name)
        })?;
    }
    Ok(())
}
