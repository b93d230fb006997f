//! Well-formedness of plans: what engines rely on when they run a plan that was read from a file.
//!
//! # Contract
//! - **Complete**: every plan that the lowering makes of a well-formed program is accepted (tested on all programs of
//!   the suites).
//! - **Sufficient**: no engine panics on a plan that is accepted (tested: random edits of builds).

use super::{
    BatchNode, BatchPlan, FinishKind, FinishSpec, FoldSpec, Operator, OperatorId, OperatorKind, RowSpec, StreamGraph,
    StreamService,
};
use crate::expr::{Expr, ExprKind};
use crate::hash::state_key;
use crate::id::ColumnId;
use crate::program::{Arrival, Key, Lateness, Source, SourceColumn, Step, retention_us};
use crate::types::Type;
use crate::window::Excluding;
use std::collections::BTreeSet;

/// What is wrong, in words.
pub type Wrong = String;

fn ensure(holds: bool, what: impl FnOnce() -> Wrong) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Whether no name occurs twice, and none is empty.
fn are_names<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    names.into_iter().all(|name| !name.is_empty() && seen.insert(name))
}

/// A length of time that the compiler can write.
fn is_span(us: u64) -> bool {
    i64::try_from(us).is_ok()
}

fn source(source: &Source) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("source `{}`: {what}", source.name);
    let columns = &source.columns;
    let is_instant = |id: ColumnId| {
        columns
            .get(id.index())
            .is_some_and(|column| column.ty == Type::Timestamp)
    };
    ensure(are_names(columns.iter().map(|column| column.name.as_str())), || {
        wrong("names of columns")
    })?;
    ensure(columns.iter().all(|column| column.ty.is_valid()), || {
        wrong("type of a column")
    })?;
    ensure(is_instant(source.time), || wrong("its time is no timestamp column"))?;
    let unique: BTreeSet<ColumnId> = source.unique.iter().copied().collect();
    let arrival = source.arrival_column();
    let known = unique
        .iter()
        .all(|id| id.index() < columns.len() && Some(*id) != arrival);
    ensure(
        known && !unique.is_empty() && unique.len() == source.unique.len(),
        || wrong("its identity"),
    )?;
    ensure(arrival.is_none_or(|id| is_instant(id) && id != source.time), || {
        wrong("its arrival is no timestamp column of its own")
    })?;
    let bound = match source.lateness {
        Lateness::Unbounded => 0,
        Lateness::Within { bound_us } => bound_us,
    };
    let offset = match source.arrival {
        Some(Arrival::AfterTime { offset_us }) => offset_us,
        Some(Arrival::Column(_) | Arrival::Static) | None => 0,
    };
    ensure(
        [bound, offset, source.delay_us, source.skew_us]
            .into_iter()
            .all(is_span),
        || wrong("a length of time"),
    )?;
    let comes_in = !matches!(source.arrival, Some(Arrival::Static) | None);
    ensure(source.lateness == Lateness::Unbounded || comes_in, || {
        wrong("a bound on lateness without arrival")
    })?;
    let is_static = source.arrival == Some(Arrival::Static);
    ensure(!is_static || source.delay_us == 0, || {
        wrong("a delay of rows that never change")
    })
}

/// Checks the row stage; gives the types of its lifts.
fn rows(spec: &RowSpec, source: &Source) -> Result<Vec<Type>, Wrong> {
    let wrong = |what: &str| format!("transform `{}`: {what}", spec.name);
    let arrival = source.arrival_column();
    let mut row: Vec<Type> = source.columns.iter().map(|column| column.ty).collect();
    let typed = |expr: &Expr, row: &[Type]| -> Result<(), Wrong> {
        expr.check_types(row).map_err(|why| wrong(&why))?;
        let mut reads_arrival = false;
        expr.for_each_column(&mut |id| reads_arrival |= Some(id) == arrival);
        ensure(!reads_arrival, || wrong("it reads the arrival"))
    };
    for step in &spec.steps {
        match step {
            Step::Where(condition) => {
                typed(condition, &row)?;
                ensure(condition.ty == Type::Bool, || wrong("a condition that is no bool"))?;
            }
            Step::Let(value) => {
                typed(value, &row)?;
                row.push(value.ty);
            }
        }
    }
    typed(&spec.time, &row)?;
    ensure(spec.time.ty == Type::Timestamp, || wrong("its time is no timestamp"))?;
    let is_own = spec.time.kind == ExprKind::Column(source.time);
    ensure(spec.at.map_or(is_own, |at| at.source_time == source.time), || {
        wrong("its time is not bounded by its source's")
    })?;
    for id in &spec.key {
        let ty = row.get(id.index());
        ensure(ty.is_some_and(|ty| ty.may_be_key()) && Some(*id) != arrival, || {
            wrong("a key column")
        })?;
    }
    for lift in &spec.lifts {
        typed(lift, &row)?;
    }
    Ok(spec.lifts.iter().map(|lift| lift.ty).collect())
}

