//! A question about one entity: what is visible, slots, and features with their status, stale, default and derived
//! values (semantics §3 to §7).

use crate::absent::Absent;
use crate::aggregate::{Taken, slot_answer};
use crate::expression::eval_row;
use crate::question::{Answer, Contribution, Part, Question};
use crate::source::{Event, ViewEvents};
use crate::window;
use featc_ir::{
    Arrival, ErrorCode, Excluding, Expr, FeatureId, FeatureKind, Key, LiftId, Literal, Program, Slot, SlotId, Source,
    Status, Table, Truth, View, Window, WindowKind,
};
use featr_kernels::Value;
use std::collections::BTreeMap;

/// A question put to a view.
#[derive(Debug)]
pub struct Asked<'a> {
    view: &'a View,
    source: &'a Source,
    /// The tables with versions that the view's transform looks into.
    tables: Vec<Table>,
    /// How much later than the source's time the view's transform may move an event.
    moved_us: u64,
    question: &'a Question,
    truth: Truth,
    /// All events of the entity.
    of_entity: &'a [Event],
    /// Those that the truth lets the question see.
    visible: Vec<&'a Event>,
    /// What `excluding self` takes out: the identity, or `None` when nothing is taken out.
    own: Option<Vec<Value>>,
}

impl<'a> Asked<'a> {
    /// Looks the entity up. A null (or missing) key finds no entity, and so no events.
    pub fn new(
        program: &'a Program,
        view: &'a View,
        events: &'a ViewEvents,
        question: &'a Question,
        truth: Truth,
    ) -> Self {
        let source = program.view_source(view);
        let transform = program.transform(view.transform);
        let tables = featc_ir::table::awaited(&transform.steps, &transform.time);
        let keys = program.entity(view.entity).keys.iter();
        let entity = all_valid(keys.map(|key| named(&question.keys, &key.name)));
        let of_entity = entity
            .and_then(|entity| events.by_entity.get(&entity))
            .map_or(&[][..], Vec::as_slice);
        let visible = of_entity
            .iter()
            .filter(|event| is_visible(event, (source, &tables), question, truth))
            .collect();
        let own = all_valid(
            source
                .identity()
                .map(|column| own_value(source, &column.name, question)),
        );
        Asked {
            view,
            source,
            tables,
            moved_us: transform.at.and_then(|at| at.within_us).unwrap_or(0),
            question,
            truth,
            of_entity,
            visible,
            own,
        }
    }

    /// A feature of the view. `known` holds the view's features that are computed already.
    pub fn feature(&self, id: FeatureId, known: &mut BTreeMap<FeatureId, Answer>) -> Answer {
        if let Some(answer) = known.get(&id) {
            return answer.clone();
        }
        let feature = self.view.feature(id);
        let (value, status) = match &feature.kind {
            FeatureKind::Aggregate { slots, expr } => self.aggregate(slots, expr),
            FeatureKind::Derived { inputs, expr } => {
                derived(inputs.iter().map(|input| self.feature(*input, known)).collect(), expr)
            }
        };
        let answer = (with_default(value, feature.default.as_ref()), status);
        known.insert(id, answer.clone());
        answer
    }

    /// Expression and status of an aggregate feature. The causes, from the strongest: stale, error, truncated, missing,
    /// empty. Stale and error make the value null.
    fn aggregate(&self, slots: &[SlotId], expr: &Expr) -> Answer {
        let answers: Vec<Answer> = slots.iter().map(|slot| self.slot(self.view.slot(*slot))).collect();
        let values: Vec<Value> = answers.iter().map(|(value, _)| value.clone()).collect();
        let value = eval_row(expr, &values);
        let slot_error = answers.iter().filter_map(|(_, status)| error_of(*status)).max();
        let window = slots.first().map(|slot| self.view.window(self.view.slot(*slot).window));
        if self.is_stale() {
            (Value::Null, Status::Stale)
        } else if let Some(code) = slot_error.or(value.as_error()) {
            (Value::Null, Status::Error(code))
        } else if window.is_some_and(|window| self.is_truncated(window)) {
            (value, Status::Truncated)
        } else if window.is_some_and(|window| self.is_missing(window)) {
            (value, Status::Missing)
        } else if !answers.is_empty() && answers.iter().all(|(_, status)| *status == Status::Empty) {
            (value, Status::Empty)
        } else {
            (value, Status::Ok)
        }
    }

