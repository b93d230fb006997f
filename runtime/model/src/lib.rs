//! The reference model: a slow, obvious evaluator of a typed program, and the judge of both engines.
//!
//! ```text
//! F(S, entity, t) = lower( fold_{e ∈ transform(S), key(e) = entity, τ(e) ∈ W(t)} lift(e), t )
//! ```
//!
//! | module | what it says |
//! |---|---|
//! | [`source`] | `S` and `transform(S)`: accept, copies, steps, event time, key, lifts |
//! | [`window`] | `W(t)`: which events count, how far back `missing` looks, what `truncated` means |
//! | [`aggregate`] | the fold and `lower`, over the plain list of events in the window |
//! | [`expression`] | the value of an expression in a row |
//! | [`eval`] | visibility, slots, status, stale, default, derived |
//! | [`Absent`] | why a row is in no window of a feature, to explain an answer |
//! | [`rounding`] | exact fractions, and the one rounding to float64 |
//!
//! Every function here says its definition again instead of computing it cleverly: windows are predicates on each
//! event, sums are fractions of big integers, `first` and `last` are a minimum and a maximum over `(τ, id, digest)`.
//!
//! Invariants:
//!
//! - **own aggregates**: nothing here uses the aggregate states, exact sums, row or finish stages of the kernels, nor any
//!   plan. Shared with the engines are scalar things only: values and their order, columns as containers of decoded
//!   rows, and the row digest that breaks ties.
//! - **a function of sets**: an answer does not depend on the order of the rows, on batches, or on other questions.
//! - **no clock**: nothing but the question's instant is read.
//! - **total**: no input of the types that the program declares makes it panic; errors are values.

mod absent;
pub mod aggregate;
mod calendar;
pub mod eval;
pub mod expression;
mod question;
pub mod rounding;
pub mod source;
pub mod window;

pub use absent::Absent;
pub use question::{Answer, Contribution, Part, Question};

use featc_ir::{AskedFeature, FeatureId, Program, RoleId, Service, ServiceInput, Status, Truth, ViewId};
use featr_kernels::{Batch, Value};
use source::{SourceEvent, ViewEvents};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The decoded rows of every source, in any order and any batches.
#[derive(Debug, Clone, Default)]
pub struct SourceRows {
    /// By position in `Program::sources`; the columns of a batch are those of its source, in order. Sources that are
    /// left out at the end have no rows.
    pub sources: Vec<Vec<Batch>>,
}

/// One answer per output column of the service, in order: [`Model::answer`] for a single question.
pub fn answer(
    program: &Program,
    service: &Service,
    rows: &SourceRows,
    question: &Question,
    truth: Truth,
) -> Vec<Answer> {
    Model::new(program, rows).answer(service, question, truth)
}

/// The question about a feature of a view: what is asked in a role is asked of the view, under the names of its own keys.
pub fn asked_of<'a>(
    program: &Program,
    service: &Service,
    asked: AskedFeature,
    question: &'a Question,
) -> Cow<'a, Question> {
    let Some(role) = asked.role else {
        return Cow::Borrowed(question);
    };
    let entity = program.entity(program.view(asked.view).entity);
    let keys = entity.keys.iter().zip(&service.roles[role.index()].keys);
    let keys = keys.map(|(key, by)| (key.name.clone(), eval::named(&question.keys, &by.name)));
    Cow::Owned(Question {
        keys: keys.collect(),
        ..question.clone()
    })
}

/// A program over the rows of its sources. The source stage of a view is done once, when it is first asked for.
#[derive(Debug)]
pub struct Model<'a> {
    program: &'a Program,
    rows: &'a SourceRows,
    sources: Vec<OnceLock<Vec<SourceEvent>>>,
    views: Vec<OnceLock<ViewEvents>>,
}

