//! Features in a DataFusion session that is not ours.

use crate::error::BatchError;
use crate::inputs::{Files, Resources};
use crate::plan::ServicePlan;
use crate::table::{Asking, FeaturesTable, SpineQuery};
use arrow::array::new_empty_array;
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::LogicalPlan;
use featc_ir::plan::BatchPlan;
use featc_ir::{Truth, Type};
use featr_decode::from_arrow;
use std::sync::Arc;

/// How a service is asked in a session.
#[derive(Debug, Clone)]
pub struct Query {
    /// The column of the spine with the instants.
    pub at_column: String,
    pub truth: Truth,
    /// Whether each feature is followed by `<name>__status`.
    pub with_status: bool,
    /// Whether views of one source read it in one pass. No value depends on it.
    pub fuse: bool,
    pub files: Files,
}

/// The features of a service over a spine, which may be any query: its columns, then those of the service. Nothing is
/// read before the table is scanned; memory, threads and temporary files are those of the session that scans it.
///
/// # Errors
/// [`BatchError::SpineColumn`], [`BatchError::NameClash`].
pub fn features(plan: &BatchPlan, spine: LogicalPlan, query: &Query) -> Result<Arc<dyn TableProvider>, BatchError> {
    let service = ServicePlan::of(plan, query.truth);
    let fields = spine.schema().as_arrow().fields().clone();
    let column = |name: &str, ty: Type| {
        let refused = |why: String| BatchError::SpineColumn {
            column: name.to_owned(),
            why,
        };
        let found = fields.iter().position(|field| field.name() == name);
        let place = found.ok_or_else(|| refused("is missing".into()))?;
        // Whether the type decodes; values are looked at when they come.
        from_arrow(&new_empty_array(fields[place].data_type()), ty).map_err(refused)?;
        Ok::<usize, BatchError>(place)
    };
    let keys = service.asked.clone().into_iter();
    let questions = SpineQuery {
        own: fields.len(),
        time: column(&query.at_column, Type::Timestamp)?,
        columns: keys
            .map(|key| Ok((key.clone(), column(&key.name, key.ty)?)))
            .collect::<Result<_, BatchError>>()?,
        plan: spine,
    };
    let asking = Asking {
        truth: query.truth,
        with_status: query.with_status,
        fuse: query.fuse,
    };
    let resources = Resources::files(query.files.clone());
    let table = FeaturesTable::new(Arc::new(service), questions, asking, Arc::new(resources))?;
    Ok(Arc::new(table))
}
