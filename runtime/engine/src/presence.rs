//! Which questions find their entity in a view, as the streaming engine knows it.
//!
//! Statuses cannot tell: `truncated`, `stale` and errors stand before `missing`. So beside the graph of a service there is
//! one that folds nothing over the same logs, and it is asked where statuses leave it open.

use crate::error::Error;
use crate::results::ViewReport;
use featc_ir::plan::{Compose, Derive, FinishFeature, FinishKind, StreamGraph};
use featc_ir::{Excluding, Expr, ExprKind, Literal, Status, Type, Window, WindowKind};
use featr_kernels::Column;
use std::collections::BTreeSet;

/// The name of the service: none of a program is empty.
pub(crate) const SERVICE: &str = "";

/// The questions of a service so far, by view.
pub(crate) struct Presence {
    views: Vec<View>,
    questions: u64,
}

struct View {
    name: String,
    /// Its columns in the service.
    fields: Vec<usize>,
    /// Its column in [`SERVICE`].
    place: usize,
    missing: u64,
}

impl Presence {
    /// The questions of a service, whose columns are of these views, and the graph of [`SERVICE`].
    pub(crate) fn new(graph: &StreamGraph, field_views: &[String]) -> (Presence, StreamGraph) {
        let mut own = graph.clone();
        own.service = SERVICE.to_owned();
        own.compose = Compose(Vec::new());
        own.derive = Derive::default();
        own.spine.request.clear();
        let mut places: Vec<(String, usize)> = Vec::new();
        for (answer, at) in own.answers.iter_mut().zip(0u32..) {
            let asked = graph.compose.0.iter().copied().chain(graph.derive.reads());
            let asked = asked.filter(|(known, _)| *known == at);
            let asked: BTreeSet<u32> = asked.map(|(_, output)| output).collect();
            let outputs = answer.finish.features.iter_mut().filter(|feature| feature.output);
            for (place, feature) in (0u32..).zip(outputs) {
                feature.output = asked.contains(&place);
            }
            let log = &graph.logs[answer.input.index()];
            let key = &graph.rows[log.input.index()].rows.key;
            let views = answer.finish.spec(log.gate).views(&answer.fold.spec(key));
            for ((view, _), output) in views.iter().zip(0u32..) {
                places.push((view.clone(), own.compose.0.len()));
                own.compose.0.push((at, output));
            }
            answer.finish.features = views.iter().map(presence).collect();
        }
        let mut views: Vec<View> = Vec::new();
        for (field, name) in field_views.iter().enumerate() {
            if let Some(known) = views.iter_mut().find(|known| known.name == *name) {
                known.fields.push(field);
            } else if let Some((_, place)) = places.iter().find(|(known, _)| known == name) {
                views.push(View {
                    name: name.clone(),
                    fields: vec![field],
                    place: *place,
                    missing: 0,
                });
            }
        }
        // Views of which nothing comes out by itself are asked about every time.
        for (name, place) in places {
            if !views.iter().any(|known| known.name == name) {
                views.push(View {
                    name,
                    fields: Vec::new(),
                    place,
                    missing: 0,
                });
            }
        }
        (Presence { views, questions: 0 }, own)
    }

    /// Counts answers of the service; `ask` gives those of [`SERVICE`] for some of the rows.
    pub(crate) fn count(
        &mut self,
        rows: usize,
        answers: &[(Column, Vec<Status>)],
        ask: impl FnOnce(&[u32]) -> Result<Vec<(Column, Vec<Status>)>, Error>,
    ) -> Result<(), Error> {
        self.questions += rows as u64;
        // What has no event within the retention is neither.
        let is_found = |status: Status| matches!(status, Status::Ok | Status::Empty);
        let open = |row: &u32| {
            let found = |view: &View| {
                view.fields
                    .iter()
                    .any(|field| is_found(answers[*field].1[*row as usize]))
            };
            !self.views.iter().all(found)
        };
        let open: Vec<u32> = (0..rows as u32).filter(open).collect();
        if open.is_empty() {
            return Ok(());
        }
        let said = ask(&open)?;
        for view in &mut self.views {
            let missing = said[view.place].1.iter().filter(|status| **status == Status::Missing);
            view.missing += missing.count() as u64;
        }
        Ok(())
    }

    /// By view, in the order of the service.
    pub(crate) fn reports(self) -> Vec<ViewReport> {
        let report = |view: View| ViewReport {
            view: view.name,
            questions: self.questions,
            missing: view.missing,
        };
        self.views.into_iter().map(report).collect()
    }
}

/// A feature that is a view, and folds nothing.
fn presence((view, presence): &(String, u32)) -> FinishFeature {
    FinishFeature {
        name: view.clone(),
        view: view.clone(),
        ty: Type::Bool,
        kind: FinishKind::Aggregate {
            slots: Vec::new(),
            expr: Expr::new(ExprKind::Literal(Literal::Null), Type::Bool),
            presence: *presence,
            // It is never truncated.
            window: Window {
                kind: WindowKind::Lifetime,
                excluding: Excluding::Nothing,
            },
            ttl_us: None,
        },
        default: None,
        output: true,
    }
}
