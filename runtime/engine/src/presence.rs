//! Which questions find their entity in a view, as the streaming engine knows it.
//!
//! Statuses cannot tell: `truncated`, `stale` and errors stand before `missing`. So the graph gets a service of its own that
//! folds nothing, and it is asked where statuses leave it open.

use crate::error::Error;
use crate::limits::ViewReport;
use featc_ir::plan::{FinishFeature, FinishKind, FinishSpec, Operator, OperatorId, OperatorKind, StreamGraph};
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
    /// Adds [`SERVICE`] to a graph of one service, whose columns are of these views.
    pub(crate) fn new(graph: &mut StreamGraph, field_views: &[String]) -> Presence {
        let mut service = graph.services[0].clone();
        let finishes: BTreeSet<OperatorId> = service.columns.iter().map(|(id, _)| *id).collect();
        let mut places: Vec<(String, usize)> = Vec::new();
        let mut columns = Vec::new();
        for id in finishes {
            let asked = service.columns.iter().filter(|(known, _)| *known == id);
            let asked: BTreeSet<u32> = asked.map(|(_, output)| *output).collect();
            let Some((operator, views)) = of_finish(graph, id, &asked) else {
                continue;
            };
            let own = OperatorId(graph.operators.len() as u32);
            graph.operators.push(operator);
            for (output, view) in views.into_iter().enumerate() {
                places.push((view, columns.len()));
                columns.push((own, output as u32));
            }
        }
        service.name = SERVICE.to_owned();
        service.columns = columns;
        graph.services.push(service);
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
        Presence { views, questions: 0 }
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

/// For the asked outputs of a `Finish`: one whose features are their views, without aggregates, and the views.
fn of_finish(graph: &StreamGraph, id: OperatorId, asked: &BTreeSet<u32>) -> Option<(Operator, Vec<String>)> {
    let operator = graph.operators.get(id.0 as usize)?;
    let log = graph.operators.get(operator.inputs.first()?.0 as usize)?;
    let (OperatorKind::Finish { spec }, OperatorKind::Log { spec: fold, .. }) = (&operator.kind, &log.kind) else {
        return None;
    };
    let mut asked_only = spec.clone();
    let outputs = asked_only.features.iter_mut().filter(|feature| feature.output);
    for (place, feature) in outputs.enumerate() {
        feature.output = asked.contains(&(place as u32));
    }
    let views = asked_only.views(fold);
    let feature = |(view, presence): &(String, u32)| FinishFeature {
        name: view.clone(),
        view: view.clone(),
        ty: Type::Bool,
        kind: FinishKind::Aggregate {
            slots: Vec::new(),
            expr: Expr::new(ExprKind::Literal(Literal::Null), Type::Bool),
            presence: *presence,
            window: Window {
                kind: WindowKind::Lifetime,
                excluding: Excluding::Nothing,
            },
            ttl_us: None,
        },
        default: None,
        output: true,
    };
    let presence = FinishSpec {
        begins_us: None,
        moved_us: 0,
        source_delay_us: spec.source_delay_us,
        features: views.iter().map(feature).collect(),
    };
    let added = Operator {
        kind: OperatorKind::Finish { spec: presence },
        inputs: operator.inputs.clone(),
    };
    Some((added, views.into_iter().map(|(view, _)| view).collect()))
}