/// Checks the fold of what `rows` gives; `lifts` are their types.
fn fold(spec: &FoldSpec, (rows, lifts): (&RowSpec, &[Type]), source: &Source) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("fold of `{}`: {what}", rows.name);
    ensure(
        !spec.entity.is_empty() && are_names(spec.entity.iter().map(|key| key.name.as_str())),
        || wrong("names of keys"),
    )?;
    let mut row: Vec<Type> = source.columns.iter().map(|column| column.ty).collect();
    row.extend(rows.steps.iter().filter_map(|step| match step {
        Step::Let(value) => Some(value.ty),
        Step::Where(_) => None,
    }));
    let keys: Vec<Type> = rows.key.iter().map(|id| row[id.index()]).collect();
    ensure(spec.entity.iter().map(|key| key.ty).eq(keys), || wrong("types of keys"))?;
    ensure(spec.windows.iter().all(|window| window.kind.is_valid()), || {
        wrong("the length of a window")
    })?;
    for slot in &spec.slots {
        ensure(slot.window.index() < spec.windows.len(), || {
            wrong("a window is not there")
        })?;
        let ty = |lift: crate::LiftId| lifts.get(lift.index()).copied();
        let arguments: Option<Vec<Type>> = slot.arguments().map(ty).collect();
        let arguments = arguments.ok_or_else(|| wrong("an argument is not there"))?;
        let filter = slot.filter.map(ty);
        ensure(filter.is_none_or(|ty| ty == Some(Type::Bool)), || {
            wrong("a filter that is no bool")
        })?;
        ensure(slot.is_typed(&arguments), || wrong("the type of an aggregate"))?;
    }
    let says_self = spec
        .windows
        .iter()
        .any(|window| window.excluding == Excluding::SelfEvent);
    // In a batch plan the name says the source where two sources of the service have identity columns of one name.
    let is_own = |(key, column): (&Key, &SourceColumn)| {
        key.ty == column.ty && (key.name == column.name || key.name == source.qualified(&column.name))
    };
    ensure(
        if says_self {
            spec.self_columns.len() == source.unique.len()
                && spec.self_columns.iter().zip(source.identity()).all(is_own)
        } else {
            spec.self_columns.is_empty()
        },
        || wrong("the columns of `excluding self`"),
    )
}

/// Checks the finish of a fold of what `rows` gives; gives how many features leave it.
fn finish(spec: &FinishSpec, (rows, fold): (&RowSpec, &FoldSpec), source: &Source) -> Result<u32, Wrong> {
    ensure(
        (spec.begins_us, spec.source_delay_us) == (source.begins_us, source.delay_us),
        || format!("features of source `{}`: `begins` or `delay` is another", source.name),
    )?;
    let within_us = rows.at.map_or(Some(0), |at| at.within_us);
    let moved_us = source.begins_us.map_or(Some(0), |_| within_us);
    ensure(moved_us == Some(spec.moved_us) && is_span(spec.moved_us), || {
        format!("features of transform `{}`: how far events are moved", rows.name)
    })?;
    for (place, feature) in spec.features.iter().enumerate() {
        let wrong = |what: &str| format!("feature `{}`: {what}", feature.name);
        ensure(feature.name.starts_with(&format!("{}__", feature.view)), || {
            wrong("its view")
        })?;
        let (expr, inputs) = match &feature.kind {
            FinishKind::Aggregate {
                slots,
                expr,
                presence,
                window,
                ttl_us,
            } => {
                let found: Option<Vec<_>> = slots.iter().map(|slot| fold.slots.get(*slot as usize)).collect();
                let found = found.filter(|found| !found.is_empty());
                let found = found.ok_or_else(|| wrong("an aggregate is not there"))?;
                let is_one = found.iter().all(|slot| fold.windows[slot.window.index()] == *window);
                ensure(is_one, || wrong("its window is another"))?;
                let lookback = fold.presence.get(*presence as usize);
                ensure(lookback == Some(&retention_us([window.kind], source.lateness)), || {
                    wrong("how far it looks back")
                })?;
                let never_behind = source.arrival == Some(Arrival::Static);
                ensure(ttl_us.is_none_or(|us| is_span(us) && !never_behind), || {
                    wrong("its ttl")
                })?;
                (expr, found.into_iter().map(|slot| slot.ty).collect::<Vec<_>>())
            }
            FinishKind::Derived { inputs, expr } => {
                let before = &spec.features[..place];
                let found: Option<Vec<_>> = inputs.iter().map(|input| before.get(*input as usize)).collect();
                let found = found.filter(|found| !found.is_empty());
                let found = found.ok_or_else(|| wrong("an input does not come before it"))?;
                (expr, found.into_iter().map(|input| input.ty).collect())
            }
        };
        expr.check_types(&inputs).map_err(|why| wrong(&why))?;
        ensure(expr.ty == feature.ty, || wrong("its type"))?;
        let default = feature.default.as_ref();
        ensure(default.is_none_or(|default| default.is_of(feature.ty)), || {
            wrong("its default")
        })?;
    }
    Ok(spec.features.iter().map(|feature| u32::from(feature.output)).sum())
}

