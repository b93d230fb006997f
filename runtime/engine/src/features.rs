//! Features in a DataFusion session of the caller's: a table over a spine that is a query.

use crate::error::Error;
use crate::program::Program;
use featc_ir::Truth;
use featr_batch::datafusion::catalog::TableProvider;
use featr_batch::datafusion::common::TableReference;
use featr_batch::datafusion::datasource::provider_as_source;
use featr_batch::datafusion::error::DataFusionError;
use featr_batch::datafusion::logical_expr::LogicalPlanBuilder;
use featr_batch::datafusion::prelude::{DataFrame, SessionContext};
use featr_batch::{Files, Query};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How features are asked for in a session.
#[derive(Debug, Clone)]
pub struct FeatureOptions {
    /// `None`: [`Program::default_truth`].
    pub truth: Option<Truth>,
    /// The column of the spine with the instants.
    pub at_column: String,
    /// Adds a column `<feature>__status` after each feature.
    pub with_status: bool,
    /// Whether parts of files may be left out that hold no event that can matter, by their own statistics. No value depends
    /// on it.
    pub prune: bool,
    /// Whether views of one source read it in one pass. No value depends on it.
    pub fuse: bool,
}

impl Default for FeatureOptions {
    /// The default truth at `timestamp`, values only.
    fn default() -> FeatureOptions {
        FeatureOptions {
            truth: None,
            at_column: "timestamp".to_owned(),
            with_status: false,
            prune: true,
            fuse: true,
        }
    }
}

impl Program {
    /// The features of a service over a spine, in a session of the caller's: all columns of the spine, then those of the
    /// service. The spine may be any query: it needs the service's keys and the instants, in `timestamp`. The answer is a
    /// query, too: it may be filtered, joined, written. Memory, threads and temporary files are the session's.
    ///
    /// Rows of sources that cannot be used are left out and counted in the plan's metrics; no limit refuses them here.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::TruthNotChosen`], [`Error::ArrivalNeeded`], [`Error::Columns`],
    /// [`Error::ColumnClash`]. Everything else, such as a file that cannot be read, is an error of the query.
    pub async fn features(
        &self,
        session: &SessionContext,
        service: &str,
        spine: DataFrame,
    ) -> Result<DataFrame, Error> {
        self.features_with(session, service, spine, &FeatureOptions::default())
    }

    /// As [`Program::features`], with options.
    ///
    /// # Errors
    /// As [`Program::features`].
    pub fn features_with(
        &self,
        session: &SessionContext,
        service: &str,
        spine: DataFrame,
        options: &FeatureOptions,
    ) -> Result<DataFrame, Error> {
        let table = self.features_table(service, &spine, options)?;
        let bug = |error: DataFusionError| Error::Bug { why: error.to_string() };
        let name = TableReference::bare(service);
        let scan = LogicalPlanBuilder::scan(name, provider_as_source(table), None).map_err(bug)?;
        Ok(DataFrame::new(session.state(), scan.build().map_err(bug)?))
    }

    /// The same as a table, to be registered under a name.
    ///
    /// # Errors
    /// As [`Program::features`].
    pub fn features_table(
        &self,
        service: &str,
        spine: &DataFrame,
        options: &FeatureOptions,
    ) -> Result<Arc<dyn TableProvider>, Error> {
        let plan = self.batch_plan(service)?;
        let truth = match options.truth {
            Some(truth) => truth,
            None => self.default_truth(service)?,
        };
        self.check_truth(service, truth)?;
        let query = Query {
            at_column: options.at_column.clone(),
            truth,
            with_status: options.with_status,
            fuse: options.fuse,
            files: Files {
                base: self.base.clone(),
                store: self.store(),
                events: BTreeMap::new(),
                prune: options.prune,
            },
        };
        Ok(featr_batch::features(&plan, spine.logical_plan().clone(), &query)?)
    }
}
