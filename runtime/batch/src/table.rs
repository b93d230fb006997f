//! Events and features as tables of any DataFusion session.
//!
//! A service's features over a spine are a table: whoever scans it gets a plan of our nodes, which the session's
//! optimisers then see as any other plan. A scan reads only what its columns need.

use crate::derived::{Derived, TableColumn};
use crate::error::BatchError;
use crate::filter::{BuildSide, EntityFilter, Link};
use crate::fuse::FuseScans;
use crate::inputs::Resources;
use crate::nodes::{
    AssembleExec, DeriveExec, EventsExec, FinishExec, OutputColumn, PointInTime, PointInTimeExec, SpineExec, SpineSpec,
    Spool,
};
use crate::plan::{ServicePlan, ViewPlan};
use crate::schema::EventLayout;
use crate::source::{Pipeline, PipelineCounter, SourcePass};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, TableType};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use featc_ir::{Cut, Key, Table, Truth};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What is asked of a service, beside the questions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    pub truth: Truth,
    pub with_status: bool,
    /// Whether views of one source read it in one pass.
    pub fuse: bool,
}

/// The questions: any plan, and which of its columns are what.
#[derive(Debug, Clone)]
pub(crate) struct SpineQuery {
    pub plan: LogicalPlan,
    /// So many of its columns come out again.
    pub own: usize,
    pub time: usize,
    pub columns: Vec<(Key, usize)>,
}

/// The events of a source for one kind of entity, as far as they are asked about.
struct EventsTable {
    pass: Arc<SourcePass>,
}

/// The features of a service over a spine.
pub(crate) struct FeaturesTable {
    plan: Arc<ServicePlan>,
    spine: SpineQuery,
    asking: Asking,
    resources: Arc<Resources>,
    schema: SchemaRef,
    /// Per column of the schema.
    columns: Vec<TableColumn>,
}

impl fmt::Debug for EventsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventsTable")
            .field("source", &self.pass.source.name)
            .finish()
    }
}

impl fmt::Debug for FeaturesTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeaturesTable")
            .field("service", &self.plan.service)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for EventsTable {
    fn schema(&self) -> SchemaRef {
        Arc::new(self.pass.pipelines[0].layout.sorted())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let events = EventsExec::new(self.pass.clone(), 0, session.config().target_partitions())?;
        let events: Arc<dyn ExecutionPlan> = Arc::new(events);
        match projection {
            None => Ok(events),
            Some(chosen) => {
                let schema = events.schema();
                let columns = chosen.iter().map(|at| {
                    let name = schema.field(*at).name().clone();
                    let column = datafusion::physical_expr::expressions::Column::new(&name, *at);
                    (Arc::new(column) as _, name)
                });
                let columns: Vec<(Arc<dyn datafusion::physical_expr::PhysicalExpr>, String)> = columns.collect();
                Ok(Arc::new(ProjectionExec::try_new(columns, events)?))
            }
        }
    }
}

