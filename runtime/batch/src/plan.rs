//! A `BatchPlan`, as the nodes need it: the one place that reads it.

use crate::error::bug;
use datafusion::error::Result;
use featc_ir::plan::{BatchPlan, Derive, FinishFeature, FinishSpec, FoldSpec, Method, Pipeline, Restrict, RowSpec};
use featc_ir::{ColumnId, Key, Source, Truth};
use std::sync::Arc;

/// Features of one source about one kind of entity: how their events come about, what is folded of them, and what is made
/// of that.
#[derive(Debug, Clone)]
pub(crate) struct ViewPlan {
    pub source: Arc<Source>,
    pub rows: Arc<RowSpec>,
    pub restrict: Restrict,
    pub read: Vec<ColumnId>,
    pub fold: Arc<FoldSpec>,
    /// Per slot of the fold.
    pub methods: Vec<Method>,
    pub finish: Arc<FinishSpec>,
}

/// A service.
#[derive(Debug, Clone)]
pub(crate) struct ServicePlan {
    pub service: String,
    /// The columns that questions bring, each once; cuts last.
    pub asked: Vec<Key>,
    pub views: Vec<ViewPlan>,
    /// Per output column the view and the position among its output features.
    pub columns: Vec<(usize, usize)>,
    /// The features of its own, which come out after them.
    pub derive: Derive,
    /// The fields of requests that these read.
    pub request: Vec<Key>,
}

impl ServicePlan {
    pub fn of(plan: &BatchPlan, truth: Truth) -> ServicePlan {
        let columns = plan.compose.0.iter();
        let mut asked = plan.spine.columns();
        asked.extend(plan.cut_keys(truth));
        ServicePlan {
            service: plan.service.clone(),
            asked,
            views: plan.pipelines.iter().map(view).collect(),
            columns: columns.map(|(view, at)| (*view as usize, *at as usize)).collect(),
            derive: plan.derive.clone(),
            request: plan.spine.request.clone(),
        }
    }

    /// A feature that comes out.
    pub fn feature(&self, (view, at): (usize, usize)) -> Result<&FinishFeature> {
        let view = self.views.get(view).ok_or_else(|| bug("the plan lacks a pipeline"))?;
        let mut features = view.finish.features.iter().filter(|feature| feature.output);
        features.nth(at).ok_or_else(|| bug("a pipeline lacks a feature"))
    }
}

fn view(pipeline: &Pipeline) -> ViewPlan {
    ViewPlan {
        source: Arc::new(pipeline.source()),
        rows: Arc::new(pipeline.rows.spec()),
        restrict: pipeline.restrict.clone(),
        read: pipeline.scan.read.clone(),
        fold: Arc::new(pipeline.fold_spec()),
        methods: pipeline.fold.slots.iter().map(|slot| slot.method).collect(),
        finish: Arc::new(pipeline.finish_spec()),
    }
}