/// Whether `asked` has every one of the columns.
fn has_all(asked: &[Key], columns: &[Key]) -> bool {
    columns.iter().all(|column| asked.contains(column))
}

fn asked(service: &str, keys: &[Key], self_columns: &[Key]) -> Result<(), Wrong> {
    let wrong = |what: &str| format!("service `{service}`: {what}");
    let names = |keys: &[Key]| are_names(keys.iter().map(|key| key.name.as_str()));
    ensure(!keys.is_empty() && names(keys) && names(self_columns), || {
        wrong("names of what a question brings")
    })?;
    let one_type = |key: &Key| keys.iter().all(|known| known.name != key.name || known.ty == key.ty);
    ensure(self_columns.iter().all(one_type), || {
        wrong("two types of what a question brings")
    })
}

impl BatchPlan {
    /// The sources that it scans, in order.
    pub fn sources(&self) -> Vec<&Source> {
        fn below<'a>(node: &'a BatchNode, found: &mut Vec<&'a Source>) {
            match node {
                BatchNode::Spine { .. } => {}
                BatchNode::Scan { source } => found.push(source),
                BatchNode::Accept { input } | BatchNode::Rows { input, .. } | BatchNode::Finish { input, .. } => {
                    below(input, found);
                }
                BatchNode::PointInTime { events, spine, .. } => {
                    below(events, found);
                    below(spine, found);
                }
                BatchNode::Zip { spine, inputs, .. } => {
                    below(spine, found);
                    inputs.iter().for_each(|input| below(input, found));
                }
            }
        }
        let mut found = Vec::new();
        below(&self.root, &mut found);
        found
    }

    /// The output columns with their types, in order; those that are not there are left out.
    pub fn columns(&self) -> Vec<(&str, Type)> {
        let BatchNode::Zip { inputs, columns, .. } = &self.root else {
            return Vec::new();
        };
        let outputs = inputs.iter().map(|input| match input {
            BatchNode::Finish { spec, .. } => outputs_of(spec),
            BatchNode::Spine { .. }
            | BatchNode::Scan { .. }
            | BatchNode::Accept { .. }
            | BatchNode::Rows { .. }
            | BatchNode::PointInTime { .. }
            | BatchNode::Zip { .. } => Vec::new(),
        });
        let outputs: Vec<Vec<(&str, Type)>> = outputs.collect();
        let find = |(input, place): &(u32, u32)| outputs.get(*input as usize)?.get(*place as usize).copied();
        columns.iter().filter_map(find).collect()
    }

    /// Checks shape, positions, references and types.
    ///
    /// # Errors
    /// The first thing that no lowering makes, in words.
    pub fn check(&self) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("service `{}`: {what}", self.service);
        let BatchNode::Zip { spine, inputs, columns } = &self.root else {
            return Err(wrong("its plan does not end in one row per question"));
        };
        let BatchNode::Spine { keys, self_columns } = &**spine else {
            return Err(wrong("its plan does not begin with questions"));
        };
        asked(&self.service, keys, self_columns)?;
        let mut outputs = Vec::new();
        for input in inputs {
            let (folded, count) = batch_input(input, spine).map_err(|why| wrong(&why))?;
            ensure(
                has_all(keys, &folded.entity) && has_all(self_columns, &folded.self_columns),
                || wrong("a question does not bring all that is asked"),
            )?;
            outputs.push(count);
        }
        let known = |(input, place): &(u32, u32)| outputs.get(*input as usize).is_some_and(|count| place < count);
        ensure(!columns.is_empty() && columns.iter().all(known), || {
            wrong("an output column is not there")
        })?;
        ensure(are_names(self.columns().into_iter().map(|(name, _)| name)), || {
            wrong("names of output columns")
        })
    }
}

