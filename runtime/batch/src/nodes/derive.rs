//! Features of a service's own, batch by batch, from the rows that are put together below.

use super::common::alike_in_all_nodes;
use crate::error::bug;
use crate::locks::lock;
use crate::nodes::spine::wire;
use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{Int64Type, SchemaRef, UInt8Type};
use datafusion::common::Statistics;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, RecordOutput};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, Partitioning, PlanProperties,
};
use featc_ir::plan::Derive;
use featc_ir::{Key, Type};
use featr_decode::{from_arrow, into_arrow};
use featr_kernels::Column;
use featr_kernels::finish::{Finished, Given, Trouble, decode_status, derive};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, Mutex};

/// Where a column of the output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DerivedColumn {
    /// A column of the input.
    Input(usize),
    /// The value of a feature of the service's own.
    Value(usize),
    /// The same, of its status.
    Status(usize),
}

/// What is computed, and of which columns of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeriveSpec {
    pub service: String,
    pub derive: Derive,
    /// The column with the instants, as Int64.
    pub time: usize,
    /// The fields of requests, and the columns with them, as they travel between our nodes.
    pub request: Vec<(Key, usize)>,
    /// The features of views that are read: view and position among its features, type, column, and with statuses their
    /// column, as bytes.
    pub answers: Vec<((u32, u32), Type, usize, Option<usize>)>,
    pub columns: Vec<DerivedColumn>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct DeriveExec {
    input: Arc<dyn ExecutionPlan>,
    pub spec: Arc<DeriveSpec>,
    /// Of each feature, once there are answers.
    troubles: Arc<Mutex<Vec<Trouble>>>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl DeriveExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, spec: Arc<DeriveSpec>, schema: SchemaRef) -> DeriveExec {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        DeriveExec {
            input,
            spec,
            troubles: Arc::default(),
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(properties),
        }
    }

    /// The features with errors of their own: service, feature, counts.
    pub fn troubles(&self) -> Vec<(String, String, Trouble)> {
        let troubles = lock(&self.troubles);
        let features = self.spec.derive.0.iter().zip(troubles.iter());
        let told = features.filter(|(_, trouble)| trouble.counts().next().is_some());
        told.map(|(feature, trouble)| (self.spec.service.clone(), feature.name.clone(), *trouble))
            .collect()
    }

    /// Of each feature, in order; none where nothing was asked.
    pub fn counted(&self) -> Vec<(String, Trouble)> {
        let troubles = lock(&self.troubles);
        let features = self.spec.derive.0.iter().zip(troubles.iter());
        features
            .map(|(feature, trouble)| (feature.name.clone(), *trouble))
            .collect()
    }
}

impl DeriveSpec {
    fn batch(&self, input: &RecordBatch, out: &SchemaRef, troubles: &mut Vec<Trouble>) -> Result<RecordBatch> {
        let times = input.column(self.time).as_primitive::<Int64Type>().values();
        let field = |(key, at): &(Key, usize)| wire(key.ty).decode(&mut input.columns()[*at..].iter());
        let fields = self.request.iter().map(field).collect::<Result<Vec<Column>>>()?;
        let mut read: Vec<((u32, u32), Finished)> = Vec::with_capacity(self.answers.len());
        for (place, ty, value, status) in &self.answers {
            let values = from_arrow(input.column(*value), *ty).map_err(bug)?;
            let statuses = match status {
                None => vec![],
                Some(status) => {
                    let bytes = input.column(*status).as_primitive::<UInt8Type>().values().iter();
                    let statuses: Option<Vec<_>> = bytes.map(|byte| decode_status(*byte)).collect();
                    statuses.ok_or_else(|| bug("a byte is no status"))?
                }
            };
            read.push((*place, (values, statuses)));
        }
        let answer = |view: u32, at: u32| {
            let found = read.iter().find(|(place, _)| *place == (view, at));
            found.map(|(_, finished)| finished)
        };
        let given = Given {
            times,
            fields: &fields,
            answer: &answer,
        };
        let wanted = self
            .columns
            .iter()
            .any(|column| matches!(column, DerivedColumn::Status(_)));
        let features = derive(&self.derive, &given, wanted, Some(troubles));
        let features = features.ok_or_else(|| bug("what a feature of a service reads is not there"))?;
        let missing = || bug("a feature of a service is not there");
        let column = |column: &DerivedColumn| -> Result<ArrayRef> {
            Ok(match column {
                DerivedColumn::Input(at) => input.column(*at).clone(),
                DerivedColumn::Value(at) => into_arrow(features.get(*at).ok_or_else(missing)?.0.clone()),
                DerivedColumn::Status(at) => {
                    let statuses = features.get(*at).ok_or_else(missing)?.1.iter();
                    Arc::new(StringArray::from_iter_values(statuses.map(ToString::to_string)))
                }
            })
        };
        let arrays = self.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(input.num_rows()));
        Ok(RecordBatch::try_new_with_options(out.clone(), arrays, &options)?)
    }
}

impl DisplayAs for DeriveExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let names: Vec<&str> = self.spec.derive.0.iter().map(|feature| feature.name.as_str()).collect();
        write!(f, "DeriveExec: features=[{}]", names.join(", "))
    }
}

impl ExecutionPlan for DeriveExec {
    alike_in_all_nodes!("DeriveExec");

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        if let Some(input) = inputs.first() {
            statistics.num_rows = input.num_rows;
        }
        Ok(Arc::new(statistics))
    }

    fn with_new_children(self: Arc<Self>, mut inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = inputs.pop().ok_or_else(|| bug("Derive lacks its input"))?;
        Ok(Arc::new(DeriveExec::new(input, self.spec.clone(), self.schema())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        // Whatever optimisers did to the plan.
        crate::check::check(self)?;
        let input = self.input.execute(partition, context)?;
        let (spec, out, troubles) = (self.spec.clone(), self.schema(), self.troubles.clone());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batches = input.map(move |batch| {
            let batch = batch?;
            let _timer = metrics.elapsed_compute().timer();
            let mut counted = vec![];
            let batch = spec.batch(&batch, &out, &mut counted)?;
            let mut troubles = lock(&troubles);
            troubles.resize(counted.len(), Trouble::default());
            troubles.iter_mut().zip(&counted).for_each(|(all, more)| all.add(more));
            Ok(batch.record_output(&metrics))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}