    /// One aggregate over one window.
    fn slot(&self, slot: &Slot) -> Answer {
        let mut taken = Vec::new();
        let mut errors = Vec::new();
        for event in self.in_window(slot) {
            match part(self.view, slot, event) {
                Part::Taken(_) => taken.push(Taken {
                    event,
                    argument: lifted(slot.argument, event).unwrap_or(&Value::Null),
                    second: lifted(slot.second, event).unwrap_or(&Value::Null),
                }),
                Part::FilteredOut => {}
                Part::Error(code) => errors.push(code),
            }
        }
        let ty = |lift: Option<LiftId>| lift.map(|lift| self.view.lift(lift).ty);
        let types = (ty(slot.argument), ty(slot.second));
        slot_answer(slot, types, &taken, &errors, self.question.at_us)
    }

    /// The visible events in the window of a slot, in the order of `(τ, id, digest)`. A window of so many events holds the
    /// last of those that the slot's filter does not leave out; one since an event those from the last one on that may be it.
    fn in_window(&self, slot: &Slot) -> Vec<&'a Event> {
        let window = self.view.window(slot.window);
        let inside = |event: &&Event| {
            window::contains(window, event.time_us, self.question.at_us) && !self.is_own(window, event)
        };
        let mut events: Vec<&Event> = self.visible.iter().copied().filter(inside).collect();
        if let WindowKind::Events { count, .. } = window.kind {
            events.retain(|event| part(self.view, slot, event) != Part::FilteredOut);
            let before = events.len().saturating_sub(count as usize);
            events.drain(..before);
        }
        if let WindowKind::Since { .. } = window.kind {
            let may_begin = |event: &&Event| {
                let condition = lifted(slot.since, event);
                let is_met = |value: &Value| value.as_error().is_some() || *value == Value::Bool(true);
                event.poison.is_some() || condition.is_some_and(is_met)
            };
            let begin = events.iter().rposition(may_begin);
            events.drain(..begin.unwrap_or(events.len()));
        }
        events
    }

    /// Whether `excluding self` takes the event out: its `unique` columns are the question's, none of them null.
    fn is_own(&self, window: &Window, event: &Event) -> bool {
        match window.excluding {
            Excluding::SelfEvent => self.own.as_ref() == Some(&event.id),
            Excluding::Nothing | Excluding::Now => false,
        }
    }

    /// The pipeline is further behind than the view's `ttl`: `t − c > ttl`. A null cut is behind any.
    fn is_stale(&self) -> bool {
        // Rows that never change have no pipeline, also where they wait for a table.
        if self.source.arrival == Some(Arrival::Static) {
            return false;
        }
        let at_us = i128::from(self.question.at_us);
        let cut = cut((self.source, &self.tables), self.question, self.truth);
        match (self.view.ttl_us, cut) {
            (Some(ttl_us), Some(cut_us)) => cut_us.is_none_or(|cut_us| at_us - cut_us > i128::from(ttl_us)),
            (Some(_), None) | (None, _) => false,
        }
    }

    fn is_truncated(&self, window: &Window) -> bool {
        self.source
            .begins_us
            .is_some_and(|begins_us| window::reaches_before(window, begins_us, self.moved_us, self.question.at_us))
    }

    /// No visible event of the entity within the retention; exclusions and `where` clauses of aggregates play no role.
    fn is_missing(&self, window: &Window) -> bool {
        let retention_us = window::retention_us(window, self.source);
        !self
            .visible
            .iter()
            .any(|event| window::is_retained(retention_us, event.time_us, self.question.at_us))
    }

    /// See [`crate::Model::contributing`].
    pub fn contributing(&self, id: FeatureId) -> Vec<Contribution> {
        match &self.view.feature(id).kind {
            FeatureKind::Aggregate { slots, .. } => {
                slots.iter().flat_map(|slot| self.contributions(id, *slot)).collect()
            }
            FeatureKind::Derived { inputs, .. } => inputs.iter().flat_map(|input| self.contributing(*input)).collect(),
        }
    }

    /// The slots that a feature reads, through its inputs.
    fn slots(&self, id: FeatureId) -> Vec<&'a Slot> {
        match &self.view.feature(id).kind {
            FeatureKind::Aggregate { slots, .. } => slots.iter().map(|slot| self.view.slot(*slot)).collect(),
            FeatureKind::Derived { inputs, .. } => inputs.iter().flat_map(|input| self.slots(*input)).collect(),
        }
    }

    /// See [`crate::Model::absent`]. `None`: the event is in a window.
    pub fn absent(&self, id: FeatureId, event: &Event) -> Option<Absent> {
        let is_it = |other: &Event| other.source_row == event.source_row;
        let (slots, at_us) = (self.slots(id), self.question.at_us);
        if slots.iter().any(|slot| self.in_window(slot).into_iter().any(is_it)) {
            return None;
        }
        let on_left_edge = |window: &Window| match window.kind {
            WindowKind::Last { length_us } => i128::from(at_us) - i128::from(length_us) == i128::from(event.time_us),
            _ => false,
        };
        let excludes = |window: &Window| {
            let whole = Window {
                excluding: Excluding::Nothing,
                ..*window
            };
            let inside = window::contains(&whole, event.time_us, at_us);
            inside && (self.is_own(window, event) || !window::contains(window, event.time_us, at_us))
        };
        let any = |is_so: &dyn Fn(&Window) -> bool| slots.iter().any(|slot| is_so(self.view.window(slot.window)));
        Some(match () {
            () if !self.of_entity.iter().any(is_it) => Absent::OtherEntity,
            () if event.time_us > at_us => Absent::Later(event.time_us),
            () if !self.visible.iter().any(|other| is_it(other)) => Absent::NotArrived(event.arrival_us),
            () if any(&excludes) => Absent::Excluded,
            () if any(&on_left_edge) => Absent::OnLeftEdge,
            () => Absent::Outside,
        })
    }

    fn contributions(&self, feature: FeatureId, slot_id: SlotId) -> Vec<Contribution> {
        let slot = self.view.slot(slot_id);
        let id_keys = || {
            let columns = self.source.unique.iter().map(|id| &self.source.columns[id.index()]);
            columns.map(|column| Key {
                name: column.name.clone(),
                ty: column.ty,
            })
        };
        let contribution = |event: &Event| Contribution {
            feature,
            slot: slot_id,
            source_row: event.source_row,
            time_us: event.time_us,
            arrival_us: event.arrival_us,
            id: id_keys().zip(event.id.clone()).collect(),
            part: part(self.view, slot, event),
        };
        self.in_window(slot).into_iter().map(contribution).collect()
    }
}