/// What leaves a finish, in order.
fn outputs_of(spec: &FinishSpec) -> Vec<(&str, Type)> {
    let outputs = spec.features.iter().filter(|feature| feature.output);
    outputs.map(|feature| (feature.name.as_str(), feature.ty)).collect()
}

/// Checks what answers the questions `asked`; gives its fold and how many features leave it.
fn batch_input<'a>(node: &'a BatchNode, asked: &BatchNode) -> Result<(&'a FoldSpec, u32), Wrong> {
    if let BatchNode::Finish { input, spec } = node
        && let BatchNode::PointInTime {
            events,
            spine,
            spec: folded,
        } = &**input
        && let BatchNode::Rows { input, spec: row } = &**events
        && let BatchNode::Accept { input } = &**input
        && let BatchNode::Scan { source: scanned } = &**input
    {
        ensure(**spine == *asked, || "two kinds of questions".to_owned())?;
        source(scanned)?;
        let lifts = rows(row, scanned)?;
        fold(folded, (row, &lifts), scanned)?;
        Ok((folded, finish(spec, (row, folded), scanned)?))
    } else {
        Err("nodes in another order than Scan, Accept, Rows, PointInTime, Finish".to_owned())
    }
}

impl StreamGraph {
    /// The sources, in order.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.operators.iter().filter_map(|operator| match &operator.kind {
            OperatorKind::Source { source } => Some(source),
            OperatorKind::Accept
            | OperatorKind::Rows { .. }
            | OperatorKind::Log { .. }
            | OperatorKind::Finish { .. } => None,
        })
    }

    /// The output columns of a service with their types, in order; those that are not there are left out.
    pub fn columns(&self, service: &StreamService) -> Vec<(&str, Type)> {
        let name = |(id, place): &(OperatorId, u32)| match &self.operators.get(id.0 as usize)?.kind {
            OperatorKind::Finish { spec } => outputs_of(spec).get(*place as usize).copied(),
            OperatorKind::Source { .. }
            | OperatorKind::Accept
            | OperatorKind::Rows { .. }
            | OperatorKind::Log { .. } => None,
        };
        service.columns.iter().filter_map(name).collect()
    }

    /// The one operator that another one reads, if it comes before it.
    fn input(&self, place: usize) -> Option<&Operator> {
        match self.operators[place].inputs[..] {
            [id] if (id.0 as usize) < place => self.operators.get(id.0 as usize),
            _ => None,
        }
    }

    /// Checks shape, positions, references and types.
    ///
    /// # Errors
    /// The first thing that no lowering makes, in words.
    pub fn check(&self) -> Result<(), Wrong> {
        ensure(are_names(self.sources().map(|source| source.name.as_str())), || {
            "names of sources".to_owned()
        })?;
        for place in 0..self.operators.len() {
            self.check_operator(place)
                .map_err(|why| format!("operator {place}: {why}"))?;
        }
        ensure(
            are_names(self.services.iter().map(|service| service.name.as_str())),
            || "names of services".to_owned(),
        )?;
        self.services.iter().try_for_each(|service| self.check_service(service))
    }

    /// Rows, lifts and source below a log.
    fn below_log(&self, place: usize) -> Option<(&RowSpec, &Source)> {
        let rows = self.operators[place].inputs.first()?.0 as usize;
        let OperatorKind::Rows { spec } = &self.operators.get(rows)?.kind else {
            return None;
        };
        let accept = self.operators[rows].inputs.first()?.0 as usize;
        let source = self.operators.get(accept)?.inputs.first()?.0 as usize;
        match &self.operators.get(source)?.kind {
            OperatorKind::Source { source } => Some((spec, source)),
            OperatorKind::Accept
            | OperatorKind::Rows { .. }
            | OperatorKind::Log { .. }
            | OperatorKind::Finish { .. } => None,
        }
    }

    /// Checks an operator whose inputs have been checked.
    fn check_operator(&self, place: usize) -> Result<(), Wrong> {
        let broken = || "it does not read what it should".to_owned();
        let operator = &self.operators[place];
        let input = self.input(place).map(|input| &input.kind);
        match (&operator.kind, input) {
            (OperatorKind::Source { source: read }, None) if operator.inputs.is_empty() => source(read),
            (OperatorKind::Accept, Some(OperatorKind::Source { .. })) => Ok(()),
            (OperatorKind::Rows { spec }, Some(OperatorKind::Accept)) => {
                let accept = operator.inputs[0].0 as usize;
                match self.input(accept).map(|input| &input.kind) {
                    Some(OperatorKind::Source { source }) => rows(spec, source).map(drop),
                    _ => Err(broken()),
                }
            }
            (OperatorKind::Log { spec, state_key: key }, Some(OperatorKind::Rows { .. })) => {
                let (row, source) = self.below_log(place).ok_or_else(broken)?;
                let lifts: Vec<Type> = row.lifts.iter().map(|lift| lift.ty).collect();
                fold(spec, (row, &lifts), source)?;
                ensure(*key == state_key(source, row, spec), || "its state key".to_owned())
            }
            (OperatorKind::Finish { spec }, Some(OperatorKind::Log { spec: folded, .. })) => {
                let (row, source) = self.below_log(operator.inputs[0].0 as usize).ok_or_else(broken)?;
                finish(spec, (row, folded), source).map(drop)
            }
            _ => Err(broken()),
        }
    }

    fn check_service(&self, service: &StreamService) -> Result<(), Wrong> {
        let wrong = |what: &str| format!("service `{}`: {what}", service.name);
        asked(&service.name, &service.keys, &service.self_columns)?;
        let columns = self.columns(service);
        let is_whole = !columns.is_empty() && columns.len() == service.columns.len();
        ensure(is_whole && are_names(columns.into_iter().map(|(name, _)| name)), || {
            wrong("its output columns")
        })?;
        let finishes: BTreeSet<usize> = service.columns.iter().map(|(id, _)| id.0 as usize).collect();
        for finish in finishes {
            let folded = match self.input(finish).map(|input| &input.kind) {
                Some(OperatorKind::Log { spec, .. }) => spec,
                _ => return Err(wrong("its output columns")),
            };
            ensure(has_all(&service.keys, &folded.entity), || {
                wrong("a question does not bring all keys")
            })?;
            // A service needs the columns of `excluding self` only where it asks for such a feature.
            let says_self = self.asks_self(service, finish, folded);
            let log = self.operators[finish].inputs[0].0 as usize;
            let (_, source) = self.below_log(log).ok_or_else(|| wrong("its output columns"))?;
            let qualified = folded.self_columns.iter().map(|own| Key {
                name: source.qualified(&own.name),
                ty: own.ty,
            });
            let qualified: Vec<Key> = qualified.collect();
            let brings =
                |(own, qualified)| service.self_columns.contains(own) || service.self_columns.contains(qualified);
            ensure(
                !says_self || folded.self_columns.iter().zip(&qualified).all(brings),
                || wrong("a question does not bring what `excluding self` compares"),
            )?;
        }
        Ok(())
    }

    /// Whether the service asks a finish for a feature that says `excluding self`, itself or by an input.
    fn asks_self(&self, service: &StreamService, finish: usize, folded: &FoldSpec) -> bool {
        let OperatorKind::Finish { spec } = &self.operators[finish].kind else {
            return false;
        };
        let outputs = spec.features.iter().enumerate().filter(|(_, feature)| feature.output);
        let outputs: Vec<usize> = outputs.map(|(place, _)| place).collect();
        let asked = service.columns.iter().filter(|(id, _)| id.0 as usize == finish);
        let mut needed = vec![false; spec.features.len()];
        asked.for_each(|(_, place)| needed[outputs[*place as usize]] = true);
        let mut says_self = false;
        for (place, feature) in spec.features.iter().enumerate().rev() {
            if !needed[place] {
                continue;
            }
            match &feature.kind {
                FinishKind::Aggregate { slots, .. } => {
                    let window = |slot: &u32| folded.windows[folded.slots[*slot as usize].window.index()];
                    says_self |= slots.iter().any(|slot| window(slot).excluding == Excluding::SelfEvent);
                }
                FinishKind::Derived { inputs, .. } => inputs.iter().for_each(|input| needed[*input as usize] = true),
            }
        }
        says_self
    }
}