impl FeaturesTable {
    pub fn new(
        plan: Arc<ServicePlan>,
        spine: SpineQuery,
        asking: Asking,
        resources: Arc<Resources>,
    ) -> std::result::Result<FeaturesTable, BatchError> {
        let own = spine.plan.schema().as_arrow();
        let mut fields: Vec<FieldRef> = own.fields().iter().take(spine.own).cloned().collect();
        let mut columns: Vec<OutputColumn> = (0..spine.own).map(OutputColumn::Own).collect();
        let width = 1 + usize::from(asking.with_status);
        for (view, at) in &plan.columns {
            let feature = plan.feature((*view, *at))?;
            let ty = featr_decode::arrow_type(feature.ty);
            fields.push(Arc::new(Field::new(&feature.name, ty, true)));
            columns.push(OutputColumn::Feature(*view, width * at));
            if asking.with_status {
                let name = featc_ir::status_column(&feature.name);
                fields.push(Arc::new(Field::new(name, DataType::Utf8, false)));
                columns.push(OutputColumn::Status(*view, width * at + 1));
            }
        }
        let mut columns: Vec<TableColumn> = columns.into_iter().map(TableColumn::Out).collect();
        for (at, feature) in plan.derive.0.iter().enumerate() {
            let ty = featr_decode::arrow_type(feature.ty);
            fields.push(Arc::new(Field::new(&feature.name, ty, true)));
            columns.push(TableColumn::Own(at));
            if asking.with_status {
                let name = featc_ir::status_column(&feature.name);
                fields.push(Arc::new(Field::new(name, DataType::Utf8, false)));
                columns.push(TableColumn::OwnStatus(at));
            }
        }
        if let Some(column) = featr_decode::first_twice(fields.iter().map(|field| field.name())) {
            let of_spine = fields.iter().take(spine.own).any(|field| field.name() == column);
            let column = column.clone();
            return Err(BatchError::NameClash { column, of_spine });
        }
        Ok(FeaturesTable {
            plan,
            spine,
            asking,
            resources,
            schema: Arc::new(Schema::new(fields)),
            columns,
        })
    }

    /// What is made of the spine for some views, and with the request for features of the service's own.
    fn spine_spec(&self, views: &[&ViewPlan], with_request: bool) -> SpineSpec {
        let (mut kinds, mut handed_on) = (vec![], vec![]);
        for view in views {
            add(&mut kinds, view.fold.entity.clone());
            let own = view.fold.self_columns.iter().cloned();
            let keys = own.chain(cut_keys(view, self.asking.truth));
            keys.for_each(|key| add(&mut handed_on, key));
        }
        let request = self.plan.request.iter().filter(|_| with_request);
        request.for_each(|key| add(&mut handed_on, key.clone()));
        SpineSpec {
            own: self.spine.own,
            time: self.spine.time,
            columns: self.spine.columns.clone(),
            kinds,
            handed_on,
        }
    }

    /// The nodes of a view, and what gives its events.
    async fn view(
        &self,
        session: &dyn Session,
        view: &ViewPlan,
        spine: &Arc<dyn ExecutionPlan>,
        (spec, filter): (&SpineSpec, EntityFilter),
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let awaits = awaits(view, self.asking.truth);
        let cut = match awaits {
            true => Cut::Given,
            false => view.source.cut_under(self.asking.truth),
        };
        let layout = EventLayout::new(&view.source, &view.rows, &view.fold, (cut != Cut::Open, awaits));
        let pipeline = Pipeline {
            spec: view.rows.clone(),
            fold: view.fold.clone(),
            restrict: view.restrict.clone(),
            read: view.read.clone(),
            layout: layout.clone(),
            filter,
            counter: PipelineCounter::default(),
        };
        let resources = self.resources.clone();
        let pass = SourcePass::new(view.source.clone(), resources.clone(), vec![Arc::new(pipeline)]);
        let events = EventsTable { pass: Arc::new(pass) };
        let events = events.scan(session, None, &[], None).await?;
        let selves = view.fold.self_columns.iter();
        let point_in_time = PointInTime {
            fold: (*view.fold).clone(),
            methods: view.methods.clone(),
            layout,
            cut,
            cuts: cut_keys(view, self.asking.truth)
                .iter()
                .map(|key| spec.key_out(key))
                .collect::<Result<_>>()?,
            with_status: self.asking.with_status,
            time: spec.time_out(),
            entity: spec.entity_out(&view.fold.entity)?,
            selves: selves
                .map(|key| Ok((spec.key_out(key)?, key.ty)))
                .collect::<Result<_>>()?,
        };
        let inputs = [spine.clone(), events];
        let counted = self.resources.memory_bytes.is_none();
        let answers = PointInTimeExec::new(inputs, Arc::new(point_in_time), resources, counted);
        Ok(Arc::new(FinishExec::new(
            Arc::new(answers),
            view.finish.clone(),
            view.fold.clone(),
            cut,
            self.asking.with_status,
        )))
    }
}

