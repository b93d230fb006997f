//! What questions are about, told to the side of the events: a dynamic filter.
//!
//! The build side of a point-in-time aggregation fills it once it has seen all questions; a scan below the other side
//! then leaves out events of other entities and other times before anything of them is copied, and numbers the rest.

use crate::entities::Entities;
use crate::error::bug;
use datafusion::error::Result;
use std::sync::{Arc, OnceLock};

/// What is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub entities: Arc<Entities>,
    /// The instants of the first and the last question, if there is one.
    pub times: Option<(i64, i64)>,
    pub questions: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct EntityFilter {
    build: Arc<BuildSide>,
    asked: OnceLock<Asked>,
}

/// What fills filters, all of its own at once.
#[derive(Debug, Default)]
pub(crate) struct BuildSide;

impl EntityFilter {
    pub fn new(build: Arc<BuildSide>) -> EntityFilter {
        EntityFilter {
            build,
            asked: OnceLock::new(),
        }
    }

    /// Fills it. Later calls change nothing: questions are numbered once.
    pub fn fill(&self, asked: Asked) {
        let _ = self.asked.set(asked);
    }

    /// Whether both are filled at once.
    pub fn together(&self, other: &EntityFilter) -> bool {
        Arc::ptr_eq(&self.build, &other.build)
    }

    /// What is asked about.
    ///
    /// # Errors
    /// When the build side did not run before.
    pub fn get(&self) -> Result<&Asked> {
        self.asked
            .get()
            .ok_or_else(|| bug("events are read before their questions are numbered"))
    }
}
