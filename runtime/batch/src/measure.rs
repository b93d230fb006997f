//! What the nodes of a plan did, as text and as a report.

use crate::nodes::{DeriveExec, EventsExec, FinishExec, PointInTimeExec, size};
use crate::report::{RunReport, SourceReport, ViewReport};
use crate::silent::{own_silent, silent};
use datafusion::physical_plan::metrics::MetricValue;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use std::fmt::{self, Write as _};

/// The plan, a node a line, each followed by its rows and its time summed over all threads.
pub(crate) fn measured(plan: &dyn ExecutionPlan) -> String {
    let mut text = String::new();
    node(plan, 0, &mut text);
    text
}

struct Name<'a>(&'a dyn ExecutionPlan);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(DisplayFormatType::Default, f)
    }
}

fn node(plan: &dyn ExecutionPlan, depth: usize, text: &mut String) {
    // What only holds a plan together says nothing.
    let is_plain = plan.name().starts_with("Cooperative") || plan.name().starts_with("Coalesce");
    let children = plan.children();
    if is_plain {
        return children.into_iter().for_each(|child| node(child.as_ref(), depth, text));
    }
    let line = metrics(plan);
    let separator = if line.is_empty() { "" } else { " · " };
    let _ = writeln!(text, "{}{}{separator}{line}", "  ".repeat(depth), Name(plan));
    children
        .into_iter()
        .for_each(|child| node(child.as_ref(), depth + 1, text));
}

fn metrics(plan: &dyn ExecutionPlan) -> String {
    let Some(metrics) = plan.metrics() else {
        return String::new();
    };
    let metrics = metrics.aggregate_by_name();
    let rows = metrics.output_rows().unwrap_or(0);
    let seconds = metrics.elapsed_compute().unwrap_or(0) as f64 / 1e9;
    let mut line = format!("{rows} rows, {seconds:.2} s of all threads");
    for metric in metrics.iter() {
        let _ = match metric.value() {
            MetricValue::Gauge { name, gauge } => write!(line, ", {name} {}", size(gauge.value() as u64)),
            MetricValue::Count { name, count } if count.value() > 0 => match name.contains("bytes") {
                true => write!(line, ", {} {name}", size(count.value() as u64)),
                false => write!(line, ", {} {name}", count.value()),
            },
            MetricValue::SpilledBytes(count) if count.value() > 0 => {
                write!(line, ", {} spilled_bytes", size(count.value() as u64))
            }
            MetricValue::SpillCount(count) if count.value() > 0 => write!(line, ", {} spill_count", count.value()),
            MetricValue::OutputBytes(count) if count.value() > 0 => {
                write!(line, ", {} output_bytes", size(count.value() as u64))
            }
            MetricValue::Time { name, time } => write!(line, ", {name} {:.2} s", time.value() as f64 / 1e9),
            _ => Ok(()),
        };
    }
    line
}

/// What became of rows and questions. `rows` are those of the spine.
pub(crate) fn report(plan: &dyn ExecutionPlan, rows: u64) -> RunReport {
    let mut report = RunReport {
        rows,
        ..RunReport::default()
    };
    collect(plan, &mut report);
    let views = &mut report.views;
    views.sort_by(|left, right| (&left.transform, &left.entity).cmp(&(&right.transform, &right.entity)));
    report.sources.sort_by(|left, right| left.source.cmp(&right.source));
    report
}

fn collect(plan: &dyn ExecutionPlan, report: &mut RunReport) {
    if let Some(finish) = plan.downcast_ref::<FinishExec>() {
        let silent = silent(&finish.spec, &finish.fold, &finish.counted());
        let mut view = ViewReport {
            troubles: finish.troubles(),
            silent: silent.views,
            failed: silent.failed,
            silent_features: silent.features,
            ..ViewReport::default()
        };
        below(plan, finish, &mut view, &mut report.sources);
        report.views.push(view);
        return;
    }
    if let Some(derive) = plan.downcast_ref::<DeriveExec>() {
        report.own_troubles = derive.troubles();
        report.own_silent = own_silent(derive.counted());
    }
    plan.children()
        .into_iter()
        .for_each(|child| collect(child.as_ref(), report));
}

/// What the nodes of a view did.
fn below(plan: &dyn ExecutionPlan, finish: &FinishExec, view: &mut ViewReport, sources: &mut Vec<SourceReport>) {
    if let Some(answers) = plan.downcast_ref::<PointInTimeExec>() {
        let counts = answers.counter.counts();
        view.keyless_questions = counts.keyless;
        view.questions_at_events = counts.at_events;
        let absent = |place: u32| counts.absent.get(place as usize).copied().unwrap_or(0);
        (view.questions_with_id, view.questions_with_own) = (counts.with_id, counts.with_own);
        let views = finish.spec.views(&finish.fold);
        let rows = |place: u32| counts.absent_rows.get(place as usize).cloned().unwrap_or_default();
        view.missing_rows = views.iter().map(|(_, place)| rows(*place)).collect();
        view.missing = views.into_iter().map(|(view, place)| (view, absent(place))).collect();
    }
    if let Some(events) = plan.downcast_ref::<EventsExec>() {
        let counts = events.pipeline.counter.counts();
        view.source.clone_from(&events.pass.source.name);
        view.transform.clone_from(&events.pipeline.spec.name);
        view.entity = events.pipeline.fold.entity.iter().map(|key| key.name.clone()).collect();
        (view.events, view.dropped, view.copies) = (counts.events, counts.dropped, counts.copies);
        view.sought = counts.sought;
        if !sources.iter().any(|source| source.source == events.pass.source.name) {
            sources.push(events.pass.report());
        }
    }
    plan.children()
        .into_iter()
        .for_each(|child| below(child.as_ref(), finish, view, sources));
}