/// Whether events wait for the tables with versions that they look into.
fn awaits(view: &ViewPlan, truth: Truth) -> bool {
    truth == Truth::AsServed && !view.rows.awaited().is_empty()
}

/// The columns of questions with the cuts of a view's source and of the tables that it waits for, where they bring them.
fn cut_keys(view: &ViewPlan, truth: Truth) -> Vec<Key> {
    let source = match view.source.cut_under(truth) {
        Cut::Given => Some(view.source.cut_key()),
        Cut::Open | Cut::Delayed { .. } => None,
    };
    let tables = match awaits(view, truth) {
        true => view.rows.awaited(),
        false => Vec::new(),
    };
    source.into_iter().chain(tables.iter().map(Table::cut_key)).collect()
}

/// Adds what is not there.
fn add<T: PartialEq>(all: &mut Vec<T>, item: T) {
    if !all.contains(&item) {
        all.push(item);
    }
}

#[async_trait]
impl TableProvider for FeaturesTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (schema, chosen) = match projection {
            None => (self.schema.clone(), self.columns.clone()),
            Some(chosen) => (
                Arc::new(self.schema.project(chosen)?),
                chosen.iter().map(|at| self.columns[*at]).collect(),
            ),
        };
        let is_derived = chosen.iter().any(|column| column.out().is_none());
        // The views that are read.
        let of_columns = chosen.iter().filter_map(|column| column.out()?.view());
        let of_own = self.plan.derive.reads().into_iter().filter(|_| is_derived);
        let used: BTreeSet<usize> = of_columns.chain(of_own.map(|(view, _)| view as usize)).collect();
        let used: Vec<usize> = used.into_iter().collect();
        let views: Vec<&ViewPlan> = used.iter().map(|view| &self.plan.views[*view]).collect();
        let spec = Arc::new(self.spine_spec(&views, is_derived));
        let counted = self.resources.memory_bytes.is_none();
        let build = Arc::new(BuildSide::new(Link::fresh(), spec.kinds.len()));
        let spool = Arc::new(Spool::new(build.clone(), counted));
        let questions = session.create_physical_plan(&self.spine.plan).await?;
        let spine: Arc<dyn ExecutionPlan> = Arc::new(SpineExec::new(questions, spec.clone(), spool));
        let mut inputs = vec![spine.clone()];
        for view in &views {
            let kind = spec.kinds.iter().position(|kind| *kind == view.fold.entity);
            let filter = EntityFilter {
                build: build.clone(),
                kind: kind.ok_or_else(|| crate::error::bug("a kind of entity is not numbered"))?,
            };
            inputs.push(self.view(session, view, &spine, (&spec, filter)).await?);
        }
        let features: Vec<_> = views.iter().map(|view| view.finish.clone()).collect();
        let derived = match is_derived {
            true => {
                let chosen = (chosen.as_slice(), schema.as_ref());
                Some(Derived::new(&self.plan, chosen, &spec, self.asking.with_status)?)
            }
            false => None,
        };
        let (columns, assembled) = match &derived {
            Some(derived) => (derived.columns.clone(), derived.schema.clone()),
            None => (
                chosen.iter().filter_map(|column| column.out()).collect(),
                schema.clone(),
            ),
        };
        let columns = columns.into_iter().map(|column| column.among(&used)).collect();
        let mut plan: Arc<dyn ExecutionPlan> = Arc::new(AssembleExec::new(
            inputs,
            Arc::new(columns),
            (Arc::new(features), self.asking.with_status),
            self.resources.clone(),
            assembled,
        ));
        if let Some(derived) = derived {
            plan = Arc::new(DeriveExec::new(plan, Arc::new(derived.spec), schema));
        }
        match self.asking.fuse {
            // Here, because the session need not know of the rule.
            true => FuseScans.optimize(plan, session.config_options()),
            false => Ok(plan),
        }
    }
}
