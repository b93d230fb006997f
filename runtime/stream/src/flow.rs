//! The graph, checked and with its wires turned into positions.

use featc_ir::plan::{
    FinishKind, FinishSpec, FoldSpec, Operator, OperatorId, OperatorKind, RowSpec, StreamGraph, StreamService,
};
use featc_ir::{Arrival, Bug, ColumnId, Excluding, Expr, Key, Slot, Source, Step, Type};

/// One source and everything that reads it. Operators of equal sources are merged, so acceptance happens once.
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

#[derive(Debug)]
pub(crate) struct LogFlow {
    pub id: OperatorId,
    pub spec: FoldSpec,
    pub state_key: String,
    /// Position in [`Flow::rows`].
    pub rows: usize,
}

#[derive(Debug)]
pub(crate) struct FinishFlow {
    pub spec: FinishSpec,
    /// Position in [`Flow::logs`].
    pub log: usize,
}

/// What a service asks of one `Finish`.
#[derive(Debug)]
pub(crate) struct Ask {
    /// Position in [`Flow::finishes`].
    pub finish: usize,
    /// Per key column of the entity, the position among the service's keys.
    pub keys: Vec<usize>,
    /// Per self column of the log, the position among the service's; `None` where the service brings not all of them
    /// (checked: then no feature of the service needs them).
    pub self_columns: Option<Vec<usize>>,
    /// Per slot of the log, whether a column of the service depends on it.
    pub slots: Vec<bool>,
    /// Pairs (position among the service's columns, position among the finish's outputs).
    pub columns: Vec<(usize, usize)>,
}

#[derive(Debug)]
pub(crate) struct ServiceFlow {
    pub service: StreamService,
    pub asks: Vec<Ask>,
}

/// The checked graph.
#[derive(Debug)]
pub(crate) struct Flow {
    pub program: String,
    pub sources: Vec<SourceFlow>,
    pub rows: Vec<RowsFlow>,
    pub logs: Vec<LogFlow>,
    pub finishes: Vec<FinishFlow>,
    pub services: Vec<ServiceFlow>,
}

/// What an operator became.
#[derive(Clone, Copy)]
enum Place {
    Source(usize),
    Accept(usize),
    Rows(usize),
    Log(usize),
    Finish(usize),
}

impl Flow {
    /// Checks the graph's shape and the references inside it.
    pub fn new(graph: StreamGraph) -> Result<Flow, Bug> {
        let mut flow = Flow {
            program: graph.program,
            sources: Vec::new(),
            rows: Vec::new(),
            logs: Vec::new(),
            finishes: Vec::new(),
            services: Vec::new(),
        };
        let mut places: Vec<Place> = Vec::with_capacity(graph.operators.len());
        for (position, operator) in graph.operators.into_iter().enumerate() {
            let place = flow.add(position, operator, &places)?;
            places.push(place);
        }
        for service in graph.services {
            let added = flow.service(service, &places)?;
            flow.services.push(added);
        }
        Ok(flow)
    }

    /// The source that a log's events come from.
    pub fn source_of(&self, log: usize) -> &Source {
        &self.sources[self.rows[self.logs[log].rows].source].source
    }

    fn add(&mut self, position: usize, operator: Operator, places: &[Place]) -> Result<Place, Bug> {
        let id = OperatorId(u32::try_from(position).map_err(|_| Bug("too many operators".to_owned()))?);
        let bug = |what: &str| Err(Bug(format!("operator {position}: {what}")));
        let input = match operator.inputs.as_slice() {
            [] => None,
            [one] => match places.get(one.0 as usize) {
                Some(place) => Some(*place),
                None => return bug("its input does not come before it"),
            },
            _ => return bug("it has more than one input"),
        };
        match (operator.kind, input) {
            (OperatorKind::Source { source }, None) => {
                if let Some(known) = self.sources.iter().position(|known| known.source.name == source.name) {
                    if self.sources[known].source != source {
                        return bug("two different sources have one name");
                    }
                    return Ok(Place::Source(known));
                }
                check_source(&source)?;
                self.sources.push(SourceFlow {
                    source,
                    rows: Vec::new(),
                });
                Ok(Place::Source(self.sources.len() - 1))
            }
            (OperatorKind::Accept, Some(Place::Source(source))) => Ok(Place::Accept(source)),
            (OperatorKind::Rows { spec }, Some(Place::Accept(source))) => {
                let rows = self.rows.len();
                self.sources[source].rows.push(rows);
                check_rows(&spec, &self.sources[source].source)?;
                self.rows.push(RowsFlow {
                    spec,
                    source,
                    logs: Vec::new(),
                });
                Ok(Place::Rows(rows))
            }
            (OperatorKind::Log { spec, state_key }, Some(Place::Rows(rows))) => {
                let log = self.logs.len();
                check_fold(
                    &spec,
                    &self.rows[rows].spec,
                    &self.sources[self.rows[rows].source].source,
                )?;
                self.rows[rows].logs.push(log);
                self.logs.push(LogFlow {
                    id,
                    spec,
                    state_key,
                    rows,
                });
                Ok(Place::Log(log))
            }
            (OperatorKind::Finish { spec }, Some(Place::Log(log))) => {
                check_finish(&spec, &self.logs[log].spec)?;
                self.finishes.push(FinishFlow { spec, log });
                Ok(Place::Finish(self.finishes.len() - 1))
            }
            (OperatorKind::Source { .. }, Some(_)) => bug("a source has an input"),
            (
                OperatorKind::Accept
                | OperatorKind::Rows { .. }
                | OperatorKind::Log { .. }
                | OperatorKind::Finish { .. },
                None | Some(_),
            ) => bug("its input is missing or of the wrong kind: the order is source, accept, rows, log, finish"),
        }
    }

