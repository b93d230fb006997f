//! A `BatchPlan`, as the nodes need it: the one place that reads it.

use crate::error::bug;
use datafusion::error::Result;
use featc_ir::plan::{BatchNode, BatchPlan, FinishSpec, FoldSpec, RowSpec};
use featc_ir::{Key, Source};
use std::sync::Arc;

/// Views of one source and kind of entity: how their events come about, what is folded of them, which features it makes.
#[derive(Debug, Clone)]
pub(crate) struct ViewPlan {
    pub source: Arc<Source>,
    pub rows: Arc<RowSpec>,
    pub fold: Arc<FoldSpec>,
    pub finish: Arc<FinishSpec>,
}

/// A service.
#[derive(Debug, Clone)]
pub(crate) struct ServicePlan {
    pub service: String,
    pub views: Vec<ViewPlan>,
    /// Per output column the view and the position among its output features.
    pub columns: Vec<(usize, usize)>,
}

impl ServicePlan {
    pub fn of(plan: &BatchPlan) -> Result<ServicePlan> {
        let BatchNode::Zip { inputs, columns, .. } = &plan.root else {
            return Err(bug("the root of the plan is no Zip"));
        };
        Ok(ServicePlan {
            service: plan.service.clone(),
            views: inputs.iter().map(view).collect::<Result<_>>()?,
            columns: columns
                .iter()
                .map(|(view, at)| (*view as usize, *at as usize))
                .collect(),
        })
    }

    /// A feature that comes out.
    pub fn feature(&self, (view, at): (usize, usize)) -> Result<&featc_ir::plan::FinishFeature> {
        let view = self.views.get(view).ok_or_else(|| bug("the plan lacks a view"))?;
        let mut features = view.finish.features.iter().filter(|feature| feature.output);
        features.nth(at).ok_or_else(|| bug("a view lacks a feature"))
    }

    /// The columns that questions bring, each once.
    pub fn asked(&self) -> Vec<Key> {
        let mut found: Vec<Key> = vec![];
        let columns = self
            .views
            .iter()
            .flat_map(|view| view.fold.entity.iter().chain(&view.fold.self_columns));
        for key in columns {
            if !found.iter().any(|known| known.name == key.name) {
                found.push(key.clone());
            }
        }
        found
    }
}

fn view(node: &BatchNode) -> Result<ViewPlan> {
    let BatchNode::Finish { input, spec: finish } = node else {
        return Err(bug("the plan assembles what is no Finish"));
    };
    let BatchNode::PointInTime { events, spec: fold, .. } = &**input else {
        return Err(bug("the plan finishes what is no PointInTime"));
    };
    let BatchNode::Rows { input, spec: rows } = &**events else {
        return Err(bug("the plan folds what are no Rows"));
    };
    let BatchNode::Accept { input } = &**input else {
        return Err(bug("the plan transforms what was not accepted"));
    };
    let BatchNode::Scan { source } = &**input else {
        return Err(bug("the plan accepts what was not read"));
    };
    Ok(ViewPlan {
        source: Arc::new(source.clone()),
        rows: Arc::new(rows.clone()),
        fold: Arc::new(fold.clone()),
        finish: Arc::new(finish.clone()),
    })
}
