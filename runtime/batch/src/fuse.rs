//! Views of one source in one pass: a rule of the physical optimiser.
//!
//! In a plan every [`EventsExec`] reads its source for itself. The rule gives those that read one source for one spine a
//! pass in common: the source is decoded and accepted once, and each row goes through all pipelines.

use crate::nodes::EventsExec;
use crate::source::{Pipeline, SourcePass};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// See the module.
#[derive(Debug, Default)]
pub struct FuseScans;

/// Scans that can be one.
struct Group {
    pass: Arc<SourcePass>,
    pipelines: Vec<Arc<Pipeline>>,
}

fn same(left: &SourcePass, right: &SourcePass) -> bool {
    let filter = |pass: &SourcePass| pass.pipelines.first().map(|pipeline| pipeline.filter.clone());
    let together = filter(left)
        .zip(filter(right))
        .is_some_and(|(left, right)| left.together(&right));
    together && left.source == right.source
}

impl PhysicalOptimizerRule for FuseScans {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let mut groups: Vec<Group> = vec![];
        plan.apply(|node| {
            let Some(events) = node.downcast_ref::<EventsExec>() else {
                return Ok(TreeNodeRecursion::Continue);
            };
            let known = groups.iter_mut().find(|group| same(&group.pass, &events.pass));
            let pipeline = events.pipeline.clone();
            match known {
                Some(group) if group.pipelines.iter().any(|known| Arc::ptr_eq(known, &pipeline)) => {}
                Some(group) => group.pipelines.push(pipeline),
                None => groups.push(Group {
                    pass: events.pass.clone(),
                    pipelines: vec![pipeline],
                }),
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        groups.retain(|group| group.pipelines.len() > group.pass.pipelines.len());
        let fused: Vec<(Arc<SourcePass>, Arc<SourcePass>)> = groups
            .into_iter()
            .map(|Group { pass, pipelines }| {
                let fused = SourcePass::new(pass.source.clone(), pass.resources.clone(), pipelines);
                (pass, Arc::new(fused))
            })
            .collect();
        let replaced = plan.transform_up(|node| {
            let Some(events) = node.downcast_ref::<EventsExec>() else {
                return Ok(Transformed::no(node));
            };
            let Some((_, pass)) = fused.iter().find(|(pass, _)| same(pass, &events.pass)) else {
                return Ok(Transformed::no(node));
            };
            let at = pass
                .pipelines
                .iter()
                .position(|known| Arc::ptr_eq(known, &events.pipeline));
            match at {
                Some(at) => Ok(Transformed::yes(Arc::new(events.from_pass(pass.clone(), at)?))),
                None => Ok(Transformed::no(node)),
            }
        })?;
        Ok(replaced.data)
    }

    fn name(&self) -> &str {
        "featr_fuse_scans"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