    fn service(&self, service: StreamService, places: &[Place]) -> Result<ServiceFlow, Bug> {
        let bug = |what: &str| Bug(format!("service {}: {what}", service.name));
        let mut asks: Vec<Ask> = Vec::new();
        for (column, (operator, output)) in service.columns.iter().enumerate() {
            let Some(Place::Finish(finish)) = places.get(operator.0 as usize).copied() else {
                return Err(bug("a column comes from something that is not a finish operator"));
            };
            let spec = &self.finishes[finish].spec;
            let output = *output as usize;
            if output >= outputs(spec).count() {
                return Err(bug("a column is not among the outputs of its operator"));
            }
            match asks.iter_mut().find(|ask| ask.finish == finish) {
                Some(ask) => ask.columns.push((column, output)),
                None => asks.push(self.ask(&service, finish, (column, output))?),
            }
        }
        for ask in &mut asks {
            let finish = &self.finishes[ask.finish];
            let fold = &self.logs[finish.log].spec;
            ask.slots = needed_slots(&finish.spec, fold.slots.len(), &ask.columns);
            let says_self = |slot: &Slot| fold.windows[slot.window.index()].excluding == Excluding::SelfEvent;
            let needs_self = fold
                .slots
                .iter()
                .zip(&ask.slots)
                .any(|(slot, needed)| *needed && says_self(slot));
            if needs_self && ask.self_columns.is_none() {
                return Err(bug("a self column is missing"));
            }
        }
        Ok(ServiceFlow { service, asks })
    }

    fn ask(&self, service: &StreamService, finish: usize, column: (usize, usize)) -> Result<Ask, Bug> {
        let log = &self.logs[self.finishes[finish].log].spec;
        let find = |columns: &[Key], key: &Key| columns.iter().position(|known| known == key);
        let source = self.source_of(self.finishes[finish].log);
        // Under its own name, or with that of its source where two sources of the service share it.
        let find_own = |key: &Key| {
            let name = source.qualified(&key.name);
            let qualified = Key { name, ty: key.ty };
            find(&service.self_columns, &qualified).or_else(|| find(&service.self_columns, key))
        };
        let keys: Option<Vec<usize>> = log.entity.iter().map(|key| find(&service.keys, key)).collect();
        let keys = keys.ok_or_else(|| Bug(format!("service {}: a key of the entity is missing", service.name)))?;
        let self_columns = log.self_columns.iter().map(find_own).collect();
        Ok(Ask {
            finish,
            keys,
            self_columns,
            slots: Vec::new(),
            columns: vec![column],
        })
    }
}

/// Positions of the features that leave a finish, in order.
pub(crate) fn outputs(spec: &FinishSpec) -> impl Iterator<Item = usize> + '_ {
    spec.features
        .iter()
        .enumerate()
        .filter(|(_, feature)| feature.output)
        .map(|(position, _)| position)
}

/// The slots that the asked outputs depend on.
fn needed_slots(spec: &FinishSpec, slots: usize, columns: &[(usize, usize)]) -> Vec<bool> {
    let mut features = vec![false; spec.features.len()];
    let outputs: Vec<usize> = outputs(spec).collect();
    for (_, output) in columns {
        features[outputs[*output]] = true;
    }
    let mut needed = vec![false; slots];
    for (position, feature) in spec.features.iter().enumerate().rev() {
        if !features[position] {
            continue;
        }
        match &feature.kind {
            FinishKind::Aggregate { slots, .. } => slots.iter().for_each(|slot| needed[*slot as usize] = true),
            FinishKind::Derived { inputs, .. } => inputs.iter().for_each(|input| features[*input as usize] = true),
        }
    }
    needed
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
    let lifted = |lift: featc_ir::LiftId| rows.lifts.get(lift.index());
    for slot in &spec.slots {
        ensure(slot.window.index() < spec.windows.len(), || {
            broken("a slot's window does not exist")
        })?;
        ensure(slot.arguments().all(|lift| lifted(lift).is_some()), || {
            broken("an argument does not exist")
        })?;
        let filter = slot
            .filter
            .is_none_or(|lift| lifted(lift).is_some_and(|expr| expr.ty == Type::Bool));
        ensure(filter, || broken("a filter is no boolean lift"))?;
        let arity = slot.aggregate.row().arity.contains(&slot.arguments().count());
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
