//! What the nodes of a plan did, as text.

use crate::exec::measured_leaf;
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
    if !plan.name().starts_with("Cooperative") && !plan.name().starts_with("Coalesce") {
        let line = match measured_leaf(plan) {
            Some(words) => words,
            None => baseline(plan),
        };
        let separator = if line.is_empty() { "" } else { " · " };
        let _ = writeln!(text, "{}{}{separator}{line}", "  ".repeat(depth), Name(plan));
        return plan
            .children()
            .into_iter()
            .for_each(|child| node(child.as_ref(), depth + 1, text));
    }
    plan.children()
        .into_iter()
        .for_each(|child| node(child.as_ref(), depth, text));
}

fn baseline(plan: &dyn ExecutionPlan) -> String {
    let Some(metrics) = plan.metrics() else {
        return String::new();
    };
    let rows = metrics.output_rows().unwrap_or(0);
    let seconds = metrics.elapsed_compute().unwrap_or(0) as f64 / 1e9;
    let mut line = format!("{rows} rows, {seconds:.2} s of all threads");
    for metric in metrics.iter() {
        let _ = match metric.value() {
            MetricValue::Gauge { name, gauge } => write!(line, ", {name} {:.1} MB", gauge.value() as f64 / 1e6),
            MetricValue::Count { name, count } if count.value() > 0 => write!(line, ", {} {name}", count.value()),
            _ => Ok(()),
        };
    }
    line
}