/// The cut of a view: `t − δ` in truth `as_of_arrival`; in truth `as_served` the least of those that the question brings of its
/// source and of the tables with versions that it looks into, and null if one of them is. There is none in truth `complete`,
/// and for rows that never change and wait for no table.
fn cut((source, tables): (&Source, &[Table]), question: &Question, truth: Truth) -> Option<Option<i128>> {
    let is_static = source.arrival == Some(Arrival::Static);
    match truth {
        Truth::Complete => None,
        Truth::AsOfArrival { .. } if is_static => None,
        Truth::AsOfArrival { delay_us } => {
            let delay_us = delay_us.unwrap_or(source.delay_us);
            Some(Some(i128::from(question.at_us) - i128::from(delay_us)))
        }
        Truth::AsServed => {
            let own = (!is_static).then(|| source.cut_key().name);
            let names = own.into_iter().chain(tables.iter().map(|table| table.cut_key().name));
            let cuts = names.map(|name| match named(&question.cuts, &name) {
                Value::Timestamp(cut_us) => Some(i128::from(cut_us)),
                _ => None,
            });
            cuts.min()
        }
    }
}

/// `α ≤ c`, and as served also of each instant at which the event looks into a table with versions; everything where there is
/// no cut, nothing where it is null. A source without arrival hides nothing: whoever asks refuses that combination.
fn is_visible(event: &Event, of: (&Source, &[Table]), question: &Question, truth: Truth) -> bool {
    let instants = event.looked_up_us.filter(|_| truth == Truth::AsServed);
    let known_us = event.arrival_us.into_iter().chain(instants).max();
    match cut(of, question, truth) {
        None => true,
        Some(None) => of.0.arrival.is_none(),
        Some(Some(cut_us)) => known_us.is_none_or(|known_us| i128::from(known_us) <= cut_us),
    }
}

