//! What optimisers left of a plan: whether every node finds its inputs as it needs them.
//!
//! - Each of our nodes reads those of our nodes that it was planned over, with the distribution and the order that it
//!   declares.
//! - Between two of them there are only nodes that give the rows that they get, all of them, unchanged: nothing that
//!   filters, limits or computes went below acceptance.
//!
//! What is below the spine is the caller's, and above the answers, too.

use crate::error::bug;
use datafusion::error::Result;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use std::sync::Arc;

/// What each of our nodes reads; of the last one there may be any number.
const INPUTS: [(&str, &[&str]); 5] = [
    ("DeriveExec", &["AssembleExec"]),
    ("AssembleExec", &["SpineExec", "FinishExec"]),
    ("FinishExec", &["PointInTimeExec"]),
    ("PointInTimeExec", &["SpineExec", "EventsExec"]),
    ("EventsExec", &[]),
];

/// Nodes of DataFusion that may stand between ours.
pub(crate) const BETWEEN: [&str; 5] = [
    "CoalescePartitionsExec",
    "CooperativeExec",
    "RepartitionExec",
    "SortExec",
    "SortPreservingMergeExec",
];

/// Checks a plan below one of our nodes.
///
/// # Errors
/// A bug: which node does not find what it needs.
pub(crate) fn check(plan: &dyn ExecutionPlan) -> Result<()> {
    requirements(plan)?;
    let Some((_, expected)) = INPUTS.iter().find(|(name, _)| *name == plan.name()) else {
        // The spine: what is below it is the caller's.
        return Ok(());
    };
    for (place, child) in plan.children().into_iter().enumerate() {
        let ours = below(plan.name(), child)?;
        let wanted = expected.get(place).or(expected.last());
        if wanted != Some(&ours.name()) {
            return Err(bug(format!("{} reads {}", plan.name(), ours.name())));
        }
        check(ours.as_ref())?;
    }
    Ok(())
}

/// The next of our nodes.
fn below<'a>(reader: &str, child: &'a Arc<dyn ExecutionPlan>) -> Result<&'a Arc<dyn ExecutionPlan>> {
    if child.name() == "SpineExec" || INPUTS.iter().any(|(name, _)| *name == child.name()) {
        return Ok(child);
    }
    requirements(child.as_ref())?;
    let all = BETWEEN.contains(&child.name()) && child.fetch().is_none();
    match child.children().as_slice() {
        [only] if all => below(reader, only),
        _ => Err(bug(format!("{} came below {reader}", child.name()))),
    }
}

/// Whether the inputs of a node have the distribution and the order that it needs.
fn requirements(plan: &dyn ExecutionPlan) -> Result<()> {
    let distributions = plan.input_distribution_requirements().into_per_child();
    let orders = plan.required_input_ordering();
    for (place, child) in plan.children().into_iter().enumerate() {
        let equivalence = child.equivalence_properties();
        let lacks = |what: String| bug(format!("input {place} of {} lacks {what}", plan.name()));
        if let Some(required) = distributions.get(place)
            && !child
                .output_partitioning()
                .satisfaction(required, equivalence, false)
                .is_satisfied()
        {
            return Err(lacks(format!("the distribution {required}")));
        }
        if let Some(Some(required)) = orders.get(place)
            && !equivalence.ordering_satisfy_requirement(required.first().clone())?
        {
            return Err(lacks(format!("the order {:?}", required.first())));
        }
    }
    Ok(())
}