impl<'a> Model<'a> {
    /// Nothing is computed yet.
    pub fn new(program: &'a Program, rows: &'a SourceRows) -> Model<'a> {
        Model {
            program,
            rows,
            sources: program.sources.iter().map(|_| OnceLock::new()).collect(),
            views: program.views.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// One answer per output column of the service, in order: its fields, then the features of its own.
    pub fn answer(&self, service: &Service, question: &Question, truth: Truth) -> Vec<Answer> {
        // By view and role: the features that are already known, which others may be derived from.
        let mut known: BTreeMap<(ViewId, Option<RoleId>), BTreeMap<FeatureId, Answer>> = BTreeMap::new();
        let mut feature = |asked: AskedFeature| {
            let of_view = known.entry((asked.view, asked.role)).or_default();
            let question = asked_of(self.program, service, asked, question);
            self.ask(asked.view, &question, truth).feature(asked.feature, of_view)
        };
        let mut answers: Vec<Answer> = service.fields.iter().map(|field| feature(field.asked())).collect();
        for own in &service.features {
            let input = |input: &ServiceInput| match input {
                ServiceInput::At => (Value::Timestamp(question.at_us), Status::Ok),
                ServiceInput::Field(field) => (eval::named(&question.request, &field.name), Status::Ok),
                ServiceInput::Feature {
                    view,
                    feature: id,
                    role,
                } => feature(AskedFeature {
                    view: *view,
                    feature: *id,
                    role: *role,
                }),
                ServiceInput::Own(before) => answers[service.fields.len() + *before as usize].clone(),
            };
            let inputs = own.inputs.iter().map(input).collect();
            let (value, status) = eval::derived(inputs, &own.expr);
            let answer = (eval::with_default(value, own.default.as_ref()), status);
            answers.push(answer);
        }
        answers
    }

    /// The events in the windows of a feature (of all its inputs, when it is derived), by slot and then by
    /// `(τ, id, digest)`: what a person looks at when an answer surprises.
    pub fn contributing(
        &self,
        view: ViewId,
        feature: FeatureId,
        question: &Question,
        truth: Truth,
    ) -> Vec<Contribution> {
        self.ask(view, question, truth).contributing(feature)
    }

    /// The accepted rows of the view's source that the view does not reject, and that are in no window of the feature (or of its
    /// inputs): their positions among all rows of the source, ascending, each with why.
    pub fn absent(&self, view: ViewId, feature: FeatureId, question: &Question, truth: Truth) -> Vec<(usize, Absent)> {
        let transform = self.program.transform(self.program.view(view).transform);
        let accepted = source::accepted(self.program.source(transform.source), self.batches(transform.source));
        let events = self.events_of(transform);
        let asked = self.ask(view, question, truth);
        absent::absent(&accepted, events, self.view_events(view), |event| {
            asked.absent(feature, event)
        })
    }

    /// The events of a view, all entities, as the source stage leaves them.
    pub fn view_events(&self, view: ViewId) -> &ViewEvents {
        self.views[view.index()].get_or_init(|| {
            let program = self.program;
            let view = program.view(view);
            let transform = program.transform(view.transform);
            let batches = self.batches(transform.source);
            source::view_events(
                view,
                transform,
                program.source(transform.source),
                batches,
                self.events_of(transform),
            )
        })
    }

    /// The accepted events of a transform's source.
    fn events_of(&self, transform: &featc_ir::Transform) -> &[SourceEvent] {
        let id = transform.source;
        self.sources[id.index()].get_or_init(|| source::events(self.program.source(id), self.batches(id)))
    }

    fn batches(&self, source: featc_ir::SourceId) -> &[Batch] {
        self.rows.sources.get(source.index()).map_or(&[], Vec::as_slice)
    }

    fn ask<'b>(&'b self, view: ViewId, question: &'b Question, truth: Truth) -> eval::Asked<'b> {
        let events = self.view_events(view);
        eval::Asked::new(self.program, self.program.view(view), events, question, truth)
    }
}

/// [`Model::contributing`] for a single question.
pub fn contributing(
    program: &Program,
    view: ViewId,
    feature: FeatureId,
    rows: &SourceRows,
    question: &Question,
    truth: Truth,
) -> Vec<Contribution> {
    Model::new(program, rows).contributing(view, feature, question, truth)
}

#[cfg(test)]
mod tests;
