//! Accepted rows that are no events of a view of a service: counted; those that it rejects are told to whoever wants them.

use crate::error::Error;
use crate::program::Program;
use crate::recorded::SharedRejects;
use crate::results::{SourceReport, view_names};
use featc_ir::Source;
use featc_ir::plan::{Pipeline, RowSpec};
use featr_batch::{EXAMPLES_MAX, RejectedRow};
use featr_decode::{Example, Fault};
use featr_kernels::Batch;
use featr_kernels::rows::{self, Accepted};
use std::collections::BTreeSet;

/// A transform and key of a service, with the source that it reads.
pub(crate) struct Node {
    pub source: Source,
    pub rows: RowSpec,
    /// The entity's keys.
    pub entity: Vec<featc_ir::Key>,
    /// The views that are answered here.
    views: Vec<String>,
}

/// Nodes that read one source, and what became of its rows there.
pub(crate) struct ViewRejects<'a> {
    source: &'a str,
    /// With their names in reports.
    nodes: Vec<(String, Node)>,
    /// Counts by view.
    counts: SourceReport,
    /// Rows that one of them rejects, each once.
    rows: u64,
    examples: Vec<Example>,
}

impl Program {
    /// The nodes of a service's plan that turn rows into events; nothing is lifted.
    pub(crate) fn nodes(&self, service: &str) -> Result<Vec<Node>, Error> {
        let plan = self.batch_plan(service)?;
        Ok(plan.pipelines.iter().map(node).collect())
    }

    /// The node of the service's plan that turns rows into the events of a view.
    pub(crate) fn node_of(&self, service: &str, view: &str) -> Result<Option<Node>, Error> {
        let plan = self.batch_plan(service)?;
        Ok(plan.pipelines.iter().find(|pipeline| pipeline.answers(view)).map(node))
    }

    /// What the views of a service reject of a source; of `all` of them, also what counts for nothing there.
    pub(crate) fn view_rejects<'a>(
        &self,
        service: &str,
        source: &'a Source,
        all: bool,
    ) -> Result<ViewRejects<'a>, Error> {
        let width = source.columns.len();
        let nodes = self.nodes(service)?;
        let named = nodes.iter().map(|node| {
            let entity = node.entity.iter().map(|key| key.name.as_str()).collect();
            let views = node.views.iter().map(String::as_str).collect();
            (node.rows.name.as_str(), entity, views)
        });
        let names = view_names(&named.collect::<Vec<_>>());
        let mut nodes: Vec<(String, Node)> = names.into_iter().zip(nodes).collect();
        nodes.retain(|(_, node)| node.source.name == source.name && (all || rows::can_reject(&node.rows, width)));
        Ok(ViewRejects {
            source: &source.name,
            nodes,
            counts: SourceReport::default(),
            rows: 0,
            examples: Vec::new(),
        })
    }
}

/// The node of a pipeline.
pub(crate) fn node(pipeline: &Pipeline) -> Node {
    let fold = pipeline.fold_spec();
    let views = pipeline.finish_spec().views(&fold).into_iter();
    let mut rows = pipeline.rows.spec();
    rows.lifts.clear();
    Node {
        source: pipeline.source(),
        rows,
        views: views.map(|(view, _)| view).collect(),
        entity: fold.entity,
    }
}

impl ViewRejects<'_> {
    /// Looks at the rows of a batch that `accepted` lets in; `place` says where a row of the batch comes from.
    pub fn add<F: AsRef<str>>(
        &mut self,
        batch: &Batch,
        accepted: &Accepted,
        place: impl Fn(usize) -> (F, u64),
        target: Option<&SharedRejects>,
    ) -> Result<(), Error> {
        if self.nodes.is_empty() {
            return Ok(());
        }
        let kept = accepted.rows();
        let batch = batch.take(&kept);
        let mut told = BTreeSet::new();
        let mut rows_rejected = BTreeSet::new();
        for (name, node) in &self.nodes {
            let keyed = rows::apply(&node.rows, &batch);
            self.counts.add_dropped(name, &keyed.dropped);
            rows_rejected.extend(keyed.rejected.iter().map(|row| row.row));
            let most = if target.is_some() { usize::MAX } else { EXAMPLES_MAX };
            // Nodes of one transform say the same of a row.
            told.extend(keyed.rejected.iter().take(most).map(|row| {
                let position = kept[row.row as usize] as usize;
                (position, row.reason, row.detail(&node.rows))
            }));
        }
        self.rows += rows_rejected.len() as u64;
        for (row, reason, detail) in told {
            let (file, line) = place(row);
            let file = file.as_ref();
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push(Example::new(
                    (file, line),
                    reason.name(),
                    &detail,
                    Fault::OfView(reason),
                ));
            }
            if let Some(target) = target {
                target.reject(&RejectedRow {
                    source: self.source,
                    file,
                    line,
                    reason: reason.name(),
                    detail: &detail,
                    raw: None,
                })?;
            }
        }
        Ok(())
    }

    /// Adds what was found to a report.
    pub fn report(self, report: &mut SourceReport) {
        report.dropped = self.counts.dropped;
        report.rejected_by_view = self.counts.rejected_by_view;
        report.rejected_by_any_view = self.rows;
        report.view_examples = self.examples;
    }
}