/// What an event in the window does in a slot. What is wrong with it is asked in this order: its row is poisoned, the
/// filter is an error, the filter is not true, an argument is an error (of two the first).
fn part(view: &View, slot: &Slot, event: &Event) -> Part {
    if let Some(code) = event.poison {
        return Part::Error(code);
    }
    let verdict = slot
        .filter
        .map_or(&Value::Bool(true), |lift| &event.lifts[lift.index()]);
    if let Some(code) = verdict.as_error() {
        return Part::Error(code);
    }
    if *verdict != Value::Bool(true) {
        return Part::FilteredOut;
    }
    let argument = lifted(slot.argument, event);
    let errors = [argument, lifted(slot.second, event)];
    match errors.into_iter().flatten().find_map(Value::as_error) {
        Some(code) => Part::Error(code),
        None => Part::Taken(argument.cloned().zip(slot.argument.map(|lift| view.lift(lift).ty))),
    }
}

fn lifted(lift: Option<LiftId>, event: &Event) -> Option<&Value> {
    lift.map(|lift| &event.lifts[lift.index()])
}

/// The worst status of the inputs and of the expression itself; the inputs' defaults are in their values already.
pub(crate) fn derived(inputs: Vec<Answer>, expr: &Expr) -> Answer {
    let (values, statuses): (Vec<Value>, Vec<Status>) = inputs.into_iter().unzip();
    let worst = statuses.into_iter().max().unwrap_or(Status::Ok);
    match eval_row(expr, &values) {
        Value::Error(code) => (Value::Null, worst.max(Status::Error(code))),
        value => (value, worst),
    }
}

pub(crate) fn with_default(value: Value, default: Option<&Literal>) -> Value {
    match default {
        Some(default) if value.is_null() => Value::from_literal(default),
        Some(_) | None => value,
    }
}

fn error_of(status: Status) -> Option<ErrorCode> {
    match status {
        Status::Error(code) => Some(code),
        Status::Ok | Status::Empty | Status::Missing | Status::Truncated | Status::Stale => None,
    }
}

/// The value of a name; null when it is not there.
pub(crate) fn named(values: &[(String, Value)], name: &str) -> Value {
    values
        .iter()
        .find(|(known, _)| known == name)
        .map_or(Value::Null, |(_, value)| value.clone())
}

/// What a question says of an identity column: with the name of its source where something else of the service has the name.
fn own_value(source: &Source, column: &str, question: &Question) -> Value {
    let qualified = source.qualified(column);
    let is_there = question.self_columns.iter().any(|(known, _)| *known == qualified);
    named(&question.self_columns, if is_there { &qualified } else { column })
}

/// The values, if none is null or an error.
fn all_valid(values: impl Iterator<Item = Value>) -> Option<Vec<Value>> {
    values.map(|value| Some(value).filter(Value::is_valid)).collect()
}
